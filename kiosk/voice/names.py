"""How keys are called when they are spoken: letters, signs, and keys that type no character. Pure."""

from __future__ import annotations

from functools import cache
from typing import Final

from kiosk import keyboard, texts

LETTERS: Final[dict[str, str]] = {
    **{vowel: vowel for vowel in "аеєиіїоуюя"},
    **{consonant: f"{consonant}е" for consonant in "бвгґджзптцч"},
    **{consonant: f"е{consonant}" for consonant in "лмнрсф"},
    "к": "ка",
    "х": "ха",
    "ш": "ша",
    "щ": "ща",
    "й": "йот",
    "ь": "м’який знак",
}
"""Ukrainian letters by their Ukrainian names, in whatever language the screen is."""


@cache
def signs(language: str) -> dict[str, str]:
    """Give the names of signs and of keys that type none."""
    _ = texts.words_in(language)
    return {
        "'": _("apostrophe"),
        "’": _("apostrophe"),
        ",": _("comma"),
        ".": _("dot"),
        "?": _("question mark"),
        "!": _("exclamation mark"),
        "-": _("hyphen"),
        "/": _("slash"),
        ":": _("colon"),
        ";": _("semicolon"),
        "(": _("opening bracket"),
        ")": _("closing bracket"),
        "№": _("number sign"),
        "%": _("per cent"),
        "+": _("plus"),
        '"': _("quotation mark"),
        "«": _("opening quotation mark"),
        "»": _("closing quotation mark"),
        "@": _("at sign"),
        "&": _("and sign"),
        "#": _("hash sign"),
        "=": _("equals sign"),
        "_": _("underscore"),
        "₴": _("hryvnia sign"),
        "…": _("three dots"),
        " ": _("Space"),
        "\n": _("new line"),
        "gmail.com": _("gmail dot com"),
        "ukr.net": _("ukr dot net"),
        "enter": _("Enter"),
        keyboard.BACKSPACE: _("Erase"),
        keyboard.SHIFT: _("Capital letters"),
        keyboard.SPACE: _("Space"),
        keyboard.LEFT: _("Left"),
        keyboard.RIGHT: _("Right"),
        keyboard.TO_UK: _("Ukrainian letters"),
        keyboard.TO_EN: _("English letters"),
        keyboard.TO_SIGNS: _("Digits and signs"),
    }


def called(key: str, language: str) -> tuple[tuple[str, str], ...]:
    """Give the words for a key or a typed character, each with the language in which it is spoken."""
    sign = signs(language).get(key)
    if sign is not None:
        return ((sign, language),)
    small = key.lower()
    _ = texts.words_in(language)
    capital = ((_("capital"), language),) if len(key) == 1 and key != small else ()
    if small in LETTERS:
        return (*capital, (LETTERS[small], "uk"))
    if len(key) == 1 and key.isascii() and key.isalpha():
        return (*capital, (small.upper(), "en"))
    return ((key, language),)
