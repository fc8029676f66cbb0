"""votes.db: the kiosk's append-only log, and the only copy of a vote until the server has it. One writer: the ui.

`append` returns once the records are on the disk. It knows no screen, no network and no clock.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple, Self
from uuid import UUID

from feedback.records import AnyRecord, Undo, encode_body, genesis, link
from kiosk.errors import StoreDamagedError, StoreError
from kiosk.facts import STEPS_FACT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from feedback.tickets import TicketToken

FILE: Final = "votes.db"
PRAGMAS: Final[dict[str, str | int]] = {
    "journal_mode": "wal",
    "synchronous": 2,
    "wal_autocheckpoint": 200,
    "foreign_keys": 1,
    "secure_delete": 1,  # what is erased is overwritten: nobody shall find a ticket's token on the card
}
PATIENCE_MS: Final = 5000
NO_PATIENCE_MS: Final = 100
STEPS: Final = 3
"""How many steps `kiosk.store_schema` has."""
DAMAGE: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class Box(NamedTuple):
    """A sealed box. `day` (ISO) is that of the ticket whose token it holds, None for a visitor's own words."""

    content: bytes
    day: str | None = None


@contextmanager
def own_errors() -> Iterator[None]:
    """Give SQLite's and the disk's errors our names: damage, or a failure that may pass."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        kind = StoreDamagedError if code in DAMAGE else StoreError
        raise kind(f"{error} ({getattr(error, 'sqlite_errorname', type(error).__name__)})") from error
    except OSError as error:
        raise StoreError(str(error)) from error


def connect(path: Path, promises: Mapping[str, str | int] = PRAGMAS) -> sqlite3.Connection:
    """Open a connection that promises durability, and ask it whether it does."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=PATIENCE_MS / 1000)
    try:
        for name, value in promises.items():
            _promise(connection, name, value)
    except BaseException:
        connection.close()
        raise
    return connection


def continues(head: object, seq: object, body: object, stored: object) -> bool:
    """Whether a row is what was chained after `head`; in a damaged one there may be values of any type."""
    if not (isinstance(head, bytes) and isinstance(seq, int) and isinstance(body, bytes)):
        return False
    return seq >= 0 and link(head, seq, body) == stored


def _promise(connection: sqlite3.Connection, name: str, value: str | int) -> None:
    connection.execute(f"PRAGMA {name} = {value}")
    (answer,) = connection.execute(f"PRAGMA {name}").fetchone()
    if answer != value:
        raise StoreError(f"PRAGMA {name} is {answer!r} and will not become {value!r}")


