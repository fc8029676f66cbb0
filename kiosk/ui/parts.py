"""The small things that screens are made of: words that fit, what can be tapped, pills and drawn strokes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kivy.core.text import Label as CoreLabel
from kivy.graphics import Color, SmoothEllipse, SmoothLine, SmoothRoundedRectangle
from kivy.uix.label import Label
from kivy.uix.widget import Widget

from kiosk.ui import arrange, theme

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kiosk.ui.arrange import Box

Tap = str
"""The name of a thing that can be tapped: an answer, "desk:<id>", "dont_remember", "skip", "language:<code>"."""

_CURVE_STEPS: Final = 32


class Words(Label):
    """A text in the middle of a box, as large as allowed and as small as needed."""

    def __init__(  # noqa: PLR0913 - what a text looks like
        self, text: str, box: Box, *, size: float, font: str = theme.REGULAR, colour: theme.Colour = theme.INK, lines: int = 1
    ) -> None:
        fitting = fitting_size(text, box, size=size, font=font, lines=lines)
        super().__init__(
            text=text,
            pos=(box.x, box.y),
            size=(box.w, box.h),
            text_size=(box.w, box.h),
            size_hint=(None, None),
            font_size=fitting,
            font_name=font,
            color=colour,
            halign="center",
            valign="middle",
            line_height=1.0,
        )


def fitting_size(text: str, box: Box, *, size: float, font: str, lines: int = 1) -> float:
    """Give the font size at which `text` fits the box."""
    ruler = CoreLabel(font_size=100, font_name=font)
    widths = [ruler.get_extents(word)[0] / 97 for word in text.split()]  # 3 % to spare for rounding
    return arrange.font_size(widths, ruler.get_extents(" ")[0] / 97, box, size, lines)


def shortened(text: str, box: Box, *, size: float, font: str, lines: int) -> str:
    """Give as many whole words of `text` as fit the box at `size`."""
    words = text.split()
    while len(words) > 1 and fitting_size(text, box, size=size, font=font, lines=lines) < size:
        words.pop()
        text = " ".join(words).rstrip(",.;:") + "…"
    return text


def width_of(text: str, *, size: float, font: str) -> float:
    """Give the width of one line of text."""
    return float(CoreLabel(font_size=size, font_name=font).get_extents(text)[0])


class Tappable(Widget):
    """A thing that reacts to a finger at once, when it comes down."""

    def __init__(self, name: Tap, box: Box, tap: Callable[[Tap], None]) -> None:
        super().__init__(pos=(box.x, box.y), size=(box.w, box.h), size_hint=(None, None))
        self.name = name
        self.box = box
        self._tap = tap

    def on_touch_down(self, touch: Any) -> bool:  # noqa: ANN401
        """Take the touch if it is on this thing and made by a finger."""
        if not self.collide_point(*touch.pos) or getattr(touch, "button", "left") != "left":
            return False
        self._tap(self.name)
        return True


class Pressable(Tappable):
    """A tappable thing that can look pressed, or fade behind another one that is."""

    def look(self, *, pressed: bool, faded: bool) -> None:
        """Look so from the next frame on."""
        self.canvas.before.clear()
        with self.canvas.before:
            self.draw((theme.faded if faded else list), pressed=pressed)

    def draw(self, tint: Callable[[theme.Colour], theme.Colour], *, pressed: bool) -> None:
        """Draw into the open canvas, every colour through `tint`."""
        raise NotImplementedError


def press_among(buttons: Sequence[Pressable], pressed: Tap | None) -> None:
    """Let the button of that name look pressed and the others fade; None for none."""
    for button in buttons:
        button.look(pressed=button.name == pressed, faded=pressed not in (None, button.name))


class Pill(Pressable):
    """A quiet choice: a rounded outline with a few words."""

    def __init__(self, name: Tap, text: str, box: Box, *, size: float, tap: Callable[[Tap], None]) -> None:
        super().__init__(name, box, tap)
        self._words = Words(text, box.grown(-box.h * 0.2), size=size, font=theme.SEMIBOLD)
        self.add_widget(self._words)
        self.look(pressed=False, faded=False)

    def draw(self, tint: Callable[[theme.Colour], theme.Colour], *, pressed: bool) -> None:
        """Draw the outline; filled when pressed."""
        self._words.color = tint(theme.WHITE if pressed else theme.MUTED)
        rounded(self.box, self.box.h / 2, tint(theme.MUTED))
        if not pressed:
            rounded(self.box.grown(-self.box.h / 40), self.box.h / 2, theme.PAPER)


def rounded(box: Box, radius: float, colour: theme.Colour) -> None:
    """Draw a filled rounded rectangle into the open canvas."""
    Color(*colour)
    SmoothRoundedRectangle(pos=(box.x, box.y), size=(box.w, box.h), radius=[min(radius, box.h / 2)])


def disc(centre: tuple[float, float], radius: float, colour: theme.Colour) -> None:
    """Draw a filled circle into the open canvas."""
    Color(*colour)
    SmoothEllipse(pos=(centre[0] - radius, centre[1] - radius), size=(2 * radius, 2 * radius), segments=120)


def stroke(points: Sequence[tuple[float, float]], width: float) -> None:
    """Draw a line with round ends into the open canvas, in its present colour."""
    SmoothLine(points=[value for point in points for value in point], width=width / 2)
    end = width - 1.5  # both are smoothed outwards, the ellipse more
    for x, y in (points[0], points[-1]):
        SmoothEllipse(pos=(x - end / 2, y - end / 2), size=(end, end))


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
