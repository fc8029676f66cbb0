"""What a scanner that acts as a keyboard types, from the kernel's key events to bytes as a serial one would send them. Pure.

It knows keys by their places on a US keyboard, as such scanners are set when they leave the factory, whatever layout the system has.
"""

from __future__ import annotations

from typing import Final

from kiosk.hardware.scan_codes import MAX_BYTES

MAX_GAP_S: Final = 0.1
MEAN_GAP_S: Final = 0.05
"""No person types a whole code with the mean between its keys, and Enter, as short as this."""
SHORTEST: Final = 3
_ROWS: Final = (
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (55, "*", "*"),
    (57, " ", " "),
    (71, "789-456+1230.", "789-456+1230."),
    (98, "/", "/"),
)
KEYS: Final[dict[int, tuple[str, str]]] = {
    first + place: signs for first, plain, shifted in _ROWS for place, signs in enumerate(zip(plain, shifted, strict=True))
}
"""Each key's sign without and with Shift, by the kernel's number of the key."""
SHIFTS: Final = frozenset((42, 54))
CONTROLS: Final = frozenset((29, 97))
ALTS: Final = frozenset((56, 100))
CAPS_LOCK: Final = 58
ENTERS: Final = frozenset((28, 96, 15))
"""Enter, Enter of the number pad, and Tab."""
_HELD: Final = SHIFTS | CONTROLS | ALTS
_SYN, _KEY, _DROPPED = 0, 1, 3
_UP, _DOWN = 0, 1
_SPOILT: Final = "\ufffd"


class TypedCodes:
    """Puts codes together from events (time in seconds, type, code, value), in their order."""

    def __init__(self) -> None:
        self._typed: list[str] = []
        self._began_s = self._last_s = 0.0
        self._held: set[int] = set()
        self._is_caps = False

    def take(self, at_s: float, kind: int, code: int, value: int) -> bytes:
        """Take one event; give a whole code with its end when it was the last key of one that no person typed, else nothing.

        A key that is no sign spoils the code: left out, it would make another one of it.
        """
        if (kind, code) == (_SYN, _DROPPED):
            self._typed.clear()
            self._held.clear()
        if kind != _KEY:
            return b""
        if code in _HELD:
            (self._held.discard if value == _UP else self._held.add)(code)
            return b""
        if value != _DOWN:
            return b""
        if code == CAPS_LOCK:
            self._is_caps = not self._is_caps
            return b""
        if self._typed and not 0 <= at_s - self._last_s <= MAX_GAP_S:
            self._typed.clear()
        if code in ENTERS:
            return self._end(at_s)
        self._add(at_s, self._sign(code))
        return b""

    def _add(self, at_s: float, sign: str) -> None:
        if not self._typed:
            self._began_s = at_s
        self._last_s = at_s
        if len(self._typed) <= MAX_BYTES:
            self._typed.append(sign)

    def _end(self, at_s: float) -> bytes:
        typed, self._typed = self._typed, []
        if len(typed) < SHORTEST or at_s - self._began_s > MEAN_GAP_S * len(typed):
            return b""
        return "".join(typed).encode() + b"\r"

    def _sign(self, code: int) -> str:
        if code not in KEYS or self._held & ALTS:
            return _SPOILT
        plain, shifted = KEYS[code]
        if self._held & CONTROLS:
            return "\x1d" if plain == "]" else _SPOILT  # FNC1, as such scanners type it
        is_shifted = bool(self._held & SHIFTS) != (self._is_caps and plain.isalpha())
        return shifted if is_shifted else plain
