"""The tickets of counted boxes: what a scan means, and the vote that it is.

A ticket counts at once and the last can be taken back, as at a kiosk. So nothing has to be kept until the end: a token is where all tokens
are and erased with them, two people who count at once cannot count one ticket twice, and a page that was closed loses nothing.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import and_, select

from feedback.records import Channel, Input, Mode, Moment, Vote
from feedback.tickets import Refusal, read
from server.channels.boxes import ANSWERS, Said, change, make_id
from server.channels.layout import as_english
from server.db.bulk import insert_rows
from server.db.centre import zone_of
from server.db.schema import NO_DESK, box_sessions, ticket_tokens, undone_visits, votes
from server.fleet.day_keys import token_of, wanted_days
from server.ingest import store, visits
from server.ingest.rows import Arrival, Place, StoredContext, vote_row
from server.ingest.settling import Flag, settle
from server.ingest.times import Time, TimeQuality, exact
from server.ratings.rollups import Deltas
from server.registry.questionnaires import require_newest
from server.registry.settings import desk_options, ticket_rules

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection

    from feedback.tickets import Ticket, Verify
    from server.channels.boxes import Count
    from server.ingest.rows import VoteRow

QUESTIONNAIRE: Final = "two-faces"
LANGUAGE: Final = "uk"
"""In which the boxes are labelled."""
_RULES_AGE_H: Final = 24.0 * 5  # longer than any key of a day lives: by that, not by the kiosks' rule, a ticket is too old here
_END: Final = time(23, 59, 59)


def scan(connection: Connection, count: Count, code: str, now_ms: int, verify: Verify) -> Said:
    """Take a ticket of a count that is held: count its vote, or say why not."""
    ticket = _read(connection, count, code, now_ms, verify)
    if isinstance(ticket, Refusal):
        return _refuse(connection, count, Said(ticket.value))
    day = ticket.day or count.day
    if day not in wanted_days(now_ms, zone_of(connection)):
        return _refuse(connection, count, Said.TOO_OLD)
    token = None if ticket.number is None else token_of(connection, count.site, day, ticket.number)
    if token is not None and _is_here(connection, count, token):
        change(connection, count, said=Said.HERE.value, repeated_tickets=box_sessions.c.repeated_tickets + 1)
        return Said.HERE
    counts = _cast(connection, _vote(connection, count, ticket, day, now_ms), day, token)
    said = Said.CARD if ticket.is_card else Said.COUNTED if counts else Said.VOTED
    change(connection, count, said=said.value)
    return said


def undo(connection: Connection, count: Count, now_ms: int) -> Said:
    """Take the last ticket of a count that is held back; it can be scanned again then. Its vote stays, and counts no more."""
    own = votes.c.kiosk == count.source, votes.c.flag != Flag.UNDONE
    newest = votes.c.received_ms.desc(), votes.c.id.desc()
    visit = connection.execute(select(votes.c.visit).where(*own).order_by(*newest).limit(1)).scalar()
    said = Said.NO_MORE if visit is None else Said.UNDONE
    if visit is not None:
        insert_rows(connection, undone_visits, ("kiosk", "visit", "at_ms"), [(count.source, visit, now_ms)])
        deltas = Deltas()
        settle(connection, [(count.source, visit)], (), deltas)
        deltas.apply(connection)
    change(connection, count, said=said.value)
    return said


def _read(connection: Connection, count: Count, code: str, now_ms: int, verify: Verify) -> Ticket | Refusal:
    """Read a code as it was typed, and where that is no ticket, as the same keys type on an English layout."""
    rules = msgspec.structs.replace(ticket_rules(connection, count.site), max_age_h=_RULES_AGE_H)
    desks = desk_options(connection, count.site)
    found = read(code, rules, desks, now_ms, verify)
    return read(as_english(code), rules, desks, now_ms, verify) if found is Refusal.UNKNOWN else found


def _refuse(connection: Connection, count: Count, said: Said) -> Said:
    change(connection, count, said=said.value, foreign_tickets=box_sessions.c.foreign_tickets + 1)
    return said


def _is_here(connection: Connection, count: Count, token: str) -> bool:
    """Tell whether this count has a vote with the token that was not taken back."""
    same = and_(votes.c.kiosk == ticket_tokens.c.kiosk, votes.c.visit == ticket_tokens.c.visit, votes.c.flag != Flag.UNDONE)
    query = select(votes.c.id).join_from(ticket_tokens, votes, same)
    return connection.execute(query.where(ticket_tokens.c.token == token, ticket_tokens.c.kiosk == count.source)).first() is not None


def _vote(connection: Connection, count: Count, ticket: Ticket, day: str, now_ms: int) -> VoteRow:
    """Make the vote that a ticket in a box is, with the functions by which those of kiosks are made."""
    zone = zone_of(connection)
    questionnaire = require_newest(connection, QUESTIONNAIRE)
    vote = Vote(
        id=make_id(now_ms),
        at=Moment(0, _dropped_ms(day, now_ms, zone), trusted=True),
        visit=make_id(now_ms),
        context=0,
        question=questionnaire.questions[0].id,
        answer=ANSWERS[count.box],
        desk=ticket.desk,
        service=ticket.service,
        channel=Channel.BOX,
        input=Input.SCAN,
        language=LANGUAGE,
        repeat=False,
    )
    context = StoredContext(0, vote.id, vote.id, questionnaire.id, questionnaire.version, str(Mode.LIVE))
    times = {vote.id: _time(vote.at.wall_ms, now_ms, zone)}
    return vote_row(vote, context, _place(connection, count, ticket), Arrival(count.source, times, now_ms, zone))


def _cast(connection: Connection, row: VoteRow, day: str, token: str | None) -> bool:
    """Store a vote with its ticket's token; tell whether it counts, or its ticket was used before."""
    deltas = Deltas()
    visits.insert_votes(connection, [row])
    deltas.add(row)
    if token is not None:
        columns = ("kiosk", "visit", "record", "day", "token")
        insert_rows(connection, ticket_tokens, columns, [(row.kiosk, row.visit, row.id, day, token)])
        settle(connection, [(row.kiosk, row.visit)], (), deltas)
    deltas.apply(connection)
    return not connection.execute(select(votes.c.flag).where(votes.c.id == row.id)).scalar_one()


def _dropped_ms(day: str, now_ms: int, zone: ZoneInfo) -> int:
    """Give when a ticket was dropped in, as far as that is known: now, or the end of an earlier day."""
    if day >= datetime.fromtimestamp(now_ms / 1000, zone).date().isoformat():
        return now_ms
    return round(datetime.combine(date.fromisoformat(day), _END, zone).timestamp() * 1000)


def _time(dropped_ms: int, now_ms: int, zone: ZoneInfo) -> Time:
    """Give the time of a vote that is dated by the count, or of an earlier day, on which it was dropped at some time."""
    if dropped_ms == now_ms:
        return exact(now_ms)
    midnight = datetime.combine(datetime.fromtimestamp(dropped_ms / 1000, zone).date(), time(), zone)
    return Time(dropped_ms, TimeQuality.INTERVAL.value, dropped_ms - round(midnight.timestamp() * 1000))


def _place(connection: Connection, count: Count, ticket: Ticket) -> Place:
    desk = store.read_desks(connection, [ticket.desk or ""]).get(ticket.desk or "")
    service_id = store.read_services(connection, [ticket.service or ""]).get(ticket.service or "")
    return Place(count.site_id, NO_DESK, service_id) if desk is None else Place(desk.site_id, desk.id, service_id)
