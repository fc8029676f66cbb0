from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from feedback.records import Moment
from feedback.settings import DeskOption, KioskSettings, Timing
from kiosk import accepted

if TYPE_CHECKING:
    from collections.abc import Callable

KIOSK = "exit-sample-1"
BOOT = UUID("6d0c6a4e-2a0f-4a3b-9c64-0d3d3c1a2b3c")


class FakeClock:
    """Time that passes when told to."""

    boot_id = BOOT

    def __init__(self) -> None:
        self.now_ms = 1_000_000

    def moment(self) -> Moment:
        return Moment(self.now_ms, 1_790_000_000_000 + self.now_ms, trusted=True)

    def pass_s(self, seconds: float) -> None:
        self.now_ms += round(seconds * 1000)


def counted_ids() -> Callable[[], UUID]:
    numbers = itertools.count(1)
    return lambda: UUID(int=0x0190_0000_0000_7000_8000_0000_0000_0000 + next(numbers))


def settings_of(
    *, desks: int = 0, desk: str | None = None, version: int = 1, timing: Timing | None = None, name: str = ""
) -> KioskSettings:
    return msgspec.structs.replace(
        accepted.before_any(KIOSK),
        version=version,
        desk=DeskOption(desk, desk) if desk else None,
        desks=tuple(DeskOption(f"desk-{n}", str(n), name and f"{name} {n}") for n in range(1, desks + 1)),
        timing=timing or Timing(),
    )


def wait_until(holds: Callable[[], object], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
