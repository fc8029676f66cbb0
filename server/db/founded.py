"""Whether a server has begun in a database, and whether its keys are still worth something: reads only, and makes no file."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from server.db.engine import open_engine, reading
from server.db.schema import kiosks, records, server

if TYPE_CHECKING:
    from sqlalchemy import Connection


def is_founded(url: str) -> bool:
    """Tell whether the database at `url` belongs to a server.

    Raises:
        DatabaseError: an address that names no database.
        DatabaseUnavailableError: the database is away.
    """
    with suppress(ArgumentError):
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
            return False
    engine = open_engine(url)
    try:
        with reading(engine) as connection:
            return generation_of(connection) is not None
    finally:
        engine.dispose()


def generation_of(connection: Connection) -> str | None:
    """Give the generation of the server to which the database belongs; None where it belongs to none."""
    if not inspect(connection).has_table(str(server.name)):
        return None
    return connection.execute(select(server.c.generation)).scalar()


def is_used(connection: Connection) -> bool:
    """Tell whether there is a kiosk or a record: they know the server by its keys, and other keys would be a stranger's."""
    return any(connection.execute(select(table).limit(1)).first() is not None for table in (kiosks, records))
