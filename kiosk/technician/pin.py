"""The technician's PIN: which ones are too simple, and its Argon2id hash."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id

SHORTEST: Final = 6
LONGEST: Final = 10
PASSES: Final = argon2id.OPSLIMIT_INTERACTIVE
MEMORY_BYTES: Final = argon2id.MEMLIMIT_INTERACTIVE
"""libsodium's parameters for somebody who waits: two passes over 64 MiB, well under a second on a Raspberry Pi 4."""


def objection(pin: str) -> str | None:
    """Say in one sentence why a PIN will not do; None where it will."""
    if not (pin.isascii() and pin.isdigit() and SHORTEST <= len(pin) <= LONGEST):
        return f"A PIN has {SHORTEST} to {LONGEST} digits and nothing else."
    digits = [int(digit) for digit in pin]
    steps = {(after - before) % 10 for before, after in pairwise(digits)}
    if len(steps) == 1:
        return "This PIN is easy to guess: its digits are all the same or follow one another. Choose another one."
    if any(len(pin) % length == 0 and pin == pin[:length] * (len(pin) // length) for length in range(1, len(pin))):
        return "This PIN is easy to guess: it repeats itself. Choose another one."
    return None


def hashed(pin: str) -> str:
    """Give what stands in kiosk.toml in place of the PIN."""
    return argon2id.str(pin.encode(), PASSES, MEMORY_BYTES).decode()


def is_right(pin: str, encoded: str) -> bool:
    """Whether this is the PIN that was hashed. It takes a good part of a second: not on the main thread."""
    try:
        return argon2id.verify(encoded.encode(), pin.encode())
    except (CryptoError, ValueError):
        return False
