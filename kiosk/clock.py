"""The kiosk's only source of time and of ids; tests hand in their own."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol
from uuid import UUID

from feedback.records import Moment, new_id
from kiosk.kernel_clock import read_discipline

if TYPE_CHECKING:
    from collections.abc import Callable

    from kiosk.kernel_clock import Discipline

BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
SYNCHRONISED: Final = Path("/run/systemd/timesync/synchronized")


class Clock(Protocol):
    """What time it is, by every clock that the kiosk has."""

    @property
    def boot_id(self) -> UUID:
        """The number of this boot; CLOCK_BOOTTIME means something only within it."""

    def moment(self) -> Moment:
        """Give the present moment."""


class SystemClock:
    """The machine's clocks.

    The wall clock is trusted once systemd-timesyncd has set it in this boot, or while the kernel says that some program keeps it.
    """

    def __init__(self, discipline: Callable[[], Discipline | None] = read_discipline, marker: Path | None = None) -> None:
        """`discipline` gives what the kernel says of its wall clock; `marker` is what systemd-timesyncd leaves once it has set it."""
        self.boot_id = UUID(BOOT_ID.read_text().strip())
        self._discipline = discipline
        self._marker = marker or SYNCHRONISED

    def moment(self) -> Moment:
        """Give the present moment; CLOCK_BOOTTIME goes on counting while the machine sleeps."""
        return Moment(
            boottime_ms=time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000,
            wall_ms=time.time_ns() // 1_000_000,
            trusted=self._is_trusted(),
        )

    def _is_trusted(self) -> bool:
        if self._marker.exists():
            return True
        discipline = self._discipline()
        return discipline is not None and discipline.is_kept


def id_maker(clock: Clock) -> Callable[[], UUID]:
    """Give a function that makes UUIDv7s from `clock` and the system's randomness."""
    return lambda: new_id(clock.moment().wall_ms, os.urandom(10))
