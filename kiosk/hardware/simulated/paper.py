"""The paper of the simulated printer: a picture of what the bytes that Vidhuk sends would leave on it."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw, ImageFont

from kiosk.hardware.paper.pages import CODECS

if TYPE_CHECKING:
    from kiosk.config_devices import Printer

_CELL: Final = (12, 24)
_LINE: Final = 30
_EDGE: Final = 16
_LENGTHS: Final = {
    b"\x1b@": 0,
    b"\x1bt": 1,
    b"\x1ba": 1,
    b"\x1bE": 1,
    b"\x1d!": 1,
    b"\x1c.": 0,
    b"\x1bd": 1,
    b"\x1dV": 1,
    b"\x10\x14": 8,
}
"""The commands that Vidhuk sends, and how many bytes follow each; GS v 0 says that itself."""
_PICTURE: Final = b"\x1dv"


def developed(octets: bytes, printer: Printer) -> Image.Image | None:
    """Give the paper after these bytes, None where it is blank."""
    paper = _Paper(printer)
    at = 0
    while at < len(octets):
        two = octets[at : at + 2]
        if two == _PICTURE:
            width, height = (int.from_bytes(octets[at + place : at + place + 2], "little") for place in (4, 6))
            paper.picture(width * 8, height, octets[at + 8 : at + 8 + width * height])
            at += 8 + width * height
        elif two in _LENGTHS:
            paper.command(two, octets[at + 2 : at + 2 + _LENGTHS[two]])
            at += 2 + _LENGTHS[two]
        else:
            paper.letter(octets[at : at + 1])
            at += 1
    return paper.whole()


class _Paper:
    def __init__(self, printer: Printer) -> None:
        self._width = printer.width_px
        self._codec = CODECS.get(printer.text, "cp437")
        self._strips: list[Image.Image] = []
        self._row = ""
        self._scale = 1
        self._bold = False

    def picture(self, width: int, height: int, rows: bytes) -> None:
        """Take a picture as GS v 0 sends it: a 1 is black."""
        inverse = bytes(octet ^ 0xFF for octet in rows).ljust(width // 8 * height, b"\xff")
        self._strips.append(Image.frombytes("1", (width, height), inverse))

    def command(self, name: bytes, values: bytes) -> None:
        """Obey; what has no effect on this paper is passed over."""
        if name == b"\x1d!":
            self._scale = (values[0] & 7) + 1
        elif name == b"\x1bE":
            self._bold = bool(values[0])
        elif name == b"\x1bd":
            self._strips.append(self._blank(_LINE * values[0]))

    def letter(self, octet: bytes) -> None:
        """Set a letter, or end the row."""
        if octet != b"\n":
            self._row += octet.decode(self._codec, "replace") if octet != b"\0" else ""
            return
        self._strips.append(self._set())
        self._row = ""

    def whole(self) -> Image.Image | None:
        """Give everything with a white edge around, None where nothing is printed."""
        if not self._strips:
            return None
        height = sum(strip.height for strip in self._strips)
        paper = Image.new("1", (self._width + 2 * _EDGE, height + 2 * _EDGE), 1)
        top = _EDGE
        for strip in self._strips:
            paper.paste(strip, (_EDGE, top))
            top += strip.height
        return paper

    def _set(self) -> Image.Image:
        wide, high = (side * self._scale for side in _CELL)
        strip = self._blank(max(_LINE, high + 6))
        pen = ImageDraw.Draw(strip)
        left = (self._width - wide * len(self._row)) // 2
        for place, letter in enumerate(self._row):
            pen.text((left + wide * (place + 0.5), strip.height / 2), letter, fill=0, font=_font(high, bold=self._bold), anchor="mm")
        return strip

    def _blank(self, height: int) -> Image.Image:
        return Image.new("1", (self._width, height), 1)


@cache
def _font(size: int, *, bold: bool) -> ImageFont.FreeTypeFont:
    name = "Inter-Bold.otf" if bold else "Inter-Regular.otf"
    with resources.as_file(resources.files("kiosk") / "ui" / "fonts" / name) as path:
        return ImageFont.truetype(str(path), round(size * 0.66), layout_engine=ImageFont.Layout.BASIC)