class Store:
    """The open log. It belongs to the thread that opened it."""

    def __init__(self, path: Path, new_epoch: Callable[[], UUID], reason: str = "created") -> None:
        """Open or make the log; the first epoch of a new one is noted with `reason`.

        Raises:
            StoreDamagedError: the file is no sound database.
            StoreError: it cannot be opened or does not keep its promises.
        """
        with own_errors():
            self._db = connect(path)
        try:
            with own_errors():
                self._prepare(new_epoch, reason)
        except BaseException:
            self._db.close()
            raise

    def _prepare(self, new_epoch: Callable[[], UUID], reason: str) -> None:
        self.check()
        with self._transaction():  # one for all steps, or a power cut could leave tables in another order than salvage counts on
            if not self._has_every_step():
                from kiosk.store_schema import bring_up  # only where it is needed: it takes 12 MB

                bring_up(self._db)
                self._note(STEPS_FACT, str(STEPS))
            if not self._db.execute("SELECT 1 FROM epochs").fetchone():
                self._db.execute("INSERT INTO epochs (epoch, reason) VALUES (?, ?)", (str(new_epoch()), reason))

    def _has_every_step(self) -> bool:
        if not self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'facts'").fetchone():
            return False
        said: object = self._db.execute("SELECT value FROM facts WHERE name = ?", (STEPS_FACT,)).fetchone()
        return said == (str(STEPS),)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; SQLite folds its journal into the file."""
        self._db.close()

    def check(self) -> None:
        """Let SQLite look through the whole file, and see that every record is what it was when it was chained.

        Raises:
            StoreDamagedError: something is not.
        """
        with own_errors():
            (verdict,) = self._db.execute("PRAGMA integrity_check(1)").fetchone()
            if verdict != "ok":
                raise StoreDamagedError(verdict)
            if self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'records'").fetchone():
                self._check_chain()

    def _check_chain(self) -> None:
        known = {n for (n,) in self._db.execute("SELECT n FROM epochs")}
        epoch, head = None, b""
        for of, seq, body, stored in self._db.execute("SELECT epoch, seq, body, hash FROM records ORDER BY epoch, seq"):
            if of != epoch and of not in known:
                raise StoreDamagedError(f"record {seq} is of epoch {of}, which is not there")
            if of == epoch and not continues(head, seq, body, stored):
                raise StoreDamagedError(f"record {seq} of epoch {of} is not what was written")
            epoch, head = of, stored

    @property
    def epoch(self) -> UUID:
        """The epoch that is being written."""
        with own_errors():
            return UUID(self._db.execute("SELECT epoch FROM epochs ORDER BY n DESC LIMIT 1").fetchone()[0])

    def append(
        self,
        new: Iterable[AnyRecord],
        boxes: Mapping[UUID, bytes] | None = None,
        tokens: Mapping[UUID, TicketToken] | None = None,
    ) -> None:
        """Put records at the end of the log, all or none; with none, write something else to see whether the disk takes it.

        A record whose id is already in the log is there and is passed over. `boxes` are the sealed boxes of records by their ids, and
        `tokens` those of `TicketScan` records: they are spent from then on, until an `Undo` record gives them back.
        """
        new, known = tuple(new), tokens or {}
        undone = {record.id for record in new if isinstance(record, Undo)}
        days = {record: token.day for record, token in known.items()}
        named = {record: Box(content, days.get(record)) for record, content in (boxes or {}).items()}
        bodies = [(record.id, str(record.__struct_config__.tag), encode_body(record)) for record in new]
        spent, back = (
            [(token.day, token.token) for record, token in known.items() if (record in undone) is is_back] for is_back in (False, True)
        )
        self.append_bodies(bodies, named, spent, back)

    def append_bodies(
        self,
        new: list[tuple[UUID, str, bytes]],
        boxes: Mapping[UUID, Box],
        spent: Iterable[tuple[str, str]] = (),
        given_back: Iterable[tuple[str, str]] = (),
    ) -> None:
        """The same with id, kind and the bytes that already are the record; of tickets spent and given back with days and tokens."""
        with own_errors(), self._transaction():
            if not new:
                self._note("probe", "written")
            epoch, seq, head = self._tail()
            for record, kind, body in new:
                if self._db.execute("SELECT 1 FROM records WHERE id = ?", (str(record),)).fetchone():
                    continue
                seq += 1
                head = link(head, seq, body)
                row = (epoch, seq, str(record), kind, body, head)
                self._db.execute("INSERT INTO records (epoch, seq, id, kind, body, hash) VALUES (?, ?, ?, ?, ?, ?)", row)
                if record in boxes:
                    self._db.execute("INSERT INTO sealed (record, box, day) VALUES (?, ?, ?)", (str(record), *boxes[record]))
            self._db.executemany("INSERT OR IGNORE INTO spent (day, token) VALUES (?, ?)", spent)
            self._db.executemany("DELETE FROM spent WHERE day = ? AND token = ?", given_back)

    def spent(self) -> list[tuple[str, str]]:
        """Give day and token of every ticket that has voted here, as long as they live."""
        with own_errors():
            return self._db.execute("SELECT day, token FROM spent").fetchall()

    def ticket_days(self) -> frozenset[str]:
        """Give the days (ISO) of all tickets of which anything is left that can be erased."""
        with own_errors():
            rows = self._db.execute("SELECT day FROM spent UNION SELECT day FROM sealed WHERE day IS NOT NULL")
            return frozenset(day for (day,) in rows)

    def forget_tickets(self, days: Iterable[str]) -> bool:
        """Erase the tokens and boxes of tickets of these days, so that no byte of them stays in the files.

        False where somebody was just reading and the journal is not emptied: try again. The records themselves stay.
        """
        with own_errors():
            with self._transaction():
                for day in days:
                    self._db.execute("UPDATE sealed SET box = zeroblob(length(box)) WHERE day = ?", (day,))  # a moved cell leaves its copy
                    self._db.execute("DELETE FROM sealed WHERE day = ?", (day,))
                    self._db.execute("DELETE FROM spent WHERE day = ?", (day,))
            self._db.execute(f"PRAGMA busy_timeout = {NO_PATIENCE_MS}")  # a vote may be waiting
            (busy, *_) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self._db.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")
            return not busy

    def rechain(self, epoch: UUID, after_seq: int, into: UUID) -> None:
        """Take every record after `after_seq` of `epoch` into the new epoch `into`; ids and bodies stay. Once done, it stays done."""
        with own_errors(), self._transaction():
            if self._db.execute("SELECT 1 FROM epochs WHERE epoch = ?", (str(into),)).fetchone():
                return
            (old,) = self._db.execute("SELECT n FROM epochs WHERE epoch = ?", (str(epoch),)).fetchone() or (None,)
            if old is None:
                raise StoreError(f"there is no epoch {epoch} to leave")
            new = self._db.execute("INSERT INTO epochs (epoch, reason) VALUES (?, 'forked')", (str(into),)).lastrowid
            moved = self._db.execute(
                "SELECT n, body FROM records WHERE epoch > ? OR (epoch = ? AND seq > ?) ORDER BY n", (old, old, after_seq)
            ).fetchall()
            head = genesis(into)
            for seq, (n, body) in enumerate(moved, 1):
                head = link(head, seq, body)
                self._db.execute("UPDATE records SET epoch = ?, seq = ?, hash = ? WHERE n = ?", (new, seq, head, n))

    def note(self, name: str, value: str) -> None:
        """Keep a small fact for sync to read."""
        with own_errors(), self._transaction():
            self._note(name, value)

    def _note(self, name: str, value: str) -> None:
        self._db.execute("INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value))

    def _tail(self) -> tuple[int, int, bytes]:
        epoch, name = self._db.execute("SELECT n, epoch FROM epochs ORDER BY n DESC LIMIT 1").fetchone()
        last = self._db.execute("SELECT seq, hash FROM records WHERE epoch = ? ORDER BY seq DESC LIMIT 1", (epoch,)).fetchone()
        return (epoch, *last) if last else (epoch, 0, genesis(UUID(name)))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
