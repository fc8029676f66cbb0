"""Many rows in one statement, said to the driver itself: SQLAlchemy's own way is a third as fast on this path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import String, Uuid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Table


def insert_rows(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, on_conflict: str = ""
) -> int:
    """Insert `rows`, each with a value for each of `columns`; give the number really inserted or changed."""
    if not rows:
        return 0
    into = f"INSERT INTO {table.name} ({', '.join(columns)})"
    if connection.dialect.name == "postgresql":
        arrays = ", ".join(f"%s::{_array_type(connection, table, column)}" for column in columns)
        statement = f"{into} SELECT * FROM unnest({arrays}) {on_conflict}"  # noqa: S608 - names of our own schema
        return connection.exec_driver_sql(statement, tuple(list(values) for values in zip(*rows, strict=True))).rowcount
    hexed = [place for place, column in enumerate(columns) if isinstance(table.c[column].type, Uuid)]
    statement = f"{into} VALUES ({', '.join('?' * len(columns))}) {on_conflict}"
    return connection.exec_driver_sql(statement, [_with_hex(row, hexed) for row in rows]).rowcount


def _array_type(connection: Connection, table: Table, column: str) -> str:
    kind = table.c[column].type
    # A cast to varchar(n) would cut a text that is too long; one to text lets the column itself refuse it.
    return "text[]" if isinstance(kind, String) else f"{kind.compile(connection.dialect)}[]"


def _with_hex(row: Sequence[Any], places: Sequence[int]) -> tuple[Any, ...]:
    values = list(row)
    for place in places:
        if values[place] is not None:
            values[place] = values[place].hex
    return tuple(values)
