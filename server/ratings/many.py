"""Many comparisons at once: with a hundred desks, five are beyond their 95 % by chance alone.

What stands out is chosen so that on average no more than one in twenty of the chosen is there by chance: Y. Benjamini and Y. Hochberg,
Journal of the Royal Statistical Society B 57 (1995), 289–300; for funnel plots H. E. Jones, D. I. Ohlssen and D. J. Spiegelhalter,
Journal of Clinical Epidemiology 61 (2008), 232–240. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

RATE: Final = 0.05


def stand_out(chances: Sequence[float]) -> list[bool]:
    """Tell of each comparison, given how likely it is by chance alone, whether it stands out among all of them."""
    falling = sorted(chances)
    limit = max((chance for place, chance in enumerate(falling, 1) if chance <= RATE * place / len(falling)), default=-1.0)
    return [chance <= limit for chance in chances]
