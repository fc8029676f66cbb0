"""The on-screen keyboards: which keys stand where. A key is the character it types, or one of the names below. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

LIMIT: Final = 500
"""Characters of own words."""

BACKSPACE: Final = "backspace"
SHIFT: Final = "shift"
SPACE: Final = "space"
LEFT: Final = "left"
RIGHT: Final = "right"
TO_UK: Final = "to_uk"
TO_EN: Final = "to_en"
TO_SIGNS: Final = "to_signs"
NAMED: Final = frozenset({BACKSPACE, SHIFT, SPACE, LEFT, RIGHT, TO_UK, TO_EN, TO_SIGNS})

Rows = tuple[tuple[str, ...], ...]


class Layout(StrEnum):
    """Which characters the keys of own words type."""

    UK = "uk"
    EN = "en"
    SIGNS = "signs"


_LETTERS: Final[dict[Layout, Rows]] = {
    Layout.UK: (
        ("й", "ц", "у", "к", "е", "н", "г", "ш", "щ", "з", "х", "ї"),
        ("ф", "і", "в", "а", "п", "р", "о", "л", "д", "ж", "є", "ґ"),
        (SHIFT, "я", "ч", "с", "м", "и", "т", "ь", "б", "ю", "'", BACKSPACE),
    ),
    Layout.EN: (
        ("q", "w", "e", "r", "t", "y", "u", "i", "o", "p"),
        ("a", "s", "d", "f", "g", "h", "j", "k", "l", "'"),
        (SHIFT, "z", "x", "c", "v", "b", "n", "m", "-", BACKSPACE),
    ),
    Layout.SIGNS: (
        ("1", "2", "3", "4", "5", "6", "7", "8", "9", "0"),
        ("-", "/", ":", ";", "(", ")", "№", "%", "+", '"'),
        ("«", "»", "@", "&", "#", "=", "_", "₴", "…", BACKSPACE),
    ),
}
_LAST_ROW: Final[dict[Layout, tuple[str, ...]]] = {
    Layout.UK: (TO_SIGNS, TO_EN, ",", SPACE, ".", "?", "!", LEFT, RIGHT),
    Layout.EN: (TO_SIGNS, TO_UK, ",", SPACE, ".", "?", "!", LEFT, RIGHT),
    Layout.SIGNS: (TO_UK, TO_EN, ",", SPACE, ".", "?", "!", LEFT, RIGHT),
}

PHONE_ROWS: Final[Rows] = (("1", "2", "3"), ("4", "5", "6"), ("7", "8", "9"), ("+", "0", BACKSPACE))
PIN_ROWS: Final[Rows] = (("1", "2", "3"), ("4", "5", "6"), ("7", "8", "9"), (BACKSPACE, "0", "enter"))
ENROL_ROWS: Final[Rows] = (
    ("1", "2", "3", "4", "5", "6", "7", "8", "9", "0"),
    ("q", "w", "e", "r", "t", "y", "u", "i", "o", "p"),
    ("a", "s", "d", "f", "g", "h", "j", "k", "l", "-"),
    ("z", "x", "c", "v", "b", "n", "m", ".", ":", BACKSPACE),
)
EMAIL_ROWS: Final[Rows] = (
    ("1", "2", "3", "4", "5", "6", "7", "8", "9", "0"),
    ("q", "w", "e", "r", "t", "y", "u", "i", "o", "p"),
    ("a", "s", "d", "f", "g", "h", "j", "k", "l", "-"),
    ("z", "x", "c", "v", "b", "n", "m", "_", "+", BACKSPACE),
    ("@", ".", "gmail.com", "ukr.net", LEFT, RIGHT),
)


def rows(layout: Layout, *, shifted: bool) -> Rows:
    """Give the keys of own words, row by row from above; shifted letters are capitals."""
    letters = tuple(tuple(_shifted(key) if shifted else key for key in row) for row in _LETTERS[layout])
    return (*letters, _LAST_ROW[layout])


def _shifted(key: str) -> str:
    return key if key in NAMED else key.upper()
