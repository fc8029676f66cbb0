"""Whether a share has changed since the period before: by how much, how sure, and whether chance alone would do it.

The interval of a difference is method 10 of R. G. Newcombe, Statistics in Medicine 17 (1998), 873–890, from the two Wilson intervals. The
test is the chi-squared test with N − 1 in place of N (I. Campbell, Statistics in Medicine 26 (2007), 3661–3675), and where a count below
5 is expected, twice the smaller mid-P of Fisher's exact test (A. Agresti, Categorical Data Analysis, 3rd ed., §3.5.6). A change is seen
only where both say so. Pure.
"""

from __future__ import annotations

from enum import StrEnum
from math import erfc, exp, hypot, lgamma, sqrt
from typing import TYPE_CHECKING, Final

import msgspec

from server.ratings.intervals import CONFIDENCE
from server.ratings.many import stand_out
from server.ratings.scores import CONCLUSIVE, Proportion

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeVar

    Key = TypeVar("Key")

_LARGE_FROM: Final = 5.0


class Verdict(StrEnum):
    """What can be said of a change; `chance`: alone it would be seen, but among so many comparisons that happens by chance."""

    UNKNOWN = "unknown"
    UNSEEN = "unseen"
    CHANCE = "chance"
    HIGHER = "higher"
    LOWER = "lower"


class Change(msgspec.Struct, frozen=True):
    """A share `now` and `before`, their difference (0.03 is three points) with its 95 % interval, and how likely chance makes as much.

    All four are null where one of the periods has too few votes; then nothing is compared.
    """

    now: Proportion
    before: Proportion
    verdict: Verdict
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    chance: float | None = None


def compare(now: Proportion, before: Proportion) -> Change:
    """Compare a share with what it was."""
    if min(now.of, before.of) < CONCLUSIVE:
        return Change(now, before, Verdict.UNKNOWN)
    difference, low, high = _difference(now, before)
    chance = _chance(now.count, now.of, before.count, before.of)
    verdict = Verdict.UNSEEN
    if chance < 1 - CONFIDENCE and not low <= 0 <= high:
        verdict = Verdict.HIGHER if difference > 0 else Verdict.LOWER
    return Change(now, before, verdict, difference, low, high, chance)


def compare_all(shares: Mapping[Key, tuple[Proportion, Proportion]]) -> dict[Key, Change]:
    """Compare many shares, each with what it was; a change that does not stand out among all of them may be chance."""
    changes = {key: compare(now, before) for key, (now, before) in shares.items()}
    tested = {key: change.chance for key, change in changes.items() if change.chance is not None}
    seen = dict(zip(tested, stand_out(list(tested.values())), strict=True))
    return {
        key: msgspec.structs.replace(change, verdict=Verdict.CHANCE)
        if change.verdict in {Verdict.HIGHER, Verdict.LOWER} and not seen[key]
        else change
        for key, change in changes.items()
    }


def _difference(now: Proportion, before: Proportion) -> tuple[float, float, float]:
    share, low, high = now.share or 0.0, now.low or 0.0, now.high or 0.0
    was, was_low, was_high = before.share or 0.0, before.low or 0.0, before.high or 0.0
    difference = share - was
    return difference, difference - hypot(share - low, was_high - was), difference + hypot(high - share, was - was_low)


def _chance(count: int, of: int, before: int, of_before: int) -> float:
    both, total = count + before, of + of_before
    if min(both, total - both) == 0:
        return 1.0
    if min(both, total - both) * min(of, of_before) / total < _LARGE_FROM:
        return _mid_p(count, of, both, total)
    apart = count * (of_before - before) - before * (of - count)
    squared = (total - 1) * apart / (of * of_before) * apart / (both * (total - both))
    return erfc(sqrt(squared / 2))


def _mid_p(count: int, of: int, both: int, total: int) -> float:
    """Give twice the smaller mid-P: how likely so few or so many of `both` fall among `of`, each way counting half of `count` itself."""
    first, last = max(0, of + both - total), min(of, both)
    chances = {k: exp(_log_ways(both, k) + _log_ways(total - both, of - k) - _log_ways(total, of)) for k in range(first, last + 1)}
    below = sum(chance for k, chance in chances.items() if k < count)
    above = sum(chance for k, chance in chances.items() if k > count)
    return min(1.0, 2 * (min(below, above) + chances[count] / 2))


def _log_ways(of: int, count: int) -> float:
    return lgamma(of + 1) - lgamma(count + 1) - lgamma(of - count + 1)
