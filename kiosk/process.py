"""What both processes do to live: they tell systemd that they do, and end when a signal asks them to."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from sdnotify import SystemdNotifier

from feedback import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

_MMAP_THRESHOLD: Final = -3
_LARGE_BYTES: Final = 64 * 1024
ALIVE_S: Final = 2.0
SOFTWARE: Final = f"vidhuk {VERSION}"


def give_memory_back() -> None:
    """Have glibc give back large pieces of memory as soon as they are free; else a kiosk keeps the most that any screen has needed."""
    with suppress(OSError, AttributeError):  # another C library has another way
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)


def alive() -> Callable[[], None]:
    """Give what tells systemd, first, that the program is ready, and then every two seconds that it lives."""
    systemd = SystemdNotifier()
    told: list[float] = []

    def tell() -> None:
        now = time.monotonic()
        if not told or now - told[-1] >= ALIVE_S:
            systemd.notify("WATCHDOG=1" if told else "READY=1")
            told[:] = [now]

    return tell


def is_watched() -> bool:
    """Tell whether somebody watches over this process, who starts it again when it ends."""
    return bool(os.environ.get("NOTIFY_SOCKET"))


def end_on_signals(stop: Callable[[], None]) -> None:
    """Call `stop` when the process is asked to end."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop())
