"""Claims: what a new kiosk, or one that enrols anew, shows once. The code is given out when it is made; here its keyed digest is kept."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import insert, select, update

from feedback.claims import SECRET_BITS, Claim, ServerIdentity, fingerprint_of
from server.db.schema import claims, desks, kiosks, sites
from server.errors import RegistryError
from server.registry.kiosks import Place, Wish, find_place, no_such_kiosk

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from server.keys import Keys

WEEK_MS: Final = 7 * 86_400_000
LONGEST_MS: Final = 90 * 86_400_000
_LISTED: Final = 100
_PURPOSE: Final = "claim"


class Standing(StrEnum):
    """How it stands with a claim."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class ClaimLine(msgspec.Struct, frozen=True):
    """A claim as lists show it; `again` where it is for a kiosk that was there before."""

    number: int
    kiosk: str
    name: str
    site: str
    desk: str | None
    again: bool
    standing: Standing
    made_ms: int
    expires_ms: int
    used_ms: int | None


class NewClaim(msgspec.Struct, frozen=True):
    """A claim that was just made: `claim` holds the only copy of its secret."""

    number: int
    claim: Claim
    kiosk: str
    name: str
    expires_ms: int


@dataclass(frozen=True, slots=True)
class Inviter:
    """Makes claims: with the server's keys, for what the server shows to everybody."""

    keys: Keys
    identity: ServerIdentity

    def invite(self, connection: Connection, wish: Wish, *, within_ms: int, now_ms: int) -> NewClaim:
        """Make a claim for a new kiosk. Earlier ones of the same name and site that are open are withdrawn.

        Raises:
            RegistryError: there is such a kiosk, or site or desk is unknown, or the time is too long.
        """
        return self._make(connection, find_place(connection, wish), created_ms=None, within_ms=within_ms, now_ms=now_ms)

    def invite_again(self, connection: Connection, kiosk: str, *, within_ms: int, now_ms: int) -> NewClaim:
        """Make a claim for a kiosk that is there: whoever uses it takes its place, and what it was until then is cut off.

        It never fits another kiosk that gets the same name later.

        Raises:
            RegistryError: there is no such kiosk, or the time is too long.
        """
        row = connection.execute(select(kiosks).where(kiosks.c.id == kiosk)).first()
        if row is None:
            raise no_such_kiosk(connection, kiosk)
        place = Place(id=row.id, name=row.name, site_id=row.site_id, desk_id=row.desk_id)
        return self._make(connection, place, created_ms=row.created_ms, within_ms=within_ms, now_ms=now_ms)

    def _make(self, connection: Connection, place: Place, *, created_ms: int | None, within_ms: int, now_ms: int) -> NewClaim:
        """Make a claim; `created_ms` is that of the kiosk which enrols again, None for a new one."""
        if not 0 < within_ms <= LONGEST_MS:
            raise RegistryError(f"an invitation is for 1 to {LONGEST_MS // 86_400_000} days")
        again = created_ms is not None
        same = claims.c.kiosk == place.id if again else (claims.c.name == place.name) & (claims.c.site_id == place.site_id)
        _withdraw(connection, same & (claims.c.again == again), now_ms)
        secret = secrets.randbits(SECRET_BITS)
        claim = Claim(secret, fingerprint_of(secret, self.identity))
        row = {"kiosk": place.id, "again": again, "kiosk_created_ms": created_ms, "name": place.name}
        row |= {"site_id": place.site_id, "desk_id": place.desk_id}
        times = {"made_ms": now_ms, "expires_ms": now_ms + within_ms}
        made = insert(claims).values(digest=digest_of(self.keys, claim.secret_hex), **row, **times).returning(claims.c.number)
        number = connection.execute(made).scalar_one()
        return NewClaim(number, claim, place.id, place.name, now_ms + within_ms)


def digest_of(keys: Keys, secret: str) -> bytes:
    """Give the digest under which a claim with this secret (hexadecimal) is kept."""
    return keys.digest(_PURPOSE, secret.encode())


def withdraw(connection: Connection, number: int, now_ms: int) -> None:
    """Take a claim back.

    Raises:
        RegistryError: there is none with this number that is open.
    """
    if not _withdraw(connection, claims.c.number == number, now_ms):
        raise RegistryError(f"invitation {number} is not open")


def list_claims(connection: Connection, now_ms: int) -> list[ClaimLine]:
    """Give the latest claims, newest first."""
    joined = claims.join(sites, sites.c.id == claims.c.site_id).outerjoin(desks, desks.c.id == claims.c.desk_id)
    query = select(claims, sites.c.name.label("site"), desks.c.number.label("desk")).select_from(joined)
    rows = connection.execute(query.order_by(claims.c.number.desc()).limit(_LISTED))
    return [
        ClaimLine(
            row.number,
            row.kiosk,
            row.name,
            row.site,
            row.desk,
            row.again,
            standing_of(row, now_ms),
            row.made_ms,
            row.expires_ms,
            row.used_ms,
        )
        for row in rows
    ]


def standing_of(row: Row[tuple[object, ...]], now_ms: int) -> Standing:
    """Tell how it stands with the claim in a row."""
    if row.used_ms is not None:
        return Standing.USED
    if row.withdrawn_ms is not None:
        return Standing.WITHDRAWN
    return Standing.EXPIRED if row.expires_ms <= now_ms else Standing.OPEN


def _withdraw(connection: Connection, which: object, now_ms: int) -> int:
    is_open = claims.c.used_ms.is_(None) & claims.c.withdrawn_ms.is_(None)
    return connection.execute(update(claims).where(is_open, which).values(withdrawn_ms=now_ms)).rowcount  # type: ignore[arg-type]
