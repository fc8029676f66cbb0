from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Uuid, bindparam, inspect, select, text

from server.db import schema
from server.db.engine import open_engine
from server.db.migrate import migrate
from server.db.migrations.versions import m0008_times
from server.errors import DatabaseError
from server.ratings import rollups
from tests.server.kit import MORNING

if TYPE_CHECKING:
    from collections.abc import Callable
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


def test_votes_whose_hour_nobody_knows_leave_the_hours_in_which_they_were_counted(make_engine: Callable[[], Engine]) -> None:
    engine = make_engine()
    with engine.begin() as connection:
        schema.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))
    migrate(engine, revision=m0008_times.down_revision)
    row = {"kiosk": "k", "site_id": 1, "desk_id": 1, "channel": "kiosk", "input": "touch", "language": "uk", "questionnaire": "q"}
    row |= {"questionnaire_version": 1, "question": "q", "at_ms": MORNING, "day": "2025-10-09", "hour": 11, "weekday": 4, "repeat": True}
    row |= {"received_ms": MORNING, "released_ms": MORNING, "flag": ""}
    columns = ", ".join([*row, "id", "visit", "answer", "time_quality"])
    values = ", ".join(f":{name}" for name in [*row, "id", "visit", "answer", "time_quality"])
    insert = text(f"INSERT INTO votes ({columns}) VALUES ({values})").bindparams(
        bindparam("id", type_=Uuid), bindparam("visit", type_=Uuid)
    )
    with engine.begin() as connection:
        for answer, quality in (("good", "exact"), ("good", "unknown"), ("poor", "interval"), ("poor", "corrected")):
            connection.execute(insert, {**row, "id": uuid4(), "visit": uuid4(), "answer": answer, "time_quality": quality})
        cell = "INSERT INTO {} ({}site_id, desk_id, good, poor, repeats) VALUES ({}1, 1, 2, 2, 4)"
        connection.execute(text(cell.format("rollup_hour", "month, weekday, hour, ", "'2025-10', 4, 11, ")))
        connection.execute(text(cell.format("rollup_day", "day, ", "'2025-10-09', ")))
        for dimension, value in (("service", ""), ("channel", "kiosk"), ("language", "uk"), ("questionnaire", "q")):
            connection.execute(
                text(cell.format("rollup_dimension", "dimension, value, day, ", f"'{dimension}', '{value}', '2025-10-09', "))
            )
    migrate(engine)
    with engine.connect() as connection:
        assert rollups.verify(connection) == []
        assert connection.execute(select(schema.rollup_hour.c.good, schema.rollup_hour.c.poor, schema.rollup_hour.c.repeats)).all() == [
            (1, 1, 2)
        ]
        errors = connection.execute(select(schema.votes.c.time_quality, schema.votes.c.time_error_ms)).all()
    engine.dispose()
    assert dict(map(tuple, errors)) == {"exact": 5_000, "corrected": 30_000, "interval": 90_000_000, "unknown": MORNING - 1_577_836_800_000}
