"""Adds lines to the audit log, in the transaction of what they tell, and chains them by SHA-256.

`note` is the last thing that a transaction does: on PostgreSQL it holds the end of the log until the commit, and whoever held it and then
waited for a row could wait in a ring.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from sqlalchemy import insert, select, text

from server.db.schema import audit

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from server.audit.acts import Act

GENESIS: Final = hashlib.sha256(b"vidhuk audit log 1").digest()
_LOCK: Final = 0x56494441  # the end of the log


class Actor(NamedTuple):
    """Who did it: the number of an account and the name of its session, or who was at the terminal; nobody where nobody is known."""

    account: int | None = None
    session: str = ""
    operator: str = ""


NOBODY: Final = Actor()


class Line(NamedTuple):
    """A line: its number, without gaps from 1; when (ms since 1970 UTC); who, what, to what, in JSON what else is known, and what for."""

    n: int
    at_ms: int
    account: int | None
    session: str
    operator: str
    act: str
    subject: str
    facts: str
    purpose: str

    def hash(self, before: bytes) -> bytes:
        """Give the hash of the log up to this line: SHA-256 over that of the line before it, and the line as a JSON array."""
        return hashlib.sha256(before + msgspec.json.encode(tuple(self))).digest()


def note(  # noqa: PLR0913 - a line's columns
    connection: Connection, by: Actor, act: Act, subject: object = "", *, now_ms: int, purpose: str = "", **facts: object
) -> None:
    """Write down what somebody did to `subject`: as the last thing of its transaction. Nothing about visitors belongs here."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    before_n, before = end_of(connection)
    known = {name: str(fact) for name, fact in facts.items() if fact not in {None, ""}}
    line = Line(before_n + 1, now_ms, *by, str(act), str(subject), msgspec.json.encode(known).decode(), purpose)
    connection.execute(insert(audit).values(**line._asdict(), hash=line.hash(before)))


def end_of(connection: Connection) -> tuple[int, bytes]:
    """Give the number of the last line, and the hash of the whole log."""
    row = connection.execute(select(audit.c.n, audit.c.hash).order_by(audit.c.n.desc()).limit(1)).first()
    return (0, GENESIS) if row is None else (row.n, row.hash)
