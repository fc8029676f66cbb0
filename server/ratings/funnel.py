"""A funnel plot in place of a league table: how far from the common share each desk may be by chance, with as many votes as it has.

D. J. Spiegelhalter, Statistics in Medicine 24 (2005), 1185–1202: exact limits of 95 % and 99.8 % about the common share, interpolated
between counts (appendix A.1.1, here through the middle of each step: `server.ratings.binomial`). Where desks differ among themselves by
more than chance (over-dispersion: φ, the mean of the squared scores winsorised at 10 %, is above 1 + 2√(2/I), §3.2), the spread τ²
between desks is added as another variance (§3.3; estimated after R. DerSimonian and N. Laird, Controlled Clinical Trials 7 (1986),
177–188); otherwise with many votes every desk would be outside. Limits hold for one desk: among many, `server.ratings.many` tells which
still stand out. Pure.
"""

from __future__ import annotations

from enum import StrEnum
from math import hypot, sqrt
from statistics import NormalDist, fmean, quantiles
from typing import TYPE_CHECKING, Final

import msgspec

from server.ratings.binomial import Binomial
from server.ratings.many import stand_out
from server.ratings.scores import CONCLUSIVE, Proportion

if TYPE_CHECKING:
    from collections.abc import Sequence

INNER: Final = 0.95
OUTER: Final = 0.998
FEWEST_FOR_SPREAD: Final = 10
"""Fewer do not tell their usual differences from the one that is exceptional; then the limits are those of chance alone."""
_NORMAL: Final = NormalDist()
_INNER_SCORE: Final = _NORMAL.inv_cdf(0.5 + INNER / 2)
_OUTER_SCORE: Final = _NORMAL.inv_cdf(0.5 + OUTER / 2)


class Standing(StrEnum):
    """Where a share stands; `chance`: outside the 95 % limits, where chance alone puts one of twenty."""

    TOO_FEW = "too_few"
    INSIDE = "inside"
    CHANCE = "chance"
    BELOW = "below"
    ABOVE = "above"


class Limits(msgspec.Struct, frozen=True):
    """Between which shares chance leaves 95 % and 99.8 % of those with `of` votes."""

    of: int
    low: float
    high: float
    outer_low: float
    outer_high: float


class Compared(msgspec.Struct, frozen=True):
    """A share, the limits for as many votes, null below ten of them, and where it stands."""

    proportion: Proportion
    limits: Limits | None
    standing: Standing


class Funnel(msgspec.Struct, frozen=True):
    """The common share, how far the desks differ among themselves beyond chance (τ, 0 where they do not), and each of them."""

    target: float
    spread: float
    compared: list[Compared]

    def limits(self, of: int) -> Limits:
        """Give the limits for so many votes."""
        chance = Binomial(of, self.target)
        scores = (-_INNER_SCORE, _INNER_SCORE, -_OUTER_SCORE, _OUTER_SCORE)
        return Limits(of, *(self._share_at(score, chance.count_at(score) / of) for score in scores))

    def _share_at(self, score: float, by_chance: float) -> float:
        """Add the spread between desks to what chance alone reaches: as squares, as variances are added."""
        reach = hypot(by_chance - self.target, score * self.spread)
        return min(self.target + reach, 1.0) if score > 0 else max(self.target - reach, 0.0)


def make_funnel(proportions: Sequence[Proportion]) -> Funnel | None:
    """Compare shares with what they have in common; None where fewer than two have votes enough."""
    judged = [one for one in proportions if one.of >= CONCLUSIVE]
    if len(judged) < 2:  # noqa: PLR2004 - a comparison
        return None
    target = sum(one.count for one in judged) / sum(one.of for one in judged)
    if target in {0.0, 1.0}:
        same = [Compared(one, None, Standing.INSIDE if one.of >= CONCLUSIVE else Standing.TOO_FEW) for one in proportions]
        return Funnel(target, 0.0, same)
    scores = [Binomial(one.of, target).score(one.count) for one in judged]
    spread = _spread([one.of for one in judged], target, scores)
    funnel = Funnel(target, spread, [])
    chances = [_chance(score, one.of, target, spread) for one, score in zip(judged, scores, strict=True)]
    seen = iter(stand_out(chances))
    return msgspec.structs.replace(
        funnel, compared=[_compare(one, funnel, is_seen=one.of >= CONCLUSIVE and next(seen)) for one in proportions]
    )


def _compare(one: Proportion, funnel: Funnel, *, is_seen: bool) -> Compared:
    if one.share is None or one.of < CONCLUSIVE:
        return Compared(one, None, Standing.TOO_FEW)
    limits = funnel.limits(one.of)
    if limits.low <= one.share <= limits.high:
        return Compared(one, limits, Standing.INSIDE)
    if not is_seen:
        return Compared(one, limits, Standing.CHANCE)
    return Compared(one, limits, Standing.BELOW if one.share < funnel.target else Standing.ABOVE)


def _spread(sizes: Sequence[int], target: float, scores: Sequence[float]) -> float:
    if len(scores) < FEWEST_FOR_SPREAD:
        return 0.0
    deciles = quantiles(scores, n=10, method="inclusive")
    winsorised = [min(max(score, deciles[0]), deciles[-1]) for score in scores]
    dispersion, many = fmean(score * score for score in winsorised), len(scores)
    if dispersion <= 1 + 2 * sqrt(2 / many):
        return 0.0
    weights = [of / (target * (1 - target)) for of in sizes]
    whole = sum(weights)
    return sqrt((many * dispersion - (many - 1)) / (whole - sum(weight * weight for weight in weights) / whole))


def _chance(score: float, of: int, target: float, spread: float) -> float:
    own = sqrt(target * (1 - target) / of)
    return 2 * _NORMAL.cdf(-abs(score) * own / hypot(own, spread))
