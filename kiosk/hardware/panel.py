"""Buttons on GPIO pins: their edges and levels become presses on the panel's own thread, and lines that are broken are muted."""

from __future__ import annotations

import logging
import queue
import time
from contextlib import ExitStack, closing, suppress
from typing import TYPE_CHECKING, Final

from feedback.records import Moment
from kiosk.errors import Fault
from kiosk.hardware import FACE_BUTTONS, Device, PanelButton
from kiosk.hardware.debounce import Debounce, Rules
from kiosk.hardware.gpio import Input, shared_factory
from kiosk.hardware.kept import Kept
from kiosk.hardware.simulated.buttons import KeyboardButtons

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kiosk.clock import Clock
    from kiosk.config import Config
    from kiosk.config_devices import Buttons
    from kiosk.hardware import ButtonPanel, Health
    from kiosk.hardware.debounce import Trouble
    from kiosk.hardware.gpio import Factory

log = logging.getLogger(__name__)

LOOK_S: Final = 0.015
MOST_EDGES: Final = 10_000
"""A storm of edges beyond that is dropped; looks see what they would have told."""


def open_panel(
    config: Config, clock: Clock, health: Health, *, factory: Callable[[], Factory] = shared_factory
) -> ButtonPanel | KeyboardButtons | None:
    """Give the kiosk's buttons: keys where hardware is simulated, else those of [buttons], None without that table."""
    if config.kiosk.hardware == "simulated":
        return KeyboardButtons(clock)
    return None if config.buttons is None else PinPanel(config.buttons, clock, health, factory)


def pins_of(buttons: Buttons) -> dict[PanelButton, int]:
    """Give the pin of every button that there is."""
    others = {button: getattr(buttons, button.value) for button in PanelButton if button not in FACE_BUTTONS}
    return dict(zip(FACE_BUTTONS, buttons.faces, strict=False)) | {button: pin for button, pin in others.items() if pin is not None}


def every_button(config: Config) -> tuple[PanelButton, ...]:
    """Give every button that there is; simulated hardware has those under the faces and the help button where no pin says otherwise."""
    pins = tuple(pins_of(config.buttons)) if config.buttons is not None else ()
    return pins or ((*FACE_BUTTONS, PanelButton.HELP) if config.kiosk.hardware == "simulated" else ())


class PinPanel:
    """A `ButtonPanel` on GPIO pins."""

    def __init__(self, buttons: Buttons, clock: Clock, health: Health, factory: Callable[[], Factory]) -> None:
        self._pins = pins_of(buttons)
        self._rules = Rules(buttons.debounce_ms / 1000, buttons.glitch_ms / 1000, buttons.stuck_s)
        self._clock = clock
        self._factory = factory
        self._kept = Kept(Device.BUTTONS, Fault.BUTTONS_MISSING, health, self._work)
        self._on_press: Callable[[PanelButton, Moment], None] | None = None

    def start(self, on_press: Callable[[PanelButton, Moment], None]) -> None:
        """Call `on_press(button, moment)` for each press from now on, from the panel's thread."""
        self._on_press = on_press
        self._kept.start()

    def close(self) -> None:
        """Stop calling."""
        self._on_press = None
        self._kept.close()

    def _work(self, kept: Kept) -> None:
        with ExitStack() as stack:
            factory = self._factory()
            lines = {button: stack.enter_context(closing(Input(factory, pin, pull_up=True))) for button, pin in self._pins.items()}
            watch = _Watch(lines, self._rules)
            while not kept.ending.is_set():
                for button, press_s in watch.presses():
                    self._tell(button, press_s)
                kept.says(Fault.BUTTON_STUCK if watch.muted else None)

    def _tell(self, button: PanelButton, press_s: float) -> None:
        on_press = self._on_press
        if on_press is not None:
            on_press(button, _moment_of(self._clock, press_s))


class _Watch:
    """Listens to the lines of all buttons, and looks at them."""

    def __init__(self, lines: Mapping[PanelButton, Input], rules: Rules) -> None:
        now_s = time.monotonic()
        self.muted: dict[PanelButton, Trouble] = {}
        self._lines = lines
        self._edges = queue.Queue[tuple[PanelButton, bool, float]](MOST_EDGES)
        self._debounced = {button: Debounce(rules, pressed=line.is_active, at_s=now_s) for button, line in lines.items()}
        self._next_look_s = now_s
        for button, line in lines.items():
            line.watch(self._poster(button))

    def presses(self) -> list[tuple[PanelButton, float]]:
        """Wait for what the lines do next, until the next look at the latest; give the presses in it.

        Raises:
            PinsError: a line cannot be read.
        """
        found = [(button, self._debounced[button].edge(at_s, pressed=pressed)) for button, pressed, at_s in self._next_edges()]
        now_s = time.monotonic()
        all_of_them = now_s >= self._next_look_s
        if all_of_them:
            self._next_look_s = now_s + LOOK_S
        for button, debounce in self._debounced.items():
            if all_of_them or now_s >= debounce.due_s:
                found.append((button, debounce.look(now_s, pressed=self._lines[button].is_active)))
        self._note_troubles()
        return [(button, press_s) for button, press_s in found if press_s is not None]

    def _next_edges(self) -> list[tuple[PanelButton, bool, float]]:
        due_s = min(self._next_look_s, *(debounce.due_s for debounce in self._debounced.values()))
        try:
            first = self._edges.get(timeout=max(0.0, due_s - time.monotonic()))
        except queue.Empty:
            return []
        return [first, *(self._edges.get_nowait() for _ in range(self._edges.qsize()))]  # this thread alone takes from it

    def _poster(self, button: PanelButton) -> Callable[[bool, float], None]:
        def post(pressed: bool, at_s: float) -> None:  # noqa: FBT001 - a level is one or the other
            with suppress(queue.Full):
                self._edges.put_nowait((button, pressed, at_s))

        return post

    def _note_troubles(self) -> None:
        for button, debounce in self._debounced.items():
            before, now = self.muted.get(button), debounce.trouble
            if now is before:
                continue
            if now is None:
                del self.muted[button]
                log.info("button %s is heard again", button)
            else:
                self.muted[button] = now
                log.warning("button %s is %s and not heard until it is released and quiet", button, now)


def _moment_of(clock: Clock, press_s: float) -> Moment:
    """Give the moment of a press that was accepted a little later than it was made."""
    now, age_ms = clock.moment(), max(0, round((time.monotonic() - press_s) * 1000))
    return Moment(now.boottime_ms - age_ms, now.wall_ms - age_ms, now.trusted)
