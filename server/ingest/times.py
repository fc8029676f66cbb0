"""When something happened, decided once: by the kiosk's clock where it can be believed, else by the server's. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from uuid import UUID
    from zoneinfo import ZoneInfo

    from feedback.records import Moment
    from feedback.wire import Now

FUTURE_MS: Final = 10 * 60_000
"""How far a trusted clock may run before ours until we stop trusting it."""
WINDOW_MS: Final = 15 * 60_000
"""Answers enter shares only when a window of this length is closed, so that nobody learns who just voted."""
EARLIEST_MS: Final = 1_577_836_800_000  # 2020: no kiosk of ours is older


class TimeQuality(StrEnum):
    """How the time of a record was found."""

    EXACT = "exact"
    CORRECTED = "corrected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Local:
    """The centre's calendar at a moment."""

    day: str
    hour: int
    weekday: int


def best_time(at: Moment, boot_id: UUID | None, now: Now, received_ms: int) -> tuple[int, TimeQuality]:
    """Give the best time of a record made at `at` in boot `boot_id`, sent when the kiosk's clocks said `now`."""
    if at.trusted:
        believable = EARLIEST_MS <= at.wall_ms <= received_ms + FUTURE_MS
        return (at.wall_ms, TimeQuality.EXACT) if believable else (received_ms, TimeQuality.UNKNOWN)
    if boot_id == now.boot_id:
        corrected = received_ms - (now.at.boottime_ms - at.boottime_ms)
        if EARLIEST_MS <= corrected <= received_ms:
            return corrected, TimeQuality.CORRECTED
    return received_ms, TimeQuality.UNKNOWN


def local(at_ms: int, zone: ZoneInfo) -> Local:
    """Give the local calendar at `at_ms`."""
    there = datetime.fromtimestamp(at_ms / 1000, zone)
    return Local(there.date().isoformat(), there.hour, there.isoweekday())


def released(at_ms: int, received_ms: int) -> int:
    """Give the time from which an answer may enter shares: at once if it is old, else when the window it arrived in is closed."""
    if received_ms - at_ms > WINDOW_MS:
        return received_ms
    return (received_ms // WINDOW_MS + 1) * WINDOW_MS
