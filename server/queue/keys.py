"""Keys by which a queue system pushes its tickets. A key is shown once, and kept only as hashes: one for HTTP, one for the broker."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import delete, insert, select, update

from feedback.configuration import Secret, suggest
from server.db.schema import queue_keys, sites
from server.errors import QueueError
from server.queue.importing import find_site
from server.queue.problems import WHOLE, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


class Key(msgspec.Struct, frozen=True):
    """A key, never what opens it: the site it speaks for, what came by it, and why its last push was refused."""

    name: str
    site: str
    created_ms: int
    used_ms: int | None
    taken: int
    refused: int
    problem: Problem | None


def add_key(connection: Connection, name: str, site: str, *, hash_password: Callable[[str], str], now_ms: int) -> Secret:
    """Make the key of a queue system and give it, for the only time.

    Raises:
        QueueError: the name cannot be one, or is taken.
        RegistryError: there is no such site.
    """
    if not NAME.fullmatch(name):
        raise QueueError(f"{name!r} cannot be a key's name: use 1 to 32 of a-z, 0-9 and hyphen, and begin with a letter or digit")
    if connection.execute(select(queue_keys.c.name).where(queue_keys.c.name == name)).first():
        raise QueueError(f"there is a key {name!r} already: choose another name, or remove that one first")
    site_id = find_site(connection, site)
    key = Secret(secrets.token_urlsafe(32))
    row = {"name": name, "site_id": site_id, "digest": _digest(key.reveal()), "password": hash_password(key.reveal())}
    connection.execute(insert(queue_keys).values(**row, created_ms=now_ms))
    return key


def remove_key(connection: Connection, name: str) -> None:
    """Remove a key: nothing is taken by it any more. What it brought stays.

    Raises:
        QueueError: there is no such key.
    """
    if connection.execute(delete(queue_keys).where(queue_keys.c.name == name)).rowcount == 0:
        known = connection.execute(select(queue_keys.c.name)).scalars().all()
        raise QueueError(f"there is no key {name!r}{suggest(name, known)}")


def list_keys(connection: Connection) -> list[Key]:
    """Give every key, by name."""
    k = queue_keys.c
    query = select(k.name, sites.c.key, k.created_ms, k.used_ms, k.taken, k.refused, k.problem)
    rows = connection.execute(query.join_from(queue_keys, sites).order_by(k.name))
    return [Key(*row[:-1], problem=_read_problem(row.problem)) for row in rows]


def password_hashes(connection: Connection) -> dict[str, str]:
    """Give the hash of every key in the broker's format, by the key's name."""
    return {row.name: row.password for row in connection.execute(select(queue_keys.c.name, queue_keys.c.password))}


def name_of(connection: Connection, key: str) -> str | None:
    """Give the name of the key that this is; None where it is none of ours."""
    return connection.execute(select(queue_keys.c.name).where(queue_keys.c.digest == _digest(key))).scalar()


def site_of(connection: Connection, name: str) -> str | None:
    """Give the key of the site that a key speaks for; None where there is no such key."""
    return connection.execute(select(sites.c.key).join_from(queue_keys, sites).where(queue_keys.c.name == name)).scalar()


def count_push(connection: Connection, name: str, *, tickets: int, problem: Problem | None, now_ms: int) -> None:
    """Remember that a key was used, and why it was refused if it was: `problem` as it may be kept."""
    k = queue_keys.c
    counted: dict[str, Any] = {"used_ms": now_ms, "taken": k.taken + tickets}
    if problem:
        counted |= {"refused": k.refused + 1, "problem": msgspec.json.encode(problem).decode()}
    connection.execute(update(queue_keys).where(k.name == name).values(counted))


def _read_problem(written: str) -> Problem | None:
    if not written:
        return None
    try:
        return msgspec.json.decode(written, type=Problem)
    except msgspec.DecodeError:  # an earlier version kept the English sentence
        return Problem(WHOLE, "%(said)s", {"said": written})


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
