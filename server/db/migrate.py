"""Brings a database to the schema of this version, in one transaction: wholly, or not at all."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Final

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import insert, select, text

from server.db import schema
from server.errors import DatabaseError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_LOCK: Final = 0x56494448  # one migration at a time, whatever number of processes start together


def migrate(engine: Engine, *, time_zone: str = "Europe/Kyiv", revision: str = "head") -> None:
    """Bring the database up to date, or to an older `revision`, and make sure it knows what server it belongs to.

    Raises:
        DatabaseError: a newer version of this program has already changed it.
    """
    with engine.begin() as connection:
        migrate_in(connection, time_zone=time_zone, revision=revision)


def migrate_in(connection: Connection, *, time_zone: str = "Europe/Kyiv", revision: str = "head") -> None:
    """Do what `migrate` does in the caller's transaction, which writes.

    Raises:
        DatabaseError: a newer version of this program has already changed the database.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise DatabaseError(f"this database was made by a newer version of the program ({error}): install that version") from error
    _found_server(connection, time_zone)


def revision_of(connection: Connection) -> str:
    """Give the version of the schema that the database has."""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def _found_server(connection: Connection, time_zone: str) -> None:
    if connection.execute(select(schema.server.c.id)).first() is None:
        row = {"id": 1, "generation": str(uuid.uuid4()), "time_zone": time_zone, "centre": ""}
        connection.execute(insert(schema.server).values(row))
