"""Desks where nearly everything is excellent: how rare problems are, and whether the last ones came sooner or later than usual.

At 98 or 99 % a share no longer tells one week from another; the number of votes between two problems does (J. C. Benneyan, Health Care
Management Science 4 (2001), 305–318). Its 1/3.6th power is nearly normal (L. S. Nelson, Journal of Quality Technology 26 (1994),
239–240), so that a chart of individual values finds the unusual: mean ± 2.66 times the mean moving range (D. C. Montgomery, Introduction
to Statistical Quality Control, §7.3.5). Problems per 1,000 votes have the Wilson interval of their share: each vote is a problem or none,
and Poisson's interval would only be near it. Pure.
"""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from server.ratings.scores import Proportion, proportion

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

RARE_BELOW: Final = 0.05
"""Up to this share of problems they are rare, and the votes between them say more than the share."""
ENOUGH_GAPS: Final = 10
"""So many earlier distances are needed to know what is usual."""
_POWER: Final = 1 / 3.6
_REACH: Final = 2.66  # three standard deviations: 3 / 1.128


class Rhythm(StrEnum):
    """How the last problems came: `sooner` than usual, `later` or not yet where one was due, or as `usual`."""

    TOO_FEW = "too_few"
    USUAL = "usual"
    SOONER = "sooner"
    LATER = "later"


class DayCount(NamedTuple):
    """The scored votes of one day, and the problems among them."""

    votes: int
    problems: int


class Usual(msgspec.Struct, frozen=True):
    """How many votes usually lie between two problems: the middle, and what chance alone rarely goes below and above."""

    middle: float
    low: float
    high: float


class Rarity(msgspec.Struct, frozen=True):
    """Problems per 1,000 votes with their 95 % interval, votes since the last problem and before it, and how that is beside what is usual.

    What is not known is null: without a problem there is no last one, and without enough of them nothing is usual.
    """

    problems: Proportion
    per_thousand: float | None
    low: float | None
    high: float | None
    since_last: int | None
    last_gap: float | None
    usual: Usual | None
    rhythm: Rhythm


def rarity(days: Iterable[DayCount]) -> Rarity:
    """Give how rare problems are in days that follow each other.

    Rollups do not keep the order of a day's votes: its problems are taken as spread evenly through them.
    """
    votes, places = 0, list[float]()
    for day in days:
        places += [votes + (number + 0.5) * day.votes / day.problems for number in range(day.problems)]
        votes += day.votes
    gaps = [later - earlier for earlier, later in pairwise(places)]
    since = votes - places[-1] if places else None
    usual = usual_gap(gaps[:-1]) if len(gaps) > ENOUGH_GAPS else None
    share = proportion(len(places), votes)
    return Rarity(
        problems=share,
        per_thousand=_thousand(share.share),
        low=_thousand(share.low),
        high=_thousand(share.high),
        since_last=None if since is None else int(since),
        last_gap=gaps[-1] if gaps else None,
        usual=usual,
        rhythm=_rhythm(usual, gaps[-1] if gaps else 0.0, since or 0.0),
    )


def usual_gap(gaps: Sequence[float]) -> Usual:
    """Give what is usual of at least two distances."""
    powers = [gap**_POWER for gap in gaps]
    middle, reach = fmean(powers), _REACH * fmean(abs(later - earlier) for earlier, later in pairwise(powers))
    return Usual(middle ** (1 / _POWER), max(middle - reach, 0.0) ** (1 / _POWER), (middle + reach) ** (1 / _POWER))


def _rhythm(usual: Usual | None, last_gap: float, since: float) -> Rhythm:
    if usual is None:
        return Rhythm.TOO_FEW
    if since > usual.high:
        return Rhythm.LATER
    return Rhythm.SOONER if last_gap < usual.low else Rhythm.USUAL


def _thousand(share: float | None) -> float | None:
    return None if share is None else 1000 * share
