"""The one source of colours and of the drawn faces, for screen, page, chart and paper.

Contrast figures are by WCAG 2.2's formula; tests recompute them. `PAPER`, `INK` and their like are those of the light theme, which
pages, charts and print share; the dark and the high-contrast theme are sets of the same tokens.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from feedback.questionnaire import HARD_TO_SAY, Face
from feedback.settings import Theme

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
    Face.POOR.value: "#BC4812",
    Face.TERRIBLE.value: "#B3261E",
    HARD_TO_SAY: MUTED,
}

READABLE: Final = 4.5
"""The least contrast of text."""
VISIBLE: Final = 3.0
"""The least contrast of a face against what is around it, and of its features against it."""

_COLOUR: Final = re.compile(r"#[0-9A-Fa-f]{6}")


class Tokens(msgspec.Struct, frozen=True):
    """A set of colours.

    `ink` and `muted` are text on `paper` and on `card`, `on_accent` is text on `accent`; `line` edges cards and `edge` what can be tapped;
    `features` are drawn on the faces, which are coloured by `answers`. `alarm` is the ground of an air raid alert, `on_alarm` what is
    written on it.
    """

    paper: str
    card: str
    ink: str
    muted: str
    accent: str
    on_accent: str
    line: str
    edge: str
    features: str
    alarm: str
    on_alarm: str
    answers: dict[str, str]


THEMES: Final = {
    Theme.LIGHT: Tokens(
        paper=PAPER,
        card=WHITE,
        ink=INK,
        muted=MUTED,
        accent=ACCENT,
        on_accent=WHITE,
        line=LINE,
        edge="#7D8894",
        features=WHITE,
        alarm="#B3261E",
        on_alarm=WHITE,
        answers=ANSWER_COLOURS,
    ),
    Theme.DARK: Tokens(
        paper="#12181F",
        card="#1C252E",
        ink="#F2F5F8",
        muted="#AEB9C4",
        accent="#6DB3F2",
        on_accent="#0A141E",
        line="#34404C",
        edge="#7F8C99",
        features="#12181F",
        alarm="#B3261E",
        on_alarm=WHITE,
        answers={
            Face.EXCELLENT.value: "#3FBF8F",
            Face.GOOD.value: "#90C94F",
            Face.ACCEPTABLE.value: "#EFB036",
            Face.POOR.value: "#F08A4B",
            Face.TERRIBLE.value: "#F0686B",
            HARD_TO_SAY: "#AEB9C4",
        },
    ),
    Theme.CONTRAST: Tokens(
        paper="#000000",
        card="#000000",
        ink=WHITE,
        muted=WHITE,
        accent="#FFE45C",
        on_accent="#000000",
        line=WHITE,
        edge=WHITE,
        features="#000000",
        alarm="#FFE45C",
        on_alarm="#000000",
        answers={
            Face.EXCELLENT.value: "#5CFFC0",
            Face.GOOD.value: "#C3FF66",
            Face.ACCEPTABLE.value: "#FFE45C",
            Face.POOR.value: "#FFB870",
            Face.TERRIBLE.value: "#FF9C9C",
            HARD_TO_SAY: WHITE,
        },
    ),
}


def contrast(one: str, other: str) -> float:
    """Give the contrast ratio of two colours (#RRGGBB), from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def is_accent(colour: str) -> bool:
    """Tell whether a centre's colour can be the accent: white reads on it, and it reads on white and on paper."""
    return _COLOUR.fullmatch(colour) is not None and min(contrast(colour, WHITE), contrast(colour, PAPER)) >= READABLE


def tokens(theme: Theme, accent: str | None = None) -> Tokens:
    """Give a theme's colours; the light theme has the centre's own accent if it can be one, the others were made to be read."""
    if theme is Theme.LIGHT and accent is not None and is_accent(accent):
        return msgspec.structs.replace(THEMES[theme], accent=accent)
    return THEMES[theme]


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)  # noqa: PLR2004 - WCAG's
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


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
    Face.POOR: Drawing(mouth=((0.31, 0.72), (0.39, 0.61), (0.61, 0.61), (0.69, 0.72))),
    Face.TERRIBLE: Drawing(
        mouth=((0.27, 0.76), (0.36, 0.57), (0.64, 0.57), (0.73, 0.76)),
        brows=(
            ((0.22, 0.31), (0.28, 0.30), (0.36, 0.27), (0.41, 0.22)),
            ((0.59, 0.22), (0.64, 0.27), (0.72, 0.30), (0.78, 0.31)),
        ),
    ),
}
