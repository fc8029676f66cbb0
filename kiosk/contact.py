"""A phone number or an e-mail address being typed: what a key does to it, how it is written for people, and what is wrong with it. Pure.

A Ukrainian number may be begun as 0 67…, 380… or +380…: it becomes +380… while it is typed. Any other begins with + and its country's code.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from feedback.questionnaire import ContactWay
from kiosk import keyboard, texts

UKRAINE: Final = "+380"
NATIONAL_DIGITS: Final = 9
LEAST_DIGITS, MOST_DIGITS = 8, 15  # of a whole number, by E.164
LONGEST_ADDRESS: Final = 254
_PHONE_GROUPS: Final = (2, 3, 2, 2)
_COUNTRY: Final = re.compile(r"1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|\d{1,3}")
"""The country codes of one and two digits; all others have three."""

_ADDRESS_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789@.-_+")
_DOMAINS: Final = frozenset(key for row in keyboard.EMAIL_ROWS for key in row if "." in key and len(key) > 1)
_NAME: Final = re.compile(r"[a-z0-9_+-]+(\.[a-z0-9_+-]+)*")
_LONGEST_NAME: Final = 64
_DOMAIN: Final = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


class Typed(msgspec.Struct, frozen=True):
    """What has been typed, with the cursor before character `cursor` of `text`."""

    way: ContactWay
    text: str = ""
    cursor: int = 0

    def key(self, key: str) -> Typed:
        """Give what a key makes of it; what no number or address can hold does nothing."""
        match key:
            case keyboard.LEFT:
                return self._at(self.cursor - 1)
            case keyboard.RIGHT:
                return self._at(self.cursor + 1)
            case keyboard.BACKSPACE:
                return self._replaced(self.text[: max(0, self.cursor - 1)], self.text[self.cursor :])
            case _ if self.way is ContactWay.PHONE:
                return self._dialled(key)
            case _:
                return self._spelled(key)

    def place(self, cursor: int) -> Typed:
        """Stand the cursor before that character of `shown`."""
        return self._at(cursor - sum(character == " " for character in self.shown[: max(0, cursor)]))

    @property
    def shown(self) -> str:
        """As it is written for people: +380 67 123 45 67."""
        return written(self.text) if self.way is ContactWay.PHONE else self.text

    @property
    def shown_cursor(self) -> int:
        """The cursor's place in `shown`: behind the character that was typed last, before any space."""
        seen = 0
        for place, character in enumerate(self.shown):
            if seen == self.cursor:
                return place
            seen += character != " "
        return len(self.shown)

    @property
    def given(self) -> str:
        """As it is handed in: +380671234567, name@example.com."""
        national = self.way is ContactWay.PHONE and self.text.isdecimal() and len(self.text) == NATIONAL_DIGITS
        return UKRAINE + self.text if national else self.text

    def mistake(self, language: str) -> str:
        """Say what is wrong and what to do, in one sentence; nothing where it can be handed in."""
        return _phone_mistake(self.given, language) if self.way is ContactWay.PHONE else _address_mistake(self.given, language)

    def _dialled(self, key: str) -> Typed:
        before, after = self.text[: self.cursor], self.text[self.cursor :]
        begins = not before and not after.startswith("+")
        if not (key == "+" and begins) and not (len(key) == 1 and key in "0123456789" and (before or not after.startswith("+"))):
            return self
        typed = self._replaced(before + key, after)
        return typed if _fits(typed.text) else self

    def _spelled(self, key: str) -> Typed:
        before, after = self.text[: self.cursor], self.text[self.cursor :]
        if key in _DOMAINS:
            before, after = self.text.split("@", maxsplit=1)[0] + "@" + key, ""
        elif key not in _ADDRESS_CHARACTERS or (key == "@" and "@" in self.text):
            return self
        else:
            before += key
        return self._replaced(before, after) if len(before + after) <= LONGEST_ADDRESS else self

    def _replaced(self, before: str, after: str) -> Typed:
        text = whole(before + after) if self.way is ContactWay.PHONE else before + after
        return Typed(self.way, text, max(0, len(text) - len(after)))

    def _at(self, cursor: int) -> Typed:
        return msgspec.structs.replace(self, cursor=max(0, min(cursor, len(self.text))))


def begin(way: ContactWay) -> Typed:
    """Give what stands there before anything is typed: a phone number begins with Ukraine's code."""
    return Typed(way, UKRAINE, len(UKRAINE)) if way is ContactWay.PHONE else Typed(way)


def whole(number: str) -> str:
    """Give a number with its country's code, as far as its beginning tells that it is a Ukrainian one."""
    if number.startswith("380"):
        number = "+" + number
    elif number.startswith("0"):
        number = UKRAINE + number
    if not number.startswith(UKRAINE):
        return number
    national = number.removeprefix(UKRAINE).lstrip("0")
    while len(national) > NATIONAL_DIGITS and national.startswith("380"):
        national = national.removeprefix("380").lstrip("0")  # typed behind a code that stood there already
    return UKRAINE + national


def written(number: str) -> str:
    """Give a number in groups, the country's code first."""
    if number.startswith(UKRAINE):
        return " ".join((UKRAINE, *_grouped(number.removeprefix(UKRAINE), _PHONE_GROUPS)))
    if not number.startswith("+"):
        return " ".join(_grouped(number))
    digits = number[1:]
    code = found[0] if (found := _COUNTRY.match(digits)) else ""
    return " ".join(("+" + code, *_grouped(digits[len(code) :])))


def _grouped(digits: str, sizes: tuple[int, ...] = ()) -> list[str]:
    groups = []
    for size in sizes:
        groups.append(digits[:size])
        digits = digits[size:]
    groups += [digits[start : start + 3] for start in range(0, len(digits), 3)]
    return [group for group in groups if group]


def _fits(number: str) -> bool:
    if number.startswith(UKRAINE):
        return len(number) <= len(UKRAINE) + NATIONAL_DIGITS
    return sum(character.isdecimal() for character in number) <= MOST_DIGITS


def _phone_mistake(number: str, language: str) -> str:
    _ = texts.words_in(language)
    if number in {"", "+", UKRAINE}:
        return _("Type the phone number, or skip this question.")
    if not number.startswith("+"):
        return _("Begin the number with 0, or with + and the country code.")
    if number.startswith(UKRAINE):
        national = number.removeprefix(UKRAINE)
        if len(national) < NATIONAL_DIGITS:
            return _("The number is too short: nine digits follow +380.")
        return _("Please check the digits after +380: no such code exists.") if national[0] in "12" else ""
    if len(number) - 1 < LEAST_DIGITS:
        return _("The number is too short: please type all its digits.")
    return _("Please check the country code after +.") if number[1] == "0" else ""


def _address_mistake(address: str, language: str) -> str:
    _ = texts.words_in(language)
    name, at, domain = address.partition("@")
    if not address:
        return _("Type the address, or skip this question.")
    if not at:
        return _("The address lacks the @ sign, as in name@ukr.net.")
    if not name:
        return _("A name comes before @, as in name@ukr.net.")
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        return _("Please check the part before @.")
    if "." not in domain.strip("."):
        return _("After @ comes a name with a dot: ukr.net.")
    return "" if _DOMAIN.fullmatch(domain) else _("Please check the part after @.")
