"""Keeps apart, on PostgreSQL, who erases what visitors wrote, who takes it in, and who looks at everything as it is in one moment.

A table that is written anew is empty for whoever began to look before. So who erases waits for those, and holds nothing meanwhile that
ingest needs; and then for what ingest has begun, which may have read that nothing is to be erased. All begin with the table `erasures`,
so that none waits for another in a ring. On SQLite one at a time writes, and who looks sees what was there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from server.db.driver import say
from server.db.schema import erasures, quarantine, sealed
from server.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, Table

WRITTEN: Final[tuple[Table, ...]] = (sealed, quarantine)
"""Where something stands that visitors wrote."""
_TAKING_IN_MS: Final = 10_000
_LOCK_NOT_AVAILABLE: Final = "55P03"


def hold(connection: Connection, tables: Iterable[Table]) -> None:
    """Have a PostgreSQL let nobody else at the tables until the transaction ends: nobody adds a row that would be lost."""
    connection.execute(text(f"LOCK TABLE {', '.join(table.name for table in tables)} IN ACCESS EXCLUSIVE MODE"))


def hold_written(connection: Connection, within_ms: int = _TAKING_IN_MS) -> None:
    """Let nobody else at what visitors wrote until the transaction ends.

    It waits for who looks at one moment, however long, and `within_ms` for what is being taken in: as long ingest waits too.

    Raises:
        DatabaseUnavailableError: another program has it in use.
    """
    if connection.dialect.name != "postgresql":
        return
    connection.execute(text(f"LOCK TABLE {erasures.name} IN EXCLUSIVE MODE"))  # whoever takes something in goes on meanwhile
    connection.execute(text(f"SET LOCAL lock_timeout = {within_ms}"))
    try:
        hold(connection, (erasures, *WRITTEN))
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", "") != _LOCK_NOT_AVAILABLE:
            raise
        raise DatabaseUnavailableError("another program reads what visitors wrote, perhaps pg_dump: try again when it is done") from error
    connection.execute(text("SET LOCAL lock_timeout TO DEFAULT"))


def keep_written(connection: Connection) -> None:
    """Let nothing be erased that visitors wrote, until the transaction ends.

    It has to be the transaction's first statement: this one alone does not fix the moment that a transaction sees.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"LOCK TABLE {erasures.name} IN ROW SHARE MODE"))


def begin_taking_in(connection: Connection) -> None:
    """Let what is to be erased stay the same until the transaction ends; before it touches anything that visitors wrote."""
    if connection.dialect.name == "postgresql":
        say(connection, f"LOCK TABLE {erasures.name} IN ACCESS SHARE MODE")
