"""What is in votes.db, as sync sees it: read-only, in short reads, and always the file that bears the name now."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Self
from uuid import UUID

import msgspec

from feedback.records import genesis
from feedback.wire import MAX_BATCH_BYTES, MAX_RECORDS
from kiosk.chains import continues
from kiosk.store import FILE
from kiosk.store_file import DAMAGE, EPOCHS, HASH_AT
from kiosk.sync.doubts import Doubts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_ENVELOPE_BYTES: Final = 512
"""What a batch needs beside its records."""

_BOX_KEY_BYTES: Final = len('"00000000-0000-0000-0000-000000000000":"",')

_UNPRUNED: Final = "(SELECT *, 0 AS pruned, NULL AS pruned_hash FROM epochs)"
"""The epochs of a log that ui has not opened since it prunes."""

SLICE: Final = """
    SELECT seq, id, body, hash, CAST(box AS BLOB) FROM records LEFT JOIN sealed ON records.id = sealed.record
    WHERE epoch = (SELECT n FROM epochs WHERE epoch = :epoch) AND seq > max(:seq, (SELECT pruned FROM epochs WHERE epoch = :epoch))
        AND NOT EXISTS (SELECT 1 FROM epochs WHERE reason = 'forking')
    ORDER BY seq LIMIT :most
"""
SLICE_WITHOUT_BOXES: Final = """
    SELECT seq, id, body, hash, NULL FROM records
    WHERE epoch = (SELECT n FROM epochs WHERE epoch = :epoch) AND seq > max(:seq, (SELECT pruned FROM epochs WHERE epoch = :epoch))
        AND NOT EXISTS (SELECT 1 FROM epochs WHERE reason = 'forking')
    ORDER BY seq LIMIT :most
