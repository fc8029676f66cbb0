"""What is said of when something happened: its best time, how that was found, how far off it may be, and the day it was. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

FUTURE_MS: Final = 10 * 60_000
"""How far the clock of a queue system may run before ours."""
WINDOW_MS: Final = 15 * 60_000
"""Answers enter shares only when a window of this length is closed, so that nobody learns who just voted."""
EARLIEST_MS: Final = 1_577_836_800_000
"""The beginning of 2020: no kiosk of ours is older."""
EXACT_ERROR_MS: Final = 5_000
"""How wrong a clock may be that the network has set: no kiosk trusts one that may be further from the truth."""
DELAY_MS: Final = 30_000
"""How long a message may travel: a broker cuts off whom it has not heard for one and a half times the kiosk's 20 s of keep-alive."""
DRIFT_PPM: Final = 200
"""How far CLOCK_BOOTTIME may run from the truth: a quartz without care for its warmth stays within half of this."""


class TimeQuality(StrEnum):
    """How the time of a record was found.

    By a clock that the server could check; by its boot, or a trusted clock that nothing contradicts; between two known moments; or hardly.
    """

    EXACT = "exact"
    CORRECTED = "corrected"
    INTERVAL = "interval"
    UNKNOWN = "unknown"


class Time(NamedTuple):
    """When something happened: the truth lies within `error_ms` of `at_ms`."""

    at_ms: int
    quality: str
    error_ms: int


class Bounds(NamedTuple):
    """Between which moments something happened."""

    low_ms: int
    high_ms: int

    def by(self, received_ms: int) -> Bounds:
        """Give what is left where it had happened by `received_ms`, and no kiosk is older than ours."""
        return Bounds(max(self.low_ms, EARLIEST_MS), min(self.high_ms, received_ms))

    @property
    def is_possible(self) -> bool:
        """Whether any moment lies between."""
        return self.low_ms <= self.high_ms

    def admit(self, wall_ms: int) -> bool:
        """Tell whether a wall clock that the network has set could have said so."""
        return self.low_ms - EXACT_ERROR_MS <= wall_ms <= self.high_ms + EXACT_ERROR_MS

    def time(self, likely_ms: int, quality: TimeQuality) -> Time:
        """Give the time that is most likely, or the one next to it that is possible, with an error that covers them all."""
        at_ms = min(max(likely_ms, self.low_ms), self.high_ms)
        return Time(at_ms, quality.value, max(at_ms - self.low_ms, self.high_ms - at_ms))


@dataclass(frozen=True, slots=True)
class Local:
    """The centre's calendar at a moment."""

    day: str
    hour: int
    weekday: int


def exact(at_ms: int) -> Time:
    """Give the time of something that the server has stamped by its own clock."""
    return Time(at_ms, TimeQuality.EXACT.value, EXACT_ERROR_MS)


def unknown(latest_ms: int) -> Time:
    """Give the time of something of which is known only that it had happened by `latest_ms`."""
    return Time(latest_ms, TimeQuality.UNKNOWN.value, max(0, latest_ms - EARLIEST_MS))


def drift(elapsed_ms: int) -> int:
    """Give how far CLOCK_BOOTTIME may have run from the truth meanwhile."""
    return abs(elapsed_ms) * DRIFT_PPM // 1_000_000 + 2  # and each end is cut to a millisecond


def local(at_ms: int, zone: ZoneInfo) -> Local:
    """Give the local calendar at `at_ms`."""
    there = datetime.fromtimestamp(at_ms / 1000, zone)
    return Local(there.date().isoformat(), there.hour, there.isoweekday())


def released(at_ms: int, received_ms: int) -> int:
    """Give the time from which an answer may enter shares: at once if it is old, else when the window it arrived in is closed."""
    if received_ms - at_ms > WINDOW_MS:
        return received_ms
    return (received_ms // WINDOW_MS + 1) * WINDOW_MS
