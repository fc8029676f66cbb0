"""Who is let in by a server: kiosks, queue systems, people. After a restore nobody comes in who was let in no more by then.

Whoever stands in a backup and not in a newer list was removed between the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import delete, select, update

from server.broker.files import hash_password
from server.db.schema import kiosks, queue_keys, users
from server.fleet.renewals import NO_RENEWAL, settle_as_known
from server.queue.keys import remove_key
from server.registry.kiosks import new_credential, remove_kiosk

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row, Table

_NAMES: Final = (kiosks.c.id, queue_keys.c.name, users.c.login)


class Standing(msgspec.Struct, frozen=True):
    """A kiosk: when it was added, and the number of its credential."""

    created_ms: int
    identity: int


class Admitted(msgspec.Struct, frozen=True):
    """Who was let in at `as_of_ms`: kiosks by id; keys of queues by name and accounts by number, with the time when each was made."""

    as_of_ms: int
    kiosks: dict[str, Standing]
    queue_keys: dict[str, int]
    accounts: dict[int, int]


class Names(msgspec.Struct, frozen=True):
    """Kiosks, keys of queues and accounts as their people call them."""

    kiosks: list[str] = []
    queue_keys: list[str] = []
    logins: list[str] = []


class ShutOut(msgspec.Struct, frozen=True):
    """Who is let in no more: who was removed; and kiosks that stay but have to be invited anew, for their credential is an older one."""

    removed: Names = Names()
    renewed: list[str] = []


def admitted_at(connection: Connection, as_of_ms: int) -> Admitted:
    """Give who is let in now."""
    k, q, u = kiosks.c, queue_keys.c, users.c
    return Admitted(
        as_of_ms,
        {
            row.id: Standing(row.created_ms, row.identity)
            for row in connection.execute(select(k.id, k.created_ms, k.identity).order_by(k.id))
        },
        {row.name: row.created_ms for row in connection.execute(select(q.name, q.created_ms).order_by(q.name))},
        {row.id: row.created_ms for row in connection.execute(select(u.id, u.created_ms).order_by(u.id))},
    )


def names_of(connection: Connection) -> Names:
    """Give the names of all who are let in."""
    return Names(*([str(name) for name in connection.execute(select(c).order_by(c)).scalars()] for c in _NAMES))


def shut_out(connection: Connection, admitted: Admitted) -> ShutOut:
    """Let in nobody of whom a list that is newer than the database does not know."""
    gone, renewed = _shut_out_kiosks(connection, admitted)
    keys = [row.name for row in _rows(connection, queue_keys) if admitted.queue_keys.get(row.name) != row.created_ms]
    for name in keys:
        remove_key(connection, name)
    people = [row for row in _rows(connection, users) if admitted.accounts.get(row.id) != row.created_ms]
    for person in people:
        connection.execute(delete(users).where(users.c.id == person.id))
    return ShutOut(Names(gone, keys, [person.login for person in people]), renewed)


def _shut_out_kiosks(connection: Connection, admitted: Admitted) -> tuple[list[str], list[str]]:
    removed, renewed = [], []
    for row in _rows(connection, kiosks):
        now = admitted.kiosks.get(row.id)
        if now is None or now.created_ms != row.created_ms:
            remove_kiosk(connection, row.id, now_ms=admitted.as_of_ms)
            removed.append(row.id)
        elif now.identity != row.identity and not settle_as_known(connection, row.id, now.identity):
            _lock(connection, row.id)
            renewed.append(row.id)
    return removed, renewed


def _lock(connection: Connection, kiosk: str) -> None:
    """Leave a kiosk without any credential that would do; it keeps its place."""
    nobodys = hash_password(new_credential().reveal())
    connection.execute(update(kiosks).where(kiosks.c.id == kiosk).values(password=nobodys, **NO_RENEWAL))


def _rows(connection: Connection, table: Table) -> list[Row[Any]]:
    return list(connection.execute(select(table).order_by(*table.primary_key)))
