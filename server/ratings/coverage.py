"""In which share of the open hours a desk or an exit had a working terminal, from what kiosks were like over time. No vote is read."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from feedback.hours import Span
from server.db.centre import zone_of
from server.db.schema import NO_DESK, desks, kiosks, sites
from server.fleet.spans import WORKS, pasts, site_hours
from server.integrity.roots import bounds_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from sqlalchemy import Connection

    from feedback.hours import Hours
    from server.fleet.spans import Past
    from server.ratings.queries import Scope


class Cover(NamedTuple):
    """One place's day: the open time of which something is known, and how much of it a terminal worked; in ms.

    `desk` is its number, "" at an exit.
    """

    day: date
    site: str
    desk: str
    known_ms: int
    worked_ms: int

    @property
    def share(self) -> float | None:
        """Which share of it had a working terminal; None where nothing is known."""
        return self.worked_ms / self.known_ms if self.known_ms else None


class _Post(NamedTuple):
    """A place with terminals: several at one exit cover it together."""

    site_id: int
    site: str
    desk: str
    kiosks: tuple[str, ...]


def coverage(connection: Connection, scope: Scope, now_ms: int) -> list[Cover]:
    """Give every place's days, in the registry's order; days on which a place is closed or nothing is known are left out."""
    zone, openings = zone_of(connection), site_hours(connection)
    days = [scope.period.first + timedelta(days=ahead) for ahead in range(scope.period.days)]
    from_ms, until_ms = bounds_of(days[0], zone)[0], min(bounds_of(days[-1], zone)[1], now_ms)
    lives: dict[str, list[Past]] = {}
    for past in pasts(connection, from_ms, until_ms):
        lives.setdefault(past.kiosk, []).append(past)
    covers = []
    for post in _posts(connection, scope.site_id):
        known, worked = _known_and_worked([past for kiosk in post.kiosks for past in lives.get(kiosk, ())], now_ms)
        for day in days:
            opens = _open(openings, post.site_id, day, Span(*bounds_of(day, zone)))
            if opens is not None and (known_ms := _within(known, opens)):
                covers.append(Cover(day, post.site, post.desk, known_ms, _within(worked, opens)))
    return covers


def totals(covers: Iterable[Cover], *keys: str) -> dict[tuple[object, ...], Cover]:
    """Sum days and places up by some of their fields."""
    sums: dict[tuple[object, ...], Cover] = {}
    for one in covers:
        key = tuple(getattr(one, name) for name in keys)
        before = sums.get(key)
        known, worked = (0, 0) if before is None else (before.known_ms, before.worked_ms)
        sums[key] = one._replace(known_ms=known + one.known_ms, worked_ms=worked + one.worked_ms)
    return sums


def _posts(connection: Connection, site_id: int | None) -> list[_Post]:
    query = select(kiosks.c.id, kiosks.c.site_id, sites.c.name, kiosks.c.desk_id, desks.c.number).join_from(
        kiosks, sites, kiosks.c.site_id == sites.c.id
    )
    query = query.outerjoin(desks, desks.c.id == kiosks.c.desk_id).order_by(sites.c.id, desks.c.id, kiosks.c.id)
    found: dict[tuple[int, int], _Post] = {}
    for kiosk, there, site, desk_id, number in connection.execute(query if site_id is None else query.where(sites.c.id == site_id)):
        post = found.get((there, desk_id or NO_DESK), _Post(there, site, number or "", ()))
        found[there, desk_id or NO_DESK] = post._replace(kiosks=(*post.kiosks, kiosk))
    return [found[key] for key in sorted(found)]


def _known_and_worked(lives: Sequence[Past], now_ms: int) -> tuple[list[Span], list[Span]]:
    """Give when anything is known of a place, and when a terminal worked there: unheard, until its latest vote of that time."""
    known, worked = [], []
    for past in lives:
        ends_ms = min(past.until_ms or now_ms, now_ms)
        known.append(Span(past.from_ms, ends_ms))
        worked.append(Span(past.from_ms, ends_ms if past.cause == WORKS else past.voted_ms or past.from_ms))
    return known, worked


def _open(openings: Mapping[int, Hours | None], site_id: int, day: date, whole: Span) -> Span | None:
    opening = openings[site_id]
    return whole if opening is None else opening.span(day)


def _within(spans: Iterable[Span], opens: Span) -> int:
    """Give how much of the open time these spans cover together, in ms."""
    covered, reached = 0, opens.from_ms
    for span in sorted(spans):
        begin, end = max(span.from_ms, reached), min(span.until_ms, opens.until_ms)
        if begin < end:
            covered, reached = covered + end - begin, end
    return covered
