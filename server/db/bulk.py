"""Many rows in one statement, said to the driver itself: SQLAlchemy's own way is a third as fast on this path."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import String, Uuid
from sqlalchemy.dialects.postgresql.base import PGDialect

from server.db.driver import say, say_many, telling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Table

_POSTGRES: Final = PGDialect()  # type: ignore[no-untyped-call]


def insert_rows(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, on_conflict: str = ""
) -> int:
    """Insert `rows`, each with a value for each of `columns`; give the number really inserted or changed."""
    if not rows:
        return 0
    statement = _insertion(table, tuple(columns), on_conflict, connection.dialect.name)
    if connection.dialect.name == "postgresql":
        return int(say(connection, statement, _by_column(rows)).rowcount)
    return int(say_many(connection, statement, _for_sqlite(table, columns, rows)).rowcount)


def add_rows(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert `rows`, each with a value for each of `columns`, none of them there yet: on PostgreSQL by COPY, in two thirds of the time."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        _copy(connection, f"COPY {table.name} ({', '.join(columns)}) FROM STDIN", rows)
    else:
        insert_rows(connection, table, columns, rows)


def _copy(connection: Connection, statement: str, rows: Sequence[Sequence[Any]]) -> None:
    driver: Any = connection.connection.driver_connection
    with telling(connection, statement), driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def update_rows(connection: Connection, table: Table, keys: Sequence[str], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Change rows that are there: each of `rows` has a value for each of `columns`, and then the values of `keys` that find its row."""
    if not rows:
        return
    into = f"UPDATE {table.name} SET"
    if connection.dialect.name == "postgresql":
        names = (*columns, *keys)
        changes, found = (
            ", ".join(f"{name} = new.{name}" for name in columns),
            " AND ".join(f"{table.name}.{key} = new.{key}" for key in keys),
        )
        statement = f"{into} {changes} FROM {_unnest(table, names)} AS new({', '.join(names)}) WHERE {found}"
        say(connection, statement, _by_column(rows))
        return
    changes, found = ", ".join(f"{name} = ?" for name in columns), " AND ".join(f"{key} = ?" for key in keys)
    say_many(connection, f"{into} {changes} WHERE {found}", _for_sqlite(table, (*columns, *keys), rows))


@cache  # made once: for a single row the words cost as much as the insert
def _insertion(table: Table, columns: tuple[str, ...], on_conflict: str, dialect: str) -> str:
    into = f"INSERT INTO {table.name} ({', '.join(columns)})"
    if dialect == "postgresql":
        return f"{into} SELECT * FROM {_unnest(table, columns)} {on_conflict}"  # noqa: S608 - names of our own schema
    return f"{into} VALUES ({', '.join('?' * len(columns))}) {on_conflict}"


def _unnest(table: Table, columns: Sequence[str]) -> str:
    # %b hands values over in binary, which takes psycopg half the time.
    return f"unnest({', '.join(f'%b::{_array_type(table, column)}' for column in columns)})"


def _by_column(rows: Sequence[Sequence[Any]]) -> tuple[list[Any], ...]:
    return tuple(list(values) for values in zip(*rows, strict=True))


def _for_sqlite(table: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    hexed = _uuids_among(table, tuple(columns))
    return [_with_hex(row, hexed) for row in rows]


@cache
def _uuids_among(table: Table, columns: tuple[str, ...]) -> list[int]:
    """Give the places of UUIDs among columns."""
    return [place for place, column in enumerate(columns) if isinstance(table.c[column].type, Uuid)]


def _array_type(table: Table, column: str) -> str:
    kind = table.c[column].type
    # A cast to varchar(n) would cut a text that is too long; one to text lets the column itself refuse it.
    return "text[]" if isinstance(kind, String) else f"{kind.compile(_POSTGRES)}[]"


def _with_hex(row: Sequence[Any], places: Sequence[int]) -> tuple[Any, ...]:
    values = list(row)
    for place in places:
        if values[place] is not None:
            values[place] = values[place].hex
    return tuple(values)
