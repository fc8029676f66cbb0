"""What ingest is measured against: the same rows with the same indexes and the same durability, inserted and nothing else done."""

from __future__ import annotations

import sqlite3
from os import urandom
from time import time_ns
from typing import TYPE_CHECKING, Any, Final

import psycopg
from sqlalchemy import String
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from feedback.records import new_id
from server.db.schema import records, votes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from uuid import UUID

    from sqlalchemy import Engine, Table

COLUMNS: Final = {
    records: tuple(column.name for column in records.columns if column.name != "n"),
    votes: tuple(column.name for column in votes.columns),
}
Rows = dict[str, list[tuple[Any, ...]]]
"""By table, rows; ids and visits are made anew at every insert."""


def stored_rows(engine: Engine, limit: int) -> Rows:
    """Give votes and their records as ingest has stored them, as the driver gives them."""
    query = "SELECT {columns} FROM {table} {where} LIMIT {limit}"
    rows: Rows = {}
    with engine.connect() as connection:
        for table, columns in COLUMNS.items():
            where = "WHERE kind = 'vote'" if table is records else ""
            statement = query.format(columns=", ".join(columns), table=table.name, where=where, limit=limit)
            rows[table.name] = [tuple(row) for row in connection.exec_driver_sql(statement)]
    return rows


class BareSqlite:
    """A SQLite file with WAL and FULL, as the server's."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = wal")
        self._db.execute("PRAGMA synchronous = full")
        for table in COLUMNS:
            for statement in _definitions(table, sqlite.dialect()):
                self._db.execute(statement)

    def insert(self, rows: Rows, batches: int) -> int:
        """Insert the rows `batches` times, each time in one transaction; say how many votes that were."""
        for _ in range(batches):
            self._db.execute("BEGIN IMMEDIATE")
            for table, columns in COLUMNS.items():
                statement = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
                self._db.executemany(statement, [(*(id_.hex for id_ in ids), *row[len(ids) :]) for row, ids in _renewed(rows, table)])
            self._db.execute("COMMIT")
        return batches * len(rows[votes.name])

    def close(self) -> None:
        """Close the file."""
        self._db.close()


class BarePostgres:
    """Tables of a PostgreSQL, filled by unnest."""

    def __init__(self, url: str) -> None:
        self._db = psycopg.connect(url, autocommit=True)
        self._statements: dict[str, bytes] = {}
        dialect = postgresql.dialect()
        for table, columns in COLUMNS.items():
            for statement in _definitions(table, dialect):
                self._db.execute(statement.encode())
            kinds = [_array(table, column, dialect) for column in columns]
            unnest = f"unnest({', '.join(f'%s::{kind}' for kind in kinds)})"
            self._statements[table.name] = f"INSERT INTO {table.name} ({', '.join(columns)}) SELECT * FROM {unnest}".encode()

    def insert(self, rows: Rows, batches: int) -> int:
        """Insert the rows `batches` times, each time in one transaction; say how many votes that were."""
        for _ in range(batches):
            with self._db.transaction():
                for table in COLUMNS:
                    fresh = [(*ids, *row[len(ids) :]) for row, ids in _renewed(rows, table)]
                    self._db.execute(self._statements[table.name], [list(values) for values in zip(*fresh, strict=True)])
        return batches * len(rows[votes.name])

    def close(self) -> None:
        """Close the connection."""
        self._db.close()


def _definitions(table: Table, dialect: Any) -> Sequence[str]:  # noqa: ANN401 - SQLAlchemy does not type its dialects' makers
    made = [CreateTable(table), *(CreateIndex(index) for index in table.indexes)]
    return [str(statement.compile(dialect=dialect)) for statement in made]


def _array(table: Table, column: str, dialect: Any) -> str:  # noqa: ANN401
    kind = table.c[column].type
    return "text[]" if isinstance(kind, String) else f"{kind.compile(dialect)}[]"


def _renewed(rows: Rows, table: Table) -> Iterator[tuple[tuple[Any, ...], list[UUID]]]:
    """Give each row with new ids for its beginning: of a vote its own and its visit's."""
    for row in rows[table.name]:
        yield row, [new_id(time_ns() // 1_000_000, urandom(10)) for _ in range(2 if table is votes else 1)]
