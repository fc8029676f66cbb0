"""Draws a sheet in black and white, as wide as the paper: right on every printer, whatever letters it knows."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw, ImageFont

from kiosk.hardware.paper.sheet import Gap, Line, Page, Qr, Rule, Sheet, Size

if TYPE_CHECKING:
    from kiosk.hardware.paper.sheet import Piece

_INTER: Final = {False: "Inter-Regular.otf", True: "Inter-Bold.otf"}
_LEADING: Final = 1.28
_GAP: Final = 20
_MARGIN: Final = 8
_STEP: Final = 12
_RULE: Final = 2
_MARK: Final = 16
_AROUND_RULE: Final = 14
_SMALLEST_HUGE: Final = 40
_QR_SHARE: Final = 0.62
_QR_QUIET: Final = 4
_QR_DOTS: Final = (3, 8)
"""The least and the most dots of a module's side, 0.4 to 1 mm: telephones read it, and it leaves room."""
_DARK: Final = 150
"""Grey below this is printed black: thin strokes stay whole on paper that has no grey."""
_WHITE: Final = 255
Font = ImageFont.FreeTypeFont


def draw(sheet: Sheet, width_px: int) -> Image.Image:
    """Draw a sheet; the picture is black on white, in mode "1"."""
    drawn = [_draw(piece, width_px) for piece in sheet]
    paper = Image.new("1", (width_px, max(1, sum(strip.height for strip in drawn))), 1)
    top = 0
    for strip in drawn:
        paper.paste(strip, (0, top))
        top += strip.height
    return paper


def draw_qr(text: str, width_px: int) -> Image.Image:
    """Draw a QR code in the middle of the paper, with the white around it that readers need."""
    import segno

    rows = [list(row) for row in segno.make(text, error="m", micro=False).matrix_iter(border=_QR_QUIET)]
    least, most = _QR_DOTS
    dots = max(least, min(most, int(width_px * _QR_SHARE) // len(rows)))
    code = Image.new("1", (len(rows), len(rows)), 1)
    code.putdata([0 if dark else 1 for row in rows for dark in row])
    code = code.resize((len(rows) * dots, len(rows) * dots), Image.Resampling.NEAREST)
    paper = Image.new("1", (width_px, code.height), 1)
    paper.paste(code, ((width_px - code.width) // 2, 0))
    return paper


def _draw(piece: Piece, width: int) -> Image.Image:
    match piece:
        case Line():
            return _draw_line(piece, width)
        case Qr():
            return draw_qr(piece.text, width)
        case Rule():
            return _draw_rule(piece, width)
        case Gap():
            return Image.new("1", (width, _GAP), 1)
        case Page():
            return Image.new("1", (width, 0), 1)


def _draw_line(line: Line, width: int) -> Image.Image:
    font = _font(line.size, bold=line.bold)
    if line.size is Size.HUGE:
        return _draw_huge(line, width)
    rows = _wrap(line.text, font, width - 2 * _MARGIN)
    height = round(line.size * _LEADING)
    grey = Image.new("L", (width, height * len(rows)), _WHITE)
    pen = ImageDraw.Draw(grey)
    for place, row in enumerate(rows):
        pen.text((width / 2, height * (place + 0.5)), row, fill=0, font=font, anchor="mm")
    return _black(grey)


def _draw_huge(line: Line, width: int) -> Image.Image:
    """Draw one line as large as it fits, without the room for letters that go below it."""
    size = int(line.size)
    while size > _SMALLEST_HUGE and _font(size, bold=line.bold).getlength(line.text) > width:
        size -= 4
    font = _font(size, bold=line.bold)
    _left, top, _right, bottom = font.getbbox(line.text)
    grey = Image.new("L", (width, int(bottom - top) + 2 * _GAP), _WHITE)
    ImageDraw.Draw(grey).text((width / 2, _GAP - top), line.text, fill=0, font=font, anchor="ma")
    return _black(grey)


def _draw_rule(rule: Rule, width: int) -> Image.Image:
    image = Image.new("1", (width, 2 * _AROUND_RULE + _RULE), 1)
    pen = ImageDraw.Draw(image)
    inset = 0 if rule.full else width // 8
    pen.rectangle((inset, _AROUND_RULE, width - 1 - inset, _AROUND_RULE + _RULE - 1), fill=0)
    if rule.full:
        pen.rectangle((0, _AROUND_RULE, _RULE, _AROUND_RULE + _MARK), fill=0)
        pen.rectangle((width - 1 - _RULE, _AROUND_RULE, width - 1, _AROUND_RULE + _MARK), fill=0)
    return image


def _black(grey: Image.Image) -> Image.Image:
    return grey.point([0] * _DARK + [_WHITE] * (256 - _DARK)).convert("1", dither=Image.Dither.NONE)


@cache
def _font(size: int, *, bold: bool) -> Font:
    with resources.as_file(resources.files("kiosk") / "ui" / "fonts" / _INTER[bold]) as path:
        return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)


def _wrap(text: str, font: Font, width: int) -> list[str]:
    """Break a sentence into rows of about the same length; a word that is wider than the paper is broken too."""
    rows = _fill(text, font, width)
    if len(rows) < 2:  # noqa: PLR2004 - one row needs no balance
        return rows
    narrow = width
    while len(narrower := _fill(text, font, narrow - _STEP)) == len(rows):
        rows, narrow = narrower, narrow - _STEP
    return rows


def _fill(text: str, font: Font, width: int) -> list[str]:
    rows, row = [], ""
    for word in " ".join(text.split()).replace(" —", "\N{NO-BREAK SPACE}—").split(" "):  # no row begins with a dash
        longer = f"{row} {word}".strip()
        if font.getlength(longer) <= width:
            row = longer
            continue
        rows += [row] if row else []
        row = word
        while font.getlength(row) > width:
            fits = next(at for at in range(len(row) - 1, 0, -1) if font.getlength(row[:at]) <= width or at == 1)
            rows.append(row[:fits])
            row = row[fits:]
    return [*rows, row]
