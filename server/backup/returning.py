"""Brings a server back from a backup: its database, its keys and what was erased since. Cut short anywhere, it can be done again.

The order: rows and erasures in one transaction; before its commit the mark that a restore has begun, then the keys; after it the list of
erasures; last the mark goes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from server.backup.begun import Begun, begin, begun_in, end
from server.backup.restore import restore
from server.db.engine import reading, writing
from server.db.founded import generation_of
from server.errors import BackupError
from server.keys import clear_keys, key_files, write_keys
from server.registry.settings import renumber_settings
from server.remarks.erasing import erase_visits, sweep_within, write_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    from server.backup.restore import Restored
    from server.remarks.erasing import Erasure


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that is read: what tells it from any other, and its frames."""

    identity: str
    frames: Iterable[bytes]


def bring_back(  # noqa: PLR0913 - what to bring back, where to, and what to do with it
    data_dir: Path,
    engine: Engine,
    backup: Backup,
    erased: Sequence[Erasure],
    *,
    now_ms: int,
    on_rows: Callable[[int], None] = lambda _count: None,
) -> Restored | None:
    """Fill an empty folder and an empty database; None where an earlier try had stored every row, and this one added what was left.

    Settings get new numbers, so that kiosks take what is restored.

    Raises:
        BackupError: one of them is not empty, or the backup cannot be restored.
    """
    begun = begun_in(data_dir)
    with reading(engine) as connection:
        is_stored = begun is not None and generation_of(connection) == begun.generation
    if begun is not None and is_stored:
        _go_on(engine, begun, backup, erased)
        restored = None
    else:
        if begun is None and key_files(data_dir):
            raise BackupError(f"{data_dir} is a server's folder already: restore into another one (--data)")
        restored = _store(data_dir, engine, backup, erased, now_ms, on_rows)
    with reading(engine) as connection:
        write_list(connection, data_dir)
    sweep_within(engine)
    end(data_dir)
    return restored


def _go_on(engine: Engine, begun: Begun, backup: Backup, erased: Sequence[Erasure]) -> None:
    if begun.backup != backup.identity:
        raise BackupError("the restore of another backup was cut short here: go on with that one, or empty the folder and the database")
    with writing(engine) as connection:
        erase_visits(connection, erased)


def _store(  # noqa: PLR0913, PLR0917 - as above
    data_dir: Path, engine: Engine, backup: Backup, erased: Sequence[Erasure], now_ms: int, on_rows: Callable[[int], None]
) -> Restored:
    begun = Begun(backup.identity, str(uuid4()))

    def at_last(connection: Connection, restored: Restored) -> None:
        erase_visits(connection, erased)
        renumber_settings(connection, now_ms=now_ms)
        begin(data_dir, begun)
        clear_keys(data_dir)
        write_keys(data_dir, restored.keys)

    return restore(engine, backup.frames, generation=begun.generation, at_last=at_last, on_rows=on_rows)
