"""How the server's word to a kiosk is signed and opened. The signature itself is passed in: no cryptography lives here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

from feedback.wire import Signed, WireError

if TYPE_CHECKING:
    from collections.abc import Callable


class ForOneKiosk(Protocol):
    """What is signed says for which kiosk it is."""

    @property
    def kiosk(self) -> str:
        """The kiosk's id."""


D = TypeVar("D", bound=ForOneKiosk)


def sign(document: msgspec.Struct, purpose: str, signer: Callable[[bytes], bytes]) -> Signed:
    """Encode and sign a document; `signer` gives the Ed25519 signature over the bytes it is handed."""
    unsigned = Signed(document=msgspec.json.encode(document).decode(), signature="")
    return Signed(document=unsigned.document, signature=signer(unsigned.signed_bytes(purpose)).hex())


def open_signed(message: Signed, kind: type[D], purpose: str, *, kiosk: str, check: Callable[[bytes, bytes], bool]) -> D:
    """Give the document for `kiosk`; `check(data, signature)` says whether the server signed the bytes.

    Raises:
        WireError: the signature is wrong, the document is another kiosk's, or of another shape.
    """
    try:
        signature = bytes.fromhex(message.signature)
    except ValueError as error:
        raise WireError("the signature is not hexadecimal") from error
    if not check(message.signed_bytes(purpose), signature):
        raise WireError("it is not signed by this kiosk's server")
    try:
        document = msgspec.json.decode(message.document, type=kind)
    except msgspec.DecodeError as error:
        raise WireError(str(error)) from error
    if document.kiosk != kiosk:
        raise WireError(f"it is for {document.kiosk!r}, this kiosk is {kiosk!r}")
    return document
