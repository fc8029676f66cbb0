"""Which desk served you?"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from kiosk.screens import DONT_REMEMBER, SKIP, Desk
from kiosk.ui import theme
from kiosk.ui.arrange import LINE_HEIGHT, Box
from kiosk.ui.parts import Pressable, Words, card, fitting, height_of, press_among, shortened, width_of
from kiosk.ui.pictures import draw_cropped, picture
from kiosk.ui.plan import PlanMap, marks_on_plan, plan_of
from kiosk.ui.tiles import Grid, Pages, cells
from kiosk.ui.view import View
from kiosk.ui.ways import add_ways

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from typing import Any

    from feedback.settings import DeskOption
    from kiosk.ui.arrange import Page
    from kiosk.ui.theme import Colour
    from kiosk.ui.view import Stage

NAME_LINES: Final = 3
PHOTO_SHARE: Final = 0.56
"""How much of a tile a photograph over its number takes."""
PHOTO_SHAPE: Final = 0.8
"""How wide a photograph beside its number is, by its height."""
SQUAT: Final = 1.2
"""How wide a photograph over its number is at most, by its height: a wider one would cut into the head."""
BROAD: Final = 1.1
"""A tile that is so many times wider than high has its photograph beside its number, if the words stay whole there."""
NAMED_MM: Final = (36.0, 27.0)
PICTURED_MM: Final = (36.0, 32.0)
LARGEST_MM: Final = (62.0, 46.0)
CLOSE: Final = 0.75
"""What stays free between desks, as a share of the page's gap."""
MOST_PAGES: Final = 3
"""On more pages than these names are left out, and the numbers alone stand closer together."""


class Name(NamedTuple):
    """A desk's name as it fits its tile, shortened where all of it does not."""

    text: str
    size: float
    high: float
    lines: int


class TileLook(NamedTuple):
    """What the tiles of one grid have in common: whether they are named, where a photograph stands, how high the number is."""

    named: bool
    beside: bool
    number: float

    def share(self, box: Box, page: Page, *, pictured: bool) -> tuple[Box, Box]:
        """Share a tile between its photograph and its words."""
        inner = box.grown(-min(page.gap, 0.08 * box.h))
        return _photo_place(inner, beside=self.beside) if pictured else (inner, inner)


def fitted_name(name: str, room: Box, page: Page) -> Name:
    """Fit a name under its number."""
    most = room.h - LINE_HEIGHT * page.floor * 1.2
    lines = max(1, min(NAME_LINES, int(most / (LINE_HEIGHT * page.floor))))
    space = Box(room.x, room.y, room.w, max(most, LINE_HEIGHT * page.floor + 1))
    text = shortened(name, space, size=page.floor, font=theme.REGULAR, lines=lines)
    size = fitting(text, space, size=page.small, least=page.floor, font=theme.REGULAR, lines=lines) or page.floor
    return Name(text, size, min(space.h, height_of(text, room.w, size=size, font=theme.REGULAR) + 1), lines)


def tile_look(page: Page, box: Box, desks: Sequence[DeskOption], pictured: Collection[str], *, named: bool) -> TileLook:
    """Find what looks well on all tiles of this size; `pictured` are the desks that have a photograph."""
    highest = LINE_HEIGHT * page.label * 1.7
    if not named:
        return TileLook(named, beside=False, number=highest)
    names = {desk.id: desk.name for desk in desks if desk.name}
    look = TileLook(named, beside=True, number=highest)
    narrow = look.share(box, page, pictured=True)[1].w
    words = [word for name in names.values() for word in name.split()]
    whole = all(width_of(word, size=page.floor, font=theme.REGULAR) <= narrow for word in words)
    inner = look.share(box, page, pictured=False)[1]
    look = look._replace(beside=whole and inner.w >= BROAD * inner.h)
    rooms = {desk: look.share(box, page, pictured=desk in pictured)[1] for desk in names}
    left = [rooms[desk].h - fitted_name(name, rooms[desk], page).high for desk, name in names.items()]
    return look._replace(number=min([highest, *left]))


