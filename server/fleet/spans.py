"""What each kiosk was like over time: since when it works, or why it does not. Ingest writes a row where that changes; reports read them.

A kiosk that nobody hears goes on taking votes. So an outage counts only from the latest vote that it took meanwhile and delivered later.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import delete, func, insert, or_, select, update

from feedback.hours import Span
from server.db.schema import kiosk_spans, kiosk_states, server, sites
from server.registry.terms import decode_terms, hours_of, merge

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from feedback.hours import Hours
    from feedback.wire import State

OFFLINE: Final = "offline"
OUT_OF_ORDER: Final = "out_of_order"
WORKS: Final = ""
BRIEF_MS: Final = 120_000
"""A shorter outage is a connection that was made anew, or the server's own restart: it is forgotten."""
_LATE_MS: Final = 60_000
_s = kiosk_spans.c


class Past(NamedTuple):
    """A row of `kiosk_spans`: what a kiosk was like; `until_ms` is None while it still is so."""

    kiosk: str
    from_ms: int
    until_ms: int | None
    cause: str
    voted_ms: int | None


def cause_of(state: State) -> str:
    """Give why a kiosk does not work by its own account, "" where it does: closed hours and announcements are no fault."""
    if not state.online:
        return OFFLINE
    return OUT_OF_ORDER if state.showing == OUT_OF_ORDER else WORKS


def note(connection: Connection, kiosk: str, cause: str, at_ms: int) -> None:
    """Remember since when a kiosk is so; what lasted only for a moment is forgotten. The caller holds the kiosk."""
    now = connection.execute(select(kiosk_spans).where(_s.kiosk == kiosk, _s.until_ms.is_(None))).first()
    if now is not None and (now.cause == cause or at_ms <= now.from_ms):
        return
    if now is not None:
        here = (_s.kiosk == kiosk) & (_s.from_ms == now.from_ms)
        before = connection.execute(select(_s.from_ms, _s.cause).where(_s.kiosk == kiosk, _s.until_ms == now.from_ms)).first()
        if now.cause and at_ms - now.from_ms < BRIEF_MS and before is not None and before.cause == cause:
            connection.execute(delete(kiosk_spans).where(here))
            connection.execute(update(kiosk_spans).where(_s.kiosk == kiosk, _s.from_ms == before.from_ms).values(until_ms=None))
            return
        connection.execute(update(kiosk_spans).where(here).values(until_ms=at_ms))
    connection.execute(insert(kiosk_spans).values(kiosk=kiosk, from_ms=at_ms, cause=cause))


def note_unheard(connection: Connection, now_ms: int) -> None:
    """Believe no kiosk to work until it is heard again."""
    online = connection.execute(select(kiosk_states.c.kiosk).where(kiosk_states.c.online)).scalars().all()
    for kiosk in online:
        note(connection, kiosk, OFFLINE, now_ms)


def note_vote(connection: Connection, kiosk: str, at_ms: int, received_ms: int) -> None:
    """Remember that a kiosk has taken a vote within an outage, and worked until then."""
    if received_ms - at_ms < _LATE_MS:
        return
    during = (_s.kiosk == kiosk) & (_s.cause != WORKS) & (_s.from_ms < at_ms) & or_(_s.until_ms.is_(None), _s.until_ms >= at_ms)
    later = func.coalesce(_s.voted_ms, 0) < at_ms
    connection.execute(update(kiosk_spans).where(during, later).values(voted_ms=at_ms))


def outages(connection: Connection, from_ms: int, until_ms: int) -> dict[str, list[Span]]:
    """Give when each kiosk did not work between two moments."""
    found: dict[str, list[Span]] = defaultdict(list)
    for past in pasts(connection, from_ms, until_ms, _s.cause != WORKS):
        span = Span(max(past.voted_ms or past.from_ms, from_ms), min(past.until_ms or until_ms, until_ms))
        if span.from_ms < span.until_ms:
            found[past.kiosk].append(span)
    return found


def pasts(connection: Connection, from_ms: int, until_ms: int, *more: ColumnElement[bool]) -> list[Past]:
    """Give what kiosks were like between two moments, kiosk by kiosk in the order of time."""
    query = select(*(_s[name] for name in Past._fields)).where(_s.from_ms < until_ms, *more)
    query = query.where(or_(_s.until_ms.is_(None), _s.until_ms > from_ms)).order_by(_s.kiosk, _s.from_ms)
    return [Past(*row) for row in connection.execute(query)]


def site_hours(connection: Connection) -> dict[int, Hours | None]:
    """Give the opening hours of each site; None is always open."""
    centre = connection.execute(select(server.c.terms, server.c.time_zone)).one()
    rows = connection.execute(select(sites.c.id, sites.c.terms)).all()
    return {row.id: hours_of(merge(decode_terms(centre.terms), decode_terms(row.terms)), centre.time_zone) for row in rows}
