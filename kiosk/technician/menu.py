"""The way into the menu, through it and out again: touches, buttons and the passing of time in, one screen value out.

It stands before the visit: while it is open, the visit's screens are held back and nothing that is touched or pressed reaches the visit.
Everything runs on one thread. Without a lock (no PIN in kiosk.toml) the gesture does nothing at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from feedback.settings import Theme
from kiosk.keyboard import BACKSPACE
from kiosk.screens import LEAVE, Comfort, Pin, Screen
from kiosk.self_test import of_devices, of_readings, of_tried
from kiosk.technician import pages, pin
from kiosk.technician.enrol_form import EnrolForm
from kiosk.technician.lines import BOXES, BUTTONS, STORE_TEST, Known, Tried, reads_boxes
from kiosk.technician.readings import Readings

if TYPE_CHECKING:
    from collections.abc import Callable

    from feedback.records import Moment
    from kiosk.clock import Clock
    from kiosk.gesture import Corners
    from kiosk.hardware import PanelButton
    from kiosk.technician.levels import Levels
    from kiosk.technician.lock import Lock
    from kiosk.technician.readings import Outlets, Output

PIN_S: Final = 15.0
IDLE_S: Final = 60.0
SETTLE_S: Final = 0.35
"""The second tap of a double tap falls within this after a page or the visit's screen appears; it does nothing there."""
REFRESH_S: Final = 2.0
ENTER: Final = "enter"
_PIN: Final = "pin"
_THEMES: Final = tuple(Theme)


