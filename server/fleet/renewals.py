"""New credentials for kiosks, without a moment in which none that the kiosk holds would do.

The new one travels sealed to the kiosk and signed. The broker goes on taking the old one until the kiosk has proved that it has stored the
new one; from then on it takes the new one. A kiosk holds both meanwhile and tries one after the other. Who merely holds the old one cannot
prove it, and so cannot lock the kiosk out.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec
from nacl.public import PublicKey, SealedBox
from sqlalchemy import select, update

from feedback.enrolment import RENEWAL_PURPOSE, Renewal, Renewed, proof_of
from feedback.signed import sign
from feedback.wire import encode
from server.db.engine import reading
from server.db.schema import kiosks
from server.errors import RegistryError
from server.registry.kiosks import new_credential, no_such_kiosk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import ColumnElement, Connection, Engine


@dataclass(frozen=True, slots=True)
class Renewals:
    """Makes new credentials; `signer` signs what kiosks are told of them."""

    signer: Callable[[bytes], bytes]
    hash_password: Callable[[str], str]

    def renew(self, connection: Connection, kiosk: str, now_ms: int) -> bool:
        """Begin to give a kiosk a new credential; False where that is under way already.

        Raises:
            RegistryError: there is no such kiosk, or it has no key to which a credential could be sealed.
        """
        row = connection.execute(select(kiosks).where(kiosks.c.id == kiosk).with_for_update()).first()
        if row is None:
            raise no_such_kiosk(connection, kiosk)
        if row.public_key is None:
            raise RegistryError(f"the credential of {kiosk!r} stands in its kiosk.toml: invite it to enrol, `kiosk invite --again {kiosk}`")
        if row.next_identity is not None:
            return False
        new = Renewed(new_credential().reveal(), secrets.token_hex(32))
        number = max(now_ms, row.identity + 1)
        box = SealedBox(PublicKey(bytes.fromhex(row.public_key))).encrypt(encode(new))
        renewal = encode(sign(Renewal(kiosk, number, box), RENEWAL_PURPOSE, self.signer))
        kept = {"next_password": self.hash_password(new.credential), "next_proof": _digest(proof_of(new.nonce, kiosk, number))}
        connection.execute(update(kiosks).where(kiosks.c.id == kiosk).values(next_identity=number, renewal=renewal, **kept))
        return True


NO_RENEWAL: Final = {"next_identity": None, "next_password": None, "next_proof": None, "renewal": None}
"""A kiosk's columns while no new credential is under way."""


def settle(connection: Connection, kiosk: str, stored: int, proof: str) -> bool:
    """Let the broker take the new credential from now on, where the kiosk proves that it has stored it; whether it was so.

    The number alone proves nothing: whoever signs in with the old credential reads it on the topic.
    """
    if not 0 < stored < 1 << 63:  # whatever a kiosk sends, no database is asked for a number that it cannot hold
        return False
    return _replace(connection, kiosk, stored, kiosks.c.next_proof == _digest(proof))


def settle_as_known(connection: Connection, kiosk: str, stored: int) -> bool:
    """Let the broker take the new credential of which this server itself has known that the kiosk has stored it; whether there was one."""
    return _replace(connection, kiosk, stored)


def _replace(connection: Connection, kiosk: str, stored: int, *proved: ColumnElement[bool]) -> bool:
    now = {"password": kiosks.c.next_password, "identity": kiosks.c.next_identity}
    is_it = update(kiosks).where(kiosks.c.id == kiosk, kiosks.c.next_identity == stored, *proved)
    return connection.execute(is_it.values(**now, **NO_RENEWAL)).rowcount == 1


def _digest(proof: str) -> bytes:
    """Give what is kept of a proof: who reads the database cannot give it."""
    return hashlib.sha256(proof.encode()).digest()


def waiting(connection: Connection, kiosk: str) -> bytes:
    """Give what a kiosk is to be told of its new credential, b"" where there is none."""
    return bytes(connection.execute(select(kiosks.c.renewal).where(kiosks.c.id == kiosk)).scalar() or b"")


class Credential(msgspec.Struct, frozen=True):
    """How it stands with a kiosk's credential. `number` is also the time in ms at which it was made; 0 where it stands in a file."""

    number: int
    is_waiting: bool

    @property
    def is_enrolled(self) -> bool:
        """Whether the kiosk enrolled, so that its credential can be changed from here."""
        return self.number > 0


def credential_of(connection: Connection, kiosk: str) -> Credential:
    """Tell how it stands with a kiosk's credential."""
    row = connection.execute(select(kiosks.c.identity, kiosks.c.next_identity).where(kiosks.c.id == kiosk)).first()
    return Credential(0, is_waiting=False) if row is None else Credential(row.identity, row.next_identity is not None)


class Current(msgspec.Struct, frozen=True):
    """What stands on a kiosk's topic for renewals: the number of the new credential, 0 for none, and what it is told."""

    kiosk: str
    number: int
    payload: bytes


def unpublished(engine: Engine, published: Mapping[str, int]) -> list[Current]:
    """Give what is not `published` under its number; what is over is published empty, which takes it back."""
    with reading(engine) as connection:
        rows = connection.execute(select(kiosks.c.id, kiosks.c.next_identity, kiosks.c.renewal).order_by(kiosks.c.id)).all()
    all_ = [Current(row.id, row.next_identity or 0, bytes(row.renewal or b"")) for row in rows]
    return [current for current in all_ if published.get(current.kiosk, 0) != current.number]
