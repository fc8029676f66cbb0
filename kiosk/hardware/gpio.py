"""GPIO pins by gpiozero on lgpio; the only module that knows them. Both are imported when the first pin is wanted.

Of gpiozero its pins are used, and neither its buttons nor its sensors: the events of those pass over an edge that repeats a level, which is
what an edge that got lost leaves behind. lgpio calls on a thread of its own, which dies of an exception; what is handed in may only post.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from kiosk.errors import PinsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

log = logging.getLogger(__name__)

Factory: TypeAlias = Any
"""A gpiozero pin factory; gpiozero ships no types."""
OLDEST_S: Final = 60.0
"""An edge that seems older than this was stamped by another clock."""

_lock = threading.Lock()
_shared: list[Factory] = []


def shared_factory() -> Factory:
    """Give the one factory of this process.

    gpiozero keeps the pins of all lgpio factories in one place: closing a second factory would close the pins of the first.

    Raises:
        PinsError: this computer has no pins, or this user may not use them.
    """
    with _lock:
        if not _shared:
            with _told("there are no GPIO pins"), _where_lgpio_can_write():
                from gpiozero.pins.lgpio import LGPIOFactory

                _shared.append(LGPIOFactory())
        return _shared[0]


class Input:
    """A pin that is read. `pull_up` is for what connects it to ground, which then is active; else a high level is."""

    def __init__(self, factory: Factory, number: int, *, pull_up: bool) -> None:
        """Take the pin.

        Raises:
            PinsError: there is no such pin, or something else has it.
        """
        self._number = number
        self._active = not pull_up
        self._on_edge: Callable[[bool, float], None] | None = None
        with _told(f"GPIO{number} cannot be used"):
            from gpiozero import InputDevice

            self._device = InputDevice(number, pull_up=pull_up, pin_factory=factory)

    @property
    def is_active(self) -> bool:
        """The level that the line has now.

        Raises:
            PinsError: it cannot be read.
        """
        try:
            return bool(self._device.is_active)
        except _troubles() as error:
            raise PinsError(f"GPIO{self._number} cannot be read: {error}") from error

    def watch(self, on_edge: Callable[[bool, float], None]) -> None:
        """Call `on_edge(active, when)` for each edge from now on, on gpiozero's thread; `when` is of `time.monotonic`.

        Raises:
            PinsError: its edges cannot be had.
        """
        self._on_edge = on_edge
        with _told(f"edges of GPIO{self._number} cannot be had"):
            pin = self._device.pin
            pin.bounce = None
            pin.edges = "both"
            pin.when_changed = self._changed  # gpiozero keeps only a weak reference: this object has to live

    def close(self) -> None:
        """Let go of the pin."""
        self._on_edge = None
        with _quietly():
            self._device.close()

    def _changed(self, ticks: float, state: int) -> None:
        now_s, on_edge = time.monotonic(), self._on_edge
        if on_edge is not None:
            # The kernel's stamps are of the clock of `time.monotonic`, but for old kernels.
            on_edge(bool(state) is self._active, ticks if 0 <= now_s - ticks < OLDEST_S else now_s)


class Output:
    """A pin that is driven, low at first."""

    def __init__(self, factory: Factory, number: int) -> None:
        """Take the pin.

        Raises:
            PinsError: there is no such pin, or something else has it.
        """
        self._number = number
        with _told(f"GPIO{number} cannot be used"):
            from gpiozero import OutputDevice

            self._device = OutputDevice(number, pin_factory=factory)

    def drive(self, *, high: bool) -> None:
        """Drive the pin.

        Raises:
            PinsError: it cannot be driven.
        """
        with _told(f"GPIO{self._number} cannot be driven"):
            self._device.value = high

    def close(self) -> None:
        """Drive the pin low and let go of it."""
        with _quietly():
            self._device.off()
        with _quietly():
            self._device.close()


@contextmanager
def _where_lgpio_can_write() -> Iterator[None]:
    """Import lgpio within this: it makes a pipe in the working folder; told to take another one, it changes to that for good."""
    if "lgpio" in sys.modules or _can_write_here():
        yield
        return
    before, scratch = Path.cwd(), tempfile.mkdtemp(prefix="vidhuk-lgpio-")
    os.environ["LG_WD"] = scratch
    try:
        yield
    finally:
        os.chdir(before)
        shutil.rmtree(scratch, ignore_errors=True)  # both ends of the pipe are open


def _can_write_here() -> bool:
    with suppress(OSError), tempfile.TemporaryFile(dir="."):
        return True
    return False


def _troubles() -> tuple[type[Exception], ...]:
    """What gpiozero, lgpio and the system raise where a pin cannot be had; gpiozero lets lgpio's own errors through."""
    found: list[type[Exception]] = [ImportError, OSError]
    gpiozero, lgpio = sys.modules.get("gpiozero"), sys.modules.get("lgpio")
    if gpiozero is not None:
        found.append(gpiozero.GPIOZeroError)
    if lgpio is not None:
        found.append(lgpio.error)
    return tuple(found)


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except _troubles() as error:
        raise PinsError(f"{what}: {error}") from error


@contextmanager
def _quietly() -> Iterator[None]:
    """Let go of what may be gone already."""
    try:
        yield
    except _troubles() as error:
        log.debug("%s", error)
