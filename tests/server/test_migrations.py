from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from server.db import schema
from server.db.engine import open_engine, reading, writing
from server.db.migrate import migrate
from server.errors import DatabaseError, DatabaseUnavailableError

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine


def test_migrations_make_exactly_the_schema(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []


def test_migrating_again_keeps_everything(engine: Engine) -> None:
    with engine.connect() as connection:
        before = connection.execute(text("SELECT generation FROM server")).scalar_one()
    migrate(engine)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT generation FROM server")).scalars().all() == [before]


def test_a_database_of_a_newer_version_is_refused(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match="newer version"):
        migrate(engine)


def test_a_migration_that_fails_leaves_no_table_behind(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'x.db'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE votes (id INTEGER)"))
    with pytest.raises(Exception, match="already exists"):
        migrate(engine)
    assert inspect(engine).get_table_names() == ["votes"]
    engine.dispose()


def test_sqlite_keeps_what_it_has_acknowledged(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'x.db'}")
    with engine.connect() as connection:
        found = [connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in ("journal_mode", "synchronous", "foreign_keys")]
    engine.dispose()
    assert found == ["wal", 2, 1]


def test_begin_takes_the_write_lock_at_once_and_connect_takes_none(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'x.db'}")
    migrate(engine)
    with engine.begin() as writer, engine.connect() as reader:  # the first before it has written anything
        writer.execute(text("UPDATE server SET centre = 'new'"))
        assert reader.execute(text("SELECT centre FROM server")).scalar_one() == ""
        assert reader.get_transaction() is not None
        with closing(sqlite3.connect(tmp_path / "x.db", timeout=0)) as other, pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    engine.dispose()


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "nonsense"])
def test_other_databases_are_refused_in_one_sentence(url: str) -> None:
    with pytest.raises(DatabaseError, match="postgresql://"):
        open_engine(url)


def test_a_database_that_cannot_be_read_is_away_and_not_an_error_of_whoever_asks(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'x.db'}")
    migrate(engine)
    engine.dispose()
    sound = (tmp_path / "x.db").read_bytes()
    (tmp_path / "x.db").write_bytes(b"no database" * 1000)
    with pytest.raises(DatabaseUnavailableError, match="cannot be read"), writing(engine):
        pass
    (tmp_path / "x.db").write_bytes(sound)
    with reading(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM votes")).scalar_one() == 0
    engine.dispose()


def test_a_connection_that_was_opened_read_only_in_a_bad_moment_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    with reading(engine) as connection:
        connection.connection.driver_connection.execute("PRAGMA query_only = 1")  # type: ignore[union-attr]
        connection.exec_driver_sql("SELECT 1")
    with pytest.raises(DatabaseUnavailableError, match="readonly"), writing(engine) as connection:
        connection.execute(text("UPDATE server SET centre = 'new'"))
    with writing(engine) as connection:
        connection.execute(text("UPDATE server SET centre = 'new'"))
    engine.dispose()
