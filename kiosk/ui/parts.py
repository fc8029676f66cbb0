"""The small things that screens are made of: words that fit, what can be tapped, pills, cards and drawn strokes."""

from __future__ import annotations

import math
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

from kivy.core.text import Label as CoreLabel
from kivy.graphics import Color, SmoothEllipse, SmoothLine, SmoothRoundedRectangle
from kivy.uix.label import Label
from kivy.uix.widget import Widget

from kiosk.ui import arrange, theme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kiosk.ui.arrange import Box
    from kiosk.ui.theme import Colour, Palette

Tap = str
"""The name of a thing that can be tapped; the names stand in `kiosk.screens`."""
Tint = "Callable[[Colour], Colour]"

MANY: Final = 99
"""As many lines as there is room for."""
PILL_LINES: Final = 3
ROUND: Final = 0.28
"""The radius of an action's corners as a share of its height."""
_CURVE_STEPS: Final = 20
_OFF_PX: Final = 0.1
"""How far a drawn circle may be off a true one."""
_SPARE: Final = 1.03
"""What words may come out wider than they were measured, by rounding to whole pixels."""


class Words(Label):
    """A text in a box: as large as wanted, as small as needed, never under `least`; what does not fit even so ends in "…"."""

    def __init__(  # noqa: PLR0913 - what a text looks like
        self,
        text: str,
        box: Box,
        *,
        size: float,
        colour: Colour,
        least: float | None = None,
        font: str = theme.REGULAR,
        lines: int = MANY,
        align: str = "center",
        valign: str = "middle",
    ) -> None:
        self.whole = " ".join(parts_of(text))
        box = arrange.Box(box.x, box.y, max(1.0, box.w), max(1.0, box.h))
        self.box = box
        fitted = fitting(self.whole, box, size=size, least=least, font=font, lines=lines)
        size = fitted or least or size
        shown = self.whole if fitted is not None else shortened(self.whole, box, size=size, font=font, lines=lines)
        super().__init__(
            text=shown,
            pos=(box.x, box.y),
            size=(box.w, box.h),
            text_size=(balanced(shown, box.w, size=size, font=font) if align == "center" else box.w, box.h),
            size_hint=(None, None),
            font_size=size,
            font_name=font,
            halign=align,
            valign=valign,
            line_height=1.0,
        )
        self._tint = next(part for part in self.canvas.children if isinstance(part, Color))
        self.paint(colour)

    def paint(self, colour: Colour) -> None:
        """Show the words in a colour from the next frame on: they are drawn in white and tinted, since drawing them takes milliseconds."""
        self._tint.rgba = colour


def parts_of(text: str) -> list[str]:
    """Break a text where its lines may break: at spaces, not at no-break spaces."""
    return [word for line in text.splitlines() for word in line.split(" ") if word]


def fitting(  # noqa: PLR0913 - what a text looks like
    text: str, box: Box, *, size: float, font: str, least: float | None = None, lines: int = MANY
) -> float | None:
    """Give the largest type from `size` down to `least` at which `text` fits the box, None where none does."""
    widths = [_width(word, font) for word in parts_of(text)]
    return arrange.font_size(widths, _width(" ", font), (box.w, box.h), wanted=size, least=least or size, lines=lines)


def fitting_all(texts: Iterable[tuple[str, Box]], *, size: float, least: float, font: str, lines: int = MANY) -> float | None:
    """Give the one type at which every text fits its box, None where there is none."""
    for text, box in texts:
        fitted = fitting(text, box, size=size, least=least, font=font, lines=lines)
        if fitted is None:
            return None
        size = fitted
    return size


def shortened(text: str, box: Box, *, size: float, font: str, lines: int = MANY) -> str:
    """Give as many whole words of `text` as fit the box at this size, of a single word that is too long its first letters."""
    words = parts_of(text)
    while fitting(text, box, size=size, font=font, lines=lines) is None:
        if len(words) > 1:
            words.pop()
        elif words and len(words[0]) > 1:
            words[0] = words[0][:-1]
        else:
            break
        text = " ".join(words).rstrip(",.;:–—") + "…"
    return text


