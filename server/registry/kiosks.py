"""Adds and removes kiosks. A kiosk's credential is made here, shown once, and kept only as a hash."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, select, update

from feedback.configuration import Secret, suggest
from feedback.wire import KIOSK_ID
from server.db.schema import claims, desks, kiosk_states, kiosks, sites
from server.errors import RegistryError
from server.fleet import clone_signs, commands
from server.registry.settings import number_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

_LETTERS: Final = string.ascii_lowercase + string.digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the operator asks for. `desk` binds the kiosk to one desk of the site."""

    name: str
    site: str
    desk: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a kiosk stands, and what it is called."""

    id: str
    name: str
    site_id: int
    desk_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKiosk:
    """A kiosk that was just added, with the only copy of its credential."""

    id: str
    credential: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class KioskLine:
    """A kiosk as lists show it."""

    id: str
    name: str
    site: str
    desk: str | None
    online: bool
    outbox: int
    last_vote_ms: int | None


def add_kiosk(connection: Connection, wish: Wish, *, hash_password: Callable[[str], str], now_ms: int) -> NewKiosk:
    """Add a kiosk at a site, or at one desk of it. Its id is its name where that can be one.

    Raises:
        RegistryError: the id is taken, or site or desk is unknown.
    """
    place = find_place(connection, wish)
    credential = new_credential()
    put_kiosk(connection, place, password=hash_password(credential.reveal()), now_ms=now_ms)
    return NewKiosk(id=place.id, credential=credential)


def find_place(connection: Connection, wish: Wish) -> Place:
    """Find where a new kiosk is to stand, and choose its id.

    Raises:
        RegistryError: the id is taken, or site or desk is unknown.
    """
    site_id = _find_site(connection, wish.site)
    desk_id = None if wish.desk is None else _find_desk(connection, wish.desk, site_id=site_id, site=wish.site)
    id_ = wish.name if KIOSK_ID.fullmatch(wish.name) else "kiosk-" + "".join(secrets.choice(_LETTERS) for _ in range(8))
    place = Place(id=id_, name=wish.name, site_id=site_id, desk_id=desk_id)
    _require_free(connection, place.id)
    return place


def put_kiosk(connection: Connection, place: Place, *, password: str, now_ms: int, **more: object) -> None:
    """Put a kiosk into the registry; `more` are further columns.

    Raises:
        RegistryError: its id is taken.
    """
    _require_free(connection, place.id)
    row = {"id": place.id, "name": place.name, "site_id": place.site_id, "desk_id": place.desk_id, "created_ms": now_ms}
    connection.execute(insert(kiosks).values(password=password, **row, **more))
    number_settings(connection, now_ms=now_ms)


def new_credential() -> Secret:
    """Make a credential: 256 random bits."""
    return Secret(secrets.token_urlsafe(32))


def remove_kiosk(connection: Connection, kiosk: str, *, now_ms: int) -> None:
    """Remove a kiosk: the broker cuts it off. What it has sent stays.

    Nothing that is open with it passes to a later kiosk of its name: its invitations and its commands are withdrawn.

    Raises:
        RegistryError: there is no such kiosk.
    """
    if connection.execute(delete(kiosks).where(kiosks.c.id == kiosk)).rowcount == 0:
        raise no_such_kiosk(connection, kiosk)
    connection.execute(delete(kiosk_states).where(kiosk_states.c.kiosk == kiosk))
    clone_signs.forget(connection, kiosk)
    commands.withdraw(connection, kiosk, now_ms)
    is_open = (claims.c.kiosk == kiosk, claims.c.used_ms.is_(None), claims.c.withdrawn_ms.is_(None))
    connection.execute(update(claims).where(*is_open).values(withdrawn_ms=now_ms))


def no_such_kiosk(connection: Connection, kiosk: str) -> RegistryError:
    """Give the error for a kiosk that there is not."""
    known = connection.execute(select(kiosks.c.id)).scalars().all()
    return RegistryError(f"there is no kiosk {kiosk!r}{suggest(kiosk, known)}")


def list_kiosks(connection: Connection) -> list[KioskLine]:
    """Give all kiosks, by id."""
    joined = (
        kiosks.join(sites).outerjoin(desks, desks.c.id == kiosks.c.desk_id).outerjoin(kiosk_states, kiosk_states.c.kiosk == kiosks.c.id)
    )
    columns = (kiosks.c.id, kiosks.c.name, sites.c.key.label("site"), desks.c.key.label("desk"))
    said = (kiosk_states.c.online, kiosk_states.c.outbox, kiosk_states.c.last_vote_ms)
    rows = connection.execute(select(*columns, *said).select_from(joined).order_by(kiosks.c.id))
    return [
        KioskLine(id=r.id, name=r.name, site=r.site, desk=r.desk, online=bool(r.online), outbox=r.outbox or 0, last_vote_ms=r.last_vote_ms)
        for r in rows
    ]


def password_hashes(connection: Connection) -> dict[str, str]:
    """Give the hash of every kiosk's credential."""
    return {row.id: row.password for row in connection.execute(select(kiosks.c.id, kiosks.c.password).order_by(kiosks.c.id))}


def _require_free(connection: Connection, id_: str) -> None:
    if connection.execute(select(kiosks.c.id).where(kiosks.c.id == id_)).first():
        raise RegistryError(f"there is a kiosk {id_!r} already: choose another name, or remove that one first")


def _find_site(connection: Connection, key: str) -> int:
    known: dict[str, int] = {row.key: row.id for row in connection.execute(select(sites.c.key, sites.c.id))}
    if key not in known:
        raise RegistryError(f"there is no site {key!r}{suggest(key, known)}; `registry load FILE` brings sites in")
    return known[key]


def _find_desk(connection: Connection, key: str, *, site_id: int, site: str) -> int:
    known: dict[str, int] = {
        row.key: row.id for row in connection.execute(select(desks.c.key, desks.c.id).where(desks.c.site_id == site_id))
    }
    if key not in known:
        raise RegistryError(f"there is no desk {key!r} at site {site!r}{suggest(key, known)}")
    return known[key]
