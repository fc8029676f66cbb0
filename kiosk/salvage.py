"""What happens when votes.db is damaged: it is set aside, never deleted, and what can be read of it goes on in a new log.

The new log is complete, under a name of its own, before the damaged one is touched, so that a power cut at any moment leaves
either the old state, which is then salvaged again, or a swap that is finished at the next start.
"""

from __future__ import annotations

import hashlib
import logging
import re
import shutil
import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Final
from uuid import UUID

from feedback.records import RecordError, Sealed, TicketScan, decode_body, genesis
from kiosk.errors import StoreDamagedError, StoreFullError
from kiosk.facts import SEALED_PAGE_FACT, SPENT_PAGE_FACT
from kiosk.folder import sync_folder
from kiosk.salvage_chain import Row, genuine
from kiosk.store import FILE, Box, Store
from kiosk.store_file import UNREADABLE, own_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

log = logging.getLogger(__name__)

SALVAGED: Final = "votes-salvaged.db"
ASIDE: Final = "votes-damaged-*.db"
_LATER_TABLES: Final = {"sealed": SEALED_PAGE_FACT, "spent": SPENT_PAGE_FACT}
"""Tables that begin elsewhere in a log that was made before them, with the facts that say where."""
_BOX: Final = "SELECT CAST(box AS BLOB), day FROM sealed WHERE record = ?"
_BOX_WITHOUT_DAY: Final = "SELECT CAST(box AS BLOB), NULL FROM sealed WHERE record = ?"
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_WORK: Final = "salvage"
_FRESH: Final = "votes-fresh.db"
_PARTS: Final = ("-wal", "-shm", "")
_STEP: Final = 256
_PAGE_BYTES: Final = 4096
_BLOCK_BYTES: Final = 512
_INDEX_BYTES: Final = 32_768
_PAGE_COUNT: Final = slice(28, 32)
_TABLES: Final = {"records": "n, epoch, seq, id, kind, body, hash", "epochs": "n, epoch, reason", "facts": "name, value"}
"""What the first page of every log names."""
_ROW_BYTES: Final = 128
"""Less than any record takes with its hash, id and index entries."""


def open_store(folder: Path, new_epoch: Callable[[], UUID]) -> Store:
    """Open the log in `folder`; if it is damaged, twice, go on with what can be read of it.

    Raises:
        StoreError: it cannot be opened at all just now.
    """
    with own_errors():
        _require_room(folder)
        _finish_swap(folder)
    try:
        return Store(folder / FILE, new_epoch)
    except StoreDamagedError as error:
        log.warning("votes.db seems damaged (%s), looking again", error)
    try:
        return Store(folder / FILE, new_epoch)
    except StoreDamagedError:
        log.exception("votes.db is damaged and is set aside")
    with own_errors():
        _salvage(folder, new_epoch)
        _finish_swap(folder)
    return Store(folder / FILE, new_epoch)


def _require_room(folder: Path) -> None:
    """Refuse to open the log where its index in memory, a file of holes, would find no room when it is written: that ends a process."""
    index = folder / f"{FILE}-shm"
    is_there = index.exists() and index.stat().st_blocks * _BLOCK_BYTES >= _INDEX_BYTES
    if not is_there and shutil.disk_usage(folder).free < 2 * _INDEX_BYTES:
        raise StoreFullError(f"there is no room to open {FILE}")


def _salvage(folder: Path, new_epoch: Callable[[], UUID]) -> None:
    work = folder / _WORK
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    for part in _PARTS:
        if (folder / (FILE + part)).exists():
            shutil.copyfile(folder / (FILE + part), work / (FILE + part))
    Store(work / _FRESH, new_epoch).close()
    if not (_has_records(work / FILE) and _words(work / FILE) == _words(work / _FRESH)):
        _lend_first_page(work)
    with Store(work / SALVAGED, new_epoch, reason="salvaged") as store:
        found = list(readable(work / FILE))
        boxes = dict(_readable_boxes(work / FILE, found))
        store.append_bodies(found, boxes, _readable_spent(work / FILE))
    log.warning("salvaged %d records and %d sealed boxes", len(found), len(boxes))
    (work / SALVAGED).rename(folder / SALVAGED)
    sync_folder(folder)


def _has_records(path: Path) -> bool:
    """Whether SQLite finds its way into the file at all, whatever holes it has, and its tables are ours."""
    with closing(sqlite3.connect(path)) as db:
        try:
            for table, columns in _TABLES.items():
                db.execute(f"SELECT {columns} FROM {table} LIMIT 0")  # noqa: S608 - names of our own schema
        except UNREADABLE:
            return False
    return True


def _words(path: Path) -> dict[str, str]:
    """Give the words by which the tables were made that no later version has altered."""
    with closing(sqlite3.connect(path)) as db, suppress(*UNREADABLE):
        return dict(db.execute("SELECT name, sql FROM sqlite_master WHERE name IN ('records', 'facts')"))
    return {}


def _lend_first_page(work: Path) -> None:
    """Give the copy the first page of an empty log: without one every record is lost, and it says nearly the same in every log."""
    with (work / _FRESH).open("rb") as fresh, (work / FILE).open("r+b") as copy:
        page = bytearray(fresh.read(_PAGE_BYTES))
        page[_PAGE_COUNT] = bytes(4)  # so that SQLite takes the file's own length
        copy.write(page)
    for table, fact in _LATER_TABLES.items():
        _find_table(work / FILE, table, fact)


