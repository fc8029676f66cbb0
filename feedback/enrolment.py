"""How a kiosk enrols and how its credential changes: the documents that go to and fro. See docs/protocol.md.

Sealing and signing are passed in.
"""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from feedback.claims import ServerIdentity
from feedback.wire import Signed, WireError

if TYPE_CHECKING:
    from collections.abc import Callable

PATH: Final = "/enrol"
MAX_BYTES: Final = 16 * 1024
"""What either side takes at most."""
PURPOSE: Final = "vidhuk enrolment 1"
RENEWAL_PURPOSE: Final = "vidhuk renewal 1"
PROOF_PURPOSE: Final = "vidhuk renewal proof 1"
KEY_DIGITS: Final = 64
_NONCE: Final = re.compile(r"[0-9a-f]{64}")


class Refused(StrEnum):
    """Why a server does not take a claim; none of them gets better by waiting."""

    UNKNOWN = "unknown"
    USED = "used"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    TAKEN = "taken"
    """The kiosk that it is for is there no more, or its name has been given to another meanwhile."""


class Claiming(msgspec.Struct, frozen=True):
    """What a kiosk asks, sealed to the server: the secret of its claim, and its new public key (X25519); both in hexadecimal."""

    secret: str
    public_key: str
    software: str = ""
    v: int = 1


class Sealed(msgspec.Struct, frozen=True):
    """A sealed box on its way: a `Claiming` up, a `Signed` down."""

    box: bytes
    v: int = 1


class Admission(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the server answers to the kiosk with that public key: who it is and how it signs in at the broker, or why it is not taken."""

    public_key: str
    kiosk: str = ""
    number: int = 0
    host: str = ""
    port: int = 0
    credential: str = ""
    refused: str = ""
    v: int = 1


class Renewal(msgspec.Struct, frozen=True):
    """A new credential for a kiosk: `box` is a `Renewed`, sealed to its public key; `number` only grows."""

    kiosk: str
    number: int
    box: bytes
    v: int = 1


class Renewed(msgspec.Struct, frozen=True):
    """What only the kiosk can read of its `Renewal`: the credential, and 256 random bits (hexadecimal) by which it proves that it did."""

    credential: str
    nonce: str
    v: int = 1


D = TypeVar("D", Claiming, Sealed, ServerIdentity, Admission, Signed, Renewed)


def decode(payload: bytes, kind: type[D]) -> D:
    """Decode a document of enrolment; fields that a newer version added are passed over.

    Raises:
        WireError: malformed, of another version, or too large.
    """
    if len(payload) > MAX_BYTES:
        raise WireError(f"{len(payload)} bytes are over the limit of {MAX_BYTES}")
    try:
        document = msgspec.json.decode(payload, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(str(error)) from error
    version = getattr(document, "v", 1)
    if version != 1:
        raise WireError(f"version {version} of enrolment; this program speaks 1")
    return document


def proof_of(nonce: str, kiosk: str, number: int) -> str:
    """Give what proves that a kiosk has opened the box of the renewal with this number.

    It says nothing of the nonce or the credential, and is good for that one renewal.

    Raises:
        WireError: the nonce is none, or the number is none of a renewal.
    """
    if not (_NONCE.fullmatch(nonce) and 0 < number < 1 << 63):
        raise WireError("the nonce or the number of a renewal is none")
    said = PROOF_PURPOSE.encode() + b"\0" + bytes.fromhex(nonce) + number.to_bytes(8, "big") + kiosk.encode()
    return hashlib.sha256(said).hexdigest()


def sign_admission(admission: Admission, signer: Callable[[bytes], bytes]) -> bytes:
    """Encode and sign an answer; `signer` gives the Ed25519 signature over the bytes it is handed."""
    unsigned = Signed(msgspec.json.encode(admission).decode(), "")
    return msgspec.json.encode(Signed(unsigned.document, signer(unsigned.signed_bytes(PURPOSE)).hex()))


def open_admission(content: bytes, public_key: str, check: Callable[[bytes, bytes], bool]) -> Admission:
    """Give the answer for the kiosk with this public key; `check(data, signature)` says whether the server signed the bytes.

    Raises:
        WireError: the signature is wrong, the answer is another kiosk's, or of another shape.
    """
    message = decode(content, Signed)
    try:
        is_signed = check(message.signed_bytes(PURPOSE), bytes.fromhex(message.signature))
    except ValueError:
        is_signed = False
    if not is_signed:
        raise WireError("it is not signed by the server that the code names")
    admission = decode(message.document.encode(), Admission)
    if admission.public_key != public_key:
        raise WireError("it is for another kiosk")
    return admission
