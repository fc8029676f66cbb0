"""The technician's hidden gesture: the corners of the screen clockwise from the upper left and back to it, and nothing in between. Pure.

A corner is a square of 12 mm, or of 8 % of the smaller side where that is more, and never more than a fifth of it. On a 10.1″ screen one
corner is 0.5 % of the surface: five random touches in a row are the gesture once in 3·10¹¹, on the smallest screen that a kiosk may have
once in 10⁷. Behind it there is still the PIN.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from feedback.records import Moment

ZONE_MM: Final = 12.0
ZONE_SHARE: Final = 0.08
ZONE_MOST: Final = 0.2
WITHIN_S: Final = 6.0
_MM_PER_INCH: Final = 25.4


class Corner(StrEnum):
    """A corner of the screen as it is seen."""

    UPPER_LEFT = "upper_left"
    UPPER_RIGHT = "upper_right"
    LOWER_RIGHT = "lower_right"
    LOWER_LEFT = "lower_left"


ROUND: Final = (Corner.UPPER_LEFT, Corner.UPPER_RIGHT, Corner.LOWER_RIGHT, Corner.LOWER_LEFT, Corner.UPPER_LEFT)
"""The gesture."""


class Corners:
    """Watches touches for the gesture."""

    def __init__(self, width: float, height: float, diagonal_inch: float) -> None:
        """The screen's sides as they are seen, in pixels, and its diagonal."""
        smaller, pixels_per_mm = min(width, height), math.hypot(width, height) / (diagonal_inch * _MM_PER_INCH)
        zone = min(max(ZONE_MM * pixels_per_mm, ZONE_SHARE * smaller), ZONE_MOST * smaller)
        self._across, self._down = zone / width, zone / height
        self._begun_ms = 0
        self._taken = 0

    def at(self, x: float, y: float) -> Corner | None:
        """Give the corner at a place, in shares from the upper left; None between the corners."""
        left, right = x <= self._across, x >= 1 - self._across
        upper, lower = y <= self._down, y >= 1 - self._down
        if upper and (left or right):
            return Corner.UPPER_LEFT if left else Corner.UPPER_RIGHT
        if lower and (left or right):
            return Corner.LOWER_LEFT if left else Corner.LOWER_RIGHT
        return None

    def touched(self, x: float, y: float, at: Moment) -> bool:
        """Take a touch, in shares from the upper left; whether it completes the gesture."""
        corner, now_ms = self.at(x, y), at.boottime_ms
        is_late = now_ms - self._begun_ms > WITHIN_S * 1000
        if corner is not ROUND[self._taken] or (self._taken and is_late):
            self._taken = 0  # this touch may be the first of a new round
        if corner is not ROUND[self._taken]:
            return False
        if self._taken == 0:
            self._begun_ms = now_ms
        self._taken = (self._taken + 1) % len(ROUND)
        return self._taken == 0
