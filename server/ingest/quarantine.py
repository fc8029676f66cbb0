"""What could not be taken as it came is kept here, byte for byte and once, with the reason; a flood of it is counted.

Whoever has a kiosk's credential can send what is never the same twice. Of one kiosk, one reason and one day so much is kept; what comes
beyond it is counted in a row of its own, so that nothing vanishes unseen and no disk is filled.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import func, select

from server.db.bulk import insert_rows
from server.db.schema import quarantine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

KEPT_NOTES: Final = 5_000
KEPT_BYTES: Final = 16 * 1024 * 1024
"""So many, and of so many bytes together, are kept of one kiosk, one reason and one day (UTC)."""
_ASKED: Final = 500
_DETAIL_CHARS: Final = 500
PAGE: Final = 200
"""So many of them a list has."""
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
    """One thing to keep: what came on `topic`, from `kiosk` if the topic names one.

    `same_as` is what tells it from others where the payload says more than that, such as when it was sent.
    """

    reason: Reason
    detail: str
    topic: str
    kiosk: str | None
    payload: bytes
    received_ms: int
    same_as: bytes | None = None

    @property
    def digest(self) -> bytes:
        """SHA-256 of reason, topic and what tells it from others: the same thing is kept once and counted."""
        told = self.payload if self.same_as is None else self.same_as
        return hashlib.sha256(b"\0".join((self.reason.encode(), self.topic.encode("utf-8", "replace"), told))).digest()


def keep(connection: Connection, notes: Iterable[Note]) -> None:
    """Store notes; one that is there already is counted, and waits again if it was replayed; one that finds no room is counted only."""
    first: dict[bytes, Note] = {}
    times: Counter[bytes] = Counter()
    for note in notes:
        digest = note.digest
        times[digest] += 1
        first.setdefault(digest, note)
    known, rooms = _known(connection, first), dict[_Source, _Room]()
    kept: dict[bytes, Note] = {}
    counts: Counter[bytes] = Counter()
    for digest, note in first.items():
        source = _Source.of(note)
        if source not in rooms:
            rooms[source] = _read_room(connection, source)
        is_kept = digest in known or rooms[source].takes(len(note.payload))
        place = digest if is_kept else source.digest
        kept.setdefault(place, note if is_kept else source.counted(note))
        counts[place] += times[digest]
    columns = ("digest", "received_ms", "kiosk", "topic", "reason", "detail", "payload", "times")
    # In the order of the digests, so that two workers never wait for each other in a ring.
    ordered = [(*_row(digest, kept[digest]), counts[digest]) for digest in sorted(kept)]
    counted = "ON CONFLICT (digest) DO UPDATE SET times = quarantine.times + excluded.times, replayed_ms = NULL, replayed_by = NULL"
    insert_rows(connection, quarantine, columns, ordered, on_conflict=counted)


def keep_once(connection: Connection, note: Note) -> bool:
    """Store a note that is not there yet, and count no other; tell whether it was new."""
    if connection.execute(select(quarantine.c.id).where(quarantine.c.digest == note.digest)).first() is not None:
        return False
    keep(connection, [note])
    return True


class _Source(NamedTuple):
    """What has a room of its own."""

    kiosk: str | None
    reason: str
    day: str

    @classmethod
    def of(cls, note: Note) -> _Source:
        return cls(note.kiosk, str(note.reason), _day(note.received_ms))

    @property
    def digest(self) -> bytes:
        """Where what finds no room is counted."""
        return hashlib.sha256(f"counted\0{self.kiosk or ''}\0{self.reason}\0{self.day}".encode()).digest()

    def counted(self, note: Note) -> Note:
        detail = (
            f"more than {KEPT_NOTES} of these, or than {KEPT_BYTES} bytes, came on {self.day} (UTC): the others are counted and not kept"
        )
        return replace(note, detail=detail, payload=b"")


@dataclass(slots=True)
class _Room:
    """How much more is kept."""

    notes: int
    bytes: int

    def takes(self, size: int) -> bool:
        if self.notes < 1 or self.bytes < size:
            return False
        self.notes -= 1
        self.bytes -= size
        return True


def _known(connection: Connection, digests: Iterable[bytes]) -> set[bytes]:
    """Give those that are there already."""
    left, known = iter(digests), set[bytes]()
    while part := list(islice(left, _ASKED)):
        known |= set(connection.execute(select(quarantine.c.digest).where(quarantine.c.digest.in_(part))).scalars())
    return known


def _read_room(connection: Connection, source: _Source) -> _Room:
    newest = (
        select(quarantine.c.received_ms, func.length(quarantine.c.payload))
        .where(quarantine.c.kiosk == source.kiosk, quarantine.c.reason == source.reason)  # null for no kiosk, as `==` writes it
        .order_by(quarantine.c.id.desc())
        .limit(KEPT_NOTES)
    )
    sizes = [size for received_ms, size in connection.execute(newest) if _day(received_ms) == source.day]
    return _Room(KEPT_NOTES - len(sizes), KEPT_BYTES - sum(sizes))


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat()


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


def latest(connection: Connection, *, after: int | None = None) -> list[Kept]:
    """Give one page of what is there, newest first; with `after` the page that begins after this number."""
    query = select(*_KEPT).order_by(quarantine.c.id.desc()).limit(PAGE)
    if after is not None:
        query = query.where(quarantine.c.id < after)
    return [Kept(*row) for row in connection.execute(query)]


def find(connection: Connection, number: int, *, hold: bool = False) -> Kept | None:
    """Give one by its number; with `hold` nobody else changes it until the transaction ends."""
    query = select(*_KEPT).where(quarantine.c.id == number)
    row = connection.execute(query.with_for_update() if hold else query).first()
    return None if row is None else Kept(*row)


def _row(digest: bytes, note: Note) -> tuple[object, ...]:
    detail = _storable(note.detail)[:_DETAIL_CHARS]
    return (digest, note.received_ms, note.kiosk, _storable(note.topic), str(note.reason), detail, note.payload)


def _storable(text: str) -> str:
    return text.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
