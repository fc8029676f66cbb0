"""New credentials on their way in: stored durably before the server hears of it, beside those that may still be in force."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import msgspec
from nacl.exceptions import BadSignatureError, CryptoError
from nacl.public import PrivateKey, SealedBox
from nacl.signing import VerifyKey

from feedback import wire
from feedback.enrolment import RENEWAL_PURPOSE, Renewal, Renewed, decode, proof_of
from feedback.signed import open_signed
from feedback.wire import WireError
from kiosk import identity

if TYPE_CHECKING:
    from pathlib import Path

    from kiosk.identity import Identity

log = logging.getLogger(__name__)

KEPT: Final = 8
"""So many credentials are kept: a server that was restored from a backup knows an older one again."""


class Credentials:
    """By which credential to sign in: the newest, and where the broker refuses it, the next.

    `own` is None where a person wrote the credential into kiosk.toml: then it is that one alone, and never changes.
    """

    def __init__(self, data_dir: Path, own: Identity | None, written: str) -> None:
        self._data_dir = data_dir
        self._own = own
        self._all = own.credentials if own is not None else (written,)
        self._turn = 0

    @property
    def number(self) -> int:
        """The number of the newest one that is stored, 0 where none can be renewed."""
        return self._own.number if self._own is not None else 0

    @property
    def proof(self) -> str:
        """What shows the server that this one is stored; empty where it did not come by renewal."""
        return self._own.proof if self._own is not None else ""

    @property
    def current(self) -> str:
        """The one to sign in with now."""
        return self._all[self._turn % len(self._all)]

    def refused(self) -> bool:
        """Take note that the broker has refused the current one; whether there is another that was not tried since."""
        self._turn = (self._turn + 1) % len(self._all)
        return self._turn != 0

    def receive(self, payload: bytes) -> bool:
        """Store a new one beside the earlier ones; whether it was new.

        Raises:
            WireError: it is not signed by this kiosk's server, another kiosk's, or not sealed to this one.
            OSError: the card did not take it; the old ones go on working.
        """
        if self._own is None:
            return False
        renewal = self._opened(payload, self._own)
        if renewal.number <= self._own.number:
            return False
        try:
            content = SealedBox(PrivateKey(bytes.fromhex(self._own.private_key))).decrypt(renewal.box)
        except CryptoError as error:
            raise WireError("it is not sealed to this kiosk") from error
        new = decode(content, Renewed)
        proof = proof_of(new.nonce, renewal.kiosk, renewal.number)
        credentials = (new.credential, *self._own.credentials)[:KEPT]
        fresh = msgspec.structs.replace(self._own, credentials=credentials, number=renewal.number, proof=proof)
        identity.write(self._data_dir, fresh)
        self._own, self._all, self._turn = fresh, fresh.credentials, 0
        return True

    @staticmethod
    def _opened(payload: bytes, own: Identity) -> Renewal:
        key = VerifyKey(bytes.fromhex(own.known.signing_key))

        def is_signed(content: bytes, signature: bytes) -> bool:
            try:
                key.verify(content, signature)
            except (BadSignatureError, ValueError):
                return False
            return True

        return open_signed(wire.decode(payload, wire.Signed), Renewal, RENEWAL_PURPOSE, kiosk=own.known.kiosk, check=is_signed)
