"""Ed25519 signatures, verified by public keys in hexadecimal: those of queue tickets. Pure."""

from __future__ import annotations

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey


def is_signed(public_key: str, message: bytes, signature: bytes) -> bool:
    """Tell whether the signature over the message is by the key; a key or signature of the wrong shape has signed nothing."""
    try:
        VerifyKey(bytes.fromhex(public_key)).verify(message, signature)
    except (BadSignatureError, ValueError, TypeError):
        return False
    return True