def lines_of(text: str, width: float, *, size: float, font: str) -> float:
    """Tell into how many lines a text wraps within a width; infinitely many where a word is wider."""
    widths = [_width(word, font) for word in parts_of(text)]
    return arrange.line_count(widths, _width(" ", font), width / size)


def height_of(text: str, width: float, *, size: float, font: str) -> float:
    """Give the height of a text that wraps within a width; of a word that is wider, as if it went on in the next line."""
    if not text:
        return 0.0
    room = max(1.0, width / size)
    words = [_width(word, font) for word in parts_of(text)]
    pieces = [min(room, word - broken * room) for word in words for broken in range(math.ceil(word / room))]
    return arrange.line_count(pieces, _width(" ", font), room) * arrange.LINE_HEIGHT * size


def balanced(text: str, width: float, *, size: float, font: str) -> float:
    """Give the least width in which a text wraps into no more lines than in `width`, so that no last word stands alone."""
    widths, space = [_width(word, font) for word in parts_of(text)], _width(" ", font)
    lines = arrange.line_count(widths, space, width / size)
    if lines in {1, math.inf}:
        return width
    low, high = width / lines, width
    while high - low > size / 4:
        middle = (low + high) / 2
        low, high = (low, middle) if arrange.line_count(widths, space, middle / size) <= lines else (middle, high)
    return high


def width_of(text: str, *, size: float, font: str) -> float:
    """Give the width of one line of text, with something to spare."""
    words = parts_of(text)
    return size * (sum(_width(word, font) for word in words) + _width(" ", font) * (len(words) - 1)) + 1


@lru_cache(maxsize=4096)
def _width(word: str, font: str) -> float:
    """Give a word's width as a share of the type's size."""
    return float(_ruler(font).get_extents(word)[0]) / 100 * _SPARE


@cache
def _ruler(font: str) -> CoreLabel:
    return CoreLabel(font_size=100, font_name=font)


class Tappable(Widget):
    """A thing that reacts to a finger at once, when it comes down.

    Focus draws a ring of the radius `corner` about its `outline`, what is seen of it.
    """

    def __init__(self, name: Tap, box: Box, tap: Callable[[Tap], None], *, corner: float = 0.0) -> None:
        super().__init__(pos=(box.x, box.y), size=(box.w, box.h), size_hint=(None, None))
        self.name = name
        self.box = box
        self.outline = box
        self.corner = corner
        self._tap = tap

    def on_touch_down(self, touch: Any) -> bool:  # noqa: ANN401
        """Take the touch if it is on this thing and made by a finger."""
        if not self.collide_point(*touch.pos) or getattr(touch, "button", "left") != "left":
            return False
        self._tap(self.name)
        return True


class Pressable(Tappable):
    """A tappable thing that can look pressed, or fade behind another one that is."""

    def __init__(self, name: Tap, box: Box, tap: Callable[[Tap], None], *, palette: Palette, corner: float = 0.0) -> None:
        super().__init__(name, box, tap, corner=corner)
        self.palette = palette

    def look(self, *, pressed: bool = False, faded: bool = False) -> None:
        """Look so from the next frame on."""
        self.canvas.before.clear()
        with self.canvas.before:
            self.draw((self.palette.faded if faded else list), pressed=pressed)

    def draw(self, tint: Callable[[Colour], Colour], *, pressed: bool) -> None:
        """Draw into the open canvas, every colour through `tint`."""
        raise NotImplementedError


def press_among(buttons: Iterable[Pressable], pressed: Tap | None) -> None:
    """Let the button of that name look pressed and the others fade; None for none."""
    for button in buttons:
        button.look(pressed=button.name == pressed, faded=pressed not in (None, button.name))


