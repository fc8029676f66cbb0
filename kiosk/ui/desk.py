"""Which desk served you?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from kiosk.screens import DONT_REMEMBER, Desk, Screen
from kiosk.ui import arrange, theme
from kiosk.ui.arrange import Box
from kiosk.ui.parts import Pill, Pressable, Words, fitting_size, press_among, rounded, shortened, width_of
from kiosk.ui.view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from feedback.settings import DeskOption
    from kiosk.ui.arrange import Page

SKIP: Final = "skip"
LEAST_NAMED: Final = 0.16
"""Tiles lower than this share of the page carry only the number."""
NAME_LINES: Final = 3
NAME_SIZES: Final = (0.028, 0.036)
"""The names' smallest and largest size, as shares of the page's height; all names have the same."""


def name_room(box: Box) -> Box:
    """Where a tile has its desk's name."""
    return Box(box.x + 0.05 * box.w, box.y + 0.06 * box.h, 0.9 * box.w, 0.5 * box.h)


class DeskTile(Pressable):
    """A desk by the number on the wall, and its name where there is room."""

    def __init__(self, desk: DeskOption, box: Box, *, page: Page, name_size: float, tap: Callable[[str], None]) -> None:
        super().__init__(f"desk:{desk.id}", box, tap)
        self._unit = page.unit
        room = name_room(box)
        named = bool(desk.name) and box.h >= LEAST_NAMED * page.h
        number = Box(room.x, room.y + room.h, room.w, 0.38 * box.h) if named else box
        self._words = [Words(desk.number, number, size=min(0.075 * page.h, 0.6 * box.h), font=theme.BOLD)]
        if named:
            name = shortened(desk.name, room, size=name_size, font=theme.REGULAR, lines=NAME_LINES)
            self._words.append(Words(name, room, size=name_size, colour=theme.MUTED, lines=NAME_LINES))
        for words in self._words[1:]:
            words.valign = "top"
        for words in self._words:
            self.add_widget(words)
        self.look(pressed=False, faded=False)

    def draw(self, tint: Callable[[theme.Colour], theme.Colour], *, pressed: bool) -> None:
        """Draw a card; filled when pressed."""
        for words, colour in zip(self._words, (theme.INK, theme.MUTED), strict=False):
            words.color = tint(theme.WHITE if pressed else colour)
        radius = 16 * self._unit
        rounded(self.box, radius, tint(theme.ACCENT if pressed else theme.LINE))
        if not pressed:
            rounded(self.box.grown(-2 * self._unit), radius - 2 * self._unit, theme.WHITE)


class DeskView(View):
    """All desks by number, and two quiet ways past them."""

    def __init__(self, screen: Desk, page: Page, *, tap: Callable[[str], None]) -> None:
        super().__init__(screen, page, tap=tap)
        self.screen: Desk = screen
        _ = self._
        self.add_widget(Words(_("Which desk served you?"), page.band(0.12, 0.27), size=0.068 * page.h, font=theme.BOLD, lines=2))
        places = arrange.tiles(page.band(0.28, 0.815), len(screen.desks), 16 * page.unit, (0.22 * page.w, 0.24 * page.h))
        rooms = [name_room(place) for place in places]
        smallest, largest = (share * page.h for share in NAME_SIZES)
        sizes = (
            fitting_size(desk.name, room, size=largest, font=theme.REGULAR, lines=NAME_LINES)
            for desk, room in zip(screen.desks, rooms, strict=True)
        )
        size = max(smallest, min(sizes, default=largest))
        desks = [DeskTile(desk, place, page=page, name_size=size, tap=tap) for desk, place in zip(screen.desks, places, strict=True)]
        self._buttons: list[Pressable] = [*desks, *self._ways_past()]
        for button in self._buttons:
            self.add_widget(button)
        self._press()

    def become(self, screen: Screen) -> bool:
        """Change only what is pressed."""
        if not isinstance(screen, Desk) or msgspec.structs.replace(screen, pressed=self.screen.pressed) != self.screen:
            return False
        self.screen = screen
        self._press()
        return True

    def _press(self) -> None:
        pressed = self.screen.pressed
        press_among(self._buttons, pressed if pressed in (None, DONT_REMEMBER) else f"desk:{pressed}")

    def _ways_past(self) -> list[Pill]:
        _ = self._
        named = ((DONT_REMEMBER, _("I don’t remember")), (SKIP, _("Skip")))
        size = 0.042 * self.page.h
        area = self.page.band(0.86, 0.955)
        widths = [width_of(text, size=size, font=theme.SEMIBOLD) + 1.2 * area.h for _name, text in named]
        places = arrange.side_by_side(area, widths, 24 * self.page.unit)
        return [Pill(name, text, place, size=size, tap=self._tap) for (name, text), place in zip(named, places, strict=True)]
