"""One ticket, one vote: settles which votes count, and gives them what the queue has said, whatever came first.

Of several votes with one token the earliest (by time, then id) counts; the others are kept and flagged. A vote that staff took back counts
no more and lets its ticket go. The answers of a visit share the fate of its vote. Only live visits use a ticket up. What is flagged as
misuse, and would count else, does not; its ticket stays used.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

from sqlalchemy import case, func, null, select, union_all

from feedback.records import Mode
from server.db.prepared import Prepared
from server.db.schema import answers, desks, kiosks, misuse_findings, misuse_flags, ticket_facts, ticket_tokens, undone_visits, votes
from server.ingest.rows import AnswerRow, Place, VoteRow
from server.ingest.visits import replace_answers, replace_votes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sqlalchemy import Connection

    from server.ratings.rollups import Deltas

Visit = tuple[str, UUID]
"""A visit by its kiosk and its id."""


class Flag(StrEnum):
    """Why a vote does not count; it is kept all the same."""

    COUNTS = ""
    TICKET_USED = "ticket_used"
    UNDONE = "undone"
    MISUSE = "misuse"


class Fact(NamedTuple):
    """What the queue has said of a ticket, in the registry's ids; None is not known."""

    desk_id: int | None
    service_id: int | None
    clerk_id: int | None


class _Known(NamedTuple):
    """What decides about some visits and all others with their tickets.

    `judged` are those that were ever flagged as misuse, and whether they are now; `bound` the desks at which kiosks stand.
    """

    tokens: Mapping[Visit, str]
    undone: Collection[Visit]
    judged: Mapping[Visit, bool]
    facts: Mapping[str, Fact]
    bound: Mapping[str, int]
    sites: Mapping[int, int]


# Made once: making a statement costs more than running it.
_t, _u, _f, _m = ticket_tokens.c, undone_visits.c, ticket_facts.c, misuse_flags.c
_MARKS: Final = Prepared(
    lambda among: union_all(
        select(_t.kiosk, _t.visit, _t.token).where(among(_t.visit, "visits")),
        select(_u.kiosk, _u.visit, null()).where(among(_u.visit, "visits")),
        select(_m.kiosk, _m.visit, null()).where(among(_m.visit, "visits")),
    )
)
_HOLDERS: Final = Prepared(lambda among: select(_t.kiosk, _t.visit, _t.token).where(among(_t.token, "tokens")))
_UNDONE: Final = Prepared(lambda among: select(_u.kiosk, _u.visit).where(among(_u.visit, "visits")))
_JUDGED: Final = Prepared(
    lambda among: (
        select(_m.kiosk, _m.visit, func.max(case((misuse_findings.c.undone_ms.is_(None), 1), else_=0)))
        .join_from(misuse_flags, misuse_findings)
        .where(among(_m.visit, "visits"))
        .group_by(_m.kiosk, _m.visit)
    )
)
_FACTS: Final = Prepared(lambda among: select(_f.token, *(_f[name] for name in Fact._fields)).where(among(_f.token, "tokens")))
_VOTES: Final = Prepared(lambda among: select(*(votes.c[name] for name in VoteRow._fields)).where(among(votes.c.visit, "visits")))
_ANSWERS: Final = Prepared(lambda among: select(*(answers.c[name] for name in AnswerRow._fields)).where(among(answers.c.visit, "visits")))


def settle(connection: Connection, touched: Iterable[Visit], tokens: Iterable[str], deltas: Deltas) -> None:
    """Settle the visits that were `touched`, and all with these or their tickets. The caller holds the sites and applies `deltas`."""
    touched = set(touched)
    marks = _MARKS.rows(connection, visits=[visit for _, visit in touched]) if touched else ()
    marks = [row for row in marks if (row[0], row[1]) in touched]
    tokens = {*tokens, *(row[2] for row in marks if row[2] is not None)}
    if not tokens and not marks:
        return
    known = _look_up(connection, {(row[0], row[1]) for row in marks}, tokens)
    concerned = known.tokens.keys() | known.undone | known.judged.keys()
    visits = [visit for _, visit in concerned]
    cast = [row for row in map(VoteRow._make, _VOTES.rows(connection, visits=visits)) if (row.kiosk, row.visit) in concerned]
    said = [row for row in map(AnswerRow._make, _ANSWERS.rows(connection, visits=visits)) if (row.kiosk, row.visit) in concerned]
    first = _firsts(known, cast, said)
    replace_votes(connection, [(row, _settled_vote(row, known, first)) for row in cast], deltas)
    replace_answers(connection, [(row, _settled_answer(row, known, first)) for row in said], deltas)


