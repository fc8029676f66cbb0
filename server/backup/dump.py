"""Writes everything down as it is in one moment, while ingest goes on: rows of every table, and the server's keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from feedback import VERSION
from server.backup.frames import About, Counts, Key, Rows, encode
from server.db.engine import snapshot
from server.db.migrate import revision_of
from server.db.schema import claims, invitations, metadata, sessions
from server.fleet.forgetting import NAMES_TICKETS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sqlalchemy import Connection, Engine, Table

LEFT_OUT: Final = frozenset({*NAMES_TICKETS, sessions, invitations, claims})
"""What names tickets must be gone after 72 hours, and nobody goes after old backups; who was signed in signs in again."""
_ROWS: Final = 1_000


def tables() -> list[Table]:
    """Give the tables of a backup: each after those that its rows point to."""
    return [table for table in metadata.sorted_tables if table not in LEFT_OUT]


def dump(
    engine: Engine, keys: Mapping[str, bytes], write: Callable[[bytes], None], *, now_ms: int, on_rows: Callable[[int, int], None]
) -> dict[str, int]:
    """Write all frames; give how many rows of each table there are. `on_rows` is told how many are written, of how many.

    Raises:
        DatabaseUnavailableError: the database is away.
    """
    with snapshot(engine) as connection:
        write(encode(About(now_ms, f"vidhuk {VERSION}", revision_of(connection))))
        for name, content in sorted(keys.items()):
            write(encode(Key(name, content)))
        total = sum(connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables())
        counts: dict[str, int] = {}
        for table in tables():
            counts[str(table.name)] = 0
            for rows in _chunks(connection, table):
                write(encode(Rows(str(table.name), [str(column.name) for column in table.columns], rows)))
                counts[table.name] += len(rows)
                on_rows(sum(counts.values()), total)
    write(encode(Counts(counts)))
    return counts


def _chunks(connection: Connection, table: Table) -> Iterator[list[list[object]]]:
    found = connection.execute(select(table).order_by(*table.primary_key), execution_options={"yield_per": _ROWS})
    return ([list(row) for row in chunk] for chunk in found.partitions())
