"""How sure a share is: the Wilson score interval, which stays honest with few votes and near 0 and 100 %.

Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
Statistical Association 22 (1927), 209–212; recommended for small counts by Brown, Cai and DasGupta, Statistical Science 16
(2001), 101–133. Without continuity correction.
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist
from typing import Final

CONFIDENCE: Final = 0.95
_Z: Final = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)


def wilson(count: int, of: int) -> tuple[float, float]:
    """Give the 95 % interval of the share `count / of`.

    Raises:
        ValueError: the share does not exist: nothing counted, or more than all.
    """
    if not 0 <= count <= of or of == 0:
        raise ValueError(f"no share of {count} in {of}")
    share = count / of
    weight = _Z * _Z / of
    centre = (share + weight / 2) / (1 + weight)
    reach = _Z / (1 + weight) * sqrt(share * (1 - share) / of + weight / (4 * of))
    # At the ends the formula gives exactly 0 and 1; floating point only nearly does.
    return (0.0 if count == 0 else max(0.0, centre - reach), 1.0 if count == of else min(1.0, centre + reach))