def _find_table(path: Path, table: str, fact: str) -> None:
    """Say in the lent first page where a later table begins, or that there is none; a wrong page would hide the records too."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db, suppress(*UNREADABLE):
        db.execute("PRAGMA writable_schema = on")  # which also passes over what is wrong with the schema as it stands
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        noted = _noted_page(db, fact)
        if 1 < noted <= pages:
            db.execute("UPDATE sqlite_master SET rootpage = ? WHERE name = ?", (noted, table))
        else:
            db.execute("DELETE FROM sqlite_master WHERE name = ?", (table,))


def _noted_page(db: sqlite3.Connection, fact: str) -> int:
    try:
        row = db.execute("SELECT CAST(value AS INTEGER) FROM facts WHERE name = ?", (fact,)).fetchone()
    except UNREADABLE:
        return 0
    return int(row[0]) if row else 0


def _finish_swap(folder: Path) -> None:
    shutil.rmtree(folder / _WORK, ignore_errors=True)
    if not (folder / SALVAGED).exists():
        return
    number = 1
    while (folder / ASIDE.replace("*", str(number))).exists():
        number += 1
    for part in _PARTS:
        if (folder / (FILE + part)).exists():
            (folder / (FILE + part)).rename(folder / (ASIDE.replace("*", str(number)) + part))
    (folder / SALVAGED).rename(folder / FILE)
    sync_folder(folder)


def readable(path: Path) -> Iterator[tuple[UUID, str, bytes]]:
    """Give id, kind and body of every record that can still be read from a damaged log, in order."""
    if not _has_records(path):
        return
    with closing(sqlite3.connect(path)) as db:
        rows = (row for low in range(0, _last_number(db, path) + 1, _STEP) for row in _rows(db, low, _STEP))
        for row, is_genuine in genuine(rows, _beginnings(db)):
            try:
                record = decode_body(row.body) if is_genuine else None
            except RecordError:
                record = None
            if record is None:
                log.warning("a record is no longer what was written and stays in the damaged file")
            else:
                yield record.id, str(record.__struct_config__.tag), row.body


def _beginnings(db: sqlite3.Connection) -> dict[object, frozenset[bytes]]:
    """Give the hashes before the first record of each epoch. Its name stands in the table and in an index: one of them will be right."""
    found: dict[object, set[bytes]] = {}
    for source in ("epochs NOT INDEXED", "epochs INDEXED BY sqlite_autoindex_epochs_1"):
        with suppress(*UNREADABLE):
            for n, name in db.execute(f"SELECT n, CAST(epoch AS BLOB) FROM {source}"):  # noqa: S608 - names of our own schema
                with suppress(ValueError):
                    found.setdefault(n, set()).add(genesis(UUID(bytes(name or b"").decode())))
    return {n: frozenset(hashes) for n, hashes in found.items()}


def _readable_boxes(path: Path, found: list[tuple[UUID, str, bytes]]) -> Iterator[tuple[UUID, Box]]:
    """Give the sealed boxes of these records that can still be read and are what was sealed, by the records' ids."""
    kinds = {kind.__struct_config__.tag for kind in (Sealed, TicketScan)}
    with closing(sqlite3.connect(path)) as db:
        query = _BOX if _has_days(db) else _BOX_WITHOUT_DAY
        for id_, kind, body in found:
            record = decode_body(body) if kind in kinds else None
            if isinstance(record, Sealed | TicketScan) and (box := _box(db, query, id_)) is not None:
                if hashlib.sha256(box.content).hexdigest() == record.digest:
                    yield id_, box
                else:
                    log.warning("a sealed box is no longer what was sealed and stays in the damaged file")


def _has_days(db: sqlite3.Connection) -> bool:
    try:
        db.execute("SELECT day FROM sealed LIMIT 0")
    except UNREADABLE:
        return False
    return True


def _box(db: sqlite3.Connection, query: str, record: UUID) -> Box | None:
    try:
        row = db.execute(query, (str(record),)).fetchone()
    except UNREADABLE:
        return None
    return Box(bytes(row[0]), row[1]) if row else None


def _readable_spent(path: Path) -> list[tuple[str, str]]:
    """Give the tokens of spent tickets that can still be read; of those on a destroyed page the server knows."""
    found: list[tuple[str, str]] = []
    with closing(sqlite3.connect(path)) as db, suppress(*UNREADABLE):
        found.extend((day, token) for day, token in db.execute("SELECT day, token FROM spent") if _is_spent_token(day, token))
    return found


def _is_spent_token(day: object, token: object) -> bool:
    return isinstance(day, str) and isinstance(token, str) and bool(_DAY.fullmatch(day))


def _last_number(db: sqlite3.Connection, path: Path) -> int:
    """The highest row number, or one it cannot exceed when the table's end cannot be read."""
    try:
        return int(db.execute("SELECT max(n) FROM records").fetchone()[0] or 0)
    except UNREADABLE:
        return path.stat().st_size // _ROW_BYTES


def _rows(db: sqlite3.Connection, low: int, width: int) -> list[Row]:
    """The readable rows from number `low` on; around a hole, ever smaller pieces, and of one row at least the body."""
    for columns in ("epoch, seq, CAST(body AS BLOB), hash", "NULL, NULL, CAST(body AS BLOB), NULL"):
        query = f"SELECT {columns} FROM records NOT INDEXED WHERE n >= ? AND n < ? ORDER BY n"  # noqa: S608 - columns of our own schema
        try:
            return [Row(epoch, seq, bytes(body or b""), head) for epoch, seq, body, head in db.execute(query, (low, low + width))]
        except (*UNREADABLE, OverflowError):
            if width > 1:
                return _rows(db, low, width // 2) + _rows(db, low + width // 2, width // 2)
    return []
