"""Lamps on GPIO pins, lit by a thread of their own: nobody waits for a lamp, and a lamp that fails disturbs nothing else."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Final, Protocol

from kiosk.errors import Fault
from kiosk.hardware import FACE_BUTTONS, Device, PanelButton, Status
from kiosk.hardware.gpio import Output, shared_factory
from kiosk.hardware.kept import Kept
from kiosk.hardware.lighting import Lighting

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from kiosk.config import Config
    from kiosk.hardware import Health
    from kiosk.hardware.gpio import Factory
    from kiosk.hardware.lighting import Lamp

LONGEST_S: Final = 60.0
"""How long the thread sleeps where no lamp changes."""


class Bank(Protocol):
    """Where lamps are lit."""

    def light(self, lit: Collection[Lamp]) -> None:
        """Have these lit and all others dark.

        Raises:
            PinsError: that cannot be done.
        """

    def close(self) -> None:
        """Put all out."""


class LitLamps:
    """The `Lamps` of a kiosk, whatever lights them."""

    def __init__(self, lamps: Iterable[Lamp], bank: Callable[[], Bank], health: Health) -> None:
        """`bank` opens where they are lit, or raises PinsError; it is tried again."""
        self._lighting = Lighting(frozenset(lamps))
        self._bank = bank
        self._told = threading.Condition()
        self._news = True
        self._kept = Kept(Device.LAMPS, Fault.LAMPS_MISSING, health, self._work)
        self._kept.start()

    def invite(self, faces: int) -> None:
        """Light the lamps of the first so many faces."""
        self._tell(lambda lighting, _now_s: lighting.invite(faces))

    def confirm(self) -> None:
        """Let all lamps of faces say for a moment that a press was taken."""
        self._tell(lambda lighting, now_s: lighting.confirm(now_s))

    def call(self, *, lit: bool) -> None:
        """Show that somebody has called for a person, or that nobody has."""
        self._tell(lambda lighting, _now_s: lighting.call(lit=lit))

    def status(self, status: Status) -> None:
        """Show how the kiosk is."""
        self._tell(lambda lighting, now_s: lighting.status(status, now_s))

    def close(self) -> None:
        """Put all lamps out."""
        self._kept.ending.set()
        self._tell(lambda _lighting, _now_s: None)
        self._kept.close()

    def _tell(self, what: Callable[[Lighting, float], None]) -> None:
        with self._told:
            what(self._lighting, time.monotonic())
            self._news = True
            self._told.notify()

    def _work(self, kept: Kept) -> None:
        with closing(self._bank()) as bank:
            shown: frozenset[Lamp] | None = None
            while not kept.ending.is_set():
                with self._told:
                    self._news = False
                    lit, again_s = self._lighting.show(time.monotonic())
                if lit != shown:
                    bank.light(lit)
                    shown = lit
                kept.says(None)
                with self._told:
                    self._told.wait_for(lambda: self._news, min(LONGEST_S, max(0.0, again_s - time.monotonic())))


def open_lamps(config: Config, health: Health, *, factory: Callable[[], Factory] = shared_factory) -> LitLamps | None:
    """Give the kiosk's lamps: simulated where hardware is, else those of [buttons] and [status_lamp], None where there is none."""
    pins = pins_of(config)
    if config.kiosk.hardware == "simulated":
        from kiosk.hardware.simulated.lamps import SimulatedLamps

        return SimulatedLamps(lamps_of(config), health)
    return LitLamps(pins, lambda: _PinBank(factory(), pins), health) if pins else None


def open_bank(config: Config, *, factory: Callable[[], Factory] = shared_factory) -> Bank:
    """Give where the kiosk's lamps are lit, for who tests each of them; they must not be open anywhere else.

    Raises:
        PinsError: their pins cannot be had.
    """
    if config.kiosk.hardware == "simulated":
        from kiosk.hardware.simulated.lamps import SimulatedBank

        return SimulatedBank()
    return _PinBank(factory(), pins_of(config))


def lamps_of(config: Config) -> tuple[Lamp, ...]:
    """Give every lamp that there is; simulated hardware has them all where no pin says otherwise."""
    pins = tuple(pins_of(config))
    return pins or ((*FACE_BUTTONS, PanelButton.HELP, *Status) if config.kiosk.hardware == "simulated" else ())


def pins_of(config: Config) -> dict[Lamp, int]:
    """Give the pin of every lamp that there is."""
    pins: dict[Lamp, int] = {}
    if config.buttons is not None:
        pins.update(zip(FACE_BUTTONS, config.buttons.face_lamps, strict=False))
        if config.buttons.help_lamp is not None:
            pins[PanelButton.HELP] = config.buttons.help_lamp
    if config.status_lamp is not None:
        pins.update({status: pin for status in Status if (pin := getattr(config.status_lamp, status.value)) is not None})
    return pins


class _PinBank:
    """Lamps lit by a high pin each."""

    def __init__(self, factory: Factory, pins: Mapping[Lamp, int]) -> None:
        self._outputs: dict[Lamp, Output] = {}
        with ExitStack() as stack:
            for lamp, pin in pins.items():
                self._outputs[lamp] = stack.enter_context(closing(Output(factory, pin)))
            self._close = stack.pop_all().close

    def light(self, lit: Collection[Lamp]) -> None:
        """Drive the pins of these high and all others low."""
        for lamp, output in self._outputs.items():
            output.drive(high=lamp in lit)

    def close(self) -> None:
        """Drive all pins low and let go of them."""
        self._close()
