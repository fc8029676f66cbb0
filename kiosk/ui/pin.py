"""The technician's way in: digits, and dots for what has been typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from kiosk import keyboard
from kiosk.screens import LEAVE
from kiosk.ui import theme
from kiosk.ui.keys import Keys
from kiosk.ui.parts import Words, card, disc
from kiosk.ui.typing_places import contact_places
from kiosk.ui.view import View

if TYPE_CHECKING:
    from kiosk.screens import Pin
    from kiosk.ui.arrange import Page
    from kiosk.ui.view import Stage

_MOST_DOTS: Final = 12
_DOT_MM: Final = 2.0


class PinView(View):
    """A pad of digits; how many were typed is seen, which ones is not."""

    LIGHT: ClassVar[frozenset[str]] = View.LIGHT | {"typed", "wait_s", "wrong"}

    def __init__(self, screen: Pin, page: Page, stage: Stage) -> None:
        super().__init__(screen, page, stage)
        self.screen: Pin = screen
        _ = self._
        self._places = places = contact_places(page, keyboard.PIN_ROWS, ways=1)
        title = _("Technician: type the PIN")
        ink = self.palette.ink
        self.add(Words(title, places.ask, size=page.label, least=page.floor, font=theme.BOLD, colour=ink, align="left", valign="bottom"))
        self.add(self.pill(LEAVE, _("Back"), places.leave))
        self._said: Words | None = None
        self._keys = Keys(self, places.keys)
        self._keys.show(keyboard.PIN_ROWS)

    def refresh(self) -> None:
        """Show how many digits there are, and why none are taken."""
        self._draw_dots()
        if self._said is not None:
            self.remove_widget(self._said)
        page, place = self.page, self._places.mistake or self._places.ask
        self._said = Words(self._sentence(), place, size=page.body, least=page.floor, colour=self.palette.ink, align="left", valign="top")
        self.add(self._said)
        super().refresh()

    def close(self) -> None:
        """Let no held key type on."""
        self._keys.rest()

    def _sentence(self) -> str:
        _, screen = self._, self.screen
        wrong = _("This PIN is not right.") if screen.wrong else ""
        wait = _("Please wait {seconds} s before the next attempt.").format(seconds=screen.wait_s) if screen.wait_s else ""
        return f"{wrong} {wait}".strip()

    def _draw_dots(self) -> None:
        box, page, palette = self._places.text, self.page, self.palette
        radius = page.mm(_DOT_MM)
        step = min(3 * radius, (box.w - 2 * radius) / (_MOST_DOTS + 1))
        x, y = box.x + step + radius, box.centre[1]
        self.canvas.before.clear()
        with self.canvas.before:
            card(box, page.corner, edge=palette.edge, fill=palette.card, hair=page.hair)
            for index in range(min(self.screen.typed, _MOST_DOTS)):
                disc((x + index * step, y), min(radius, 0.42 * step), palette.ink)
