"""Where things stand on a screen of any size: plain geometry, from the bottom left, in pixels, measured in millimetres. No Kivy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

LINE_HEIGHT: Final = 1.24
LARGER: Final = 1.25
FONT_STEP: Final = LARGER ** (-1 / 7)
"""By what type shrinks until it fits. Seven steps undo `LARGER`, so that larger letters never end up smaller than others would."""
MM_PER_INCH: Final = 25.4
TOUCH_MM: Final = 20.0
"""The least side of what a finger answers with."""
KEY_MM: Final = 11.0
"""The least side of a keyboard's key."""
LEAST_TYPE_MM: Final = 3.5
"""The least size of any type."""
HAND_MM: Final = 160.0
_SHORT_MM: Final = 110.0
_CAP: Final = 0.727
"""The height of Inter's capitals as a share of the type's size."""
_LEAST_SIDE_MM: Final = 88.0
"""The short side of a 7-inch panel. A smaller one, or a wrongly stated diagonal, is drawn as if it were this large, so that all fits."""
_DRAWN_FOR_INCH: Final = 10.1


class Box(NamedTuple):
    """A rectangle by its lower left corner."""

    x: float
    y: float
    w: float
    h: float

    @property
    def centre(self) -> tuple[float, float]:
        """Its middle."""
        return self.x + self.w / 2, self.y + self.h / 2

    @property
    def top(self) -> float:
        """Its upper edge."""
        return self.y + self.h

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.w

    def grown(self, by: float, across: float | None = None) -> Box:
        """The same about the same middle, `by` wider on each side, and higher by as much or by `across`."""
        up = by if across is None else across
        return Box(self.x - by, self.y - up, self.w + 2 * by, self.h + 2 * up)

    def upper(self, height: float) -> Box:
        """Its uppermost part."""
        return Box(self.x, self.top - height, self.w, height)

    def lower(self, height: float) -> Box:
        """Its lowest part."""
        return Box(self.x, self.y, self.w, height)

    def below(self, height: float) -> Box:
        """What is left of it under its uppermost `height`."""
        return Box(self.x, self.y, self.w, self.h - height)

    def above(self, height: float) -> Box:
        """What is left of it over its lowest `height`."""
        return Box(self.x, self.y + height, self.w, self.h - height)


class Page(NamedTuple):
    """The whole screen: its pixels, its diagonal, and whether it is laid out `large` or for `low` reach."""

    w: float
    h: float
    diagonal_inch: float = _DRAWN_FOR_INCH
    large: bool = False
    low: bool = False

    def mm(self, length: float) -> float:
        """Give a length on the glass in pixels."""
        by_diagonal = math.hypot(self.w, self.h) / (self.diagonal_inch * MM_PER_INCH)
        return length * min(by_diagonal, min(self.w, self.h) / _LEAST_SIDE_MM)

    @property
    def scale(self) -> float:
        """How much larger or smaller than on 10 inches things are, where nothing sets their size in millimetres."""
        diagonal_mm = math.hypot(self.w, self.h) / self.mm(1)
        return max(0.7, min(1.4, diagonal_mm / (_DRAWN_FOR_INCH * MM_PER_INCH)))

    @property
    def portrait(self) -> bool:
        """Whether it is higher than wide."""
        return self.h > self.w

    @property
    def roomy(self) -> bool:
        """Whether it is high enough to keep a place for warnings free."""
        return self.h >= self.mm(165)

    @property
    def short(self) -> bool:
        """Whether it is so low that what only accompanies gives way."""
        return self.h < self.mm(_SHORT_MM)

    @property
    def touch(self) -> float:
        """The least side of what a finger answers with."""
        return self.mm(TOUCH_MM)

    @property
    def key(self) -> float:
        """The least side of a keyboard's key."""
        return self.mm(KEY_MM)

    @property
    def margin(self) -> float:
        """What stays free at the edges."""
        return self.mm(5.5 * self.scale)

    @property
    def gap(self) -> float:
        """What stays free between things."""
        return self.mm(3.0 * self.scale)

    @property
    def corner(self) -> float:
        """The radius of a card's corners."""
        return self.mm(3.0 * self.scale)

    @property
    def hair(self) -> float:
        """The width of an edge."""
        return max(1.0, self.mm(0.3))

    @property
    def floor(self) -> float:
        """The least type of all."""
        return self.mm(LEAST_TYPE_MM)

    @property
    def question(self) -> float:
        """The type of a question, 9 mm capitals on 10 inches."""
        return self._type(9)

    @property
    def label(self) -> float:
        """The type of answers and actions, 5 mm capitals on 10 inches."""
        return self._type(5)

    @property
    def body(self) -> float:
        """The type of sentences beside a question, 4.2 mm capitals on 10 inches."""
        return self._type(4.2)

    @property
    def small(self) -> float:
        """The type of everything that only accompanies, 3.2 mm capitals on 10 inches."""
        return self._type(3.2)

    def _type(self, capitals_mm: float) -> float:
        size = self.mm(capitals_mm * self.scale / _CAP) * (LARGER if self.large else 1.0)
        return max(self.floor, size)

    @property
    def inner(self) -> Box:
        """The page within its margins."""
        return Box(0, 0, self.w, self.h).grown(-self.margin)

    @property
    def reach(self) -> float:
        """Up to which height things that are touched may stand: two thirds of it for low reach, less of an upright one.

        A page no higher than a hand is in reach as a whole.
        """
        whole = self.h - self.margin
        if not self.low:
            return whole
        return min(whole, max(self.mm(HAND_MM), self.h * (0.6 if self.portrait else 0.68)))


def rows_for(widths: Sequence[float], room: float, gap: float) -> list[list[int]]:
    """Break things of these widths into as few rows as fit `room`, as even as can be; each row as indices."""
    for count in range(1, len(widths) + 1):
        each = math.ceil(len(widths) / count)
        rows = [list(range(start, min(start + each, len(widths)))) for start in range(0, len(widths), each)]
        if all(sum(widths[i] for i in row) + gap * (len(row) - 1) <= room for row in rows):
            return rows
    return [[i] for i in range(len(widths))]


def side_by_side(area: Box, widths: Sequence[float], gap: float) -> list[Box]:
    """Stand boxes of these widths in the middle of `area`, as high as it is; narrower where they do not fit."""
    room = area.w - gap * (len(widths) - 1)
    widths = [width * min(1.0, room / sum(widths)) for width in widths]
    x = area.x + (area.w - sum(widths) - gap * (len(widths) - 1)) / 2
    boxes = []
    for width in widths:
        boxes.append(Box(x, area.y, width, area.h))
        x += width + gap
    return boxes


def font_size(  # noqa: PLR0913 - what a text looks like
    widths: Sequence[float], space: float, room: tuple[float, float], *, wanted: float, least: float, lines: int
) -> float | None:
    """Give the largest size from `wanted` down to `least` at which words wrap into `lines` lines within a room's width and height.

    `widths` and `space` are the words' widths and the space's as shares of the type's size. None where even the least is too large.
    """
    size = wanted
    while size >= least:
        needed = line_count(widths, space, room[0] / size)
        if needed <= lines and needed * LINE_HEIGHT * size <= room[1]:
            return size
        if size == least:
            break
        size = max(least, size * FONT_STEP)
    return None


def line_count(widths: Sequence[float], space: float, room: float) -> float:
    """Tell into how many lines words of these widths wrap; infinitely many where one is wider than `room`."""
    if max(widths, default=0) > room:
        return math.inf
    count, used = 1, -space
    for width in widths:
        used += space + width
        if used > room:
            count, used = count + 1, width
    return count
