"""Makes arrivals of what a presence sensor notices. Pure, with the time handed in.

Arrivals are evidence beside the response rate, never its base: a sensor also notices who only passes by, takes a family for one and
somebody who leans aside for two.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Final

AGREEING: Final = 2
OF_LAST: Final = 3
"""A distance counts once so many of the last so many measurements were near: single ones stray."""


class Arrivals:
    """Somebody who stays has arrived once; after `absent_s` seconds without anybody the next one has arrived anew."""

    def __init__(self, absent_s: float) -> None:
        self._absent_s = absent_s
        self._last_there_s = -math.inf

    def begin(self, *, there: bool, at_s: float) -> None:
        """Take what is noticed when the watch begins: who is there already came before it."""
        if there:
            self._last_there_s = at_s

    def notice(self, *, there: bool, at_s: float) -> bool:
        """Take what is noticed now; tell whether somebody has just arrived."""
        if not there:
            return False
        arrived = at_s - self._last_there_s >= self._absent_s
        self._last_there_s = at_s
        return arrived


class Nearness:
    """Whether somebody is near, by distances in metres; None is a measurement without an echo."""

    def __init__(self, distance_m: float) -> None:
        self._distance_m = distance_m
        self._last: deque[bool] = deque(maxlen=OF_LAST)

    def measured(self, distance_m: float | None) -> bool:
        """Take a measurement; tell whether somebody is near."""
        self._last.append(distance_m is not None and distance_m <= self._distance_m)
        return sum(self._last) >= AGREEING
