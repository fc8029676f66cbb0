"""Takes the end of votes.db into a new epoch, a few records at a time: a full card has room for that, and no vote waits for all of it.

Until the last record is taken, the new epoch is hidden from who delivers, and what is stored goes to the end of the one before it.
Each step is the caller's transaction and says where the next one begins: a power cut between two changes nothing but the time it takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

import msgspec

from feedback.records import Context, RecordError, decode_body, encode_body, genesis, link
from kiosk.errors import StoreDamagedError, StoreError
from kiosk.facts import RECHAINED_FACT

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

STEP = 200
"""So many records are taken at once: a quarter of what SQLite's journal holds before it is folded."""
_UNFINISHED: Final = "SELECT n, epoch FROM epochs WHERE reason = 'forking'"
_INSERT: Final = "INSERT INTO records (epoch, seq, id, kind, body, hash) VALUES (?, ?, ?, 'context', ?, ?)"
_LEFT: Final = """
    SELECT n, epoch, seq, body, hash FROM records WHERE (epoch, seq) > (?, ?) AND epoch < ? ORDER BY epoch, seq LIMIT ?
"""
_CONTEXTS_BEFORE: Final = """
    SELECT body FROM records WHERE (epoch, seq) <= (?, ?) AND kind = 'context' ORDER BY epoch DESC, seq DESC
"""


class Place(NamedTuple):
    """The record that was taken last: the number of the epoch that it left, and its number and chain hash there."""

    epoch: int
    seq: int
    head: bytes


class _End(NamedTuple):
    """The last record of the new epoch: its number in the log, and its place and hash in the chain."""

    n: int
    seq: int
    head: bytes


def is_unfinished(db: sqlite3.Connection) -> bool:
    """Whether there is a new epoch into which not everything is taken yet."""
    return db.execute(_UNFINISHED).fetchone() is not None


def place(db: sqlite3.Connection) -> Place | None:
    """Give the record that was taken last, None where nothing is left to take.

    Raises:
        StoreDamagedError: something is left, and nothing says where it begins.
    """
    if not is_unfinished(db):
        return None
    row = db.execute("SELECT value FROM facts WHERE name = ?", (RECHAINED_FACT,)).fetchone()
    try:
        epoch, seq, head = str(row and row[0]).split(" ")
        return Place(int(epoch), int(seq), bytes.fromhex(head))
    except ValueError as error:
        raise StoreDamagedError("nothing says how far the records are taken into the new epoch") from error


def begin(db: sqlite3.Connection, epoch: UUID, after_seq: int, into: UUID, new_id: Callable[[], UUID]) -> None:
    """Begin the new epoch `into`, which takes every record after `after_seq` of `epoch`.

    Those may name contexts that stand before them, and the server knows none of a kiosk that had another id until now. So copies of the
    contexts of the last boot, with ids of their own, come first; no record after them names an older one.

    Raises:
        StoreError: there is no such epoch.
    """
    (old,) = db.execute("SELECT n FROM epochs WHERE epoch = ?", (str(epoch),)).fetchone() or (None,)
    if old is None:
        raise StoreError(f"there is no epoch {epoch} to leave")
    new = db.execute("INSERT INTO epochs (epoch, reason) VALUES (?, 'forking')", (str(into),)).lastrowid
    head = genesis(into)
    for seq, context in enumerate(_contexts_of_last_boot(db, old, after_seq), 1):
        copy = msgspec.structs.replace(context, id=new_id())
        body = encode_body(copy)
        head = link(head, seq, body)
        db.execute(_INSERT, (new, seq, str(copy.id), body, head))
    _note(db, Place(old, after_seq, b""))


def go_on(db: sqlite3.Connection) -> bool:
    """Take the next records into the new epoch; tell whether there are more. Their ids and bodies stay."""
    last = place(db)
    if last is None:
        return False
    new, name = db.execute(_UNFINISHED).fetchone()
    end = _end(db, new, UUID(name))
    left = db.execute(_LEFT, (last.epoch, last.seq, new, STEP + 1)).fetchall()
    (top,) = db.execute("SELECT max(n) FROM records").fetchone()
    for n, epoch, seq, body, head in left[:STEP]:
        behind = n if n > end.n else top + 1  # copies of contexts stand at the end of the log, and what follows them goes behind them
        end = _End(behind, end.seq + 1, link(end.head, end.seq + 1, body))
        db.execute("UPDATE records SET n = ?, epoch = ?, seq = ?, hash = ? WHERE n = ?", (end.n, new, end.seq, end.head, n))
        top, last = max(top, behind), Place(epoch, seq, head)
    if len(left) > STEP:
        _note(db, last)
        return True
    db.execute("UPDATE epochs SET reason = 'forked' WHERE n = ?", (new,))
    db.execute("DELETE FROM facts WHERE name = ?", (RECHAINED_FACT,))
    return False


def _end(db: sqlite3.Connection, new: int, name: UUID) -> _End:
    row = db.execute("SELECT n, seq, hash FROM records WHERE epoch = ? ORDER BY seq DESC LIMIT 1", (new,)).fetchone()
    return _End(*row) if row else _End(0, 0, genesis(name))


def _note(db: sqlite3.Connection, last: Place) -> None:
    value = f"{last.epoch} {last.seq} {last.head.hex()}"
    db.execute("INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (RECHAINED_FACT, value))


def _contexts_of_last_boot(db: sqlite3.Connection, epoch: int, seq: int) -> list[Context]:
    """Give the contexts of the boot that was the last one at a record, in their order."""
    found: list[Context] = []
    for context in _contexts_before(db, epoch, seq):
        if found and context.boot_id != found[0].boot_id:
            break
        found.append(context)
    return found[::-1]


def _contexts_before(db: sqlite3.Connection, epoch: int, seq: int) -> Iterator[Context]:
    for (body,) in db.execute(_CONTEXTS_BEFORE, (epoch, seq)):
        try:
            record = decode_body(body)
        except RecordError:
            continue
        if isinstance(record, Context):
            yield record