"""


class Epoch(msgspec.Struct, frozen=True):
    """One epoch in the log: its first record that is kept and its last; both 0 when it never had one.

    Where none is kept, `first` is the number that the next one will have.
    """

    id: UUID
    first: int
    last: int

    @property
    def pruned(self) -> int:
        """Up to which record it is pruned."""
        return max(0, self.first - 1)


class Slice(msgspec.Struct, frozen=True):
    """Consecutive records of an epoch as they were stored, the chain hash before them, and the sealed boxes of theirs by record id."""

    epoch: UUID
    first_seq: int
    prev: bytes
    bodies: tuple[bytes, ...]
    sealed: dict[UUID, bytes]

    @property
    def last_seq(self) -> int:
        """The number of its last record."""
        return self.first_seq + len(self.bodies) - 1


class Outbox:
    """The log's reader. Where there is no log yet, or none that can be read, it is empty."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE
        self._db: sqlite3.Connection | None = None
        self._inode = 0
        self._has_boxes = self._has_pruning = False
        self._doubts = Doubts()
        """Those about the file that bears the name now."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    @property
    def damaged(self) -> bool:
        """Whether something in the file that bears the name now could not be read when it was read last."""
        return self._doubts.are_there

    @property
    def wants_look(self) -> bool:
        """Whether ui is to look through the file, and to set it aside if it is damaged."""
        return self._doubts.want_look

    @property
    def is_unreadable(self) -> bool:
        """Whether something cannot be read though ui has found the file sound."""
        return self._doubts.are_fault

    def found_sound(self) -> None:
        """Ui has found the file sound: read it anew."""
        self._doubts.found_sound()
        self._close()

    def epochs(self) -> list[Epoch]:
        """Give all epochs, oldest first; the last one is being written. One into which records are still being taken is none yet."""
        return [Epoch(UUID(name), pruned + 1 if last else 0, last) for name, pruned, last in self._read(self._adapted(EPOCHS))]

    def hash_at(self, epoch: UUID, seq: int) -> bytes | None:
        """Give our own chain hash at `seq`, None where we have no record any more or none yet."""
        if seq == 0:
            return genesis(epoch)
        rows = self._read(self._adapted(HASH_AT), {"epoch": str(epoch), "seq": seq})
        return bytes(rows[0][0]) if rows else None

    def holds(self, epoch: UUID) -> bool:
        """Whether anything of an epoch is there, be it a context that stayed when the rest was pruned."""
        return bool(self._read("SELECT 1 FROM records WHERE epoch = (SELECT n FROM epochs WHERE epoch = ?) LIMIT 1", (str(epoch),)))

    def slice_after(self, epoch: UUID, seq: int, most: int = MAX_RECORDS) -> Slice | None:
        """Give the next records after `seq`, as many as one batch holds, at most so many; none while a new epoch takes records in."""
        prev, rows = self.hash_at(epoch, seq), self._rows_after(epoch, seq, most)
        if prev is None or not _begins_at(rows, seq + 1):
            if self._is_gap(epoch, seq):
                self._fail((epoch, seq + 1))
            return None
        head = prev
        for number, _, body, stored, _ in rows:
            if not continues(head, number, body, stored):
                self._fail((epoch, number))
                return None
            self._doubts.is_read((epoch, number))
            head = stored
        part = rows[: _fitting([_wire_bytes(body, box) for _, _, body, _, box in rows])]
        sealed = {UUID(record): bytes(box) for _, record, _, _, box in part if box is not None}
        return Slice(epoch, seq + 1, prev, tuple(bytes(body) for _, _, body, _, _ in part), sealed)

    def _rows_after(self, epoch: UUID, seq: int, most: int) -> list[Any]:
        query = self._adapted(SLICE if self._keeps_boxes() else SLICE_WITHOUT_BOXES)
        return self._read(query, {"epoch": str(epoch), "seq": seq, "most": most})

    def _is_gap(self, epoch: UUID, seq: int) -> bool:
        """Whether there are records after `seq` and the next one, or the hash before it, is not found."""
        if not any(known.id == epoch and known.pruned <= seq < known.last for known in self.epochs()):
            return False
        is_taken_over = bool(self._read("SELECT 1 FROM epochs WHERE reason = 'forking'"))
        return not is_taken_over and (self.hash_at(epoch, seq) is None or not _begins_at(self._rows_after(epoch, seq, 1), seq + 1))

    def _fail(self, place: tuple[UUID, int]) -> None:
        """Doubt a record. What SQLite keeps of the file in memory may be wrong, and not the file."""
        self._doubts.fails(place)
        self._close()

    def _keeps_boxes(self) -> bool:
        """Whether ui has opened the log since it keeps boxes; sync of a new version may be the first to start."""
        self._has_boxes = self._has_boxes or bool(self._read("SELECT 1 FROM sqlite_master WHERE name = 'sealed'"))
        return self._has_boxes

    def _adapted(self, query: str) -> str:
        """Have the query work on a log that ui has not opened since it prunes."""
        self._has_pruning = self._has_pruning or bool(self._read("SELECT 1 FROM pragma_table_info('epochs') WHERE name = 'pruned'"))
        return query if self._has_pruning else query.replace("FROM epochs", f"FROM {_UNPRUNED} AS epochs")

    def fact(self, name: str) -> str | None:
        """Give a small fact that ui keeps there."""
        rows = self._read("SELECT value FROM facts WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else None

    def _read(self, query: str, values: Sequence[str | int] | Mapping[str, str | int] = ()) -> list[Any]:
        place = query, str(values)
        try:
            rows = self._connection().execute(query, values).fetchall()
        except (sqlite3.Error, UnicodeDecodeError, OSError, OverflowError) as error:
            if isinstance(error, UnicodeDecodeError) or getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGE:
                self._doubts.fails(place)
            self._close()
            return []
        self._doubts.is_read(place)
        return rows

    def _connection(self) -> sqlite3.Connection:
        inode = self._path.stat().st_ino
        if self._db is None or inode != self._inode:
            self._close()
            self._db = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=2)
            if inode != self._inode:
                self._doubts = Doubts()
            self._inode = inode
        return self._db

    def _close(self) -> None:
        if self._db is not None:
            with suppress(sqlite3.Error):
                self._db.close()
        self._db = None
        self._has_boxes = self._has_pruning = False


def _begins_at(rows: Sequence[Any], seq: int) -> bool:
    return bool(rows) and rows[0][0] == seq


def _wire_bytes(body: bytes, box: bytes | None) -> int:
    """What a record takes in a batch: itself and a comma, and its box as base64 under its id, with the punctuation."""
    return len(body) + 1 + (0 if box is None else (len(box) + 2) // 3 * 4 + _BOX_KEY_BYTES)


def _fitting(sizes: Sequence[int]) -> int:
    """How many from the start fit one batch, and always the first."""
    left = MAX_BATCH_BYTES - _ENVELOPE_BYTES
    for count, size in enumerate(sizes):
        left -= size
        if left < 0 and count:
            return count
    return len(sizes)
