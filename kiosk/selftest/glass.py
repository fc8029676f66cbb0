"""The part of the guided self-test that is at the glass: the technician's page of the four corners, in the kiosk's own window."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Final

import msgspec

from feedback.records import NOT_TESTED
from feedback.settings import Theme
from kiosk.errors import Fault, NoScreenError
from kiosk.gesture import Corner, Corners
from kiosk.process import SOFTWARE
from kiosk.screens import LEAVE, Comfort, Screen
from kiosk.self_test import TOUCH, Results, of_corners
from kiosk.selftest.asking import Answer, Asker, EndedError, meaning
from kiosk.technician import pages
from kiosk.technician.lines import Known, Tried
from kiosk.technician.readings import About, Readings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kiosk.clock import Clock
    from kiosk.config import Config
    from kiosk.ui.app import KioskApp

DONE_S: Final = 1.0
"""So long the last corner's word is shown."""
_THEMES: Final = tuple(Theme)


def try_glass(config: Config, clock: Clock, asker: Asker, language: str, mirror: Path | None) -> Results:
    """Open the window and have the corners touched; it is closed again afterwards."""
    _ = asker.words
    asker.say(_("Touch the four corners of the screen; “Back” ends that. n: it feels nothing; Enter: pass over"), "?")
    with ExitStack() as stack:
        try:
            glass = _open(config, clock, asker, language, stack, mirror)
        except NoScreenError as error:
            asker.say(str(error), "!")
            return {TOUCH: str(Fault.SCREEN_MISSING)}
        result = glass.run()
    if result == "":
        asker.say(_("{count} of 4 corners felt").format(count=len(Corner)), "✓")
    return {TOUCH: result}


def _open(config: Config, clock: Clock, asker: Asker, language: str, stack: ExitStack, mirror: Path | None) -> Glass:  # noqa: PLR0913, PLR0917
    from kiosk.ui.window import open_window

    window = open_window(config.screen, config.data_dir / "kivy")
    from kiosk.ui.app import KioskApp

    diagonal, is_simulated = config.screen.diagonal_inch, config.kiosk.hardware == "simulated"
    app = stack.enter_context(closing(KioskApp(window, banner=is_simulated, alive=lambda: None, diagonal_inch=diagonal)))
    if mirror is not None:
        from kiosk.ui.mirror import Mirror

        stack.enter_context(Mirror(mirror, window, app))
    known = Known(About(config.kiosk.id, SOFTWARE), Readings(), clock.moment(), config.sound.volume, None)
    return Glass(app, lambda: window.size, diagonal, asker, known, language)


class Glass:
    """The window's `Visitor` while the corners are touched."""

    def __init__(  # noqa: PLR0913, PLR0917 - its whole world is injected
        self,
        app: KioskApp,
        size: Callable[[], tuple[float, float]],
        diagonal_inch: float,
        asker: Asker,
        known: Known,
        language: str,
    ) -> None:
        self._app = app
        self._size = size
        self._diagonal_inch = diagonal_inch
        self._asker = asker
        self._known = known
        self._language = language
        self._result: str | None = None
        self._until_s = 0.0

    def run(self) -> str:
        """Show the page until all corners were felt, somebody leaves it, or nobody touches it any more; give the result.

        Raises:
            EndedError: the technician ends the whole test.
        """
        self._wait()
        self._app.start(self)
        self._draw()
        self._app.run()
        if self._result is None:
            raise EndedError
        return self._result

    def touched(self, x: float, y: float) -> None:
        """A finger came down."""
        width, height = self._size()
        corner = Corners(width, height, self._diagonal_inch).at(x, y)
        felt = self._known.tried.corners
        if corner is None or corner in felt:
            return
        self._wait()
        self._try(Tried(corners=felt | {corner}, comfort=self._known.tried.comfort))
        if self._known.tried.corners == frozenset(Corner):
            self._result, self._until_s = "", time.monotonic() + DONE_S

    def tap(self, name: str) -> None:
        """Something was tapped."""
        if name == LEAVE and self._result is None:
            self._end(of_corners(self._known.tried.corners) if self._known.tried.corners else NOT_TESTED)
        elif name == pages.COLOURS:
            theme = _THEMES[(_THEMES.index(self._known.tried.comfort.theme) + 1) % len(_THEMES)]
            self._wait()
            self._try(msgspec.structs.replace(self._known.tried, comfort=Comfort(theme=theme)))

    def key(self, character: str) -> None:
        """Keys mean nothing here."""

    def shown(self, screen: Screen) -> None:
        """Nothing waits for it."""

    def tick(self) -> None:
        """Let time pass, and hear what is typed at the terminal meanwhile."""
        if time.monotonic() >= self._until_s:
            self._end(NOT_TESTED if self._result is None else self._result)
            return
        try:
            typed = self._asker.line(0.0)
        except EndedError:
            self._app.stop()
            return
        answer = None if typed is None else meaning(typed)
        if answer is Answer.SKIP:
            self._end(NOT_TESTED)
        elif answer is Answer.NO:
            self._end(str(Fault.TOUCH_UNFELT))

    def _wait(self) -> None:
        self._until_s = time.monotonic() + self._asker.timeout_s

    def _try(self, tried: Tried) -> None:
        self._known = msgspec.structs.replace(self._known, tried=tried)
        self._draw()

    def _draw(self) -> None:
        self._app.show(pages.draw(pages.GLASS, self._known, self._language))

    def _end(self, result: str) -> None:
        self._result = result
        self._app.stop()
