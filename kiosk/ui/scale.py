"""A scale of numbers with words at its ends, in one row or in two."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from kiosk.ui import theme
from kiosk.ui.arrange import LINE_HEIGHT, Box
from kiosk.ui.parts import Words
from kiosk.ui.tiles import Tile, cells

if TYPE_CHECKING:
    from kiosk.screens import Ask
    from kiosk.ui.parts import Pressable
    from kiosk.ui.view import View

LARGEST_MM: Final = 30.0
NUMBER: Final = 1.35
"""A number's type, as a share of the labels'."""


def add_scale(view: View, screen: Ask) -> list[Pressable]:
    """Put the numbers on the view, with what the first and the last one mean beside them."""
    page, area, count = view.page, view.rest, len(screen.options)
    gap = page.mm(2.0)
    rows = next(n for n in range(1, count + 1) if n == count or (area.w + gap) / math.ceil(count / n) - gap >= page.touch)
    columns = math.ceil(count / rows)
    most = page.mm(LARGEST_MM * page.scale)
    words = 2 * LINE_HEIGHT * page.body
    ends = 0 if screen.ends is None else (1 if rows == 1 else 2)
    numbers = area.grown(0, -(words + page.gap) * (ends > 1))
    side = min(most, max(page.touch, (numbers.h - (rows - 1) * gap) / rows))
    if ends == 1:
        numbers = area.above(words + page.gap)
    places = cells(numbers, columns, rows, gap, (most * 1.25, side))[:count]
    tiles = [
        Tile(
            option.id,
            option.words,
            place,
            page=page,
            size=page.label * NUMBER,
            palette=view.palette,
            tap=view.stage.tap,
            font=theme.BOLD,
        )
        for option, place in zip(screen.options, places, strict=True)
    ]
    view.add(*tiles)
    if screen.ends is not None:
        _add_ends(view, screen, places, one_row=rows == 1, high=words)
    return list(tiles)


def _add_ends(view: View, screen: Ask, places: list[Box], *, one_row: bool, high: float) -> None:
    """Say what the ends mean: under the one row at its two ends; else over the first row and under the last."""
    page = view.page
    left, right = min(place.x for place in places), max(place.right for place in places)
    width = (right - left - page.gap) / 2 if one_row else right - left
    bottom = places[-1].y - page.gap * 0.5 - high
    first = Box(left, bottom if one_row else places[0].top + page.gap * 0.5, width, high)
    last = Box(right - width, bottom, width, high)
    assert screen.ends is not None  # noqa: S101 - as the caller has seen
    texts = [f"{option.words} – {end}" for option, end in zip((screen.options[0], screen.options[-1]), screen.ends, strict=True)]
    for text, box, align, valign in ((texts[0], first, "left", "top" if one_row else "bottom"), (texts[1], last, "right", "top")):
        view.add(Words(text, box, size=page.body, least=page.floor, colour=view.palette.muted, lines=2, align=align, valign=valign))
