"""Desk cards (K3) as a PDF to print and cut: the desk's number, and the code by which a kiosk knows the desk."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typst

from feedback.tickets import card_code
from server.reports import qr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feedback.settings import DeskOption

MOST: Final = 400
"""So many cards at once: fifty sheets."""
_HERE: Final = Path(__file__).parent
FONTS: Final = _HERE / "fonts"
_WORDS: Final = {
    "title": "Картки столів",
    "word": "Стіл",
    "alt": "Код столу {number} для сканера термінала",
    "keep": "Збережіть картку й піднесіть її до термінала на виході",
    "keep_en": "Keep this card and hold it to the terminal at the exit",
}
"""The visitor reads them, not whoever prints them: so they are of one language, with a line for guests."""


def cards_pdf(centre: str, slug: str, desks: Sequence[DeskOption], *, now_ms: int) -> bytes:
    """Give the sheets with a card for each of the desks, in their order; `slug` is what codes call the centre.

    The PDF is tagged, its fonts are within it, and what it needs lies beside this file: nothing is fetched.
    """
    cards = [{"number": desk.number, "name": desk.name, "qr": qr.svg(card_code(slug, desk.id))} for desk in desks]
    given = json.dumps({**_WORDS, "centre": centre, "desks": cards}, ensure_ascii=False)
    return typst.compile(
        _HERE / "cards.typ",
        root=_HERE,
        font_paths=[FONTS],
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"cards": given},
        pdf_standards="ua-1",
        timestamp=datetime.fromtimestamp(now_ms // 1000, UTC),
    )
