"""gpiozero's mock pins, with what a real board adds: edges that get lost, a chip that is not there, a wire that fails."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from gpiozero import GPIOZeroError
from gpiozero.pins.mock import MockFactory, MockPin

from kiosk.config import Config, Terminal

if TYPE_CHECKING:
    from kiosk.errors import Fault
    from kiosk.hardware import Device
    from tests.kiosk.hardware.lines import Wave

SPIKE_S = 0.002
BOUNCE_S = 0.03
LATE_S = 0.002


class Pin(MockPin):  # type: ignore[misc] # gpiozero ships no types
    """A pin that stamps its edges as the kernel does, loses some, and may break."""

    swallows = False
    broken = False
    reads = 0
    last_read_s = 0.0
    stamp_s: float | None = None
    tied: bool | None = None
    """The level that the world gives it, whatever its own pull-up does."""

    def _set_pull(self, value: str) -> None:
        super()._set_pull(value)
        if self.tied is not None:
            self._state = self.tied

    def _call_when_changed(self) -> None:
        if not self.swallows:
            super(MockPin, self)._call_when_changed(self.stamp_s or time.monotonic(), self._state)

    def _get_state(self) -> bool:
        self._fail()
        self.reads += 1
        self.last_read_s = time.monotonic()
        return bool(super()._get_state())

    def _set_state(self, value: bool) -> None:  # noqa: FBT001 - gpiozero's
        self._fail()
        super()._set_state(value)

    def _fail(self) -> None:
        if self.broken:
            raise GPIOZeroError("the wire is off")


class Board:
    """A computer's pins; `missing` is how often they cannot be had yet."""

    def __init__(self, missing: int = 0) -> None:
        self.missing = missing
        self.tries = 0
        self.factory = MockFactory(pin_class=Pin)

    def __call__(self) -> Any:
        from kiosk.errors import PinsError

        self.tries += 1
        if self.tries <= self.missing:
            raise PinsError("there are no GPIO pins: not yet")
        return self.factory

    def pin(self, number: int) -> Any:
        return self.factory.pin(number)

    def is_high(self, *numbers: int) -> list[bool]:
        return [bool(self.factory.pin(number)._state) for number in numbers]

    def press(self, number: int, *, pressed: bool) -> None:
        """Connect a button's pin to ground, or let go of it."""
        pin = self.factory.pin(number)
        pin.drive_low() if pressed else pin.drive_high()

    def play(self, number: int, played: Wave) -> None:
        """Let a wave happen now; what belongs together is told in one piece at its end, with the times that the kernel would have stamped.

        On a slow machine everything takes longer, and nothing shorter, than it should; no stamp is older than a look that saw otherwise.
        """
        pin, start_s = self.factory.pin(number), time.monotonic()
        for burst in _bursts(played):
            end_s = played.changes[burst[-1]][0]
            wait_s = start_s + end_s - time.monotonic()
            if wait_s > 0:
                time.sleep(wait_s)
            start_s = max(start_s, time.monotonic() - end_s - LATE_S)
            for place in burst:
                at_s, pressed = played.changes[place]
                pin.swallows = place in played.lost
                pin.stamp_s = min(max(start_s + at_s, pin.last_read_s), time.monotonic())
                self.press(number, pressed=pressed)
        pin.swallows, pin.stamp_s = False, None


def _bursts(played: Wave) -> list[list[int]]:
    """Give the places of the changes that belong together."""
    apart_s = SPIKE_S if played.rules.glitch_s else BOUNCE_S
    bursts, last_s = list[list[int]](), 0.0
    for place, (at_s, _pressed) in enumerate(played.changes):
        if bursts and at_s - last_s < apart_s:
            bursts[-1].append(place)
        else:
            bursts.append([place])
        last_s = at_s
    return bursts


class Told:
    """What devices said about themselves."""

    def __init__(self) -> None:
        self.all: list[tuple[Device, Fault | None]] = []

    def __call__(self, device: Device, fault: Fault | None) -> None:
        self.all.append((device, fault))


def config_with(hardware: str = "real", **tables: Any) -> Config:
    return Config(Terminal(id="exit-sample-1", data_dir="/nowhere", hardware=hardware), **tables)  # type: ignore[arg-type]
