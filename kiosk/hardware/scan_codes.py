"""From the bytes of a scanner to codes: where one ends, in which encoding it is, and whether it is one at all. Pure."""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from typing import Final

from feedback.ticket_code import clean
from feedback.tickets import MAX_CODE

MAX_BYTES: Final = MAX_CODE * 4
IDLE_S: Final = 0.5
"""A code whose next byte has not come after so many seconds will not be finished."""
REPEAT_MS: Final = 3000
_ENDS: Final = b"\r\n\x03"
_START: Final = 0x02
_KNOWN_CONTROLS: Final = "\t\x04\x1d\x1e\x1f\ufeff"  # GS, RS and EOT belong to some barcodes, a byte order mark to some QR codes
_CYRILLIC_1251: Final = frozenset(
    bytes([*range(0xC0, 0x100), *b"\xa5\xb4\xaf\xbf\xaa\xba\xb2\xb3\xa8\xb8\xb9\xab\xbb\x97\x96\x92"]).decode("cp1251")
)


class Unreadable(StrEnum):
    """Why bytes from a scanner are no code, in words for who sets it up."""

    TOO_LONG = f"more than {MAX_CODE} characters"
    GARBLED = "bytes that are no text; is the baud rate right?"
    NO_END = "a code without an end; set the scanner to send CR after each code"


class Splitter:
    """Cuts the stream of one scanner into codes. It holds no more than one code, and nothing of one that is too long."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._is_too_long = False
        self._last_s = 0.0

    def feed(self, received: bytes, now_s: float) -> list[str | Unreadable]:
        """Take bytes that came at a time by a clock that only goes on; give what ended with them."""
        found = self.idle(now_s)
        self._last_s = now_s
        for byte in received:
            if byte in _ENDS:
                found += self._end()
            elif byte == _START:
                self._drop()
            elif not self._is_too_long:
                self._held.append(byte)
                if len(self._held) > MAX_BYTES:
                    self._drop()
                    self._is_too_long = True
        return found

    def idle(self, now_s: float) -> list[str | Unreadable]:
        """Nothing came until now: give up what was begun if that is too long ago."""
        if now_s - self._last_s <= IDLE_S or not (self._held or self._is_too_long):
            return []
        (why,) = self._end()
        return [why if isinstance(why, Unreadable) else Unreadable.NO_END]

    def _end(self) -> list[str | Unreadable]:
        held, was_too_long = bytes(self._held), self._is_too_long
        self._drop()
        if was_too_long:
            return [Unreadable.TOO_LONG]
        return [read_bytes(held)] if held else []

    def _drop(self) -> None:
        self._held.clear()
        self._is_too_long = False


def read_bytes(held: bytes) -> str | Unreadable:
    """Give the text of one code: UTF-8, else the letters of CP1251; what holds anything else is none."""
    try:
        text = held.decode("utf-8")
    except UnicodeDecodeError:
        text = held.decode("cp1251", errors="replace")
        if not all(sign in _CYRILLIC_1251 or " " <= sign <= "~" or sign in _KNOWN_CONTROLS for sign in text):
            return Unreadable.GARBLED
    if not clean(text) or any(_is_strange(sign) for sign in text):
        return Unreadable.GARBLED
    return text if len(text) <= MAX_CODE else Unreadable.TOO_LONG


def _is_strange(sign: str) -> bool:
    return sign == "\ufffd" or (sign not in _KNOWN_CONTROLS and unicodedata.category(sign) in ("Cc", "Cn", "Co"))


class Repeats:
    """Knows a code that is read again because it is still held before the scanner."""

    def __init__(self) -> None:
        self._last: tuple[str, int] | None = None

    def is_new(self, code: str, now_ms: int) -> bool:
        """Tell whether a code is to be taken: the same one again within `REPEAT_MS` of its last reading is not."""
        last, self._last = self._last, (code, now_ms)
        return last is None or last[0] != code or not 0 <= now_ms - last[1] < REPEAT_MS
