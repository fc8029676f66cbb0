"""A scale of numbers with words for its ends, in one row or in two."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from kiosk.ui import theme
from kiosk.ui.arrange import LINE_HEIGHT, Box
from kiosk.ui.parts import Words, height_of, width_of
from kiosk.ui.tiles import Tile, cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kiosk.screens import Ask
    from kiosk.ui.arrange import Page
    from kiosk.ui.parts import Pressable
    from kiosk.ui.view import View

LARGEST_MM: Final = 30.0
NUMBER: Final = 1.35
"""A number's type, as a share of the labels'."""


def scale_rows(page: Page, area: Box, count: int) -> int:
    """Tell in how many rows that many numbers stand so that each is large enough for a finger.

    A number is as high as any answer, but may be as narrow as a key: a scale is read as one line, and a finger that slips by one number
    changes the answer by one step only, while a scale broken into rows is read as two.
    """
    gap = _gap(page)
    return next(n for n in range(1, count + 1) if n == count or (area.w + gap) / math.ceil(count / n) - gap >= page.key)


def scale_height(view: View, screen: Ask) -> float:
    """Give the least height of all the numbers and of the words about their ends."""
    rows = scale_rows(view.page, view.rest, len(screen.options))
    return rows * (view.page.touch + _gap(view.page)) + legend_height(view, screen)


def legend_height(view: View, screen: Ask) -> float:
    """Give the height of the words about the ends: one line, or two smaller ones."""
    page = view.page
    if screen.ends is None:
        return 0.0
    half = (view.rest.w - page.gap) / 2
    for size in (page.body, 0.9 * page.body, 0.8 * page.body, 0.72 * page.body, 0.64 * page.body, page.floor):
        if size >= page.floor and max(width_of(text, size=size, font=theme.REGULAR) for text in _ends(screen)) <= half:
            return LINE_HEIGHT * size + 1
    return max(height_of(text, half, size=page.floor, font=theme.REGULAR) for text in _ends(screen)) + 1


def _ends(screen: Ask) -> list[str]:
    numbers = (screen.options[0].words, screen.options[-1].words)
    return [f"{number}\N{NO-BREAK SPACE}– {end}" for number, end in zip(numbers, screen.ends or ("", ""), strict=True)]


def add_scale(view: View, screen: Ask) -> list[Pressable]:
    """Put the numbers on the view, and over them what the first and the last one mean."""
    page, area, count = view.page, view.rest, len(screen.options)
    rows, legend = scale_rows(page, area, count), legend_height(view, screen)
    most = page.mm(LARGEST_MM * page.scale)
    columns = math.ceil(count / rows)
    places = cells(area.below(legend + (_gap(page) if legend else 0.0)), columns, rows, _gap(page), (most, most))[:count]
    places = _last_row_in_the_middle(places, columns, _gap(page))
    if legend:
        _add_ends(view, screen, places, legend)
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
    return list(tiles)


def _last_row_in_the_middle(places: list[Box], columns: int, gap: float) -> list[Box]:
    missing = -len(places) % columns
    full = len(places) - len(places) % columns if missing else len(places)
    aside = missing * (places[0].w + gap) / 2
    return [place if index < full else Box(place.x + aside, place.y, place.w, place.h) for index, place in enumerate(places)]


def _gap(page: Page) -> float:
    return page.gap * 0.5


def _add_ends(view: View, screen: Ask, places: Sequence[Box], high: float) -> None:
    """Say over the numbers what the ends mean, at the left and at the right; in two rows each names its number."""
    page = view.page
    left, right = min(place.x for place in places), max(place.right for place in places)
    if max(width_of(text, size=page.body, font=theme.REGULAR) for text in _ends(screen)) > (right - left - page.gap) / 2:
        left, right = view.rest.x, view.rest.right
    width, bottom = (right - left - page.gap) / 2, places[0].top + _gap(page) * 0.5
    boxes = (Box(left, bottom, width, high), Box(right - width, bottom, width, high))
    for text, box, align in zip(_ends(screen), boxes, ("left", "right"), strict=True):
        words = Words(
            text,
            box,
            size=page.body,
            least=page.floor,
            colour=view.palette.muted,
            align=align,
            valign="bottom",
        )
        view.add(words)
