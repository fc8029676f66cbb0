"""The screens that ask nothing: Thanks, and OutOfOrder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kivy.graphics import Color

from kiosk.ui import theme
from kiosk.ui.arrange import Box
from kiosk.ui.parts import Tappable, Words, disc, fitting_size, stroke
from kiosk.ui.view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from kiosk.screens import OutOfOrder, Thanks
    from kiosk.ui.arrange import Page

STRAY = "stray"


class ThanksView(View):
    """The vote is saved. The same for every answer, so that the room learns nothing."""

    def __init__(self, screen: Thanks, page: Page, *, tap: Callable[[str], None]) -> None:
        super().__init__(screen, page, tap=tap)
        _ = self._
        with self.canvas.before:
            _tick((page.w / 2, page.h * 0.66), 0.115 * page.h)
        self.add_widget(Words(_("Thank you."), page.band(0.51, 0.66), size=0.1 * page.h, font=theme.BOLD))
        self.add_widget(Words(_("Your vote is saved."), page.band(0.66, 0.77), size=0.06 * page.h, colour=theme.MUTED))
        self._everywhere = Tappable(STRAY, Box(0, 0, page.w, page.h), tap)

    def on_touch_down(self, touch: object) -> bool:
        """Let it be counted that somebody still presses."""
        return bool(self._everywhere.on_touch_down(touch))


class OutOfOrderView(View):
    """Nothing can be stored, so nothing is asked."""

    def __init__(self, screen: OutOfOrder, page: Page, *, tap: Callable[[str], None]) -> None:
        super().__init__(screen, page, tap=tap)
        _ = self._
        with self.canvas.before:
            _pause((page.w / 2, page.h * 0.70), 0.085 * page.h)
        title = _("This terminal is out of order for now")
        self.add_widget(Words(title, page.band(0.44, 0.58), size=0.075 * page.h, font=theme.BOLD, lines=2))
        words = (_("We are sorry: a vote cannot be saved right now."), _("Please try again a little later."))
        size = min(fitting_size(text, page.band(0.6, 0.68), size=0.05 * page.h, font=theme.REGULAR) for text in words)
        for index, text in enumerate(words):
            self.add_widget(Words(text, page.band(0.6 + 0.08 * index, 0.68 + 0.08 * index), size=size, colour=theme.MUTED))


def _tick(centre: tuple[float, float], radius: float) -> None:
    disc(centre, radius, theme.ACCENT)
    Color(*theme.WHITE)
    x, y = centre
    corner = (x - 0.1 * radius, y - 0.34 * radius)
    stroke([(x - 0.44 * radius, y + 0.0 * radius), corner], 0.15 * radius)
    stroke([corner, (x + 0.46 * radius, y + 0.36 * radius)], 0.15 * radius)


def _pause(centre: tuple[float, float], radius: float) -> None:
    disc(centre, radius, theme.MUTED)
    Color(*theme.WHITE)
    x, y = centre
    for side in (-0.24, 0.24):
        stroke([(x + side * radius, y - 0.32 * radius), (x + side * radius, y + 0.32 * radius)], 0.17 * radius)
