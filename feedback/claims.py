"""Claim codes: what a kiosk shows its server once, and by which it knows that this is its server; as text, and in a QR. Pure.

Half of a code is a secret of the kiosk's, half the fingerprint of what the server shows to everybody. The fingerprint depends on the
secret, so that who does not know the code cannot look for another server with the same one; and it is slow, so that who does cannot either.
"""

from __future__ import annotations

import hashlib
from typing import Final
from urllib.parse import urlsplit

import msgspec

from feedback.codes import CodeError, read, written

SECRET_BITS: Final = 55
FINGERPRINT_BITS: Final = 55
MARK: Final = "VIDHUK1"
"""So begins what a QR of an invitation says: the mark, the code and the server's address, with stars between them."""
LONGEST_ADDRESS: Final = 200
_BETWEEN: Final = "*"
_SECRET_BYTES: Final = 7
_CONTEXT: Final = b"vidhuk server 1\0"


class ServerIdentity(msgspec.Struct, frozen=True):
    """What a server shows to everybody: both public keys in hexadecimal, and the certificate of its own authority as PEM."""

    signing_key: str
    sealing_key: str
    ca: str
    v: int = 1


class Claim(msgspec.Struct, frozen=True):
    """What a code says: a secret of SECRET_BITS, and the fingerprint of the server that it is for."""

    secret: int
    fingerprint: int

    @property
    def code(self) -> str:
        """Write it: six groups of four signs."""
        return written(self.secret << FINGERPRINT_BITS | self.fingerprint, SECRET_BITS + FINGERPRINT_BITS)

    def is_for(self, identity: ServerIdentity) -> bool:
        """Tell whether this is the server that made it. It takes some 50 ms and 16 MB."""
        return self.fingerprint == fingerprint_of(self.secret, identity)

    @property
    def secret_hex(self) -> str:
        """Give the secret as it travels, sealed."""
        return f"{self.secret:0{2 * _SECRET_BYTES}x}"

    @property
    def digest(self) -> str:
        """What a kiosk remembers of a code that it has used."""
        return hashlib.sha256(b"vidhuk claim 1\0" + self.code.encode()).hexdigest()


class Invitation(msgspec.Struct, frozen=True):
    """What was typed or scanned: a claim, and the server's address where the text has it."""

    claim: Claim
    server: str | None = None


def claim_of(code: str) -> Claim:
    """Give the claim that a code says, in small letters or capitals, with or without its hyphens.

    Raises:
        CodeError: it is none, or was not typed as it stands on the paper.
    """
    whole = read(code, SECRET_BITS + FINGERPRINT_BITS)
    return Claim(whole >> FINGERPRINT_BITS, whole & (1 << FINGERPRINT_BITS) - 1)


def fingerprint_of(secret: int, identity: ServerIdentity) -> int:
    """Give what a code with this secret has to say of the server."""
    shown = f"{identity.signing_key}\0{identity.sealing_key}\0{identity.ca}".encode()
    salt = _CONTEXT + secret.to_bytes(_SECRET_BYTES)
    digest = hashlib.scrypt(shown, salt=salt, n=1 << 14, r=8, p=1, dklen=_SECRET_BYTES)
    return int.from_bytes(digest) >> 8 * _SECRET_BYTES - FINGERPRINT_BITS


def qr_text(claim: Claim, server: str) -> str:
    """Give what the QR of an invitation says. In capitals where the address allows it: a QR holds them in fewer points."""
    parts = urlsplit(server)
    address = server if parts.path or parts.query else server.upper()
    return _BETWEEN.join((MARK, claim.code.replace("-", ""), address))


def invitation_in(text: str) -> Invitation:
    """Give the invitation in what was typed or scanned: a code alone, or what the QR says.

    Raises:
        CodeError: it is neither.
    """
    mark, _, rest = text.strip().partition(_BETWEEN)
    if not rest:
        return Invitation(claim_of(text))
    if mark.upper() != MARK:
        raise CodeError("this is no invitation to a server")
    code, _, server = rest.partition(_BETWEEN)
    return Invitation(claim_of(code), address_in(server))


def address_in(text: str) -> str:
    """Give a server's address as it was typed or scanned: scheme and host in small letters, and no slash at the end.

    Raises:
        CodeError: it is none.
    """
    text = text.strip().rstrip("/")
    scheme, has_scheme, rest = text.partition("://")
    if not has_scheme:
        scheme, rest = "", text
    host, slash, path = rest.partition("/")
    address = f"{scheme.lower()}://{host.lower()}{slash}{path}" if has_scheme else f"{host.lower()}{slash}{path}"
    if not _is_address(address, scheme.lower()):
        raise CodeError("this is no address of a server: write it as https://vidhuk.example or 192.0.2.7:8080")
    return address


def _is_address(address: str, scheme: str) -> bool:
    if scheme not in ("", "http", "https") or len(address) > LONGEST_ADDRESS or not address.isascii() or not address.isprintable():
        return False
    try:
        parts = urlsplit(address if scheme else f"//{address}")
        port = parts.port
    except ValueError:
        return False
    is_whole = bool(parts.hostname) and not parts.netloc.endswith(":") and port != 0
    return is_whole and " " not in address and "@" not in parts.netloc


def addresses(server: str) -> tuple[str, ...]:
    """Give the addresses to try: one as it was written, both kinds where it was written without."""
    return (server,) if "://" in server else (f"https://{server}", f"http://{server}")
