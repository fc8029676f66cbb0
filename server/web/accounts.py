"""People: invitations, passwords, and what each role opens. Knows the database and no HTTP."""

from __future__ import annotations

import secrets
from functools import cache
from hashlib import sha256
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Final

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from server.audit.acts import Act
from server.audit.log import Actor, note
from server.db.engine import writing
from server.db.schema import invitations, users

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Engine

READERS: Final = ("leader", "auditor", "admin")
"""Roles that see every rating."""
KEEPERS: Final = ("technician", *READERS)
"""Roles that see the kiosks."""
TAKERS: Final = ("clerk", "leader", "technician", "admin")
"""Roles that go to a visitor who calls."""
COUNTERS: Final = TAKERS
"""Roles that count ticket boxes."""
TELLERS: Final = ("leader", "technician", "admin")
"""Roles that say what visitors are told."""
TECHNICIANS: Final = ("technician", "admin")
"""Roles that look after kiosks: they invite and command them, give them new credentials, and take in what lies in quarantine."""
IMPORTERS: Final = ("leader", "admin")
"""Roles that import what the queue system says."""
ADMINS: Final = ("admin",)
"""Roles that look after other people's access, and say what the centre consists of."""
OVERSEERS: Final = ("auditor", "admin")
"""Roles that read the audit log."""
JUDGES: Final = ("leader", "admin")
"""Roles that flag votes as misuse, and let them count again."""
ROLES: Final = ("clerk", *KEEPERS)
"""All of them: everybody who is signed in sees who calls."""

INVITATION_MS: Final = 24 * 3_600_000
PASSWORD_LENGTH: Final = 12
LOGIN_LENGTHS: Final = range(3, 65)

hasher = PasswordHasher()
"""Argon2id with the library's parameters: 64 MiB, about 0.1 s. Tests put a cheaper one here."""
_hashing: Final = BoundedSemaphore(2)  # a crowd at the door waits instead of taking 64 MiB each


class Person(msgspec.Struct, frozen=True):
    """Somebody with an account."""

    id: int
    login: str
    role: str
    language: str


class Wish(msgspec.Struct, frozen=True):
    """What an invited person chose."""

    login: str
    password: str
    language: str


class LoginTakenError(Exception):
    """Another account has this login."""


class InvitationError(Exception):
    """The link is unknown, was used, or has expired."""


def create_invitation(connection: Connection, *, role: str, now_ms: int) -> str:
    """Make a link's token, good for one account within 24 hours; only its digest is stored.

    Raises:
        ValueError: a role that opens no page.
    """
    if role not in ROLES:
        raise ValueError(f"role {role!r} is not known; choose one of {', '.join(ROLES)}")
    token = secrets.token_urlsafe(32)
    connection.execute(insert(invitations).values(digest=_digest(token), role=role, expires_ms=now_ms + INVITATION_MS))
    return token


def is_open(connection: Connection, token: str, now_ms: int) -> bool:
    """Say whether an invitation can still be used."""
    return connection.execute(select(invitations.c.role).where(*_usable(token, now_ms))).first() is not None


def accept_invitation(engine: Engine, token: str, wish: Wish, now_ms: int) -> Person:
    """Use an invitation up and make its account, both or neither.

    Raises:
        InvitationError: the link no longer works.
        LoginTakenError: the login is in use; the link still works.
    """
    hashed = _hash(wish.password)  # before the transaction: it takes long
    use = update(invitations).where(*_usable(token, now_ms)).values(used_ms=now_ms).returning(invitations.c.role)
    try:
        with writing(engine) as connection:
            role = connection.execute(use).scalar()
            if role is None:
                raise InvitationError
            values = {"login": wish.login, "password": hashed, "role": role, "language": wish.language, "created_ms": now_ms}
            person_id = connection.execute(insert(users).values(values).returning(users.c.id)).scalar_one()
            note(connection, Actor(person_id), Act.ACCOUNT_MADE, person_id, now_ms=now_ms, role=role)
    except IntegrityError as error:
        raise LoginTakenError from error
    return Person(person_id, wish.login, role, wish.language)


def set_language(connection: Connection, person: Person, language: str) -> None:
    """Remember in which language somebody reads the pages."""
    connection.execute(update(users).where(users.c.id == person.id).values(language=language))


def check_password(connection: Connection, login: str, password: str) -> Person | None:
    """Give the person, or none if login or password is wrong; both take the same time."""
    row = connection.execute(select(users).where(users.c.login == login)).first()
    is_right = _verify(row.password if row else _nobodys_password(), password)
    return Person(row.id, row.login, row.role, row.language) if row and is_right else None


def number_of(connection: Connection, login: str) -> int | None:
    """Give the number of the account with this login."""
    return connection.execute(select(users.c.id).where(users.c.login == login)).scalar()


def logins(connection: Connection) -> list[tuple[int, str]]:
    """Give everybody's number and login, by login."""
    return [(row.id, row.login) for row in connection.execute(select(users.c.id, users.c.login).order_by(users.c.login))]


def normal_login(login: str) -> str:
    """Write a login as it is stored: without blanks around, in small letters."""
    return login.strip().casefold()


def _usable(token: str, now_ms: int) -> tuple[ColumnElement[bool], ...]:
    return invitations.c.digest == _digest(token), invitations.c.used_ms.is_(None), invitations.c.expires_ms > now_ms


def _hash(password: str) -> str:
    with _hashing:
        return hasher.hash(password)


def _verify(hashed: str, password: str) -> bool:
    with _hashing:
        try:
            return hasher.verify(hashed, password)
        except VerifyMismatchError:
            return False


@cache
def _nobodys_password() -> str:
    return _hash(secrets.token_hex())


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
