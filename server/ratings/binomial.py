"""How far a count is from what a share lets expect, in standard deviations: exact for few votes, and back again. Pure.

Each count stands for the middle of its step of the distribution function (mid-P: H. O. Lancaster, Journal of the American Statistical
Association 56 (1961), 223–234), so that both sides are treated alike. From a variance of 400 the expansion of E. A. Cornish and R. A.
Fisher (Revue de l'Institut International de Statistique 5 (1938), 307–320) is as good, and its cost does not grow with the votes.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from math import exp, lgamma, log, log1p, sqrt
from statistics import NormalDist
from typing import Final

_EXACT_BELOW: Final = 400.0
_NEGLIGIBLE: Final = 1e-15
_NORMAL: Final = NormalDist()


class Binomial:
    """The number of votes of one kind among `of`, when each is of it with the chance `share`, which is neither 0 nor 1."""

    def __init__(self, of: int, share: float) -> None:
        self._of = of
        self._mean = of * share
        self._deviation = sqrt(self._mean * (1 - share))
        self._bend = (1 - 2 * share) / self._deviation / 6
        self._first, self._middles = self._walk(share) if self._deviation**2 < _EXACT_BELOW else (0, [])

    def score(self, count: int) -> float:
        """Give how many standard deviations `count` is above what is expected."""
        if not self._middles:
            away = (count - self._mean) / self._deviation
            return away - self._bend * (away * away - 1)
        place = min(max(count - self._first, 0), len(self._middles) - 1)
        return _NORMAL.inv_cdf(min(max(self._middles[place], _NEGLIGIBLE), 1 - _NEGLIGIBLE))

    def count_at(self, score: float) -> float:
        """Give the count so many standard deviations above what is expected; between two counts by a straight line."""
        if not self._middles:
            return min(max(self._mean + self._deviation * (score + self._bend * (score * score - 1)), 0.0), self._of)
        chance = _NORMAL.cdf(score)
        upper = bisect_right(self._middles, chance)
        if upper == 0 or upper == len(self._middles):
            return float(self._first + min(upper, len(self._middles) - 1))
        low, high = self._middles[upper - 1 : upper + 1]
        return self._first + upper - 1 + (chance - low) / (high - low)

    def _walk(self, share: float) -> tuple[int, list[float]]:
        """Give the lowest count that has any chance, and from there the chance of less than each count and half of it itself."""
        mode, odds = min(int((self._of + 1) * share), self._of), share / (1 - share)
        top = exp(
            lgamma(self._of + 1) - lgamma(mode + 1) - lgamma(self._of - mode + 1) + mode * log(share) + (self._of - mode) * log1p(-share)
        )
        falling, rising = [top], [top]
        for count in range(mode, 0, -1):
            falling.append(falling[-1] * count / (self._of - count + 1) / odds)
            if falling[-1] < _NEGLIGIBLE:
                break
        for count in range(mode + 1, self._of + 1):
            rising.append(rising[-1] * (self._of - count + 1) / count * odds)
            if rising[-1] < _NEGLIGIBLE:
                break
        chances = [*reversed(falling), *rising[1:]]
        whole = sum(chances)
        return mode - len(falling) + 1, [(up_to - own / 2) / whole for up_to, own in zip(accumulate(chances), chances, strict=True)]
