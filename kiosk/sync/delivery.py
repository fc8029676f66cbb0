"""delivery.db: what the server has, as it told us, its commands, and what sync asks of ui. One writer: sync; ui reads what is asked."""

from __future__ import annotations

import logging
import secrets
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, TypeVar
from uuid import UUID

import msgspec

from kiosk.store_file import UNREADABLE, connect
from kiosk.sync import command_book
from kiosk.sync.command_book import CommandBook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kiosk.orders import Order

log = logging.getLogger(__name__)
T = TypeVar("T")

FILE: Final = "delivery.db"
_SCHEMA: Final = """
    CREATE TABLE IF NOT EXISTS marks (epoch TEXT PRIMARY KEY, seq INTEGER NOT NULL, head TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS left_epochs (epoch TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS generations (n INTEGER PRIMARY KEY, generation TEXT NOT NULL UNIQUE);
    CREATE TABLE IF NOT EXISTS forks (into_epoch TEXT PRIMARY KEY, epoch TEXT NOT NULL, after_seq INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS looks (n INTEGER PRIMARY KEY);
    CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
_PRAGMAS: Final[dict[str, str | int]] = {"journal_mode": "wal", "synchronous": 2, "wal_autocheckpoint": 50}
_ROOM_BYTES: Final = 200_000
"""So much the journal holds before it is written anew: room that is taken at the start, so that a mark can be moved on a full disk."""
CONNECTED: Final = "connected"
FAULTS: Final = "faults"
"""Facts for the technician: "yes" while there is a way to the server; the faults of the delivery, joined by commas."""


class Fork(msgspec.Struct, frozen=True):
    """Everything after `after_seq` of `epoch` is to be taken into the new epoch `into`."""

    epoch: UUID
    after_seq: int
    into: UUID


class Mark(msgspec.Struct, frozen=True):
    """Up to which record the server has an epoch, and its chain hash there (hex)."""

    seq: int
    head: str


class Ledger:
    """The file, opened by its writer."""

    def __init__(self, path: Path) -> None:
        """Open or make it.

        Raises:
            StoreError: it does not keep its promises.
        """
        self._db = connect(path, _PRAGMAS)
        try:
            self._db.execute("BEGIN IMMEDIATE")  # one that was opened in a bad moment is read-only, and would be for ever
            self._db.execute("ROLLBACK")
            _check(self._db)
            self._db.executescript(_SCHEMA + command_book.SCHEMA)
            _check_words(self._db)
            with suppress(sqlite3.OperationalError):
                self._take_room()
        except BaseException:
            self._db.close()
            raise
        self.commands = CommandBook(self._db)

    def _take_room(self) -> None:
        self._db.execute("INSERT OR REPLACE INTO facts VALUES ('room', ?)", ("." * _ROOM_BYTES,))
        self._db.execute("DELETE FROM facts WHERE name = 'room'")
        self._db.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def mark(self, epoch: UUID) -> int:
        """Give the highest number of `epoch` that the server is known to have, 0 if none."""
        row = self._db.execute("SELECT seq FROM marks WHERE epoch = ?", (str(epoch),)).fetchone()
        return int(row[0]) if row else 0

    def head(self, epoch: UUID) -> str | None:
        """Give the server's chain hash at the mark of `epoch`."""
        row = self._db.execute("SELECT head FROM marks WHERE epoch = ?", (str(epoch),)).fetchone()
        return str(row[0]) if row else None

    def set_mark(self, epoch: UUID, seq: int, head: str) -> None:
        """Keep what the server has of `epoch`, and its chain hash there."""
        self._db.execute("INSERT OR REPLACE INTO marks VALUES (?, ?, ?)", (str(epoch), seq, head))

    @property
    def generation(self) -> str | None:
        """The server's generation as it was last seen; a server restored from a backup has a new one."""
        row = self._db.execute("SELECT generation FROM generations ORDER BY n DESC LIMIT 1").fetchone()
        return str(row[0]) if row else None

    def is_past(self, generation: str) -> bool:
        """Whether another generation has followed this one; what it says late is no longer so."""
        seen = "SELECT 1 FROM generations WHERE generation = ?"
        return generation != self.generation and self._db.execute(seen, (generation,)).fetchone() is not None

    def begin_generation(self, generation: str) -> None:
        """Note a new generation and forget what the server has of this kiosk: it will say by itself."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("DELETE FROM marks WHERE epoch NOT IN (SELECT epoch FROM left_epochs)")
            self._db.execute("INSERT INTO generations (generation) VALUES (?)", (generation,))

    def left(self) -> set[UUID]:
        """Give the epochs that were delivered under another id: nothing of them is sent any more."""
        return {UUID(epoch) for (epoch,) in self._db.execute("SELECT epoch FROM left_epochs")}

    def leave(self, epochs: Iterable[UUID]) -> None:
        """Send nothing of these epochs any more, and keep what their server has of them."""
        self._db.executemany("INSERT OR IGNORE INTO left_epochs VALUES (?)", [(str(epoch),) for epoch in epochs])

    @property
    def fork(self) -> Fork | None:
        """The fork that ui is asked for."""
        return _fork(self._db)

    def request_fork(self, fork: Fork) -> None:
        """Ask ui for a new epoch."""
        self._db.execute("INSERT INTO forks VALUES (?, ?, ?)", (str(fork.into), str(fork.epoch), fork.after_seq))

    @property
    def look(self) -> int | None:
        """The number of the look through votes.db that ui is asked for."""
        return _look(self._db)

    def want_look(self, wanted: bool) -> None:  # noqa: FBT001 - said as it is
        """Ask ui to look through votes.db, or no longer. Each look has a number of its own, so that no earlier answer is taken for its."""
        if not wanted and self.look is not None:
            self._db.execute("DELETE FROM looks")
        elif wanted and self.look is None:
            self._db.execute("INSERT INTO looks VALUES (?)", (1 + secrets.randbits(62),))

    def fork_is_done(self) -> None:
        """Take the request back."""
        self._db.execute("DELETE FROM forks")

    def fact(self, name: str) -> str | None:
        """Give a small fact that was kept."""
        row = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else None

    def note(self, name: str, value: str) -> None:
        """Keep a small fact for ui to show; it is written only when it changes."""
        if self._db.execute("SELECT 1 FROM facts WHERE name = ? AND value = ?", (name, value)).fetchone() is None:
            self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))


def open_ledger(path: Path) -> Ledger:
    """Open the file; one that is damaged, twice, is set aside, for the server will say again what it has."""
    for doing in ("looking again", "it is begun anew"):
        try:
            return Ledger(path)
        except UNREADABLE as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            log.warning("%s is damaged (%s): %s", path.name, error, doing)
    for part in ("-wal", "-shm", ""):
        with suppress(FileNotFoundError):
            Path(f"{path}{part}").rename(f"{path}-damaged{part}")
    return Ledger(path)


def _check(db: sqlite3.Connection) -> None:
    (verdict,) = db.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict)


def _check_words(db: sqlite3.Connection) -> None:
    """Check that the tables are what we made: with a byte of their words rotted a column may have another name."""
    with closing(sqlite3.connect(":memory:")) as fresh:
        fresh.executescript(_SCHEMA + command_book.SCHEMA)
        wanted = _words(fresh)
    found = _words(db)
    for name in wanted:
        if found.get(name) != wanted[name]:
            raise sqlite3.DatabaseError(f"the table {name.decode()} is not ours")


def _words(db: sqlite3.Connection) -> dict[bytes, bytes]:
    return dict(db.execute("SELECT CAST(name AS BLOB), CAST(sql AS BLOB) FROM sqlite_master WHERE type = 'table'"))


def requested_fork(path: Path) -> Fork | None:
    """Give the fork that sync asks for, as ui sees it; None when there is none or the file cannot be read just now."""
    return _glance(path, _fork, otherwise=None)


def wanted_look(path: Path) -> int | None:
    """Give the number of the look through votes.db that sync, which cannot read it, asks ui for; None when it asks for none."""
    return _glance(path, _look, otherwise=None)


def orders(path: Path) -> tuple[Order, ...]:
    """Give what ui is asked to do, the oldest first; nothing when the file cannot be read just now."""
    return _glance(path, command_book.orders, otherwise=())


def facts(path: Path) -> dict[str, str]:
    """Give what sync has noted for ui; nothing when the file cannot be read just now."""
    return _glance(path, lambda db: dict(db.execute("SELECT name, value FROM facts")), otherwise={})


def marks(path: Path) -> dict[UUID, int]:
    """Give what the server has of each epoch, as ui sees it; nothing when the file cannot be read just now."""
    return _glance(path, lambda db: {UUID(epoch): seq for epoch, seq in db.execute("SELECT epoch, seq FROM marks")}, otherwise={})


def delivered(path: Path) -> dict[UUID, Mark]:
    """Give what the server has of each epoch, as ui sees it; nothing while the log is to fork, or when the file cannot be read just now."""
    return _glance(path, _delivered, otherwise={})


def _delivered(db: sqlite3.Connection) -> dict[UUID, Mark]:
    if _fork(db) is not None:
        return {}
    return {UUID(epoch): Mark(seq, head) for epoch, seq, head in db.execute("SELECT epoch, seq, head FROM marks")}


def _glance(path: Path, ask: Callable[[sqlite3.Connection], T], *, otherwise: T) -> T:
    """Ask the file without writing to it."""
    try:
        if not path.exists():
            return otherwise
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=1)) as db:
            return ask(db)
    except (sqlite3.Error, UnicodeDecodeError, OSError):
        return otherwise


def _look(db: sqlite3.Connection) -> int | None:
    row = db.execute("SELECT n FROM looks").fetchone()
    return int(row[0]) if row else None


def _fork(db: sqlite3.Connection) -> Fork | None:
    row = db.execute("SELECT epoch, after_seq, into_epoch FROM forks").fetchone()
    return Fork(UUID(row[0]), row[1], UUID(row[2])) if row else None
