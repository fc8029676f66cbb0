"""Sessions in the database: who is signed in, since when, where, for how long. Only the digest of the cookie's id is stored."""

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
_BROWSERS: Final = {"Firefox/": "Firefox", "Edg": "Edge", "OPR/": "Opera", "Chrome/": "Chrome", "Safari/": "Safari"}
_SYSTEMS: Final = {"Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS": "macOS", "Linux": "Linux"}


class Place(msgspec.Struct, frozen=True):
    """From where somebody signed in: browser and system by their names, and the address that the server saw."""

    device: str = ""
    address: str = ""


class Session(msgspec.Struct, frozen=True):
    """An open session, for those who may end it; `name` is how the audit log calls it."""

    name: str
    person: int
    login: str
    began_ms: int
    seen_ms: int
    place: Place


class _Content(msgspec.Struct, frozen=True):
    """What is kept of a session; an earlier version kept the first two alone. `seen_ms` is up to a minute late."""

    person: int
    created_ms: int
    seen_ms: int = 0
    place: Place = Place()


def open_session(connection: Connection, person: Person, now_ms: int, place: Place) -> str:
    """Start a session and give its id for the cookie; sessions that have ended are swept away."""
    connection.execute(delete(sessions).where(sessions.c.expires_ms <= now_ms))
    session_id = secrets.token_urlsafe(32)
    data = msgspec.msgpack.encode(_Content(person.id, now_ms, now_ms, place))
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
        data = msgspec.msgpack.encode(msgspec.structs.replace(content, seen_ms=now_ms))
        with writing(engine) as connection:
            connection.execute(update(sessions).where(sessions.c.digest == digest).values(expires_ms=expires_ms, data=data))
    return Person(*row) if row else None


def close_session(connection: Connection, session_id: str) -> None:
    """End a session."""
    connection.execute(delete(sessions).where(sessions.c.digest == _digest(session_id)))


def open_sessions(connection: Connection, now_ms: int, person: int | None = None) -> list[Session]:
    """Give the sessions that are open, of somebody or of everybody, the latest first."""
    logins = {row.id: row.login for row in connection.execute(select(users.c.id, users.c.login))}
    found = [
        Session(_name(digest), one.person, logins[one.person], one.created_ms, one.seen_ms or one.created_ms, one.place)
        for digest, one in _kept(connection, now_ms)
        if one.person in logins and person in {None, one.person}
    ]
    return sorted(found, key=lambda one: (-one.seen_ms, one.name))


def end_session(connection: Connection, name: str, now_ms: int, person: int | None = None) -> int | None:
    """End a session by its name, of somebody or of anybody; give whose it was, None where there is no such one."""
    for digest, one in _kept(connection, now_ms):
        if _name(digest) == name and person in {None, one.person}:
            connection.execute(delete(sessions).where(sessions.c.digest == digest))
            return one.person
    return None


def end_sessions_of(connection: Connection, person: int, now_ms: int, *, but: str) -> int:
    """End all sessions of somebody but the one with this id; give how many there were."""
    ended = [digest for digest, one in _kept(connection, now_ms) if one.person == person and digest != _digest(but)]
    connection.execute(delete(sessions).where(sessions.c.digest.in_(ended)))
    return len(ended)


def _kept(connection: Connection, now_ms: int) -> list[tuple[bytes, _Content]]:
    rows = connection.execute(select(sessions.c.digest, sessions.c.data).where(sessions.c.expires_ms > now_ms)).all()
    return [(row.digest, msgspec.msgpack.decode(row.data, type=_Content)) for row in rows]


def name_of(session_id: str) -> str:
    """Give how the audit log calls a session; it does not lead back to its id."""
    return _name(_digest(session_id))


def device_of(agent: str) -> str:
    """Give browser and system by what a browser says of itself, as far as they are known; it may say anything."""
    found = (next((name for sign, name in known.items() if sign in agent), "") for known in (_BROWSERS, _SYSTEMS))
    return ", ".join(filter(None, found))


def _name(digest: bytes) -> str:
    return digest.hex()[:16]


def _digest(session_id: str) -> bytes:
    return sha256(session_id.encode()).digest()
