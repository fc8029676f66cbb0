"""The window at work: it shows the present screen, forwards taps and keys by name, and says when a screen has been drawn."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, Protocol

from kivy.base import EventLoop, runTouchApp
from kivy.clock import Clock
from kivy.graphics.opengl import glFinish

from kiosk.asking import Writable
from kiosk.screens import (
    Announced,
    Ask,
    BoxChoice,
    BoxScan,
    BoxSummary,
    Called,
    Closed,
    Comment,
    Contact,
    Desk,
    Enrol,
    Menu,
    OutOfOrder,
    Pin,
    Screen,
    Thanks,
)
from kiosk.ui import theme
from kiosk.ui.arrange import Page
from kiosk.ui.ask import AskView
from kiosk.ui.boxes import BoxChoiceView, BoxScanView, BoxSummaryView
from kiosk.ui.closing import AnnouncedView, CalledView, ClosedView, OutOfOrderView, ThanksView
from kiosk.ui.comment import CommentView
from kiosk.ui.contact import ContactView
from kiosk.ui.desk import DeskView
from kiosk.ui.enrol import EnrolView
from kiosk.ui.menu import MenuView
from kiosk.ui.pin import PinView
from kiosk.ui.typing_places import fits, ways_that_fit
from kiosk.ui.view import Stage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from feedback.settings import Look
    from kiosk.screens import Comfort
    from kiosk.ui.view import View

TICK_S: Final = 0.05
STILL_S: Final = 0.5
_VIEWS: Final[dict[type, type[View]]] = {
    Ask: AskView,
    Comment: CommentView,
    Contact: ContactView,
    Desk: DeskView,
    Thanks: ThanksView,
    Called: CalledView,
    Closed: ClosedView,
    Announced: AnnouncedView,
    OutOfOrder: OutOfOrderView,
    Pin: PinView,
    Enrol: EnrolView,
    Menu: MenuView,
    BoxChoice: BoxChoiceView,
    BoxScan: BoxScanView,
    BoxSummary: BoxSummaryView,
}


class Visitor(Protocol):
    """Who hears what happens at the window; called on the main thread."""

    def touched(self, x: float, y: float) -> None:
        """A finger came down, in shares of width and height from the upper left; told of every touch, before anything else."""

    def tap(self, name: str) -> None:
        """Something was tapped."""

    def key(self, character: str) -> None:
        """A key was pressed."""

    def shown(self, screen: Screen) -> None:
        """A screen has been drawn."""

    def tick(self) -> None:
        """Some time has passed."""


def post(call: Callable[[], None]) -> None:
    """Have `call` done on the main thread, from any thread."""
    Clock.schedule_once(lambda _dt: call(), 0)


class KioskApp:
    """The screen of the kiosk."""

    def __init__(
        self,
        window: Any,  # noqa: ANN401 - Kivy ships no types
        *,
        banner: bool,
        alive: Callable[[], None],
        diagonal_inch: float = 10.1,
        asset: Callable[[str], Path | None] = lambda _name: None,
    ) -> None:
        """`banner` says on every screen that the hardware is simulated; `alive` is called while the window answers, for the watchdog.

        From `diagonal_inch` follow all sizes on the glass; `asset` gives the file of an accepted picture by its SHA-256.
        """
        self._window = window
        self._alive = alive
        self._diagonal_inch = diagonal_inch
        self._stage = Stage(self._on_tap, simulated=banner, asset=asset)
        self._screen: Screen | None = None
        self._view: View | None = None
        self._visitor: Visitor | None = None
        self._bound = {
            "on_flip": self._on_flip,
            "on_resize": self._on_resize,
            "on_touch_down": self._on_touch,
            "on_key_down": self._on_key,
            "on_keyboard": _swallow,
        }
        self._ticks = Clock.create_trigger(self._on_tick, TICK_S, interval=True)
        self._steady = Clock.create_trigger(lambda _dt: window.canvas.ask_update(), STILL_S, interval=True)

    def start(self, visitor: Visitor) -> None:
        """Listen to the window, and let time pass."""
        self._visitor = visitor
        self._window.bind(**self._bound)
        self._ticks()
        if os.environ.get("SDL_VIDEODRIVER", "").lower() == "kmsdrm":
            self._steady()  # a still window was seen black there

    def close(self) -> None:
        """Listen no longer."""
        self._ticks.cancel()
        self._steady.cancel()
        self._window.unbind(**self._bound)
        self._put_away()

    def run(self) -> None:
        """Draw and listen until `stop`."""
        runTouchApp()

    def stop(self) -> None:
        """End `run`; called from anywhere, a signal too."""
        EventLoop.quit = True

    def dress(self, centre: str, look: Look) -> None:
        """Show from now on whose kiosk it is, as its settings say."""
        self._set(self._stage._replace(centre=centre, logo=look.logo, accent=look.accent, quiet=look.quiet))

    def light(self, lit: bool) -> None:  # noqa: FBT001 - a lamp is on or off
        """Show the lamp of a call for a person where hardware is simulated."""
        if self._stage.simulated:
            self._set(self._stage._replace(lamp=lit))

    def _set(self, stage: Stage) -> None:
        if stage == self._stage:
            return
        self._stage = stage
        if self._screen is not None:
            self._draw(self._screen)

    def writable(self, comfort: Comfort) -> Writable:
        """Tell what can be written on this screen, as a visitor wants to see it."""
        page = self._page(comfort)
        return Writable(words=fits(page), ways=ways_that_fit(page))

    def show(self, screen: Screen) -> None:
        """Let `screen` be drawn in the next frame."""
        self._screen = screen
        if self._view is None or not self._view.become(screen):
            self._draw(screen)
        self._window.canvas.ask_update()

    def wake(self) -> None:
        """Let the screen show that it is awake, where it has a way: somebody has come up to the kiosk."""
        if self._view is not None:
            self._view.wake()

    @property
    def screen_name(self) -> str:
        """What kind of screen is shown; a question after the first is a "FollowUp"."""
        follows = isinstance(self._screen, Ask) and not self._screen.first
        return "FollowUp" if follows else type(self._screen).__name__

    @property
    def targets(self) -> dict[str, tuple[float, float]]:
        """The middle of everything that can be tapped, as shares of width and height from the upper left."""
        if self._view is None:
            return {}
        page = self._view.page
        middles = {thing.name: thing.box.centre for thing in self._view.tappables()}
        return {name: (round(x / page.w, 4), round(1 - y / page.h, 4)) for name, (x, y) in middles.items()}

    def _draw(self, screen: Screen) -> None:
        self._put_away()
        self._view = _VIEWS[type(screen)](screen, self._page(screen.comfort), self._stage)
        self._view.refresh()
        self._window.clearcolor = theme.palette(screen.comfort.theme).paper
        self._window.add_widget(self._view)

    def _page(self, comfort: Comfort) -> Page:
        width, height = self._window.size
        return Page(width, height, diagonal_inch=self._diagonal_inch, large=comfort.large, low=comfort.low)

    def _put_away(self) -> None:
        if self._view is not None:
            self._view.close()
            self._window.remove_widget(self._view)
            self._view = None

    def _on_touch(self, _window: object, touch: Any) -> bool:  # noqa: ANN401
        if self._visitor is not None:
            width, height = self._window.size
            self._visitor.touched(touch.x / width, 1 - touch.y / height)
        return False

    def _on_tap(self, name: str) -> None:
        if self._visitor is not None:
            self._visitor.tap(name)

    def _on_tick(self, _dt: float) -> None:
        self._alive()
        if self._visitor is not None:
            self._visitor.tick()

    def _on_flip(self, *_: object) -> None:
        glFinish()  # until now the frame was only promised; and frames under way keep megabytes each in a software renderer
        if self._visitor is not None and self._screen is not None:
            self._visitor.shown(self._screen)

    def _on_resize(self, *_: object) -> None:
        if self._screen is not None:
            self._draw(self._screen)

    def _on_key(self, _window: object, _key: int, _scancode: int, character: str | None, *_: object) -> bool:
        if self._visitor is not None and character:
            self._visitor.key(character)
        return True


def _swallow(*_args: object, **_more: object) -> bool:
    """No key but ours does anything."""
    return True
