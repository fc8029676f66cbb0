"""Where things stand on a screen of any size: plain geometry, from the bottom left, in pixels. No Kivy."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

FONT_STEP: Final = 0.96
LINE_HEIGHT: Final = 1.24


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

    def grown(self, by: float) -> Box:
        """The same about the same middle, `by` wider on each side."""
        return Box(self.x - by, self.y - by, self.w + 2 * by, self.h + 2 * by)


class Page(NamedTuple):
    """The whole screen and the places that every screen has."""

    w: float
    h: float

    @property
    def unit(self) -> float:
        """One pixel of the 1280 × 800 drawing."""
        return min(self.w / 1280, self.h / 800)

    @property
    def margin(self) -> float:
        """What stays free at the sides."""
        return 40 * self.unit

    def band(self, top: float, bottom: float) -> Box:
        """The width between the margins, from `top` to `bottom` as shares of the height, counted from above."""
        return Box(self.margin, self.h * (1 - bottom), self.w - 2 * self.margin, self.h * (bottom - top))

    def languages(self, index: int) -> Box:
        """The language switch at the upper right, counted from the right."""
        width, height = 232 * self.unit, max(64 * self.unit, 0.09 * self.h)
        return Box(self.w - self.margin - width - index * (width + 16 * self.unit), self.h - 28 * self.unit - height, width, height)

    def banner(self) -> Box:
        """The note about simulated hardware at the upper left."""
        return Box(self.margin, self.h - 28 * self.unit - 40 * self.unit, 420 * self.unit, 40 * self.unit)


class FacePlace(NamedTuple):
    """A face's disc, the words under it, and all that reacts to a touch."""

    disc: Box
    words: Box
    touch: Box


def faces(page: Page, count: int) -> list[FacePlace]:
    """Stand `count` faces in a row, their words under them, as large as fits."""
    area = page.band(0.35, 0.81)
    column = min(area.w / count, 0.42 * page.h)
    side = min(0.78 * column, 0.74 * area.h)
    gap, line = 20 * page.unit, 0.09 * page.h
    bottom = area.y + (area.h - side - gap - line) / 2
    places = []
    for index in range(count):
        x = page.w / 2 + (index - count / 2) * column
        disc = Box(x + (column - side) / 2, bottom + line + gap, side, side)
        places.append(FacePlace(disc, Box(x + 0.02 * column, bottom, 0.96 * column, line), Box(x, bottom, column, side + gap + line)))
    return places


def tiles(area: Box, count: int, gap: float, largest: tuple[float, float]) -> list[Box]:
    """Lay `count` tiles in rows, left to right and top to bottom, as large as fits and at most `largest`."""

    def tile(columns: int) -> tuple[float, float]:
        rows = math.ceil(count / columns)
        return (area.w - (columns - 1) * gap) / columns, (area.h - (rows - 1) * gap) / rows

    def worth(columns: int) -> float:
        size, empty = tile(columns), -count % columns
        return min(size[0] / largest[0], size[1] / largest[1], 1.0) - 0.15 * empty / count

    columns = max(range(1, count + 1), key=lambda n: (round(worth(n), 3), n))
    w, h = min(tile(columns)[0], largest[0]), min(tile(columns)[1], largest[1])
    rows = math.ceil(count / columns)
    left = area.x + (area.w - columns * w - (columns - 1) * gap) / 2
    top = area.y + area.h - (area.h - rows * h - (rows - 1) * gap) / 2
    return [Box(left + i % columns * (w + gap), top - i // columns * (h + gap) - h, w, h) for i in range(count)]


def side_by_side(area: Box, widths: list[float], gap: float) -> list[Box]:
    """Stand boxes of these widths in the middle of `area`, as high as it is; narrower where they do not fit."""
    room = area.w - gap * (len(widths) - 1)
    widths = [width * min(1.0, room / sum(widths)) for width in widths]
    x = area.x + (area.w - sum(widths) - gap * (len(widths) - 1)) / 2
    boxes = []
    for width in widths:
        boxes.append(Box(x, area.y, width, area.h))
        x += width + gap
    return boxes


def font_size(widths: list[float], space: float, box: Box, largest: float, lines: int) -> float:
    """Give the largest size up to `largest` at which words wrap into `lines` lines within the box.

    `widths` and `space` are the words' widths and the space's as shares of the font size.
    """
    size = largest
    while size > 8:  # noqa: PLR2004 - nobody reads less
        needed = _lines(widths, space, box.w / size)
        if needed <= lines and needed * LINE_HEIGHT * size <= box.h:
            return size
        size *= FONT_STEP
    return size


def _lines(widths: list[float], space: float, room: float) -> float:
    if max(widths, default=0) > room:
        return math.inf
    count, used = 1, -space
    for width in widths:
        used += space + width
        if used > room:
            count, used = count + 1, width
    return count
