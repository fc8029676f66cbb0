"""Fonts, colours and type sizes of the kiosk, from the tokens that screen, page and paper share."""

from __future__ import annotations

from importlib import resources
from typing import Final

from kivy.core.text import LabelBase
from kivy.utils import get_color_from_hex

from feedback import looks

REGULAR: Final = "Inter"
SEMIBOLD: Final = "Inter SemiBold"
BOLD: Final = "Inter Bold"

_folder = resources.files("kiosk") / "ui" / "fonts"
for _name, _file in ((REGULAR, "Inter-Regular.otf"), (SEMIBOLD, "Inter-SemiBold.otf"), (BOLD, "Inter-Bold.otf")):
    LabelBase.register(_name, str(_folder / _file))

Colour = list[float]

PAPER: Final[Colour] = get_color_from_hex(looks.PAPER)
INK: Final[Colour] = get_color_from_hex(looks.INK)
MUTED: Final[Colour] = get_color_from_hex(looks.MUTED)
ACCENT: Final[Colour] = get_color_from_hex(looks.ACCENT)
WHITE: Final[Colour] = get_color_from_hex(looks.WHITE)
LINE: Final[Colour] = get_color_from_hex(looks.LINE)
ANSWERS: Final[dict[str, Colour]] = {answer: get_color_from_hex(colour) for answer, colour in looks.ANSWER_COLOURS.items()}
FADED: Final = 0.28


def faded(colour: Colour) -> Colour:
    """The colour as it looks when most of it is gone; mixed, because shapes that overlap must not shine through."""
    return [FADED * part + (1 - FADED) * paper for part, paper in zip(colour, PAPER, strict=True)]
