"""Takes kiosks in by their claims: a claim is used up in the transaction in which the credential is made, and by one kiosk alone."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from nacl.exceptions import RuntimeError as SodiumError
from nacl.public import PublicKey, SealedBox
from sqlalchemy import select, update

from feedback.claims import ServerIdentity
from feedback.enrolment import Admission, Claiming, Refused, decode, sign_admission
from feedback.wire import WireError
from server.db.engine import reading, writing
from server.db.schema import claims, kiosks
from server.errors import RegistryError
from server.fleet.claims import Inviter, digest_of, standing_of
from server.fleet.renewals import NO_RENEWAL
from server.registry.kiosks import Place, new_credential, put_kiosk

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine, Row

    from server.keys import Keys

log = logging.getLogger(__name__)

_KEY: Final = re.compile(r"[0-9a-f]{64}")
_SECRET: Final = re.compile(r"[0-9a-f]{14}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a kiosk is answered, sealed to it, and why it was refused where it was."""

    box: bytes
    refused: Refused | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """The server's end of enrolling. `host` and `port` are the broker's, as kiosks are told; `ca` is the server's authority as PEM."""

    engine: Engine
    keys: Keys
    ca: str
    host: str
    port: int
    hash_password: Callable[[str], str]

    @property
    def identity(self) -> ServerIdentity:
        """What this server shows to everybody."""
        return ServerIdentity(self.keys.signing_public, self.keys.sealing_public, self.ca)

    @property
    def inviter(self) -> Inviter:
        """Who makes the claims for this server."""
        return Inviter(self.keys, self.identity)

    def read(self, box: bytes) -> Claiming:
        """Open what a kiosk asks.

        Raises:
            WireError: it is not sealed to this server, or is no question of a kiosk.
        """
        content = self.keys.unseal(box)
        if content is None:
            raise WireError("it is not sealed to this server")
        asked = decode(content, Claiming)
        if not (_SECRET.fullmatch(asked.secret) and _KEY.fullmatch(asked.public_key)):
            raise WireError("secret or public key is none")
        try:
            _seal(asked.public_key, b"")
        except SodiumError as error:
            raise WireError("nothing can be sealed to this public key") from error
        return asked

    def answer(self, asked: Claiming, now_ms: int) -> Answer:
        """Take a kiosk in, or say why not. The same kiosk may ask again while its claim lives, and is answered the same.

        Raises:
            DatabaseUnavailableError: nothing was stored; asking again helps.
        """
        digest = digest_of(self.keys, asked.secret)
        with reading(self.engine) as connection:  # so that guessing never waits for the lock of those who write
            is_known = connection.execute(select(claims.c.number).where(claims.c.digest == digest)).first() is not None
        if not is_known:
            return self._refuse(asked, Refused.UNKNOWN)
        try:
            with writing(self.engine) as connection:
                return self._use(connection, digest, asked, now_ms)
        except RegistryError as error:
            log.warning("a claim cannot be used: %s", error)
            return self._refuse(asked, Refused.TAKEN)

    def _use(self, connection: Connection, digest: bytes, asked: Claiming, now_ms: int) -> Answer:
        is_open = (claims.c.used_ms.is_(None), claims.c.withdrawn_ms.is_(None), claims.c.expires_ms > now_ms)
        won = update(claims).where(claims.c.digest == digest, *is_open).values(used_ms=now_ms, public_key=asked.public_key)
        is_winner = connection.execute(won).rowcount == 1
        row = connection.execute(select(claims).where(claims.c.digest == digest)).one()
        if not is_winner:
            return self._again(row, asked, now_ms)
        box = self._take_in(connection, row, asked.public_key, now_ms)
        connection.execute(update(claims).where(claims.c.digest == digest).values(answer=box))
        log.info("%s has enrolled with invitation %d", row.kiosk, row.number)
        return Answer(box)

    def _again(self, row: Row[Any], asked: Claiming, now_ms: int) -> Answer:
        if row.public_key == asked.public_key and row.expires_ms > now_ms:
            return Answer(bytes(row.answer))
        return self._refuse(asked, Refused(standing_of(row, now_ms).value) if row.used_ms is None else Refused.USED)

    def _take_in(self, connection: Connection, row: Row[Any], public_key: str, now_ms: int) -> bytes:
        credential = new_credential()
        password = self.hash_password(credential.reveal())
        if row.again:
            same = (kiosks.c.id == row.kiosk, kiosks.c.created_ms == row.kiosk_created_ms)
            last = connection.execute(select(kiosks.c.identity).where(*same)).scalar()
            if last is None:
                raise RegistryError(f"the kiosk {row.kiosk!r} that was invited again is there no more")
            number = max(now_ms, last + 1)
            values = {"password": password, "public_key": public_key, "identity": number}
            connection.execute(update(kiosks).where(*same).values(**values, **NO_RENEWAL))
        else:
            number = now_ms
            place = Place(id=row.kiosk, name=row.name, site_id=row.site_id, desk_id=row.desk_id)
            put_kiosk(connection, place, password=password, now_ms=now_ms, public_key=public_key, identity=number)
        admission = Admission(public_key, row.kiosk, number, self.host, self.port, credential.reveal())
        return self._sealed(admission)

    def _refuse(self, asked: Claiming, why: Refused) -> Answer:
        return Answer(self._sealed(Admission(asked.public_key, refused=why)), why)

    def _sealed(self, admission: Admission) -> bytes:
        return _seal(admission.public_key, sign_admission(admission, self.keys.sign))


def _seal(public_key: str, content: bytes) -> bytes:
    return SealedBox(PublicKey(bytes.fromhex(public_key))).encrypt(content)
