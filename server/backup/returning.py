"""Brings a server back from a backup: its database, its keys and what was taken back since. Cut short anywhere, it can be done again.

The order: rows, erasures and who is let in in one transaction; before its commit the mark that a restore has begun, then the keys; after it
the list for the next restore; last the mark goes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from server.audit.acts import Act
from server.audit.log import NOBODY, note
from server.backup.admitted import ShutOut, shut_out
from server.backup.begun import Begun, begin, begun_in, end
from server.backup.restore import restore
from server.backup.since import write_list
from server.db.engine import reading, writing
from server.db.founded import generation_of
from server.errors import BackupError
from server.keys import clear_keys, key_files, public_of, write_keys
from server.registry.settings import renumber_settings
from server.remarks.erasing import erase_visits, sweep_within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    from server.audit.log import Actor
    from server.backup.admitted import Admitted
    from server.backup.restore import Restored
    from server.remarks.erasing import Erasure


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that is read: what tells it from any other, and its frames."""

    identity: str
    frames: Iterable[bytes]


@dataclass(frozen=True, slots=True)
class Since:
    """What was taken back after a backup: what was erased, and all who were let in later; None where no list is newer than the backup."""

    erased: Sequence[Erasure] = ()
    admitted: Admitted | None = None


def bring_back(  # noqa: PLR0913 - what to bring back, where to, and what to do with it
    data_dir: Path,
    engine: Engine,
    backup: Backup,
    since: Since,
    *,
    now_ms: int,
    by: Actor = NOBODY,
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
        _go_on(engine, begun, backup, since)
        restored = None
    else:
        if begun is None and key_files(data_dir):
            raise BackupError(f"{data_dir} is a server's folder already: restore into another one (--data)")
        restored = _store(data_dir, engine, backup, since, now_ms, by, on_rows)
    with reading(engine) as connection:
        write_list(connection, data_dir, public_of(key_files(data_dir)), now_ms)
    sweep_within(engine)
    end(data_dir)
    return restored


def _go_on(engine: Engine, begun: Begun, backup: Backup, since: Since) -> None:
    if begun.backup != backup.identity:
        raise BackupError("the restore of another backup was cut short here: go on with that one, or empty the folder and the database")
    with writing(engine) as connection:
        _take_back(connection, since)


def _store(  # noqa: PLR0913, PLR0917 - as above
    data_dir: Path, engine: Engine, backup: Backup, since: Since, now_ms: int, by: Actor, on_rows: Callable[[int], None]
) -> Restored:
    begun = Begun(backup.identity, str(uuid4()))

    def at_last(connection: Connection, restored: Restored) -> None:
        restored.shut_out = _take_back(connection, since)
        renumber_settings(connection, now_ms=now_ms)
        note(connection, by, Act.RESTORED, now_ms=now_ms, backup_of_ms=restored.about.made_ms)
        begin(data_dir, begun)
        clear_keys(data_dir)
        write_keys(data_dir, restored.keys)

    return restore(engine, backup.frames, generation=begun.generation, at_last=at_last, on_rows=on_rows)


def _take_back(connection: Connection, since: Since) -> ShutOut:
    erase_visits(connection, since.erased)
    return ShutOut() if since.admitted is None else shut_out(connection, since.admitted)