class DeskTile(Pressable):
    """A desk by the number on the wall, with its photograph and its name where there is room."""

    def __init__(self, desk: DeskOption, box: Box, *, view: View, look: TileLook, photo: Any = None) -> None:  # noqa: ANN401
        page = view.page
        super().__init__(f"desk:{desk.id}", box, view.stage.tap, palette=view.palette, corner=page.corner)
        self._hair = page.hair
        self._photo = photo if look.named else None
        self._photo_box, room = look.share(box, page, pictured=self._photo is not None)
        self._number, self._name = self._words(desk, room, view, look)
        self.add_widget(self._number)
        if self._name is not None:
            self.add_widget(self._name)
        self.look()

    @staticmethod
    def _words(desk: DeskOption, room: Box, view: View, look: TileLook) -> tuple[Words, Words | None]:
        """Stand the number over the name, both together in the middle."""
        page, palette = view.page, view.palette
        if not look.named or not desk.name:
            most = min(look.number, room.h) / LINE_HEIGHT
            return Words(desk.number, room, size=most, least=page.floor, colour=palette.ink, font=theme.BOLD, lines=1), None
        name = fitted_name(desk.name, room, page)
        free = (room.h - name.high - look.number) / 2
        upper, lower = room.below(free).upper(look.number), room.below(free + look.number).upper(name.high)
        return (
            Words(desk.number, upper, size=look.number / LINE_HEIGHT, least=page.floor, colour=palette.ink, font=theme.BOLD, lines=1),
            Words(name.text, lower, size=name.size, least=page.floor, colour=palette.muted, lines=name.lines, valign="top"),
        )

    def draw(self, tint: Callable[[Colour], Colour], *, pressed: bool) -> None:
        """Draw a card; filled when pressed."""
        colours = self.palette
        self._number.paint(tint(colours.on_accent if pressed else colours.ink))
        if self._name is not None:
            self._name.paint(tint(colours.on_accent if pressed else colours.muted))
        card(
            self.box,
            self.corner,
            edge=tint(colours.accent if pressed else colours.edge),
            fill=tint(colours.accent if pressed else colours.card),
            hair=self._hair,
        )
        if self._photo is not None:
            faded = tint(colours.ink) != colours.ink
            draw_cropped(self._photo, self._photo_box, opacity=theme.FADED if faded else 1.0)


class DeskView(View):
    """All desks, and two quiet ways past them."""

    LIGHT: ClassVar[frozenset[str]] = View.LIGHT | {"pressed", "notice"}

    def __init__(self, screen: Desk, page: Page, stage: Stage) -> None:
        super().__init__(screen, page, stage)
        self.screen: Desk = screen
        _ = self._
        self._pages: Pages | None = None
        self._looked: str | None = None
        self._photos = {desk.id: picture(stage.asset(desk.photo)) for desk in screen.desks if desk.photo}
        self._map: PlanMap | None = None
        self.add_header(always=False)
        ways = add_ways(self, [(DONT_REMEMBER, _("I don’t remember")), (SKIP, _("Skip"))], gap=page.gap * CLOSE)
        self._ways: list[Pressable] = [*ways.pills]
        self.add_heading(_("Which desk served you?"), most=min(0.22 * self.rest.h, ways.over(self.rest, page.gap).h))
        self.keep_room_to_warn()
        self.rest = ways.beside(self.rest, page.gap)
        plan = plan_of(self, screen)
        self._marks = [] if plan is None else marks_on_plan(self, screen, plan)
        if not self._marks:
            self._add_tiles(plan)
        self.warn_above_answers()

    def _add_tiles(self, plan: Any) -> None:  # noqa: ANN401
        found = None if plan is None else self._beside_map(plan)
        grid, named = found or self._grid()
        pictured = {desk for desk, photo in self._photos.items() if photo is not None}
        look = tile_look(self.page, grid.places[0], self.screen.desks, pictured, named=named)
        self._pages = Pages(self, grid, len(self.screen.desks), lambda index, place: self._tile(index, place, look))
        self._show_on_map()

    def _beside_map(self, plan: Any) -> tuple[Grid, bool] | None:  # noqa: ANN401
        """Stand a map of the desks beside their numbers, if these can be read on it and need no more pages for it."""
        page, desks = self.page, self.screen.desks
        area, room = PlanMap.room(page, self.rest)
        grid = desk_grid(page, room, len(desks), (page.touch, page.touch))
        pages = self._grid()[0].pages(len(desks))
        if grid is None or grid.pages(len(desks)) > pages or not PlanMap.can_number(page, desks, plan, area, grid.each):
            return None
        self._map = PlanMap(self, self.screen, plan, area)
        self.add(self._map)
        return grid, False

    def _show_on_map(self) -> None:
        if self._map is not None and self._pages is not None:
            shown = {tile.name for tile in self._pages.tiles}
            self._map.show({desk.id for desk in self.screen.desks if f"desk:{desk.id}" in shown})

    def refresh(self) -> None:
        """Show what is pressed and where the buttons stand."""
        names = [f"desk:{desk.id}" for desk in self.screen.desks]
        turned = self._pages is not None and self._pages.follow(names, self.screen.focus)
        if turned or self.screen.pressed != self._looked:
            self._looked = self.screen.pressed
            self._show_pressed()
        super().refresh()

    def turn(self) -> None:
        """Show the next page of desks."""
        if self._pages is not None:
            self._pages.turn()
            self._show_pressed()
            super().refresh()

    def _show_pressed(self) -> None:
        self._show_on_map()
        pressed = self.screen.pressed
        desks = self._marks or (self._pages.tiles if self._pages is not None else [])
        press_among([*desks, *self._ways], pressed if pressed in (None, DONT_REMEMBER) else f"desk:{pressed}")

    def _tile(self, index: int, place: Box, look: TileLook) -> DeskTile:
        desk = self.screen.desks[index]
        return DeskTile(desk, place, view=self, look=look, photo=self._photos.get(desk.id))

    def _grid(self) -> tuple[Grid, bool]:
        """Find how the desks stand, and whether with their names: on few pages with them, else by their numbers alone."""
        page, desks = self.page, self.screen.desks
        if any(self._photos.values()) or any(desk.name for desk in desks):
            least = PICTURED_MM if any(self._photos.values()) else NAMED_MM
            grid = desk_grid(page, self.rest, len(desks), (page.mm(least[0] * page.scale), page.mm(least[1] * page.scale)))
            if grid is not None and grid.pages(len(desks)) <= MOST_PAGES:
                return grid, True
        grid = desk_grid(page, self.rest, len(desks), (page.touch, page.touch))
        return grid or Grid(cells(self.rest, 1, 1, page.gap, (self.rest.w, self.rest.h)), 1, page.floor), False


