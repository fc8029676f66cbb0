"""One face with its words, drawn from the one drawing that all media share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from kivy.graphics import Color, PopMatrix, PushMatrix, Rectangle, Scale, SmoothLine

from feedback.looks import FACES, Drawing
from kiosk.ui import theme
from kiosk.ui.arrange import LARGER, LINE_HEIGHT, Box
from kiosk.ui.parts import Pressable, Words, curve, disc, fitting_all, stroke
from kiosk.ui.sprites import sprite

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from feedback.questionnaire import Face
    from kiosk.screens import Option
    from kiosk.ui.arrange import Page
    from kiosk.ui.theme import Colour
    from kiosk.ui.view import View

GROWTH: Final = 1.06
RING: Final = 0.028
EDGE: Final = 1.0
"""What a smoothed edge needs beside the disc, in pixels."""
"""The ring's width and its distance, as shares of the disc."""
LARGEST_MM: Final = 46.0
TYPES: Final = (*(LARGER ** (-step / 2) for step in range(8)), 0.0)
"""The types that a face's words are tried in, as shares of the labels' type: two steps undo larger letters."""
LEAST: Final = 0.6
"""The least side of a face as a share of the least side of what a finger answers with; its words belong to what it touches."""


class FacePlace(NamedTuple):
    """A face's disc, the words under it, and all that reacts to a touch."""

    disc: Box
    words: Box
    touch: Box


class FaceRow(NamedTuple):
    """Where faces stand, and the type of their words."""

    places: list[FacePlace]
    size: float
    lines: int


def split(area: Box, count: int, gap: float, rows: int = 1) -> list[Box]:
    """Give cells for that many faces, close to each other in the middle of an area, row by row."""
    columns = -(-count // rows)
    height = (area.h - (rows - 1) * gap) / rows
    width = area.w / columns if rows > 1 else min(area.w / columns, height + gap)
    cells = []
    for index in range(count):
        row = index // columns
        in_row = min(columns, count - row * columns)
        left = area.x + (area.w - width * in_row) / 2
        cells.append(Box(left + width * (index % columns), area.top - (row + 1) * height - row * gap, width, height))
    return cells


def least_height(page: Page, lines: int) -> float:
    """Give the least height of a face over so many lines of words."""
    return LEAST * page.touch + page.gap * 0.7 + lines * LINE_HEIGHT * page.floor + 2


def face_row(page: Page, cells: Sequence[Box], words: Sequence[str]) -> FaceRow | None:
    """Stand a face with its words into each cell, as large as fits; None where the words or the faces would be too small."""
    types = dict.fromkeys(max(page.floor, page.label * by) for by in TYPES)
    rows = (_row(page, cells, words, size, lines) for lines in (1, 2) for size in types)
    return max((row for row in rows if row is not None), key=lambda row: worth(page, row), default=None)


def small_faces(page: Page, cells: Sequence[Box]) -> FaceRow:
    """Stand faces into cells that are too small for them."""
    high = LINE_HEIGHT * page.floor
    side = max(2.0, min(cells[0].w, cells[0].h - high))
    return FaceRow([_place(page, box, side, 0.0, high) for box in cells], page.floor, 1)


def worth(page: Page, row: FaceRow | None) -> float:
    """Tell how good faces are to look at: large faces, legible words, and these before all where large letters are wanted."""
    letters = 0.8 if page.large else 0.45
    return 0.0 if row is None else row.places[0].disc.w * (1 - letters + letters * min(1.0, row.size / page.label))


def _row(page: Page, cells: Sequence[Box], words: Sequence[str], size: float, lines: int) -> FaceRow | None:
    cell, high = cells[0], lines * LINE_HEIGHT * size + 1
    gap = page.gap * 0.7
    side = min(0.86 * cell.w, cell.h - high - gap, page.mm(LARGEST_MM * page.scale))
    if side < LEAST * page.touch or cell.w < page.touch:
        return None
    places = [_place(page, box, side, gap, high) for box in cells]
    texts = [(text, place.words) for text, place in zip(words, places, strict=True)]
    if fitting_all(texts, size=size, least=size, font=theme.SEMIBOLD, lines=lines) is None:
        return None
    return FaceRow(places, size, lines)


def _place(page: Page, cell: Box, side: float, gap: float, high: float) -> FacePlace:
    whole = max(side + gap + high, page.touch)
    bottom = cell.y + (cell.h - whole) / 2
    face = Box(cell.x + (cell.w - side) / 2, bottom + whole - side, side, side)
    return FacePlace(face, Box(cell.x + 0.01 * cell.w, face.y - gap - high, 0.98 * cell.w, high), Box(cell.x, bottom, cell.w, whole))


class FaceButton(Pressable):
    """A face that can be pressed."""

    def __init__(self, option: Option, face: Face, place: FacePlace, *, view: View, size: float, lines: int) -> None:  # noqa: PLR0913
        super().__init__(option.id, place.touch, view.stage.tap, palette=view.palette, corner=view.page.corner)
        self._disc = place.disc
        self._drawing = FACES[face]
        self._colour = view.palette.answers[face.value]
        self._words = Words(
            option.words,
            place.words,
            size=size,
            least=view.page.floor,
            colour=view.palette.ink,
            font=theme.SEMIBOLD,
            lines=lines,
            valign="top" if lines > 1 else "middle",
        )
        self._scale: Scale | None = None
        self.add_widget(self._words)
        self.look()

    def breathe(self, by: float) -> None:
        """Let the face be this much larger from the next frame on."""
        if self._scale is not None:
            self._scale.xyz = (by, by, 1)

    def draw(self, tint: Callable[[Colour], Colour], *, pressed: bool) -> None:
        """Draw the face; pressed, it has grown and gained a ring."""
        self._words.paint(tint(self.palette.ink))
        face, grown = self._disc, GROWTH if pressed else 1.0
        PushMatrix()
        self._scale = Scale(1, 1, 1, origin=face.centre)
        key = (self._drawing, tuple(self._colour), tuple(self.palette.features))
        sprite(key, face, self.palette.paper, self._draw_face, grown=grown)
        PopMatrix()
        if pressed:
            Color(*self._colour)
            width = RING * face.w * grown
            SmoothLine(circle=(*face.centre, face.w * grown / 2 + 1.5 * width), width=width / 2)
        elif tint(self._colour) != self._colour:
            Color(*self.palette.paper[:3], 1 - theme.FADED)
            Rectangle(pos=(face.x, face.y), size=(face.w, face.h))

    def _draw_face(self, side: float) -> None:
        centre = (side / 2, side / 2)
        disc(centre, side / 2 - EDGE, self._colour)
        draw_features(self._drawing, centre, side, self.palette.features)


def draw_features(drawing: Drawing, centre: tuple[float, float], side: float, colour: Colour) -> None:
    """Draw eyes, mouth and brows into the open canvas."""

    def at(point: tuple[float, float]) -> tuple[float, float]:
        return centre[0] + (point[0] - 0.5) * side, centre[1] + (0.5 - point[1]) * side

    for eye in drawing.eyes:
        disc(at(eye), drawing.eye_radius * side, colour)
    Color(*colour)
    for line in (drawing.mouth, *drawing.brows):
        stroke(curve([at(corner) for corner in line]), drawing.stroke * side)