def _look_up(connection: Connection, marked: set[Visit], tokens: set[str]) -> _Known:
    wanted = list(tokens)
    holders = {(kiosk, visit): token for kiosk, visit, token in _HOLDERS.rows(connection, tokens=wanted)} if tokens else {}
    visits = {visit for _, visit in marked | holders.keys()}
    undone = {(kiosk, visit) for kiosk, visit in _UNDONE.rows(connection, visits=list(visits))} & (marked | holders.keys())
    judged = {(kiosk, visit): bool(stands) for kiosk, visit, stands in _JUDGED.rows(connection, visits=list(visits))}
    facts = {token: Fact(*fact) for token, *fact in _FACTS.rows(connection, tokens=wanted)} if tokens else {}
    bound = select(kiosks.c.id, kiosks.c.desk_id).where(kiosks.c.desk_id.is_not(None))
    return _Known(
        tokens=holders,
        undone=undone,
        judged={visit: stands for visit, stands in judged.items() if visit in marked or visit in holders},
        facts=facts,
        bound={row.id: row.desk_id for row in connection.execute(bound)} if facts else {},
        sites={row.id: row.site_id for row in connection.execute(select(desks.c.id, desks.c.site_id))} if facts else {},
    )


def _firsts(known: _Known, cast: Iterable[VoteRow], said: Iterable[AnswerRow]) -> dict[str, tuple[int, UUID, Visit]]:
    """Give for each token its earliest vote that was not taken back: time, id, visit."""
    began = [(row.at_ms, row.id, (row.kiosk, row.visit)) for row in cast]
    began += [(row.at_ms, row.record, (row.kiosk, row.visit)) for row in said if row.first and row.mode == Mode.LIVE]
    first: dict[str, tuple[int, UUID, Visit]] = {}
    for vote in began:
        token = known.tokens.get(vote[2])
        if token is not None and vote[2] not in known.undone:
            first[token] = min(first.get(token, vote), vote)
    return first


def _flag(visit: Visit, known: _Known, *, holds: bool) -> str:
    """Give the flag of what belongs to a visit; `holds` is whether its ticket counts for it."""
    if visit in known.undone:
        return Flag.UNDONE.value
    if not holds and visit in known.tokens:
        return Flag.TICKET_USED.value
    return Flag.MISUSE.value if known.judged.get(visit) else Flag.COUNTS.value


def _settled_vote(row: VoteRow, known: _Known, first: Mapping[str, tuple[int, UUID, Visit]]) -> VoteRow:
    visit = (row.kiosk, row.visit)
    earliest = first.get(known.tokens.get(visit, ""))
    fact = _fact_for(visit, known)
    return row._replace(
        **_place(row, fact, known)._asdict(),
        clerk_id=row.clerk_id if fact is None or fact.clerk_id is None else fact.clerk_id,
        flag=_flag(visit, known, holds=earliest is None or earliest[1] == row.id),
    )


def _settled_answer(row: AnswerRow, known: _Known, first: Mapping[str, tuple[int, UUID, Visit]]) -> AnswerRow:
    visit = (row.kiosk, row.visit)
    earliest = first.get(known.tokens.get(visit, ""))
    holds = earliest is None or earliest[2] == visit or row.mode != Mode.LIVE
    return row._replace(**_place(row, _fact_for(visit, known), known)._asdict(), flag=_flag(visit, known, holds=holds))


def _place(row: VoteRow | AnswerRow, fact: Fact | None, known: _Known) -> Place:
    """Give where a row stands: where the queue says, else where it is."""
    there = Place(row.site_id, row.desk_id, row.service_id)
    if fact is None:
        return there
    if fact.desk_id is not None and fact.desk_id in known.sites:
        there = there._replace(site_id=known.sites[fact.desk_id], desk_id=fact.desk_id)
    return there if fact.service_id is None else there._replace(service_id=fact.service_id)


def _fact_for(visit: Visit, known: _Known) -> Fact | None:
    """Give what the queue says of a visit's ticket. A kiosk that stands at a desk rates that one: of another the queue speaks in vain."""
    fact = known.facts.get(known.tokens.get(visit, ""))
    desk_id = known.bound.get(visit[0])
    return fact if fact is None or desk_id is None or fact.desk_id in {None, desk_id} else None
