"""Puts a backup into an empty database, of whichever kind, and makes sure that it is all there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

from sqlalchemy import MetaData, delete, func, insert, inspect, select, text, update

from server.backup.admitted import ShutOut
from server.backup.frames import About, Counts, Frame, Key, Rows, decode
from server.db import schema
from server.db.engine import writing
from server.db.migrate import migrate_in
from server.errors import BackupError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sqlalchemy import Connection, Engine, Table

_OURS: Final = (schema.records, schema.kiosks, schema.users, schema.sites, schema.queue_days)


class Restored:
    """What came out of a backup: when it was made, the server's keys, how many rows of each table, and who is let in no more."""

    def __init__(self, about: About) -> None:
        self.about = about
        self.keys: dict[str, bytes] = {}
        self.counts: dict[str, int] = {}
        self.shut_out = ShutOut()


def restore(
    engine: Engine,
    frames: Iterable[bytes],
    *,
    generation: str | None = None,
    at_last: Callable[[Connection, Restored], None] = lambda _connection, _restored: None,
    on_rows: Callable[[int], None] = lambda _count: None,
) -> Restored:
    """Fill an empty database and bring it to this version's schema, all in one transaction; `on_rows` hears of rows that were written.

    It begins a new `generation`, by which every kiosk learns to send again what this backup does not have. `at_last` is called in
    the transaction when everything is in it.

    Raises:
        BackupError: the database is not empty, the backup is damaged, or a newer version of the program made it.
    """
    ordered = map(decode, frames)
    about = next(ordered, None)
    if not isinstance(about, About):
        raise BackupError("the backup does not begin like one")
    restored = Restored(about)
    with writing(engine) as connection:
        _require_empty(connection)
        migrate_in(connection, revision=about.revision)
        known = MetaData()
        known.reflect(connection)
        connection.execute(delete(schema.server))
        _fill(connection, known.tables, ordered, restored, on_rows)
        if connection.dialect.name == "postgresql":
            _count_on(connection, [known.tables[name] for name in restored.counts])
        connection.execute(update(schema.server).values(generation=generation or str(uuid4())))
        migrate_in(connection)
        at_last(connection, restored)
    return restored


def _fill(
    connection: Connection, known: Mapping[str, Table], frames: Iterator[Frame], restored: Restored, on_rows: Callable[[int], None]
) -> None:
    counts: dict[str, int] | None = None
    for frame in frames:
        match frame:
            case Key(name, content):
                restored.keys[name] = content
            case Rows(name, columns, rows) if name in known:
                values = [dict(zip(columns, map(_storable(connection), row), strict=True)) for row in rows]
                connection.execute(insert(known[name]), values)
                restored.counts[name] = restored.counts.get(name, 0) + len(rows)
                on_rows(len(rows))
            case Counts(counts):
                pass
            case _:
                raise BackupError("the backup has what this version of the program does not know")
    if counts is None or {name: count for name, count in counts.items() if count} != restored.counts:
        raise BackupError("the backup does not have the rows that it says it has")
    for name in restored.counts:
        there = connection.execute(select(func.count()).select_from(known[name])).scalar_one()
        if there != restored.counts[name]:
            raise BackupError(f"{restored.counts[name]} rows of {name} were written, and {there} are there")


def _storable(connection: Connection) -> Callable[[Any], Any]:
    """SQLite has no type for ids: they are kept as text without hyphens."""
    if connection.dialect.name == "postgresql":
        return lambda value: value
    return lambda value: value.hex if isinstance(value, UUID) else value


def _count_on(connection: Connection, tables: Iterable[Table]) -> None:
    """Have PostgreSQL number new rows after those that are there."""
    for table in tables:
        (*key,) = table.primary_key
        column = key[0].name
        sequence = connection.execute(
            text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": table.name, "column": column}
        ).scalar()
        if len(key) == 1 and sequence:
            highest = select(func.max(key[0])).scalar_subquery()
            connection.execute(select(func.setval(sequence, highest)))


def _require_empty(connection: Connection) -> None:
    there = set(inspect(connection).get_table_names())
    if any(table.name in there and connection.execute(select(table).limit(1)).first() for table in _OURS):
        raise BackupError("this database is in use: restore into an empty one, or into another --data folder")
