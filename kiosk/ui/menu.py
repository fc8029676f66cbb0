"""The technician's menu: what can be done, and how things stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kiosk.screens import LEAVE, Menu, changed
from kiosk.ui import signs, theme
from kiosk.ui.arrange import LINE_HEIGHT, Box
from kiosk.ui.parts import Pressable, Words, card
from kiosk.ui.tiles import Grid, Pages, cells
from kiosk.ui.view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from kiosk.screens import Entry, Screen
    from kiosk.ui.arrange import Page
    from kiosk.ui.theme import Colour
    from kiosk.ui.view import Stage

_BACK_MM: Final = 35.0
_WIDE_MM: Final = 100.0
"""From this width on entries stand in two columns."""
_HIGHEST_MM: Final = 26.0
_MARK_MM: Final = 8.0
WELL: Final = "excellent"
WRONG: Final = "terrible"
"""The answers whose colours the marks have."""


class EntryTile(Pressable):
    """An entry: its title, what is known about it, and a mark: a tick where it is well, an exclamation mark where it is not."""

    def __init__(self, entry: Entry, box: Box, view: View) -> None:
        page, palette = view.page, view.palette
        super().__init__(entry.name, box, view.stage.tap, palette=palette, corner=page.corner)
        self._hair = page.hair
        self._well = entry.well
        pad = page.mm(1.6)
        side = page.mm(_MARK_MM)
        inner = box.grown(-pad)
        self._mark = Box(inner.right - side, inner.y + (inner.h - side) / 2, side, side)
        room = inner if entry.well is None else Box(inner.x, inner.y, inner.w - side - pad, inner.h)
        size = min(page.body, (0.5 if entry.detail else 0.9) * inner.h / LINE_HEIGHT)
        title = room.upper(size * LINE_HEIGHT + 1) if entry.detail else room
        self._title = Words(
            entry.title,
            title,
            size=size,
            least=page.floor,
            font=theme.SEMIBOLD,
            colour=palette.ink,
            lines=1 if entry.detail else 2,
            align="left",
        )
        self._detail = Words(
            entry.detail, room.below(title.h), size=page.small, least=page.floor, colour=palette.muted, align="left", valign="top"
        )
        self.add_widget(self._title)
        if entry.detail:
            self.add_widget(self._detail)
        self.look()

    def draw(self, tint: Callable[[Colour], Colour], *, pressed: bool) -> None:
        """Draw the card and its mark."""
        del pressed
        colours = self.palette
        card(self.box, self.corner, edge=tint(colours.edge), fill=tint(colours.card), hair=self._hair)
        if self._well is not None:
            signs.mark(
                self._mark.centre, self._mark.h, tint(colours.answers[WELL if self._well else WRONG]), tint(colours.features), self._well
            )


class MenuView(View):
    """All entries, on as many pages as they need, and the way back."""

    def __init__(self, screen: Menu, page: Page, stage: Stage) -> None:
        super().__init__(screen, page, stage)
        self.screen: Menu = screen
        self._add_back()
        title = self.rest.upper(1.3 * page.label)
        self.rest = self.rest.below(title.h + page.gap)
        self.add(
            Words(screen.title, title, size=page.label, least=page.floor, font=theme.BOLD, colour=self.palette.ink, lines=1, align="left")
        )
        self._pages = Pages(self, self._grid(), len(screen.entries), lambda index, box: EntryTile(self.screen.entries[index], box, self))

    def become(self, screen: Screen) -> bool:
        """Stay on the page when only what its lines say has changed: the menu looks at the machine every two seconds."""
        if super().become(screen):
            return True
        if not isinstance(screen, Menu) or [entry.name for entry in screen.entries] != [entry.name for entry in self.screen.entries]:
            return False
        light = {name: getattr(screen, name) for name in self.LIGHT}
        if changed(self.screen, entries=screen.entries, **light) != screen:
            return False
        self.screen = screen
        self._pages.fill_again()
        self.refresh()
        return True

    def _add_back(self) -> None:
        page, rest = self.page, self.rest
        if page.portrait:
            self.add_actions([(LEAVE, self._("Back"))])
            return
        width = page.mm(_BACK_MM)
        self.add(self.pill(LEAVE, self._("Back"), Box(rest.right - width, rest.y, width, page.touch)))
        self.rest = Box(rest.x, rest.y, rest.w - width - page.gap, rest.h)

    def _grid(self) -> Grid:
        page, room, count = self.page, self.rest, len(self.screen.entries)
        columns = 2 if room.w >= page.mm(_WIDE_MM) else 1
        rows = max(1, int((room.h + page.gap) // (page.touch + page.gap)))
        if columns * rows >= count:
            return Grid(self._places(columns, -(-count // columns)), count, page.body)
        places = self._places(columns, rows)
        return Grid(places, max(1, len(places) - 1), page.body)

    def _places(self, columns: int, rows: int) -> list[Box]:
        return cells(self.rest, columns, max(1, rows), self.page.gap, (self.rest.w, self.page.mm(_HIGHEST_MM)))

    def refresh(self) -> None:
        """Turn to where the buttons stand."""
        names = [entry.name for entry in self.screen.entries]
        self._pages.follow(names, self.screen.focus)
        super().refresh()

    def turn(self) -> None:
        """Show the next page."""
        self._pages.turn()
        super().refresh()
