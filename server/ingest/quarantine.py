"""What could not be taken as it came is kept here, byte for byte and once, with the reason."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from server.db.bulk import insert_rows
from server.db.schema import quarantine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

_DETAIL_CHARS: Final = 500
_LATEST: Final = 200
_KEPT: Final = tuple(
    quarantine.c[name] for name in ("id", "received_ms", "kiosk", "topic", "reason", "detail", "payload", "times", "replayed_ms", "digest")
)


class Reason(StrEnum):
    """Why something is in quarantine."""

    UNDECODABLE = "undecodable"
    CONFLICT = "conflict"
    FOREIGN = "foreign"
    UNKNOWN_CONTEXT = "unknown_context"
    UNKNOWN_DESK = "unknown_desk"
    UNKNOWN_ANSWER = "unknown_answer"
    BAD_BOX = "bad_box"
    BAD_TICKET = "bad_ticket"
    REFUSED = "refused"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One thing to keep: what came on `topic`, from `kiosk` if the topic names one."""

    reason: Reason
    detail: str
    topic: str
    kiosk: str | None
    payload: bytes
    received_ms: int

    @property
    def digest(self) -> bytes:
        """SHA-256 of reason, topic and payload: the same thing is kept once and counted."""
        return hashlib.sha256(b"\0".join((self.reason.encode(), self.topic.encode("utf-8", "replace"), self.payload))).digest()


def keep(connection: Connection, notes: Iterable[Note]) -> None:
    """Store notes; one that is there already is counted, and waits again if it was replayed."""
    first: dict[bytes, Note] = {}
    times: Counter[bytes] = Counter()
    for note in notes:
        times[note.digest] += 1
        first.setdefault(note.digest, note)
    columns = ("digest", "received_ms", "kiosk", "topic", "reason", "detail", "payload", "times")
    # In the order of the digests, so that two workers never wait for each other in a ring.
    ordered = [(*_row(first[digest]), times[digest]) for digest in sorted(first)]
    counted = "ON CONFLICT (digest) DO UPDATE SET times = quarantine.times + excluded.times, replayed_ms = NULL, replayed_by = NULL"
    insert_rows(connection, quarantine, columns, ordered, on_conflict=counted)


def keep_once(connection: Connection, note: Note) -> bool:
    """Store a note that is not there yet, and count no other; tell whether it was new."""
    if connection.execute(select(quarantine.c.id).where(quarantine.c.digest == note.digest)).first() is not None:
        return False
    keep(connection, [note])
    return True


@dataclass(frozen=True, slots=True)
class Kept:
    """Something in quarantine."""

    id: int
    received_ms: int
    kiosk: str | None
    topic: str
    reason: str
    detail: str
    payload: bytes
    times: int
    replayed_ms: int | None
    digest: bytes


def latest(connection: Connection) -> list[Kept]:
    """Give what came last, newest first."""
    query = select(*_KEPT).order_by(quarantine.c.id.desc()).limit(_LATEST)
    return [Kept(*row) for row in connection.execute(query)]


def find(connection: Connection, number: int, *, hold: bool = False) -> Kept | None:
    """Give one by its number; with `hold` nobody else changes it until the transaction ends."""
    query = select(*_KEPT).where(quarantine.c.id == number)
    row = connection.execute(query.with_for_update() if hold else query).first()
    return None if row is None else Kept(*row)


def _row(note: Note) -> tuple[object, ...]:
    detail = _storable(note.detail)[:_DETAIL_CHARS]
    return (note.digest, note.received_ms, note.kiosk, _storable(note.topic), str(note.reason), detail, note.payload)


def _storable(text: str) -> str:
    return text.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
