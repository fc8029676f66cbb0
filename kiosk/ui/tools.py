"""What a visitor may want before answering: another language, another way of seeing and hearing, a person. Signs with words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kivy.graphics import Color, Ellipse

from feedback.settings import Theme
from kiosk import texts
from kiosk.screens import CALL, CONTRAST, LARGE, LOW, VOICE
from kiosk.ui import theme
from kiosk.ui.arrange import Box, rows_for, side_by_side
from kiosk.ui.parts import Pressable, Words, arc, card, stroke, tick, width_of
from kiosk.ui.sprites import sprite

if TYPE_CHECKING:
    from collections.abc import Callable

    from kiosk.screens import Ask, Comfort
    from kiosk.ui.theme import Colour
    from kiosk.ui.view import View

SIGN: Final = 0.42
"""The sign's side as a share of the tile's height."""


class Tool(Pressable):
    """A small tile: a sign over a word; filled and ticked where it is on."""

    def __init__(  # noqa: PLR0913 - what a tool looks like
        self, view: View, name: str, text: str, box: Box, *, on: bool = False, wide: bool = False, size: float
    ) -> None:
        page = view.page
        super().__init__(name, box, view.stage.tap, palette=view.palette, corner=page.corner)
        self._on = on
        self._hair = page.hair
        self._language = view.screen.language
        side = SIGN * box.h
        if wide:
            self._sign = Box(box.x + 0.12 * box.h, box.y + (box.h - side) / 2, side, side)
            room = Box(self._sign.right + 0.1 * box.h, box.y, box.right - self._sign.right - 0.16 * box.h, box.h)
        else:
            self._sign = Box(box.x + (box.w - side) / 2, box.top - 0.12 * box.h - side, side, side)
            room = Box(box.x, box.y + 0.06 * box.h, box.w, self._sign.y - box.y - 0.08 * box.h)
        self._words = Words(
            text,
            room,
            size=size,
            least=page.floor,
            colour=view.palette.ink,
            font=theme.SEMIBOLD,
            lines=2,
            align="left" if wide else "center",
        )
        self.add_widget(self._words)
        self._letters: Words | None = None
        if name == LARGE or name.startswith("language:"):
            letters = "Аа" if name == LARGE else name.partition(":")[2].upper()
            self._letters = Words(
                letters, self._sign.grown(0.3 * side, 0), size=0.8 * side, colour=view.palette.ink, font=theme.BOLD, lines=1
            )
            self.add_widget(self._letters)
        self.look()

    def draw(self, tint: Callable[[Colour], Colour], *, pressed: bool) -> None:
        """Draw the tile and its sign."""
        colours = self.palette
        filled = pressed or self._on
        front = tint(colours.paper if filled else colours.ink)
        card(
            self.box,
            self.corner,
            edge=tint(colours.ink if filled else colours.line),
            fill=tint(colours.ink if filled else colours.card),
            hair=self._hair,
        )
        for words in (self._words, self._letters):
            if words is not None:
                words.paint(front)
        line = 0.1 * self._sign.h
        sign = _SIGNS.get(self.name)
        if sign is not None:
            fill = tint(colours.ink if filled else colours.card)
            sprite((self.name, tuple(front)), self._sign, fill, lambda side: self._draw_sign(sign, side, front))
        Color(*front)
        if self._on:
            side = 0.16 * self.box.h
            tick((self.box.right - side, self.box.top - side), side, line)

    @staticmethod
    def _draw_sign(sign: Callable[[Box, float], None], side: float, front: Colour) -> None:
        Color(*front)
        sign(Box(0, 0, side, side), 0.1 * side)


def _half_moon(box: Box, line: float) -> None:
    stroke([*arc(box.centre, box.w / 2 - line / 2, 0, 360)], line)
    inside = box.grown(-1.7 * line)
    Ellipse(pos=(inside.x, inside.y), size=(inside.w, inside.h), angle_start=0, angle_end=180)


def _down(box: Box, line: float) -> None:
    x, _y = box.centre
    stroke([(x, box.top), (x, box.y + 0.28 * box.h)], line)
    stroke([(x - 0.26 * box.w, box.y + 0.54 * box.h), (x, box.y + 0.28 * box.h), (x + 0.26 * box.w, box.y + 0.54 * box.h)], line)
    stroke([(box.x + 0.12 * box.w, box.y + line / 2), (box.right - 0.12 * box.w, box.y + line / 2)], line)


def _loud(box: Box, line: float) -> None:
    x, y, side = box.x, box.centre[1], box.w
    cone = [(0.06, 0.14), (0.24, 0.14), (0.46, 0.36), (0.46, -0.36), (0.24, -0.14), (0.06, -0.14), (0.06, 0.14)]
    stroke([(x + right * side, y + up * side) for right, up in cone], line)
    for radius in (0.2, 0.4):
        stroke(arc((x + 0.52 * side, y), radius * side, -48, 48), line)


def _person(box: Box, line: float) -> None:
    x, y = box.centre[0], box.y
    front = 0.19 * box.w
    stroke(arc((x, box.top - front - line / 2), front, 0, 360), line)
    stroke(arc((x, y - 0.02 * box.h), 0.42 * box.w, 12, 168), line)
    stroke([(x - 0.41 * box.w, y + line / 2), (x + 0.41 * box.w, y + line / 2)], line)


_SIGNS: Final = {CONTRAST: _half_moon, LOW: _down, VOICE: _loud, CALL: _person}


def is_on(name: str, comfort: Comfort) -> bool:
    """Tell whether a way of seeing and hearing is in use."""
    return {LARGE: comfort.large, CONTRAST: comfort.theme is Theme.CONTRAST, LOW: comfort.low, VOICE: comfort.voice}.get(name, False)


def add_tools(view: View, screen: Ask) -> list[Tool]:
    """Stand the tools at the foot of the page, in rows where they need it; take their place from the rest."""
    page, _ = view.page, view._
    named = [(f"language:{code}", texts.OWN_NAMES.get(code, code)) for code in screen.languages if code != screen.language]
    named += [(LARGE, _("Larger")), (CONTRAST, _("Contrast")), (LOW, _("Lower")), (VOICE, _("Read aloud"))]
    if screen.call:
        named.append((CALL, _("Call a person")))
    height, gap = page.touch, page.gap * 0.7
    size = page.small
    for size in (*(max(page.floor, page.small * by) for by in (1.0, 0.9, 0.8, 0.72)), page.floor, page.small):
        widths = [_width(name, text, size, height) for name, text in named]
        rows = rows_for(widths, view.rest.w, gap)
        if len(rows) == 1:
            break
    if len(rows) > 1:
        widths = _in_columns(rows, widths, view.rest.w, gap)
    tools = []
    for number, row in enumerate(rows):
        area = Box(view.rest.x, view.rest.y + (len(rows) - 1 - number) * (height + gap), view.rest.w, height)
        for i, place in zip(row, side_by_side(area, [widths[i] for i in row], gap), strict=True):
            name, text = named[i]
            tools.append(Tool(view, name, text, place, on=is_on(name, screen.comfort), wide=name == CALL, size=size))
    view.add(*tools)
    view.rest = view.rest.above(len(rows) * (height + gap) - gap + page.gap)
    return tools


def _in_columns(rows: list[list[int]], widths: list[float], room: float, gap: float) -> list[float]:
    """Widen what stands in several rows so that it stands in columns and fills them; the last one of a shorter row fills all the rest."""
    columns = [max(widths[row[at]] for row in rows if at < len(row)) for at in range(max(map(len, rows)))]
    spare = (room - sum(columns) - gap * (len(columns) - 1)) / len(columns)
    columns = [column + spare for column in columns]
    wide = []
    for row in rows:
        wide += columns[: len(row) - 1]
        wide.append(sum(columns[len(row) - 1 :]) + gap * (len(columns) - len(row)))
    return [max(width, least * (spare < 0)) for width, least in zip(wide, widths, strict=True)]


def _width(name: str, text: str, size: float, height: float) -> float:
    if name != CALL:
        return max(height, width_of(text, size=size, font=theme.SEMIBOLD) + 0.1 * height)
    longest = max(text.split(), key=len)
    half = max(width_of(longest, size=size, font=theme.SEMIBOLD), 0.56 * width_of(text, size=size, font=theme.SEMIBOLD))
    return (SIGN + 0.32) * height + half
