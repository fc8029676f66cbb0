"""Text as a printer's own letters: the code pages that have every Ukrainian letter, and look-alikes for the signs that they lack. Pure."""

from __future__ import annotations

from typing import Final

CODECS: Final = {"CP1125": "cp1125", "CP1251": "cp1251"}
"""The pages that have the whole Ukrainian alphabet; CP866, on most printers the Cyrillic one, lacks і and ґ."""
_LOOK_ALIKES: Final = {
    "₴": "грн",
    "“": '"',
    "”": '"',
    "„": '"',
    "«": '"',
    "»": '"',
    "’": "'",
    "ʼ": "'",
    "‘": "'",
    "–": "-",
    "—": "-",
    "−": "-",
    "…": "...",
    "№": "N",
    "·": "-",
    "•": "-",
    "é": "e",
    "\N{NO-BREAK SPACE}": " ",
    "\N{NARROW NO-BREAK SPACE}": " ",
    "\N{NON-BREAKING HYPHEN}": "-",
}
_UNKNOWN: Final = "?"


def written(text: str, page: str) -> str:
    """Give a text with nothing in it that the page lacks, nor anything that a printer would take for a command."""
    return "".join(_written(sign, CODECS[page]) for sign in text)


def _written(sign: str, codec: str) -> str:
    if not sign.isprintable() and sign not in _LOOK_ALIKES:
        return " "
    try:
        sign.encode(codec)
    except UnicodeEncodeError:
        return _LOOK_ALIKES.get(sign, _UNKNOWN)
    return " " if sign.isspace() else sign
