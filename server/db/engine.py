"""Opens the database: SQLite that keeps what it has acknowledged, or PostgreSQL by URL.

The rule for both: `engine.begin()` is for writing, `engine.connect()` alone for reading. On SQLite the first takes the
write lock at once, because a transaction that reads first and writes later fails as soon as another one wrote in between.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from weakref import finalize

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from server.db.driver import DAMAGE, driver_of, is_distrusted, is_sound, say, telling
from server.db.locks import keep_written
from server.errors import DatabaseError, DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL
    from sqlalchemy.engine import ExceptionContext

BUSY_TIMEOUT_MS: Final = 15_000
_PRAGMAS: Final = {
    "journal_mode": "wal",
    "synchronous": 2,
    "busy_timeout": BUSY_TIMEOUT_MS,
    "foreign_keys": 1,  # 2: FULL
    "secure_delete": 1,  # what is deleted is overwritten: see `server.fleet.forgetting`
}


def open_engine(url: str) -> Engine:
    """Open the database at `url`: `sqlite:///FILE` or `postgresql://…`.

    Raises:
        DatabaseError: an address that names neither.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise DatabaseError("database is not an address: write sqlite:///FILE or postgresql://USER@HOST/NAME") from error
    match parsed.get_backend_name():
        case "sqlite" if parsed.database not in (None, "", ":memory:"):
            return _open_sqlite(parsed)
        case "postgresql":
            options = {"options": "-c timezone=UTC -c synchronous_commit=on"}
            url_ = parsed.set(drivername="postgresql+psycopg")
            return create_engine(url_, pool_pre_ping=True, pool_size=10, connect_args=options, hide_parameters=True)
    raise DatabaseError(f"a database of kind {parsed.drivername!r} is not supported: write sqlite:///FILE or postgresql://USER@HOST/NAME")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction to write in.

    Raises:
        DatabaseUnavailableError: the database is away or busy; nothing was stored.
    """
    with _translating(), engine.begin() as connection:
        yield connection


class Writer:
    """Transactions for somebody who writes vote by vote: to begin and end one by SQLAlchemy's own way takes as long as the vote.

    Its connections stay open as long as it lives, or until the engine is disposed of.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._idle = idle = list[Connection]()
        event.listen(engine, "engine_disposed", lambda _: _drop_all(idle))
        finalize(self, _drop_all, idle)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction to write in.

        Raises:
            DatabaseUnavailableError: the database is away or busy; nothing was stored.
        """
        with _translating():
            connection = self._idle.pop() if self._idle else self._engine.connect()
            try:
                _begin(connection)
                yield connection
                _commit(connection)
            except BaseException:
                _drop(connection)
                raise
            self._idle.append(connection)


def _begin(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":  # the other driver begins by itself
        say(connection, "BEGIN IMMEDIATE")


def _commit(connection: Connection) -> None:
    """Commit.

    Raises:
        DatabaseUnavailableError: what was begun is over already: the connection was lost, or a statement failed and nobody minded.
    """
    driver = driver_of(connection)
    if not is_sound(driver):
        raise DatabaseUnavailableError("the transaction was lost before it could be committed")
    if connection.in_transaction():  # a statement of SQLAlchemy's own has joined
        connection.commit()
        return
    with telling(connection, "COMMIT"):
        driver.commit()


def _drop_all(connections: list[Connection]) -> None:
    while connections:
        _drop(connections.pop())


def _drop(connection: Connection) -> None:
    """Close a connection for good, and with it whatever it has begun."""
    connection.invalidate()
    connection.close()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a connection to read from.

    Raises:
        DatabaseUnavailableError: the database is away or busy.
    """
    with _translating(), engine.connect() as connection:
        yield connection


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Open a connection that sees the database as it is in one moment, however long it reads.

    On PostgreSQL nothing that visitors wrote is erased meanwhile. What names tickets may be, and is not to be read there.

    Raises:
        DatabaseUnavailableError: the database is away or busy.
    """
    options = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    with _translating(), engine.connect().execution_options(**options) as connection:
        keep_written(connection)
        yield connection


@contextmanager
def _translating() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeoutError) as error:
        raise DatabaseUnavailableError(f"the database does not answer: {error.args[0]}") from error
    except DBAPIError as error:  # a file that cannot be read for a moment looks damaged: nothing is to be set aside for that
        if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF not in DAMAGE:
            raise
        raise DatabaseUnavailableError(f"the database cannot be read: {error.args[0]}") from error


def _open_sqlite(url: URL) -> Engine:
    Path(str(url.database)).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_engine(url.set(drivername="sqlite+pysqlite"), pool_size=10, hide_parameters=True)
    # SQLAlchemy has no public way to tell begin() from the transaction that a first statement opens.
    engine._connection_cls = _SqliteConnection  # noqa: SLF001
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "handle_error", _distrust)
    return engine


class _SqliteConnection(Connection):
    """Knows, while a transaction begins, whether the caller asked for it or a first statement opened it.

    Should SQLAlchemy rename what is overridden here, every transaction takes the write lock: slower, and still right.
    """

    writes = True

    def _autobegin(self) -> None:
        self.writes = False
        try:
            super()._autobegin()
        finally:
            self.writes = True


def _distrust(context: ExceptionContext) -> None:
    """Have a connection closed that has failed."""
    context.is_disconnect = is_distrusted(context.original_exception)


def _begin_sqlite(connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    if driver.in_transaction:  # a `Writer` has begun it
        return
    writes = isinstance(connection, _SqliteConnection) and connection.writes
    say(connection, "BEGIN IMMEDIATE" if writes else "BEGIN")


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - a raw sqlite3 connection, as SQLAlchemy hands it over
    connection.isolation_level = None  # transactions are begun by the hook above, not by the driver
    for name, wanted in _PRAGMAS.items():
        connection.execute(f"PRAGMA {name} = {wanted}")
        (found,) = connection.execute(f"PRAGMA {name}").fetchone()
        if found != wanted:
            raise DatabaseError(f"SQLite refused {name} = {wanted} (it says {found!r}): keep the data folder on a local disk")
