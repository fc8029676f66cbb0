"""Answers and desks as tiles in a grid: as large as they can be, on as many pages as they need."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from kiosk.screens import STAY
from kiosk.ui import theme
from kiosk.ui.arrange import Box, Page
from kiosk.ui.parts import Pressable, Words, card, fitting_all, lines_of, rounded, tick

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kiosk.ui.theme import Colour
    from kiosk.ui.view import View

MORE: Final = "more"
"""The name of the tile that turns the page; turning is the view's own business."""
LEGIBLE: Final = 0.6
"""Down to which share of the labels' type answers shrink before they are spread over pages."""
LINES: Final = 4
"""The most lines of an answer."""
_WIDEST_COLUMNS: Final = 4
_SHAPE: Final = 2.6
"""How many times wider than high a tile of words looks best."""
_WRAPS: Final = 0.25
"""What each further line of the answers is worth, as a share of their type: one line is read at a glance, three are not."""


class Grid(NamedTuple):
    """How tiles stand: their places on a full page, how many answers a page has, and the type of their words.

    The last place is that of the tile which turns the page, where there are more pages than one.
    """

    places: list[Box]
    each: int
    size: float

    def pages(self, count: int) -> int:
        """Tell on how many pages `count` answers stand."""
        return max(1, math.ceil(count / self.each))


class Sizes(NamedTuple):
    """What tiles may be: the most of width and height, and the wanted type. `marked` tiles have a box to tick before their words."""

    widest: float
    highest: float
    type: float
    marked: bool = False