def desk_grid(page: Page, area: Box, count: int, least: tuple[float, float]) -> Grid | None:
    """Lay tiles of at least this size in rows, as few rows as look well; on pages where there are too many. None where not even two fit."""
    gap = page.gap * CLOSE
    columns, rows = int((area.w + gap) / (max(least[0], page.touch) + gap)), int((area.h + gap) / (max(least[1], page.touch) + gap))
    if columns * rows < min(count, 2):
        return None
    most = (page.mm(LARGEST_MM[0] * page.scale), page.mm(LARGEST_MM[1] * page.scale))
    if columns * rows < count:
        pages = -(-count // (columns * rows - 1))
        each = -(-count // pages)  # as many on each page, rather than one left over on the last
        columns = next(n for n in range(1, columns + 1) if -(-(each + 1) // n) <= rows)
        return Grid(cells(area, columns, -(-(each + 1) // columns), gap, most), each, page.label)
    shapes = [(n, -(-count // n)) for n in range(1, columns + 1) if -(-count // n) <= rows]
    _worth, shape = max((_look(area, count, n, m, gap, most), (n, m)) for n, m in shapes)
    return Grid(cells(area, *shape, gap, most)[:count], count, page.label)


def _look(area: Box, count: int, columns: int, rows: int, gap: float, most: tuple[float, float]) -> float:  # noqa: PLR0913, PLR0917
    """Tell how good a grid looks: large tiles, and a last row that is nearly full."""
    box = cells(area, columns, rows, gap, most)[0]
    return min(box.w / most[0], box.h / most[1]) - 0.8 * (columns * rows - count) / count


def _photo_place(inner: Box, *, beside: bool) -> tuple[Box, Box]:
    """Share a tile between a photograph and the words: side by side, else one over the other."""
    pad = 0.05 * inner.h
    if beside:
        wide = min(PHOTO_SHAPE * inner.h, 0.5 * inner.w)
        return Box(inner.x, inner.y, wide, inner.h), Box(inner.x + wide + pad, inner.y, inner.w - wide - pad, inner.h)
    high = PHOTO_SHARE * inner.h
    wide = min(inner.w, SQUAT * high)
    return Box(inner.centre[0] - wide / 2, inner.top - high, wide, high), inner.below(high + pad)
