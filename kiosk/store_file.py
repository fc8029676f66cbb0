"""The file of votes.db: how it is opened, what is asked of it by who writes it and who reads it, and how its errors are named."""

from __future__ import annotations

import errno
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from feedback.records import link
from kiosk.errors import StoreDamagedError, StoreError, StoreFullError
from kiosk.facts import STEPS_FACT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PRAGMAS: Final[dict[str, str | int]] = {
    "journal_mode": "wal",
    "synchronous": 2,
    "wal_autocheckpoint": 200,
    "foreign_keys": 1,
    "secure_delete": 1,  # what is erased is overwritten: nobody shall find a ticket's token on the card
}
PATIENCE_MS: Final = 5000
DAMAGE: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_NO_ROOM: Final = {errno.ENOSPC, errno.EDQUOT}
EPOCHS: Final = """
    SELECT epoch, pruned, max(pruned, coalesce((SELECT max(seq) FROM records WHERE records.epoch = epochs.n), 0)) FROM epochs
    WHERE reason <> 'forking' ORDER BY n
"""
"""Each epoch that is complete, how far it is pruned, and its last number.

One look-up per epoch: this is asked several times a second, and the log grows.
"""
HASH_AT: Final = """
    SELECT CAST(hash AS BLOB) FROM records WHERE epoch = (SELECT n FROM epochs WHERE epoch = :epoch) AND seq = :seq
    UNION ALL SELECT CAST(pruned_hash AS BLOB) FROM epochs WHERE epoch = :epoch AND pruned = :seq AND pruned > 0
"""


@contextmanager
def own_errors() -> Iterator[None]:
    """Give SQLite's and the disk's errors our names: damage, or a failure that may pass."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        kind = StoreDamagedError if code in DAMAGE else StoreFullError if code == sqlite3.SQLITE_FULL else StoreError
        raise kind(f"{error} ({getattr(error, 'sqlite_errorname', type(error).__name__)})") from error
    except OSError as error:
        raise (StoreFullError if error.errno in _NO_ROOM else StoreError)(str(error)) from error


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


def steps_of(db: sqlite3.Connection) -> int:
    """Give how many steps of `kiosk.store_schema` a log has, as far as it says so."""
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'facts'").fetchone():
        return 0
    said = db.execute("SELECT value FROM facts WHERE name = ?", (STEPS_FACT,)).fetchone()
    return int(said[0]) if said and str(said[0]).isdecimal() else 0


def pruned_heads(db: sqlite3.Connection) -> dict[object, tuple[int, object]]:
    """Give how far each pruned epoch is pruned and the hash there, by its number; none in a log of an older version."""
    if not db.execute("SELECT 1 FROM pragma_table_info('epochs') WHERE name = 'pruned'").fetchone():
        return {}
    return {n: (pruned, head) for n, pruned, head in db.execute("SELECT n, pruned, pruned_hash FROM epochs WHERE pruned > 0")}


def is_pruned(heads: Mapping[object, tuple[int, object]], epoch: object, seq: object) -> bool:
    """Whether a row is a context that stayed when what stood around it was pruned: it is in no chain any more."""
    return isinstance(seq, int) and epoch in heads and seq <= heads[epoch][0]


def _promise(connection: sqlite3.Connection, name: str, value: str | int) -> None:
    connection.execute(f"PRAGMA {name} = {value}")
    (answer,) = connection.execute(f"PRAGMA {name}").fetchone()
    if answer != value:
        raise StoreError(f"PRAGMA {name} is {answer!r} and will not become {value!r}")
