"""The file of votes.db: how it is opened, what is asked of it by who writes it and who reads it, and how its errors are named."""

from __future__ import annotations

import errno
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from kiosk.chains import Chains
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
UNREADABLE: Final = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What is raised of a damaged file: where SQLite's message quotes rotten bytes of the schema, Python cannot decode the message itself."""
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
        is_damaged = code in DAMAGE or str(error).startswith("no such ")  # of what we ask for by name nothing is missing in a sound log
        kind = StoreDamagedError if is_damaged else StoreFullError if code == sqlite3.SQLITE_FULL else StoreError
        raise kind(f"{error} ({getattr(error, 'sqlite_errorname', type(error).__name__)})") from error
    except UnicodeDecodeError as error:
        raise StoreDamagedError(f"SQLite cannot say what is wrong: {error}") from error
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


def steps_of(db: sqlite3.Connection) -> int:
    """Give how many steps of `kiosk.store_schema` a log has, as far as it says so."""
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'facts'").fetchone():
        return 0
    said = db.execute("SELECT value FROM facts WHERE name = ?", (STEPS_FACT,)).fetchone()
    return int(said[0]) if said and str(said[0]).isdecimal() else 0


def chains(db: sqlite3.Connection) -> Chains:
    """Give the chains of a log, which are to be followed from their beginnings; in one of an older version nothing is pruned."""
    has_pruning = db.execute("SELECT 1 FROM pragma_table_info('epochs') WHERE name = 'pruned'").fetchone()
    return Chains(db.execute("SELECT n, epoch, pruned, pruned_hash FROM epochs" if has_pruning else "SELECT n, epoch, 0, NULL FROM epochs"))


def _promise(connection: sqlite3.Connection, name: str, value: str | int) -> None:
    connection.execute(f"PRAGMA {name} = {value}")
    (answer,) = connection.execute(f"PRAGMA {name}").fetchone()
    if answer != value:
        raise StoreError(f"PRAGMA {name} is {answer!r} and will not become {value!r}")
