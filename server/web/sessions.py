"""Sessions in the database: who is signed in, for how long. Only the digest of the cookie's id is stored."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import delete, insert, select, update

from server.db.engine import reading, writing
from server.db.schema import sessions, users
from server.web.accounts import Person

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

IDLE_MS: Final = 30 * 60_000
ABSOLUTE_MS: Final = 12 * 3_600_000
_RENEW_AFTER_MS: Final = 60_000


class _Content(msgspec.Struct, frozen=True):
    person: int
    created_ms: int


def open_session(connection: Connection, person: Person, now_ms: int) -> str:
    """Start a session and give its id for the cookie; sessions that have ended are swept away."""
    connection.execute(delete(sessions).where(sessions.c.expires_ms <= now_ms))
    session_id = secrets.token_urlsafe(32)
    data = msgspec.msgpack.encode(_Content(person.id, now_ms))
    connection.execute(insert(sessions).values(digest=_digest(session_id), data=data, expires_ms=now_ms + IDLE_MS))
    return session_id


def find_person(engine: Engine, session_id: str, now_ms: int, *, renew: bool = True) -> Person | None:
    """Give whose session this is, if it is still open; being used keeps it open up to its absolute end."""
    digest = _digest(session_id)
    with reading(engine) as connection:
        found = connection.execute(
            select(sessions.c.data, sessions.c.expires_ms).where(sessions.c.digest == digest, sessions.c.expires_ms > now_ms)
        ).first()
        if found is None:
            return None
        content = msgspec.msgpack.decode(found.data, type=_Content)
        columns = [users.c[name] for name in Person.__struct_fields__]
        row = connection.execute(select(*columns).where(users.c.id == content.person)).first()
    expires_ms = min(now_ms + IDLE_MS, content.created_ms + ABSOLUTE_MS)
    if renew and expires_ms > found.expires_ms + _RENEW_AFTER_MS:
        with writing(engine) as connection:
            connection.execute(update(sessions).where(sessions.c.digest == digest).values(expires_ms=expires_ms))
    return Person(*row) if row else None


def close_session(connection: Connection, session_id: str) -> None:
    """End a session."""
    connection.execute(delete(sessions).where(sessions.c.digest == _digest(session_id)))


def name_of(session_id: str) -> str:
    """Give how the audit log calls a session; it does not lead back to its id."""
    return _digest(session_id).hex()[:16]


def _digest(session_id: str) -> bytes:
    return sha256(session_id.encode()).digest()
