"""Own words, phone numbers and addresses are sealed to the server's key before they touch the disk; nobody can open them here."""

from __future__ import annotations

from nacl.public import PublicKey, SealedBox


class Sealer:
    """Seals to one public key."""

    def __init__(self, public_key_hex: str) -> None:
        """`public_key_hex` is `sealing_key` of kiosk.toml's table [server]: 64 hexadecimal digits."""
        self._box = SealedBox(PublicKey(bytes.fromhex(public_key_hex)))

    def seal(self, text: str) -> bytes:
        """Give a box that only the holder of the private key can open; a new one each time, even for the same text."""
        return self._box.encrypt(text.encode())
