"""Statements said to the driver itself: for a single vote SQLAlchemy's own way takes longer than the database.

On SQLite they begin no transaction: several that have to see one moment need one that `server.db.engine.writing` has begun.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.exc import DBAPIError

from server.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection

DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_LOST: Final = (3, 4)
"""Of libpq's states of a transaction: a statement in it has failed (PQTRANS_INERROR), or the connection is gone (PQTRANS_UNKNOWN)."""
_DISTRUSTED: Final = DAMAGE | {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}


def say(connection: Connection, statement: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> Any:  # noqa: ANN401 - the driver's own cursor
    """Run a statement in the driver's own words; give its cursor.

    Raises:
        DBAPIError: what the driver raised, as SQLAlchemy tells it.
        DatabaseUnavailableError: the connection was lost before.
    """
    driver = driver_of(connection)
    try:
        return driver.execute(statement, values)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _told(connection, statement, error) from error


def driver_of(connection: Connection) -> Any:  # noqa: ANN401 - the driver's own connection
    """Give the driver's own connection.

    Raises:
        DatabaseUnavailableError: it was lost. SQLAlchemy would open another one, which knows nothing of what was begun.
    """
    if connection.invalidated:
        raise DatabaseUnavailableError("the connection to the database was lost")
    return connection.connection.driver_connection


def say_many(connection: Connection, statement: str, rows: Sequence[Sequence[Any]]) -> Any:  # noqa: ANN401 - the driver's own cursor
    """Run a statement once for each of `rows`; give its cursor.

    Raises:
        DBAPIError: what the driver raised, as SQLAlchemy tells it.
        DatabaseUnavailableError: the connection was lost before.
    """
    driver = driver_of(connection)
    try:
        return driver.executemany(statement, rows)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _told(connection, statement, error) from error


@contextmanager
def telling(connection: Connection, statement: str) -> Iterator[None]:
    """Tell what goes wrong in the driver as SQLAlchemy tells it, and have a connection closed that is of no use any more."""
    try:
        yield
    except connection.dialect.loaded_dbapi.Error as error:
        raise _told(connection, statement, error) from error


def _told(connection: Connection, statement: str, error: Any) -> Exception:  # noqa: ANN401 - the driver's own error
    if is_gone := is_distrusted(error) or connection.dialect.is_disconnect(error, None, None):
        connection.invalidate(error)
    driver: Any = connection.dialect.loaded_dbapi
    told: Exception = DBAPIError.instance(statement, None, error, driver.Error, hide_parameters=True, connection_invalidated=is_gone)
    return told


def is_distrusted(error: BaseException | None) -> bool:
    """Tell whether SQLite failed so that its connection is not to be used again: one opened in a bad moment may be read-only for ever."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DISTRUSTED


def is_sound(driver: Any) -> bool:  # noqa: ANN401 - the driver's own connection
    """Tell whether what a driver's connection has begun can still be committed."""
    if isinstance(driver, sqlite3.Connection):
        return driver.in_transaction
    return driver.info.transaction_status not in _LOST
