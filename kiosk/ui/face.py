"""One face with its words, drawn from the one drawing that all media share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kivy.graphics import Color

from feedback.looks import FACES, Drawing
from kiosk.ui import theme
from kiosk.ui.parts import Pressable, Words, curve, disc, stroke

if TYPE_CHECKING:
    from collections.abc import Callable

    from feedback.questionnaire import Face
    from kiosk.screens import Option
    from kiosk.ui.arrange import FacePlace

GROWTH = 1.06
RING = 0.028
"""The ring's width and its distance, as shares of the disc."""


class FaceButton(Pressable):
    """A face that can be pressed."""

    def __init__(self, option: Option, face: Face, place: FacePlace, *, words_size: float, tap: Callable[[str], None]) -> None:
        super().__init__(option.id, place.touch, tap)
        self._disc = place.disc
        self._drawing = FACES[face]
        self._colour = theme.ANSWERS[option.id]
        self._words = Words(option.words, place.words, size=words_size, font=theme.SEMIBOLD)
        self.add_widget(self._words)
        self.look(pressed=False, faded=False)

    def draw(self, tint: Callable[[theme.Colour], theme.Colour], *, pressed: bool) -> None:
        """Draw the face; pressed, it has grown and gained a ring."""
        self._words.color = tint(theme.INK)
        side = self._disc.w * (GROWTH if pressed else 1)
        centre = self._disc.centre
        if pressed:
            disc(centre, side * (0.5 + 2 * RING), self._colour)
            disc(centre, side * (0.5 + RING), theme.PAPER)
        disc(centre, side / 2, tint(self._colour))
        draw_features(self._drawing, centre, side)


def draw_features(drawing: Drawing, centre: tuple[float, float], side: float) -> None:
    """Draw eyes, mouth and brows in white into the open canvas."""

    def at(point: tuple[float, float]) -> tuple[float, float]:
        return centre[0] + (point[0] - 0.5) * side, centre[1] + (0.5 - point[1]) * side

    for eye in drawing.eyes:
        disc(at(eye), drawing.eye_radius * side, theme.WHITE)
    Color(*theme.WHITE)
    for line in (drawing.mouth, *drawing.brows):
        stroke(curve([at(corner) for corner in line]), drawing.stroke * side)
