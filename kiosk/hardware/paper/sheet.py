"""What is printed, as values from top to bottom: a visitor's slip, a desk card, a test strip. Everything is centred. Pure."""

from __future__ import annotations

import re
from enum import IntEnum
from typing import TYPE_CHECKING, Final

import msgspec

from kiosk.texts import words_in

if TYPE_CHECKING:
    from kiosk.config_devices import Printer
    from kiosk.slip import Slip

ALPHABET: Final = ("абвгґдеєжзиіїйклм", "нопрстуфхцчшщьюя")
PECULIAR: Final = "ґ є і ї Ґ Є І Ї"
"""The letters that Russian lacks, and with it many a printer's Cyrillic page."""
SIGNS: Final = "№ ₴ “ ” « » „ ’ – —"
_GROUPS_A_LINE: Final = 4
_SCHEME: Final = re.compile(r"^https?://")


class Size(IntEnum):
    """The height of a line, in dots of a printer with 8 a millimetre; `HUGE` is as large as the paper is wide."""

    SMALL = 22
    NORMAL = 26
    LARGE = 36
    HUGE = 240


class Line(msgspec.Struct, frozen=True):
    """A sentence, on as many lines as it needs."""

    text: str
    size: Size = Size.NORMAL
    bold: bool = False


class Qr(msgspec.Struct, frozen=True):
    """A QR code that says `text`."""

    text: str


class Rule(msgspec.Struct, frozen=True):
    """A line across the paper; a `full` one shows how far the printer reaches, with a mark at each end."""

    full: bool = False


class Gap(msgspec.Struct, frozen=True):
    """Some free paper."""


class Page(msgspec.Struct, frozen=True):
    """From here on text is written by that page of the printer; it means nothing where text is drawn."""

    number: int


Piece = Line | Qr | Rule | Gap | Page
Sheet = tuple[Piece, ...]


def of_slip(slip: Slip) -> Sheet:
    """Lay out a slip."""
    _ = words_in(slip.language)
    groups = slip.code.split("-")
    code = ["-".join(groups[at : at + _GROUPS_A_LINE]) for at in range(0, len(groups), _GROUPS_A_LINE)]
    invitation = _("See that your answer was counted:") if slip.check_url else _("Verification code")
    sheet: list[Piece] = [*_head(slip.centre), Line(slip.thanks, Size.LARGE, bold=True)]
    sheet += [Line(slip.date)] if slip.date else []
    sheet += [Gap(), Line(invitation, Size.SMALL), Qr(slip.qr), *(Line(part, bold=True) for part in code)]
    if slip.check_url:
        sheet.append(Line(_("or type the code at {place}").format(place=_SCHEME.sub("", slip.check_url).rstrip("/")), Size.SMALL))
    sheet += [Gap(), Line(slip.note)] if slip.note else []
    if slip.hot_line:
        sheet += [Rule(), Line(_("Hot line"), Size.SMALL), Line(slip.hot_line, Size.LARGE, bold=True)]
    return tuple(sheet)


def of_card(centre: str, number: str, name: str, code: str, language: str) -> Sheet:
    """Lay out a desk card (K3): the desk's number so that everybody sees it, and the code for the scanner."""
    _ = words_in(language)
    sheet: list[Piece] = [*_head(centre), Line(_("Desk"), Size.LARGE), Line(number, Size.HUGE, bold=True)]
    sheet += [Line(name, bold=True)] if name else []
    return (*sheet, Qr(code), Line(_("To rate this desk, show this card to the scanner of the feedback terminal.")))


def of_test(printer: Printer, pages: tuple[int, ...], language: str) -> Sheet:
    """Lay out a test strip: how far the printer reaches, every Ukrainian letter (by each of the pages where text is written), and a QR."""
    drawn = printer.text == "raster"
    _ = words_in(language if drawn else "en")  # the letters that every page has
    sheet: list[Piece] = [Line(_("Printer test"), Size.LARGE, bold=True)]
    sheet.append(Line(_("drawn, {width} dots wide").format(width=printer.width_px) if drawn else printer.text))
    sheet += [Rule(full=True), Line(_("Both ends of the line above and every letter below must be on the paper."), Size.SMALL)]
    for page in pages:
        sheet += [Gap()] if drawn else [Page(page), Gap(), Line(f"{printer.text} = {page}", bold=True)]
        sheet += [*map(Line, ALPHABET), *(Line(part.upper()) for part in ALPHABET), Line(PECULIAR, Size.LARGE, bold=True), Line(SIGNS)]
    return (*sheet, Qr("VIDHUK"), Line(_("A telephone reads here: VIDHUK"), Size.SMALL))


def _head(centre: str) -> tuple[Piece, ...]:
    return (Line(centre, Size.NORMAL, bold=True), Rule()) if centre else ()
