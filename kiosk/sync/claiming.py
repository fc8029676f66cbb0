"""One try to enrol: ask the server who it is, compare that with the code, and only then show the secret, sealed.

The key pair is made here and kept before it is shown to anybody, so that a lost answer can be asked for again after a power cut.
"""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Protocol

import msgspec
from nacl.exceptions import BadSignatureError, CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.signing import VerifyKey

from feedback.claims import Invitation, ServerIdentity, addresses
from feedback.enrolment import PATH, Admission, Claiming, Sealed, decode, open_admission
from feedback.wire import KIOSK_ID, WireError
from kiosk.errors import EnrolmentError, Outcome
from kiosk.folder import write_durably
from kiosk.identity import REMEMBERED, Identity, Known
from kiosk.process import SOFTWARE
from kiosk.public_keys import can_be_sealed_to, can_have_signed
from kiosk.sync.http import ExchangeError
from kiosk.tls import believing

if TYPE_CHECKING:
    from pathlib import Path

KEY_FILE: Final = "enrolling.json"
_KEY: Final = re.compile(r"[0-9a-f]{64}")


class Ask(Protocol):
    """Asks a server by HTTP(S)."""

    def __call__(self, url: str, send: bytes | None = None) -> tuple[int, bytes]:
        """Give status and content.

        Raises:
            ExchangeError: nobody answers.
        """


class _Key(msgspec.Struct, frozen=True):
    """The private key with which a claim is being used."""

    claim: str
    private_key: str


def enrol(data_dir: Path, invitation: Invitation, before: Identity | None, ask: Ask) -> Identity:
    """Use a claim; give the identity that the server gives for it. `before` is the one until now.

    Raises:
        EnrolmentError: the server could not be asked, is another one, or refuses.
        OSError: the key pair could not be kept.
    """
    address, server = _find(invitation, ask)
    private = _key_for(data_dir, invitation)
    admission = _ask_for_admission(address, server, invitation, private, ask)
    if admission.refused:
        raise EnrolmentError(f"the server refuses: {admission.refused}", _outcome(admission.refused))
    if not (KIOSK_ID.fullmatch(admission.kiosk) and 0 < admission.port < 1 << 16 and admission.host and admission.credential):
        raise EnrolmentError("the server's answer lacks what is needed", Outcome.UNREACHABLE)
    claims = (invitation.claim.digest, *(before.claims if before else ()))[:REMEMBERED]
    known = Known(admission.kiosk, admission.host, admission.port, server.signing_key, server.sealing_key, server.ca)
    return Identity(known, bytes(private).hex(), (admission.credential,), admission.number, claims)


def _find(invitation: Invitation, ask: Ask) -> tuple[str, ServerIdentity]:
    """Give the address at which the server of this code answers, and what it shows.

    Raises:
        EnrolmentError: none answers, or another one.
    """
    found = EnrolmentError("the address is not known", Outcome.UNREACHABLE)
    for address in addresses(invitation.server or ""):
        try:
            status, content = ask(address + PATH)
            server = decode(content, ServerIdentity) if status == HTTPStatus.OK else None
        except (ExchangeError, WireError) as error:
            found = EnrolmentError(f"{address}: {error}", found.outcome)
            continue
        if server is None:
            found = EnrolmentError(f"{address} answers {status}", found.outcome)
        elif _is_usable(server) and invitation.claim.is_for(server):
            return address, server
        else:
            found = EnrolmentError(f"{address} is another server than the code names", Outcome.STRANGER)
    raise found


def _ask_for_admission(address: str, server: ServerIdentity, invitation: Invitation, private: PrivateKey, ask: Ask) -> Admission:
    public = bytes(private.public_key).hex()
    claiming = Claiming(invitation.claim.secret_hex, public, SOFTWARE)
    box = SealedBox(PublicKey(bytes.fromhex(server.sealing_key))).encrypt(msgspec.json.encode(claiming))
    key = VerifyKey(bytes.fromhex(server.signing_key))

    def is_signed(content: bytes, signature: bytes) -> bool:
        try:
            key.verify(content, signature)
        except (BadSignatureError, ValueError):
            return False
        return True

    try:
        _, content = ask(address + PATH, msgspec.json.encode(Sealed(box)))
        return open_admission(SealedBox(private).decrypt(decode(content, Sealed).box), public, is_signed)
    except (ExchangeError, WireError, CryptoError) as error:
        raise EnrolmentError(f"{address} gives no answer that this server signed: {error}", Outcome.UNREACHABLE) from error


def _key_for(data_dir: Path, invitation: Invitation) -> PrivateKey:
    """Give the key with which this claim is used: the one of an earlier try, or a new one, kept before it is used."""
    path = data_dir / KEY_FILE
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=_Key)
        if kept.claim == invitation.claim.digest:
            return PrivateKey(bytes.fromhex(kept.private_key))
    except (OSError, ValueError):
        pass
    private = PrivateKey.generate()
    write_durably(path, json.dumps({"claim": invitation.claim.digest, "private_key": bytes(private).hex()}).encode(), private=True)
    return private


def forget_key(data_dir: Path) -> None:
    """Erase the key of an enrolment that is over."""
    (data_dir / KEY_FILE).unlink(missing_ok=True)


def _is_usable(server: ServerIdentity) -> bool:
    if not (_KEY.fullmatch(server.signing_key) and _KEY.fullmatch(server.sealing_key)):
        return False
    try:
        if server.ca:
            believing(server.ca)
        return can_have_signed(server.signing_key) and can_be_sealed_to(server.sealing_key)
    except ValueError:
        return False


def _outcome(refused: str) -> Outcome:
    return Outcome(refused) if refused in set(Outcome) else Outcome.UNKNOWN