class Technician:
    """Stands between the window and the visit."""

    def __init__(  # noqa: PLR0913 - its whole world is injected
        self,
        lock: Lock | None,
        corners: Corners,
        levels: Levels,
        outlets: Outlets,
        *,
        clock: Clock,
        show: Callable[[Screen], None],
    ) -> None:
        self._lock = lock
        self._corners = corners
        self._levels = levels
        self._outlets = outlets
        self._clock = clock
        self._show = show
        self._behind: Screen | None = None
        self._page: str | None = None
        self._screen: Screen | None = None
        self._language = "uk"
        self._seen_ms: int | None = None
        self._free_ms = 0
        self._idle_at_ms = 0
        self._refresh_at_ms = 0
        self._times_opened = 0
        self._typed = ""
        self._was_wrong = False
        self._tried = Tried()
        self._felt_corner = False
        self._focus: str | None = None
        self._readings = Readings()
        self._form = EnrolForm(outlets.enrol)

    @property
    def is_open(self) -> bool:
        """Whether the PIN is asked for or the menu is shown."""
        return self._page is not None

    def visit_shows(self, screen: Screen) -> None:
        """Show the visit's screen, or keep it for when the menu is closed."""
        self._behind = screen
        if not self.is_open:
            self._show(screen)

    def resize(self, corners: Corners) -> None:
        """The window has another size: watch its corners."""
        self._corners = corners

    def touched(self, x: float, y: float, at: Moment) -> None:
        """Watch a touch anywhere, in shares from the upper left; it comes before the tap that it makes, if it makes one."""
        if self._page == pages.GLASS:
            corner = self._corners.at(x, y)
            self._felt_corner = corner is not None and corner not in self._tried.corners
            if corner is not None:
                self._try(corners=self._tried.corners | {corner})
        if not self.is_open and self._corners.touched(x, y, at) and self._lock is not None and self._outlets.at_rest():
            self._open()
        self._stay_open()

    def tap(self, name: str, at: Moment) -> bool:
        """Take a tap if the menu is open or has just been closed; whether it was taken and is none of the visit's business."""
        if not self.is_open:
            return at.boottime_ms < self._free_ms
        self._stay_open()
        if self._seen_ms is None or at.boottime_ms < self._seen_ms or self._felt_corner:
            self._felt_corner = False  # whatever stands in a corner is not meant by the touch that tests it
            return True
        if self._page == _PIN:
            self._type(name.removeprefix("key:"))
        elif self._page == pages.ENROL and name.startswith("key:"):
            self._form.tap(name)  # typing does not wait for the page to settle
            self._redraw()
        elif at.boottime_ms >= self._seen_ms + SETTLE_S * 1000:
            self._choose(name)
        return True

    def button(self, button: PanelButton) -> bool:
        """Take a press of a button while the menu is open; whether it was taken."""
        if self.is_open:
            self._stay_open()
            self._focus = BUTTONS
            self._try(button=button)
        return self.is_open

    def scanned(self, code: str) -> bool:
        """Take a scan while the menu is open, where only the page for enrolling makes something of it; whether it was taken."""
        if self._page == pages.ENROL:
            self._stay_open()
            self._form.scan(code)
            self._redraw()
        return self.is_open

    def shown(self, screen: Screen) -> None:
        """Take note that `screen` is now before the technician's eyes."""
        if self.is_open and screen == self._screen and self._seen_ms is None:
            self._seen_ms = self._now_ms()

    def tick(self) -> None:
        """Close what nobody touches any more, and keep what is shown up to date."""
        if not self.is_open:
            return
        if self._now_ms() >= self._idle_at_ms:
            self.close()
        elif self._now_ms() >= self._refresh_at_ms:
            if self._page in pages.LIVE:
                self._readings = self._outlets.read()
            self._redraw()

    def close(self) -> None:
        """Leave, put what was tested on record, and show what the visit shows."""
        tested, self._tried = self._tried, Tried()
        if results := of_tried(tested):
            about_all = of_readings(self._readings, self._clock.moment()) | of_devices(self._outlets.devices())
            self._outlets.tested(about_all | results)
        self._page, self._screen, self._typed = None, None, ""
        self._free_ms = self._now_ms() + round(SETTLE_S * 1000)
        if self._behind is not None:
            self._show(self._behind)

    def _open(self) -> None:
        self._language = self._behind.language if self._behind else self._language
        self._times_opened += 1
        self._typed, self._was_wrong, self._tried = "", False, Tried()
        self._go_to(_PIN)

    def _go_to(self, page: str) -> None:
        self._page, self._seen_ms, self._felt_corner, self._focus = page, None, False, None
        if page != _PIN:
            self._readings = self._outlets.read()
        if page == pages.ENROL:
            self._form.open(self._outlets.about().address)
        self._stay_open()
        self._redraw()

    def _type(self, key: str) -> None:
        assert self._lock is not None  # noqa: S101 - it was opened
        if key == LEAVE:
            self.close()
            return
        if self._lock.is_busy or self._lock.wait_s() > 0:
            return
        if key == ENTER and len(self._typed) >= pin.SHORTEST:
            opened, typed, self._typed = self._times_opened, self._typed, ""
            self._lock.check(typed, lambda is_right: self._checked(opened, is_right=is_right))
        elif key == BACKSPACE:
            self._typed = self._typed[:-1]
        elif key.isdecimal() and len(self._typed) < pin.LONGEST:
            self._typed, self._was_wrong = self._typed + key, False
        self._redraw()

    def _checked(self, opened: int, *, is_right: bool) -> None:
        if self._page != _PIN or opened != self._times_opened:
            return  # who typed it has left
        self._was_wrong = not is_right
        if is_right:
            self._go_to(pages.ROOT)
        else:
            self._stay_open()
            self._redraw()

    def _choose(self, name: str) -> None:
        self._focus = name
        match name.partition(":"):
            case ("page", ":", page) if page in pages.PAGES or page == pages.ENROL:
                self._go_to(page)
            case (str() as quiet, "", "") if quiet == LEAVE:
                self._go_back()
            case _ if self._page == pages.ENROL:
                self._form.tap(name)
                self._redraw()
            case ("tone", ":", "speaker" | "headphones" as output):
                self._play(output)
            case ("test" | "do", ":", _):
                self._do(name)
            case (pages.LESS | pages.MORE, "", ""):
                self._change(name)

    def _go_back(self) -> None:
        if self._page == pages.ROOT:
            self.close()
        elif self._page == pages.ENROL and self._outlets.about().server:
            self._go_to(pages.NETWORK)
        else:
            self._go_to(pages.TESTS if self._page == pages.GLASS else pages.ROOT)

    def _do(self, name: str) -> None:
        if name == STORE_TEST and not self._tried.storing:
            self._try(storing=True)
            opened = self._times_opened
            self._outlets.probe_store(lambda is_stored: self._stored(opened, is_stored=is_stored))
        elif name == pages.COLOURS:
            theme = _THEMES[(_THEMES.index(self._tried.comfort.theme) + 1) % len(_THEMES)]
            self._try(comfort=Comfort(theme=theme))
        elif name == pages.TEST_VOTE:
            if self._outlets.begin_test():  # else the vote would count
                self.close()
        elif name == BOXES:
            self._count_boxes()
        elif name == pages.RESTART_NOW and self._page == pages.RESTART:
            self.close()
            self._outlets.restart()

    def _count_boxes(self) -> None:
        outlets = self._outlets
        if reads_boxes(outlets.about(), outlets.devices()) and outlets.begin_boxes(self._language):
            self.close()

    def _stored(self, opened: int, *, is_stored: bool) -> None:
        if opened == self._times_opened:
            self._try(storing=False, store=is_stored)

    def _play(self, output: Output) -> None:
        self._try(tones={**self._tried.tones, output: self._outlets.tone(output)})

    def _change(self, name: str) -> None:
        by = -10 if name == pages.LESS else 10
        if self._page == pages.VOLUME:
            self._levels.change_volume(by)
            self._outlets.tone("speaker")
        elif self._page == pages.BRIGHTNESS:
            self._levels.change_brightness(by)
        self._redraw()

    def _try(self, **tried: object) -> None:
        self._tried = msgspec.structs.replace(self._tried, **tried)
        if self.is_open:
            self._redraw()

    def _redraw(self) -> None:
        self._refresh_at_ms = self._now_ms() + round(REFRESH_S * 1000)
        screen = self._pin_screen() if self._page == _PIN else self._menu_screen()
        if screen != self._screen:
            self._screen = screen
            self._show(screen)

    def _pin_screen(self) -> Pin:
        wait_s = self._lock.wait_s() if self._lock and not self._lock.is_busy else 0
        self._refresh_at_ms = self._now_ms() + 1000  # the seconds to wait are counted down
        return Pin(language=self._language, typed=len(self._typed), wait_s=wait_s, wrong=self._was_wrong)

    def _menu_screen(self) -> Screen:
        outlets, levels = self._outlets, self._levels
        if self._page == pages.ENROL:
            return self._form.screen(outlets.about(), self._readings.delivery, self._language)
        now = self._clock.moment()
        known = Known(outlets.about(), self._readings, now, levels.volume, levels.brightness, self._tried, self._focus, outlets.devices())
        return pages.draw(self._page or pages.ROOT, known, self._language)

    def _stay_open(self) -> None:
        self._idle_at_ms = self._now_ms() + round((PIN_S if self._page == _PIN else IDLE_S) * 1000)

    def _now_ms(self) -> int:
        return self._clock.moment().boottime_ms
