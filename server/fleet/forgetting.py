"""Erases whatever names a ticket, so that neither the database nor its files contain it any more.

Deleting rows is not enough: a page keeps the bytes of rows that were moved or deleted, and PostgreSQL keeps dead rows. So the days that
stay are read, the whole table is emptied, which overwrites (SQLite) or drops (PostgreSQL) every page that it had, and they are put back.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from sqlalchemy import select, text

from server.db.bulk import insert_rows
from server.db.engine import BUSY_TIMEOUT_MS, reading
from server.db.schema import day_keys, queue_tickets, ticket_facts, ticket_tokens
from server.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection, Engine, Table

NAMES_TICKETS: Final[tuple[Table, ...]] = (day_keys, queue_tickets, ticket_tokens, ticket_facts)
"""Every table that names tickets. Each has the column `day`, the ticket's, and neither triggers nor keys of others that point to it.

Transactions use them in this order, so that on PostgreSQL none waits for erasing that waits for it.
"""
_SWEEP_WAIT_MS: Final = 500


def erase(connection: Connection, kept_days: Collection[str]) -> None:
    """Erase what names tickets of other days than these (ISO)."""
    if connection.dialect.name == "postgresql":  # nobody adds a row between reading and emptying
        connection.execute(text(f"LOCK TABLE {', '.join(table.name for table in NAMES_TICKETS)} IN ACCESS EXCLUSIVE MODE"))
    for table in NAMES_TICKETS:
        kept = [tuple(row) for row in connection.execute(select(table).where(table.c.day.in_(kept_days)))]
        # A DELETE of all rows at once frees the table's pages, and `secure_delete` fills freed pages with zeros.
        connection.execute(text(f"TRUNCATE {table.name}") if connection.dialect.name == "postgresql" else table.delete())
        insert_rows(connection, table, [column.name for column in table.c], kept)


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
