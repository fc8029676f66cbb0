"""Which of the server's public keys in kiosk.toml can be of any use, in hexadecimal. Pure."""

from __future__ import annotations

from typing import Final

from nacl.bindings import crypto_core_ed25519_is_valid_point, crypto_scalarmult
from nacl.exceptions import RuntimeError as SodiumError

_ANY: Final = bytes(range(32))


def can_have_signed(key: str) -> bool:
    """Tell whether 64 hexadecimal digits are a key for Ed25519: a point of the curve, and none for which anybody can sign."""
    return bool(crypto_core_ed25519_is_valid_point(bytes.fromhex(key)))


def can_be_sealed_to(key: str) -> bool:
    """Tell whether they are a key for X25519: libsodium refuses points, such as zeros, of which every secret comes to the same."""
    try:
        crypto_scalarmult(_ANY, bytes.fromhex(key))
    except SodiumError:
        return False
    return True
