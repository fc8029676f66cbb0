"""Erases whatever names a ticket, so that neither the database nor its files contain it any more.

SQLite fills what is deleted with zeros (`secure_delete`), and its log is emptied afterwards. PostgreSQL leaves deleted rows in their pages
for as long as somebody's older look at the database may need them; there each table is written anew into a new file.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, text

from server.db.engine import BUSY_TIMEOUT_MS, reading
from server.db.locks import hold
from server.db.schema import day_keys, queue_tickets, ticket_facts, ticket_tokens
from server.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection, Engine, Table

NAMES_TICKETS: Final[tuple[Table, ...]] = (day_keys, queue_tickets, ticket_tokens, ticket_facts)
"""Every table that names tickets. Each has the column `day`, the ticket's, and no keys of others point to it.

Transactions use them in this order, so that on PostgreSQL none waits for erasing that waits for it. There the columns that name tickets
are left out of the planner's statistics, which are copies (`SET STATISTICS 0` in the migration).
"""
_SWEEP_WAIT_MS: Final = 500


def erase(connection: Connection, kept_days: Collection[str]) -> None:
    """Erase what names tickets of other days than these (ISO)."""
    is_postgres = connection.dialect.name == "postgresql"
    if is_postgres:
        hold(connection, NAMES_TICKETS)
    for table in NAMES_TICKETS:
        connection.execute(delete(table).where(table.c.day.not_in(kept_days)))
        if is_postgres:
            write_anew(connection, table)


def write_anew(connection: Connection, table: Table) -> None:
    """Write a table that is held into a new file, without what was deleted or changed in the one that it had. For PostgreSQL only.

    Who began to look before finds it empty: those who look at one moment are to be waited for, or have nothing to do with it.
    """
    name = table.name
    connection.execute(text(f"CREATE TEMPORARY TABLE kept_{name} AS TABLE {name}"))
    connection.execute(text(f"TRUNCATE {name}"))
    connection.execute(text(f"INSERT INTO {name} TABLE kept_{name}"))
    connection.execute(text(f"DROP TABLE kept_{name}"))


def sweep(engine: Engine) -> bool:
    """Empty the log of SQLite, which still has what was erased; tell whether that is done. On PostgreSQL there is nothing to do.

    Raises:
        DatabaseUnavailableError: the database is away or busy.
    """
    if engine.dialect.name != "sqlite":
        return True
    with reading(engine) as connection:
        raw = connection.connection.cursor()
        try:
            raw.execute(
                f"PRAGMA busy_timeout = {_SWEEP_WAIT_MS}"
            )  # a page that is being read must not hold up ingest: again a second later
            (is_busy, *_) = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError as error:
            raise DatabaseUnavailableError(f"the database's log cannot be emptied: {error}") from error
        finally:
            raw.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
            raw.close()
    return not is_busy
