"""Own words being written: a text with a cursor, and what a key does to it. Pure.

A letter may be made of several characters (a base and its combining marks); the cursor never stands inside one.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import msgspec

from kiosk import keyboard
from kiosk.keyboard import Layout

_LAYOUT_OF: Final = {keyboard.TO_UK: Layout.UK, keyboard.TO_EN: Layout.EN, keyboard.TO_SIGNS: Layout.SIGNS}
_SENTENCE_OVER: Final = re.compile(r"[.!?…][»)\"']*\s+$")
_JOINERS: Final = "\u200d\ufe0e\ufe0f"


def _typed_by_keys() -> frozenset[str]:
    both = (rows for layout in Layout for rows in (keyboard.rows(layout, shifted=False), keyboard.rows(layout, shifted=True)))
    return frozenset(key for rows in both for row in rows for key in row) - keyboard.NAMED | {" "}


_CHARACTERS: Final = _typed_by_keys()


class Writing(msgspec.Struct, frozen=True):
    """A text with the cursor before character `cursor`, at most `limit` characters long; `shifted` holds for the next letter."""

    text: str = ""
    cursor: int = 0
    layout: Layout = Layout.UK
    shifted: bool = True
    limit: int = keyboard.LIMIT

    def key(self, key: str) -> Writing:
        """Give what a key makes of it; a key that is not on any keyboard does nothing."""
        if key in _LAYOUT_OF:
            return msgspec.structs.replace(self, layout=_LAYOUT_OF[key])
        if key == keyboard.SHIFT:
            return msgspec.structs.replace(self, shifted=not self.shifted)
        if key == keyboard.BACKSPACE:
            return self._changed(self.text[: self._before] + self.text[self.cursor :], self._before)
        if key in {keyboard.LEFT, keyboard.RIGHT}:
            return self._changed(self.text, self._before if key == keyboard.LEFT else _boundary_after(self.text, self.cursor))
        character = " " if key == keyboard.SPACE else key
        return self._insert(character) if character in _CHARACTERS else self

    def place(self, cursor: int) -> Writing:
        """Stand the cursor before that character; outside of the text at its nearer end, inside of a letter before it."""
        return self._changed(self.text, _boundary_at(self.text, cursor))

    def given(self) -> str:
        """Give what is handed in: one space between words, none around them, each letter in its one usual form."""
        return " ".join(unicodedata.normalize("NFC", self.text).split())

    @property
    def _before(self) -> int:
        return _boundary_at(self.text, self.cursor - 1)

    def _insert(self, character: str) -> Writing:
        if len(self.text) + len(character) > self.limit:
            return self
        return self._changed(self.text[: self.cursor] + character + self.text[self.cursor :], self.cursor + len(character))

    def _changed(self, text: str, cursor: int) -> Writing:
        return msgspec.structs.replace(self, text=text, cursor=cursor, shifted=_begins_sentence(text[:cursor]))


def begin(layout: Layout, *, text: str = "", limit: int = keyboard.LIMIT) -> Writing:
    """Give the text to begin with, without characters that cannot be seen and no longer than allowed, the cursor behind it."""
    seen = "".join(character if character.isprintable() else " " for character in unicodedata.normalize("NFC", text))
    kept = _without_loose_marks(seen)
    kept = kept[: _boundary_at(kept, limit)]
    return Writing(kept, len(kept), layout, _begins_sentence(kept), limit)


def _begins_sentence(before: str) -> bool:
    return not before.strip() or _SENTENCE_OVER.search(before) is not None


def _continues(character: str) -> bool:
    return unicodedata.combining(character) != 0 or character in _JOINERS


def _boundary_at(text: str, place: int) -> int:
    place = max(0, min(place, len(text)))
    while 0 < place < len(text) and _continues(text[place]):
        place -= 1
    return place


def _boundary_after(text: str, place: int) -> int:
    place = min(place + 1, len(text))
    while place < len(text) and _continues(text[place]):
        place += 1
    return place


def _without_loose_marks(text: str) -> str:
    while text and _continues(text[0]):
        text = text[1:]
    return text
