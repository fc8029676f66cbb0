"""Sentences one under another, each as large as lets all of them fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from kiosk.ui import theme
from kiosk.ui.arrange import FONT_STEP
from kiosk.ui.parts import Words, height_of

if TYPE_CHECKING:
    from kiosk.ui.arrange import Box
    from kiosk.ui.theme import Colour
    from kiosk.ui.view import View

_BETWEEN: Final = 0.5
"""What stands free between sentences, as a share of the page's gap."""


class Paragraph(NamedTuple):
    """A sentence and the type that it has where there is room."""

    text: str
    size: float
    colour: Colour
    font: str = theme.REGULAR


def add_paragraphs(view: View, area: Box, paragraphs: list[Paragraph]) -> list[Words]:
    """Stand these sentences in an area from above; all shrink alike, none under the least type of the page."""
    made = []
    paragraphs = [paragraph for paragraph in paragraphs if paragraph.text]
    sizes, heights = _sizes(view, area, paragraphs)
    between = min(_BETWEEN * view.page.gap, (area.h - sum(heights)) / max(1, len(paragraphs) - 1))
    for paragraph, size, height in zip(paragraphs, sizes, heights, strict=True):
        place = area.upper(min(height, area.h) + 1)
        text, colour, font = paragraph.text, paragraph.colour, paragraph.font
        made.append(Words(text, place, size=size, least=view.page.floor, font=font, colour=colour, align="left", valign="top"))
        area = area.below(height + max(0.0, between))
    view.add(*made)
    return made


def can_stand(view: View, area: Box, paragraphs: list[Paragraph]) -> bool:
    """Tell whether all of these sentences can be read whole in an area."""
    return sum(height_of(one.text, area.w, size=view.page.floor, font=one.font) for one in paragraphs) <= area.h


def _sizes(view: View, area: Box, paragraphs: list[Paragraph]) -> tuple[list[float], list[float]]:
    floor, by = view.page.floor, 1.0
    while True:
        sizes = [max(floor, paragraph.size * by) for paragraph in paragraphs]
        heights = [height_of(one.text, area.w, size=size, font=one.font) for one, size in zip(paragraphs, sizes, strict=True)]
        whole = sum(heights) + _BETWEEN * view.page.gap * (len(paragraphs) - 1)
        if whole <= area.h or max(sizes) <= floor:
            return sizes, heights
        by *= FONT_STEP