def cells(area: Box, columns: int, rows: int, gap: float, most: tuple[float, float]) -> list[Box]:
    """Give the places of a grid in the middle of an area, row by row from the upper left."""
    w = max(1.0, min(most[0], (area.w - (columns - 1) * gap) / columns))
    h = max(1.0, min(most[1], (area.h - (rows - 1) * gap) / rows))
    left = area.x + (area.w - columns * w - (columns - 1) * gap) / 2
    top = area.top - (area.h - rows * h - (rows - 1) * gap) / 2
    return [Box(left + i % columns * (w + gap), top - i // columns * (h + gap) - h, w, h) for i in range(columns * rows)]


def tile_room(box: Box, *, marked: bool) -> Box:
    """Where a tile has its words."""
    if not marked:
        return box.grown(-min(0.11 * box.h, 0.05 * box.w), -0.07 * box.h)
    room = box.grown(-_pad(box), -0.07 * box.h)
    mark = mark_side(box) + 0.8 * _pad(box)
    return Box(room.x + mark, room.y, room.w - mark, room.h)


def _pad(box: Box) -> float:
    """Give what stays free beside the box to tick: more than about words that stand in the middle."""
    return min(0.15 * box.h, 0.05 * box.w)


def mark_side(box: Box) -> float:
    """Give the side of the box to tick."""
    return 0.36 * min(box.h, 0.34 * box.w)


def grid_for(page: Page, area: Box, texts: Sequence[str], sizes: Sizes) -> Grid:
    """Find how tiles with these words stand best: on one page if their words stay legible, else on pages of as many as fit."""
    for least in (sizes.type * LEGIBLE, page.floor):
        for each in range(len(texts), 0, -1):
            found = _best(page, area, texts, each, sizes, max(least, page.floor))
            if found is not None:
                even = math.ceil(len(texts) / found.pages(len(texts)))  # as many on each page, in larger tiles
                return _best(page, area, texts, even, sizes, max(least, page.floor)) or found
    columns = max(1, int(area.w // (page.touch * 1.6)))
    rows = max(1, int((area.h + page.gap) // (page.touch + page.gap)))
    places = cells(area, columns, rows, page.gap, (sizes.widest, sizes.highest))
    return Grid(places, min(len(texts), max(1, len(places) - 1)), page.floor)


def _best(page: Page, area: Box, texts: Sequence[str], each: int, sizes: Sizes, least: float) -> Grid | None:  # noqa: PLR0913, PLR0917
    shown = each if each == len(texts) else each + 1  # the last one turns the page
    best: tuple[tuple[float, ...], Grid] | None = None
    for columns in range(1, min(shown, _WIDEST_COLUMNS) + 1):
        rows = math.ceil(shown / columns)
        places = cells(area, columns, rows, page.gap, (sizes.widest, sizes.highest))
        box = places[0]
        if min(box.w, box.h) < page.touch - 0.5:
            continue
        room = tile_room(box, marked=sizes.marked)
        size = fitting_all(((text, room) for text in texts), size=sizes.type, least=least, font=theme.SEMIBOLD, lines=LINES)
        if size is None:
            continue
        lines = sum(lines_of(text, room.w, size=size, font=theme.SEMIBOLD) for text in texts) / len(texts)
        calm = size / sizes.type - _WRAPS * (0.5 if page.large else 1.0) * (lines - 1)
        worth = (round(calm, 2 if page.large else 1), -(columns * rows - shown), -abs(math.log(box.w / box.h / _SHAPE)))
        if best is None or worth > best[0]:
            best = worth, Grid(places, each, size)
    return best[1] if best else None


class Tile(Pressable):
    """An answer in words, on a card. A `marked` one has a box that is ticked when it is chosen."""

    def __init__(  # noqa: PLR0913 - what a tile looks like
        self,
        name: str,
        text: str,
        box: Box,
        *,
        page: Page,
        size: float,
        palette: theme.Palette,
        tap: Callable[[str], None],
        marked: bool = False,
        font: str = theme.SEMIBOLD,
    ) -> None:
        super().__init__(name, box, tap, palette=palette, corner=page.corner)
        self._hair = page.hair
        self._mark = self._mark_place(box) if marked else None
        room = tile_room(box, marked=marked)
        self._words = Words(
            text, room, size=size, least=page.floor, colour=palette.ink, font=font, lines=LINES, align="left" if marked else "center"
        )
        self.add_widget(self._words)
        self.look()

    @staticmethod
    def _mark_place(box: Box) -> Box:
        side = mark_side(box)
        return Box(box.x + _pad(box), box.y + (box.h - side) / 2, side, side)

    def draw(self, tint: Callable[[Colour], Colour], *, pressed: bool) -> None:
        """Draw the card; filled when chosen, and its box ticked."""
        from kivy.graphics import Color

        colours = self.palette
        self._words.paint(tint(colours.on_accent if pressed else colours.ink))
        card(
            self.box,
            self.corner,
            edge=tint(colours.accent if pressed else colours.edge),
            fill=tint(colours.accent if pressed else colours.card),
            hair=self._hair,
        )
        if self._mark is None:
            return
        radius = 0.22 * self._mark.h
        if pressed:
            rounded(self._mark, radius, tint(colours.on_accent))
            Color(*tint(colours.accent))
            tick(self._mark.centre, 0.74 * self._mark.h, 0.13 * self._mark.h)
        else:
            card(self._mark, radius, edge=tint(colours.edge), fill=tint(colours.card), hair=1.4 * self._hair)


class Pages:
    """Which of the pages of tiles is shown, and the tile that turns it."""

    def __init__(self, view: View, grid: Grid, count: int, make: Callable[[int, Box], Pressable]) -> None:
        """`make` makes the tile of the answer with this index, in this place."""
        self._view = view
        self._grid = grid
        self._count = count
        self._make = make
        self._page = 0
        self._followed: str | None = None
        self.tiles: list[Pressable] = []
        self._turner: Tile | None = None
        self._fill()

    def follow(self, names: Sequence[str], focus: str | None) -> bool:
        """Turn to where the buttons have moved among these names; whether that took another page. A page turned by hand stays."""
        if focus == self._followed:
            return False
        self._followed = focus
        if focus not in names:
            return False
        wanted = names.index(focus) // self._grid.each
        if wanted == self._page:
            return False
        self._page = wanted
        self._fill()
        return True

    def turn(self) -> None:
        """Show the next page, after the last one the first."""
        self._page = (self._page + 1) % self._grid.pages(self._count)
        self._fill()

    def fill_again(self) -> None:
        """Show the same page anew: what its tiles say has changed."""
        self._fill()

    def _fill(self) -> None:
        for tile in (*self.tiles, *([self._turner] if self._turner else ())):
            self._view.remove_widget(tile)
        start = self._page * self._grid.each
        shown = range(start, min(start + self._grid.each, self._count))
        self.tiles = [self._make(index, place) for index, place in zip(shown, self._grid.places, strict=False)]
        self._view.add(*self.tiles)
        pages = self._grid.pages(self._count)
        self._turner = None
        if pages > 1:
            self._turner = self._turning_tile(f"{self._page + 1}/{pages}")
            self._view.add(self._turner)

    def _turning_tile(self, number: str) -> Tile:
        view, _ = self._view, self._view._
        place = self._grid.places[-1]
        text = _("More") + f" {number}"

        def turn(_name: str) -> None:
            view.turn()
            view.stage.tap(STAY)  # who turns pages is there

        return Turner(MORE, text, place, page=view.page, size=view.page.label, palette=view.palette, tap=turn)


class Turner(Tile):
    """The tile that turns the page: quieter than an answer."""

    def draw(self, tint: Callable[[Colour], Colour], *, pressed: bool) -> None:
        """Draw no card, only the words on a quiet ground."""
        del pressed
        self._words.paint(tint(self.palette.accent))
        card(self.box, self.corner, edge=tint(self.palette.line), fill=tint(self.palette.paper), hair=self._hair)
