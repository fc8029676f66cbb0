"""Presence sensors on GPIO pins: a motion sensor, or an ultrasonic distance sensor with trigger and echo.

What they count is evidence beside the response rate, never its base.
"""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Final, Protocol

from kiosk.errors import Fault, PinsError
from kiosk.hardware import Device
from kiosk.hardware.arrivals import Arrivals, Nearness
from kiosk.hardware.gpio import Input, Output, shared_factory
from kiosk.hardware.kept import Kept
from kiosk.hardware.simulated.presence import ABSENT_S, KeyboardPresence

if TYPE_CHECKING:
    from collections.abc import Callable

    from feedback.records import Moment
    from kiosk.clock import Clock
    from kiosk.config import Config
    from kiosk.config_devices import PresencePin
    from kiosk.hardware import Health
    from kiosk.hardware.gpio import Factory

SOUND_M_S: Final = 343.0
PULSE_S: Final = 0.00001
ECHO_S: Final = 0.25
"""The longest that any sensor keeps its echo high where nothing is before it."""
SILENT_S: Final = 3.0
"""A sensor without an echo for so long is not there."""
LOOK_S: Final = 0.1


def open_presence(
    config: Config, clock: Clock, health: Health, *, factory: Callable[[], Factory] = shared_factory
) -> PinPresence | KeyboardPresence | None:
    """Give the kiosk's presence sensor: a key where hardware is simulated, else that of [presence], None without that table."""
    if config.kiosk.hardware == "simulated":
        return KeyboardPresence(clock, config.presence.absent_s if config.presence else ABSENT_S)
    return None if config.presence is None else PinPresence(config.presence, clock, health, factory)


class Sensor(Protocol):
    """What notices whether somebody is there."""

    def look(self) -> bool:
        """Tell whether somebody is there now.

        Raises:
            PinsError: the sensor does not say.
        """

    def close(self) -> None:
        """Let go of it."""


class PinPresence:
    """A `PresenceSensor` on GPIO pins."""

    def __init__(self, presence: PresencePin, clock: Clock, health: Health, factory: Callable[[], Factory]) -> None:
        self._presence = presence
        self._clock = clock
        self._factory = factory
        self._kept = Kept(Device.PRESENCE, Fault.PRESENCE_MISSING, health, self._work)
        self._on_arrival: Callable[[Moment], None] | None = None

    def start(self, on_arrival: Callable[[Moment], None]) -> None:
        """Call `on_arrival(moment)` for each arrival from now on, from the sensor's thread."""
        self._on_arrival = on_arrival
        self._kept.start()

    def close(self) -> None:
        """Stop calling."""
        self._on_arrival = None
        self._kept.close()

    def _work(self, kept: Kept) -> None:
        arrivals = Arrivals(self._presence.absent_s)
        with closing(open_sensor(self._presence, self._factory())) as sensor:
            arrivals.begin(there=sensor.look(), at_s=time.monotonic())
            kept.says(None)
            while not kept.ending.wait(LOOK_S):
                on_arrival = self._on_arrival
                if arrivals.notice(there=sensor.look(), at_s=time.monotonic()) and on_arrival is not None:
                    on_arrival(self._clock.moment())


def open_sensor(presence: PresencePin, factory: Factory) -> Sensor:
    """Give the sensor that the configuration names.

    Raises:
        PinsError: its pins cannot be had.
    """
    if presence.kind == "pir" and presence.pin is not None:
        return MotionSensor(factory, presence.pin)
    if presence.trigger is not None and presence.echo is not None:
        return DistanceSensor(factory, presence.trigger, presence.echo, presence.distance_m)
    raise PinsError("[presence] names no pin")


class MotionSensor:
    """A sensor whose pin is high for some seconds after a movement. One that is torn off cannot be told from an empty hall."""

    def __init__(self, factory: Factory, pin: int) -> None:
        self._line = Input(factory, pin, pull_up=False)
        self.close = self._line.close

    def look(self) -> bool:
        """Tell whether something moves."""
        return self._line.is_active


class DistanceSensor:
    """A sensor that answers a pulse on `trigger` by one on `echo`, as long as sound takes there and back."""

    def __init__(self, factory: Factory, trigger: int, echo: int, distance_m: float) -> None:
        """Take the pins; the first look tells whether there is a sensor on them."""
        self._nearness = Nearness(distance_m)
        self._heard = threading.Event()
        self._rise_s: float | None = None
        self._length_s: float | None = None
        self._last_answer_s: float | None = None
        with ExitStack() as stack:
            echoes = stack.enter_context(closing(Input(factory, echo, pull_up=False)))
            self._trigger = stack.enter_context(closing(Output(factory, trigger)))
            echoes.watch(self._changed)
            self.close = stack.pop_all().close

    def look(self) -> bool:
        """Measure, which takes up to a quarter of a second, and tell whether somebody is near."""
        distance_m, now_s = self.measure(), time.monotonic()
        if distance_m is not None:
            self._last_answer_s = now_s
        elif self._last_answer_s is None or now_s - self._last_answer_s > SILENT_S:
            raise PinsError("the distance sensor does not answer: look at its wires")
        return self._nearness.measured(distance_m)

    def measure(self) -> float | None:
        """Give the distance to what is before the sensor in metres, None where it does not answer."""
        self._rise_s = self._length_s = None
        self._heard.clear()
        self._trigger.drive(high=True)
        time.sleep(PULSE_S)
        self._trigger.drive(high=False)
        self._heard.wait(ECHO_S)
        length_s = self._length_s
        return None if length_s is None else length_s * SOUND_M_S / 2

    def _changed(self, high: bool, at_s: float) -> None:  # noqa: FBT001 - a level is one or the other
        if high:
            self._rise_s = at_s
        elif self._rise_s is not None:
            self._length_s = at_s - self._rise_s
            self._heard.set()
