"""Which desk served you?"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from kiosk.screens import DONT_REMEMBER, SKIP, Desk
from kiosk.ui import theme
from kiosk.ui.arrange import LINE_HEIGHT, Box
from kiosk.ui.parts import Pressable, Words, card, press_among, shortened
from kiosk.ui.pictures import draw_cropped, picture
from kiosk.ui.tiles import Grid, Pages, cells
from kiosk.ui.view import View

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from feedback.settings import DeskOption
    from kiosk.ui.arrange import Page
    from kiosk.ui.theme import Colour
    from kiosk.ui.view import Stage

NAME_LINES: Final = 3
NUMBER_SHARE: Final = 0.36
PHOTO_SHARE: Final = 0.5
NAMED_MM: Final = (36.0, 27.0)
PICTURED_MM: Final = (40.0, 44.0)
LARGEST_MM: Final = (62.0, 46.0)
MOST_PAGES: Final = 3
"""On more pages than these names are left out, and the numbers alone stand closer together."""


class DeskTile(Pressable):
    """A desk by the number on the wall, with its photograph and its name where there is room."""

    def __init__(self, desk: DeskOption, box: Box, *, view: View, named: bool, photo: Any = None) -> None:  # noqa: ANN401
        page = view.page
        super().__init__(f"desk:{desk.id}", box, view.stage.tap, palette=view.palette, corner=page.corner)
        self._hair = page.hair
        self._photo = photo if named else None
        pad = min(page.gap, 0.08 * box.h)
        inner = box.grown(-pad)
        self._photo_box = inner.upper(PHOTO_SHARE * inner.h)
        if self._photo is not None:
            inner = inner.below(self._photo_box.h + 0.5 * pad)
        has_name = named and bool(desk.name)
        name_size = page.small
        lines = min(NAME_LINES, max(1, int(0.62 * inner.h / (LINE_HEIGHT * name_size))))
        name_height = lines * LINE_HEIGHT * name_size + 1 if has_name else 0.0
        number = inner.below(0).above(min(name_height, inner.h * 0.66))
        most = min(page.label * 1.7, number.h / LINE_HEIGHT)
        self._number = Words(desk.number, number, size=most, least=page.floor, colour=view.palette.ink, font=theme.BOLD, lines=1)
        self.add_widget(self._number)
        self._name: Words | None = None
        if has_name:
            room = inner.lower(name_height)
            text = shortened(desk.name, room, size=page.floor, font=theme.REGULAR, lines=lines)
            self._name = Words(text, room, size=name_size, least=page.floor, colour=view.palette.muted, lines=lines, valign="top")
            self.add_widget(self._name)
        self.look()

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

    LIGHT: ClassVar[frozenset[str]] = View.LIGHT | {"pressed"}

    def __init__(self, screen: Desk, page: Page, stage: Stage) -> None:
        super().__init__(screen, page, stage)
        self.screen: Desk = screen
        _ = self._
        self._pages: Pages | None = None
        self._looked: str | None = None
        self._photos = {desk.id: picture(stage.asset(desk.photo)) for desk in screen.desks if desk.photo}
        self.add_header()
        self._ways: list[Pressable] = [*self.add_actions([(DONT_REMEMBER, _("I don’t remember")), (SKIP, _("Skip"))])]
        self.add_heading(_("Which desk served you?"), most=0.22 * self.rest.h)
        self.keep_room_to_warn()
        self._marks = marks_on_plan(self, screen)
        if not self._marks:
            grid, named = self._grid()
            self._pages = Pages(self, grid, len(screen.desks), lambda index, place: self._tile(index, place, named=named))
        self.warn_above_answers()

    def refresh(self) -> None:
        """Show what is pressed and where the buttons stand."""
        names = [f"desk:{desk.id}" for desk in self.screen.desks]
        turned = self._pages is not None and self.screen.focus in names and self._pages.turn_to(names.index(self.screen.focus))
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
        pressed = self.screen.pressed
        desks = self._marks or (self._pages.tiles if self._pages is not None else [])
        press_among([*desks, *self._ways], pressed if pressed in (None, DONT_REMEMBER) else f"desk:{pressed}")

    def _tile(self, index: int, place: Box, *, named: bool) -> DeskTile:
        desk = self.screen.desks[index]
        return DeskTile(desk, place, view=self, named=named, photo=self._photos.get(desk.id))

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
    gap = page.gap * 0.75
    columns, rows = int((area.w + gap) / (max(least[0], page.touch) + gap)), int((area.h + gap) / (max(least[1], page.touch) + gap))
    if columns * rows < min(count, 2):
        return None
    most = (page.mm(LARGEST_MM[0] * page.scale), page.mm(LARGEST_MM[1] * page.scale))
    if columns * rows < count:
        return Grid(cells(area, columns, rows, gap, most), columns * rows - 1, page.label)
    shapes = [(n, -(-count // n)) for n in range(1, columns + 1) if -(-count // n) <= rows]
    _worth, shape = max((_look(area, count, n, m, gap, most), (n, m)) for n, m in shapes)
    return Grid(cells(area, *shape, gap, most)[:count], count, page.label)


def _look(area: Box, count: int, columns: int, rows: int, gap: float, most: tuple[float, float]) -> float:  # noqa: PLR0913, PLR0917
    """Tell how good a grid looks: large tiles, and a last row that is nearly full."""
    box = cells(area, columns, rows, gap, most)[0]
    return min(box.w / most[0], box.h / most[1]) - 0.15 * (columns * rows - count) / count


def marks_on_plan(view: View, screen: Desk) -> list[Pressable]:
    """Stand the desks on the floor plan, if there is one, every desk has a place on it and no two are too close for a finger."""
    from kiosk.ui.pictures import draw_whole, within

    texture = picture(view.stage.asset(screen.plan)) if screen.plan else None
    if texture is None or not screen.desks or any(desk.place is None for desk in screen.desks):
        return []
    where, side = within(texture, view.rest, align=0.5), view.page.touch
    boxes = [_at(desk.place or (0, 0), where, side) for desk in screen.desks]
    if any(_touch(one, other) for index, one in enumerate(boxes) for other in boxes[index + 1 :]):
        return []
    with view.canvas.before:
        draw_whole(texture, where)
    marks: list[Pressable] = [DeskTile(desk, box, view=view, named=False) for desk, box in zip(screen.desks, boxes, strict=True)]
    view.add(*marks)
    return marks


def _at(place: tuple[float, float], where: Box, side: float) -> Box:
    """Give a mark about a place on the plan, moved inwards where it would hang over."""
    x = min(max(where.x + place[0] * where.w - side / 2, where.x), max(where.x, where.right - side))
    y = min(max(where.y + (1 - place[1]) * where.h - side / 2, where.y), max(where.y, where.top - side))
    return Box(x, y, side, side)


def _touch(one: Box, other: Box) -> bool:
    return one.x < other.right and other.x < one.right and one.y < other.top and other.y < one.top
