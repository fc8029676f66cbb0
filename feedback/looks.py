"""The one source of colours and of the drawn faces, for screen, page, chart and paper.

Contrast figures are against `PAPER` by WCAG 2.2's formula; tests recompute them.
"""

from __future__ import annotations

from typing import Final

import msgspec

from feedback.questionnaire import HARD_TO_SAY, Face

PAPER: Final = "#F7F8FA"
INK: Final = "#16202B"
MUTED: Final = "#5A6672"
ACCENT: Final = "#0B5FA5"
WHITE: Final = "#FFFFFF"
LINE: Final = "#D5DAE0"

ANSWER_COLOURS: Final = {
    Face.EXCELLENT.value: "#0B6E4F",
    Face.GOOD.value: "#4C8C1F",
    Face.ACCEPTABLE.value: "#B86200",
    Face.TERRIBLE.value: "#B3261E",
    HARD_TO_SAY: MUTED,
}

Point = tuple[float, float]


class Drawing(msgspec.Struct, frozen=True):
    """A face in a unit square, y downwards, to be drawn in white on a filled circle of radius 0.5 about (0.5, 0.5).

    `eyes` are circles of radius `eye_radius`; `mouth` and each of `brows` are cubic Bézier curves of four points, stroked
    `stroke` wide with round ends.
    """

    mouth: tuple[Point, Point, Point, Point]
    brows: tuple[tuple[Point, Point, Point, Point], ...] = ()
    eyes: tuple[Point, Point] = ((0.34, 0.41), (0.66, 0.41))
    eye_radius: float = 0.055
    stroke: float = 0.05


FACES: Final = {
    Face.EXCELLENT: Drawing(
        mouth=((0.24, 0.58), (0.33, 0.86), (0.67, 0.86), (0.76, 0.58)),
        brows=(
            ((0.25, 0.30), (0.29, 0.24), (0.37, 0.24), (0.41, 0.28)),
            ((0.59, 0.28), (0.63, 0.24), (0.71, 0.24), (0.75, 0.30)),
        ),
    ),
    Face.GOOD: Drawing(mouth=((0.29, 0.62), (0.37, 0.76), (0.63, 0.76), (0.71, 0.62))),
    Face.ACCEPTABLE: Drawing(mouth=((0.30, 0.67), (0.40, 0.67), (0.60, 0.67), (0.70, 0.67))),
    Face.TERRIBLE: Drawing(
        mouth=((0.27, 0.76), (0.36, 0.57), (0.64, 0.57), (0.73, 0.76)),
        brows=(
            ((0.23, 0.24), (0.28, 0.25), (0.36, 0.28), (0.41, 0.31)),
            ((0.59, 0.31), (0.64, 0.28), (0.72, 0.25), (0.77, 0.24)),
        ),
    ),
}
