"""Leads what happens at the window and the devices to the visit, or to the technician's menu or the ticket boxes where these are open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from feedback.records import Input
from kiosk.hardware import FACE_BUTTONS, PanelButton
from kiosk.moves import Move

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from feedback.notice import Notice
    from feedback.records import Moment
    from feedback.settings import KioskSettings
    from feedback.tickets import Refusal
    from kiosk.boxes import Boxes
    from kiosk.clock import Clock
    from kiosk.errors import Fault
    from kiosk.scans import Scanned
    from kiosk.screens import Screen
    from kiosk.technician.menu import Technician
    from kiosk.visit import Visits

CHORES_S: Final = 1.0


class Duties(Protocol):
    """What is done beside the visits."""

    def settings(self) -> KioskSettings | None:
        """Give new settings, if there are any."""

    def notice(self) -> Notice | None:
        """Give a new notice, if there is one."""

    def tell(self, settings: KioskSettings, showing: str, faults: Iterable[Fault]) -> None:
        """Let sync know how the ui is."""

    def obey(self) -> None:
        """Do what sync asks for."""

    def forget(self, settings: KioskSettings) -> None:
        """Forget the tickets whose life is over."""

    def prune(self) -> None:
        """Delete a few of the records whose time is over."""


class AtTheScreen:
    """The window's `Visitor` with nothing but a visit."""

    def __init__(self, visits: Visits, *, clock: Clock, key: Callable[[str], None]) -> None:
        """`key` is where keys go; only simulated devices make something of them."""
        self._visits = visits
        self._clock = clock
        self._key = key
        self._last_press: tuple[str, int] | None = None

    def touched(self, x: float, y: float) -> None:
        """A finger came down, in shares from the upper left."""

    def tap(self, name: str) -> None:
        """Something was tapped."""
        at = self._clock.moment()
        if self._is_the_same_press(name, at):
            self._visits.stray(at)
        else:
            self._visits.tap(name, Input.TOUCH, at)

    def button(self, button: PanelButton, at: Moment) -> None:
        """A button of the panel was pressed."""
        if self._is_the_same_press(button.value, at):
            self._visits.stray(at)
        elif button in FACE_BUTTONS:
            self._visits.press(FACE_BUTTONS.index(button) + 1, at)
        else:
            self._visits.move(Move(button.value), at)

    def key(self, character: str) -> None:
        """A key was pressed."""
        self._key(character)

    def shown(self, screen: Screen) -> None:
        """A screen has been drawn."""
        self._visits.shown(screen)

    def tick(self) -> None:
        """Let time pass."""
        self._visits.tick()

    def _is_the_same_press(self, what: str, at: Moment) -> bool:
        """Tell whether a trembling hand has pressed the same thing once more; each press begins the wait anew."""
        last, self._last_press = self._last_press, (what, at.boottime_ms)
        again_ms = self._visits.settings.timing.same_press_s * 1000
        return last is not None and last[0] == what and at.boottime_ms - last[1] < again_ms


class KioskVisitor(AtTheScreen):
    """The same on a kiosk at work: with the technician's menu and the ticket boxes before it and the chores beside it."""

    def __init__(  # noqa: PLR0913 - everything that happens meets here
        self,
        visits: Visits,
        technician: Technician,
        boxes: Boxes,
        duties: Duties,
        *,
        clock: Clock,
        key: Callable[[str], None],
        take_up: Callable[[KioskSettings], None],
        faults: Callable[[], Iterable[Fault]],
        each_second: Callable[[], None],
        read: Callable[[str, Moment], Scanned | Refusal | None],
    ) -> None:
        """`take_up` prepares screen and voice for new settings, `faults` are the ui's own, `read` tells what a code says."""
        super().__init__(visits, clock=clock, key=key)
        self._technician = technician
        self._boxes = boxes
        self._duties = duties
        self._take_up = take_up
        self._faults = faults
        self._each_second = each_second
        self._read = read
        self._next_chores_ms = 0

    def touched(self, x: float, y: float) -> None:
        """Watch for the technician's gesture."""
        self._technician.touched(x, y, self._clock.moment())

    def tap(self, name: str) -> None:
        """Something was tapped, on the menu, while boxes are counted, or on the visit's screen."""
        at = self._clock.moment()
        if not (self._technician.tap(name, at) or self._boxes.tap(name, at)):
            super().tap(name)

    def button(self, button: PanelButton, at: Moment) -> None:
        """A button of the panel was pressed, for the menu or for the visit."""
        if not (self._technician.button(button) or self._boxes.button()):
            super().button(button, at)

    def scanned(self, code: str, at: Moment) -> None:
        """A code was scanned; while the menu is open it is the technician's, and while boxes are counted it is from the box."""
        if not self._technician.scanned(code) and not self._boxes.scan(code, at):
            reading = self._read(code, at)
            if reading is not None:
                self._visits.scan(reading, at)

    def shown(self, screen: Screen) -> None:
        """A screen has been drawn."""
        self._technician.shown(screen)
        self._boxes.shown(screen)
        super().shown(screen)

    def tick(self) -> None:
        """Let time pass, and see to the chores."""
        super().tick()
        self._technician.tick()
        self._boxes.tick()
        now_ms = self._clock.moment().boottime_ms
        if now_ms >= self._next_chores_ms:
            self._next_chores_ms = now_ms + round(CHORES_S * 1000)
            self._each_second()
            self._do_chores()

    def _do_chores(self) -> None:
        notice = self._duties.notice()
        if notice is not None:
            self._visits.hear(notice)
        if self._visits.between_visits:
            self._duties.obey()
            self._duties.forget(self._visits.settings)
            self._duties.prune()
            settings = self._duties.settings()
            if settings is not None:
                self._take_up(settings)
                self._visits.use(settings)
        self._duties.tell(self._visits.settings, self._visits.showing, self._faults())
