"""What the public, the wall and clerks may see: whole weeks that are long over, and no count under ten.

This is the one place where numbers become fit for everybody (design §4): whatever hides more, as the cells that would give a hidden
one away by subtraction, belongs into `release`. All such views are cut into the same weeks, so that none is the difference of two others.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import msgspec

from server.ratings.periods import Period
from server.ratings.queries import Scope, tally

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from server.ratings.scores import Counts

LEAST: Final = 10
"""No count under this is shown, and none can be subtracted from what is."""
_SETTLED_DAYS: Final = 2  # a week is shown from its second day after: its last quarter of an hour has been closed for long then


class Week(msgspec.Struct, frozen=True):
    """A week's numbers, as far as everybody may see them.

    `votes` are those that count for the score, null under ten. `score` is null where fewer than ten were good or fewer than ten were
    not; in the second case `over` says what it is at least. `problem` is null too where it, or the rest, is under ten.
    """

    days: Period
    votes: int | None = None
    score: float | None = None
    over: float | None = None
    problem: float | None = None


def closed_weeks(today: date, count: int) -> list[Period]:
    """Give the newest whole weeks, Monday to Sunday, that are over for good, the newest first."""
    newest = today - timedelta(days=_SETTLED_DAYS)
    sunday = newest - timedelta(days=newest.isoweekday() % 7)
    return [Period(sunday - timedelta(days=7 * ago + 6), sunday - timedelta(days=7 * ago)) for ago in range(count)]


def weeks(connection: Connection, today: date, now_ms: int, *, count: int, desk_id: int | None = None) -> list[Week]:
    """Give the newest weeks of the centre or of a desk, the newest first."""
    return [release(days, tally(connection, Scope(days, desk_id=desk_id), now_ms).rating.counts) for days in closed_weeks(today, count)]


def release(days: Period, counts: Counts) -> Week:
    """Leave of a week's counts what everybody may see."""
    scored, good, bad = counts.scored, counts.excellent + counts.good, counts.poor + counts.terrible
    if scored < LEAST:
        return Week(days)
    if scored - good < LEAST:
        return Week(days, scored, over=(scored - LEAST) / scored)
    if good < LEAST:
        return Week(days, scored)
    problem = bad / scored if bad >= LEAST and scored - good - bad >= LEAST else None
    return Week(days, scored, good / scored, problem=problem)
