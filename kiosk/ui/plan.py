"""The floor plan: desks that are tapped on it, or, where they stand too close for a finger, a map beside the tiles."""

from __future__ import annotations

from itertools import combinations
from math import dist
from typing import TYPE_CHECKING, Any, Final

from kivy.graphics import Color, Rectangle
from kivy.uix.widget import Widget

from feedback.settings import Theme
from kiosk.ui import theme
from kiosk.ui.arrange import LARGER, LINE_HEIGHT, Box
from kiosk.ui.parts import Pressable, Words, disc
from kiosk.ui.pictures import draw_whole, picture, within

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from feedback.settings import DeskOption
    from kiosk.screens import Desk
    from kiosk.ui.arrange import Page
    from kiosk.ui.theme import Colour, Palette
    from kiosk.ui.view import View

MARK_MM: Final = 12.0
NUMBER: Final = 0.52
"""A number's type as a share of its mark."""
SMALLEST: Final = 1.75
"""The least mark, as a share of the least type."""
DOT: Final = 0.3
"""The dot of a desk whose tile stands on another page, as a share of a mark."""
MAP_WIDE: Final = 0.44
MAP_HIGH: Final = 0.42
"""How much of the room a map takes beside the tiles, and above them on an upright page."""
PRESSED: Final = 1.2


def plan_of(view: View, screen: Desk) -> Any:  # noqa: ANN401 - Kivy ships no types
    """Give the plan's picture where there is one and every desk has a place on it, else None."""
    if not screen.plan or not screen.desks or any(desk.place is None for desk in screen.desks):
        return None
    return picture(view.stage.asset(screen.plan))


class PlanMark(Pressable):
    """A desk on the plan: a small numbered mark, with room for a finger about it."""

    def __init__(self, desk: DeskOption, place: tuple[float, float], box: Box, *, view: View, side: float) -> None:
        seen = _about(place, side)
        super().__init__(f"desk:{desk.id}", box, view.stage.tap, palette=_palette(view), corner=side / 2)
        self.outline = seen
        self._edge = max(2.0, 2 * view.page.hair)
        self._number = _number(desk.number, seen, view, self.palette.on_accent)
        self.add_widget(self._number)
        self.look()

    def draw(self, tint: Callable[[Colour], Colour], *, pressed: bool) -> None:
        """Draw a disc that stands out from the plan; dark and larger when pressed."""
        colours, radius = self.palette, self.outline.w / 2 * (PRESSED if pressed else 1.0)
        self._number.paint(tint(colours.paper if pressed else colours.on_accent))
        disc(self.outline.centre, radius + self._edge, colours.card)
        disc(self.outline.centre, radius, tint(colours.ink if pressed else colours.accent))


def marks_on_plan(view: View, screen: Desk, plan: Any) -> list[Pressable]:  # noqa: ANN401
    """Stand the desks on the plan if a finger can tell them apart there; none where it cannot."""
    where, page = within(plan, view.rest), view.page
    places = [_place(desk, where) for desk in screen.desks]
    boxes = [_touched(place, where, page.touch) for place in places]
    if any(_overlap(one, other) for one, other in combinations(boxes, 2)):
        return []
    _draw_plan(view, plan, where)
    side = min(page.touch, page.mm(MARK_MM * page.scale) * (LARGER if page.large else 1.0))
    side = max(SMALLEST * page.floor, side)
    marks: list[Pressable] = [
        PlanMark(desk, place, box, view=view, side=side) for desk, place, box in zip(screen.desks, places, boxes, strict=True)
    ]
    view.add(*marks)
    return marks


class PlanMap(Widget):
    """The plan as a map: the desks that can be tapped beside it have their numbers, the others are dots."""

    def __init__(self, view: View, screen: Desk, plan: Any, area: Box) -> None:  # noqa: ANN401
        super().__init__(pos=(area.x, area.y), size=(area.w, area.h), size_hint=(None, None))
        where = within(plan, area)
        self._view = view
        self._side = SMALLEST * view.page.floor
        self._places = {desk: _place(desk, where) for desk in screen.desks}
        self._shown: frozenset[str] = frozenset()
        _draw_plan(view, plan, where)

    def show(self, ids: Collection[str]) -> None:
        """Number these desks."""
        if self._shown == frozenset(ids):
            return
        self._shown = frozenset(ids)
        palette = _palette(self._view)
        self.clear_widgets()
        self.canvas.before.clear()
        with self.canvas.before:
            for desk, place in self._places.items():
                if desk.id not in self._shown:
                    disc(place, DOT * self._side / 2, palette.muted)
            for desk, place in self._places.items():
                if desk.id in self._shown:
                    disc(place, self._side / 2, palette.ink)
        for desk, place in self._places.items():
            if desk.id in self._shown:
                self.add_widget(_number(desk.number, _about(place, self._side), self._view, palette.paper))

    @staticmethod
    def room(page: Page, rest: Box) -> tuple[Box, Box]:
        """Share the rest between the map and the tiles."""
        if page.portrait:
            high = MAP_HIGH * rest.h
            return rest.upper(high), rest.below(high + page.gap)
        wide = MAP_WIDE * rest.w
        return Box(rest.x, rest.y, wide, rest.h), Box(rest.x + wide + page.gap, rest.y, rest.w - wide - page.gap, rest.h)

    @staticmethod
    def can_number(page: Page, desks: Sequence[DeskOption], plan: Any, area: Box, each: int) -> bool:  # noqa: ANN401
        """Tell whether the numbers of each page's desks stand free of each other on a map in this area."""
        where, side = within(plan, area), SMALLEST * page.floor
        for start in range(0, len(desks), each):
            places = [_place(desk, where) for desk in desks[start : start + each]]
            if any(dist(one, other) < side for one, other in combinations(places, 2)):
                return False
        return True


def _palette(view: View) -> Palette:
    """Give the colours of what stands on a plan: it is a light picture in every theme."""
    return theme.palette(Theme.LIGHT, view.stage.accent)


def _draw_plan(view: View, plan: Any, where: Box) -> None:  # noqa: ANN401
    with view.canvas.before:
        Color(*view.palette.line)
        edge = where.grown(view.page.hair)
        Rectangle(pos=(edge.x, edge.y), size=(edge.w, edge.h))
        draw_whole(plan, where)


def _number(number: str, mark: Box, view: View, colour: Colour) -> Words:
    least = view.page.floor
    size = max(least, NUMBER * mark.h)
    room = mark.grown(0, max(0.0, (LINE_HEIGHT * size + 1 - mark.h) / 2))
    return Words(number, room, size=size, least=least, colour=colour, font=theme.BOLD, lines=1)


def _place(desk: DeskOption, where: Box) -> tuple[float, float]:
    x, y = desk.place or (0.0, 0.0)
    return where.x + x * where.w, where.y + (1 - y) * where.h


def _about(place: tuple[float, float], side: float) -> Box:
    return Box(place[0] - side / 2, place[1] - side / 2, side, side)


def _touched(place: tuple[float, float], where: Box, side: float) -> Box:
    """Give a finger's room about a place on the plan, moved inwards where it would hang over."""
    box = _about(place, side)
    x = min(max(box.x, where.x), max(where.x, where.right - side))
    y = min(max(box.y, where.y), max(where.y, where.top - side))
    return Box(x, y, side, side)


def _overlap(one: Box, other: Box) -> bool:
    return one.x < other.right and other.x < one.right and one.y < other.top and other.y < one.top
