"""Fonts and colours of the kiosk, from the tokens that screen, page and paper share."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final, NamedTuple

from kivy.core.text import LabelBase
from kivy.utils import get_color_from_hex

from feedback import looks

if TYPE_CHECKING:
    from feedback.settings import Theme

REGULAR: Final = "Inter"
SEMIBOLD: Final = "Inter SemiBold"
BOLD: Final = "Inter Bold"

_folder = resources.files("kiosk") / "ui" / "fonts"
for _name, _file in ((REGULAR, "Inter-Regular.otf"), (SEMIBOLD, "Inter-SemiBold.otf"), (BOLD, "Inter-Bold.otf")):
    LabelBase.register(_name, str(_folder / _file))

Colour = list[float]
FADED: Final = 0.28


class Palette(NamedTuple):
    """A theme's colours as Kivy takes them; what each is for stands in `feedback.looks.Tokens`."""

    paper: Colour
    card: Colour
    ink: Colour
    muted: Colour
    accent: Colour
    on_accent: Colour
    line: Colour
    edge: Colour
    features: Colour
    alarm: Colour
    on_alarm: Colour
    answers: dict[str, Colour]

    def faded(self, colour: Colour) -> Colour:
        """The colour as it looks when most of it is gone; mixed, because shapes that overlap must not shine through."""
        return [FADED * part + (1 - FADED) * paper for part, paper in zip(colour, self.paper, strict=True)]

    def mixed(self, colour: Colour, share: float) -> Colour:
        """A `share` of the colour on the paper, opaque."""
        return [share * part + (1 - share) * paper for part, paper in zip(colour, self.paper, strict=True)]


@cache
def palette(theme: Theme, accent: str | None = None) -> Palette:
    """Give a theme's colours, with the centre's own accent where it reads."""
    tokens = looks.tokens(theme, accent)
    colours = {name: get_color_from_hex(getattr(tokens, name)) for name in Palette._fields if name != "answers"}
    return Palette(**colours, answers={answer: get_color_from_hex(colour) for answer, colour in tokens.answers.items()})