class Pill(Pressable):
    """An action: a rounded outline with a few words, or, `primary`, filled with the accent: at most one a screen."""

    def __init__(  # noqa: PLR0913 - what a pill looks like
        self,
        name: Tap,
        text: str,
        box: Box,
        *,
        size: float,
        least: float,
        palette: Palette,
        tap: Callable[[Tap], None],
        primary: bool = False,
        hair: float = 2.0,
    ) -> None:
        super().__init__(name, box, tap, palette=palette, corner=ROUND * box.h)
        self._primary = primary
        self._hair = hair
        self._words = Words(text, pill_room(box), size=size, least=least, colour=palette.ink, font=theme.SEMIBOLD, lines=PILL_LINES)
        self.add_widget(self._words)
        self.look()

    def draw(self, tint: Callable[[Colour], Colour], *, pressed: bool) -> None:
        """Draw the outline; filled when pressed, or always as the primary action."""
        colours = self.palette
        filled = colours.ink if pressed else colours.accent
        if pressed or self._primary:
            self._words.paint(tint(colours.paper if pressed else colours.on_accent))
            rounded(self.box, self.corner, tint(filled))
        else:
            self._words.paint(tint(colours.ink))
            card(self.box, self.corner, edge=tint(colours.edge), fill=colours.card, hair=self._hair)


def pill_room(box: Box) -> Box:
    """Where a pill has its words."""
    return box.grown(-min(0.3 * box.h, 0.1 * box.w), -0.06 * box.h)


def pill_width(text: str, height: float, *, size: float) -> float:
    """Give how wide a pill is that has its words on one line."""
    return max(height, (width_of(text, size=size, font=theme.SEMIBOLD)) + 0.62 * height + 2)


def rounded(box: Box, radius: float, colour: Colour) -> None:
    """Draw a filled rounded rectangle into the open canvas."""
    if min(box.w, box.h) < 1:
        return  # nothing to see, and Kivy's mesh of it would be broken
    Color(*colour)
    SmoothRoundedRectangle(pos=(box.x, box.y), size=(box.w, box.h), radius=[max(0.1, min(radius, box.h / 2, box.w / 2))])


def card(box: Box, radius: float, *, edge: Colour, fill: Colour, hair: float) -> None:
    """Draw a filled rounded rectangle with an edge into the open canvas."""
    rounded(box, radius, edge)
    rounded(box.grown(-hair), radius - hair, fill)


def ring(box: Box, radius: float, width: float, colour: Colour) -> None:
    """Draw a rounded outline into the open canvas."""
    Color(*colour)
    radius = max(1.0, min(radius, box.h / 2 - 1, box.w / 2 - 1))
    SmoothLine(rounded_rectangle=(box.x, box.y, box.w, box.h, radius), width=width / 2)


def disc(centre: tuple[float, float], radius: float, colour: Colour) -> None:
    """Draw a filled circle into the open canvas."""
    Color(*colour)
    _round(centre, radius)


def _round(centre: tuple[float, float], radius: float) -> None:
    """Draw a circle of as few corners as the eye takes for one: each costs time in every frame."""
    corners = max(8, math.ceil(math.pi / math.acos(1 - min(1.0, _OFF_PX / max(radius, _OFF_PX)))))
    SmoothEllipse(pos=(centre[0] - radius, centre[1] - radius), size=(2 * radius, 2 * radius), segments=corners)


def stroke(points: Sequence[tuple[float, float]], width: float) -> None:
    """Draw a line with round ends into the open canvas, in its present colour."""
    SmoothLine(points=[value for point in points for value in point], width=width / 2)
    end = max(0.5, width - 1.5)  # both are smoothed outwards, the ellipse more
    for at in (points[0], points[-1]):
        _round(at, end / 2)


def tick(centre: tuple[float, float], side: float, width: float) -> None:
    """Draw a tick mark into the open canvas, in its present colour."""
    x, y = centre
    corner = (x - 0.12 * side, y - 0.28 * side)
    stroke([(x - 0.42 * side, y + 0.02 * side), corner, (x + 0.42 * side, y + 0.32 * side)], width)


def arc(centre: tuple[float, float], radius: float, start: float, end: float) -> list[tuple[float, float]]:
    """Give points along a part of a circle, by degrees counted from the right, anticlockwise."""
    steps = max(2, int(abs(end - start) / 6))
    angles = [math.radians(start + (end - start) * step / steps) for step in range(steps + 1)]
    return [(centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle)) for angle in angles]


def curve(corners: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Give points along a cubic Bézier curve."""
    points = []
    for step in range(_CURVE_STEPS + 1):
        t = step / _CURVE_STEPS
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
        x = sum(weight * corner[0] for weight, corner in zip(weights, corners, strict=True))
        y = sum(weight * corner[1] for weight, corner in zip(weights, corners, strict=True))
        points.append((x, y))
    return points
