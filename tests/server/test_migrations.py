from __future__ import annotations

import hashlib
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, Uuid, bindparam, event, inspect, select, text
from sqlalchemy.exc import DBAPIError

from server.db import migrations, schema
from server.db.engine import open_engine, reading, writing
from server.db.migrate import migrate
from server.db.migrations.versions import m0008_times, m0017_renewal_proofs
from server.errors import DatabaseError, DatabaseUnavailableError
from server.ratings import rollups
from tests.server.kit import MORNING

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

    from tests.services import PostgresCluster


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


FIRST_ROWS = {
    "server": [{"id": 1, "generation": "g1", "time_zone": "Europe/Kyiv", "centre": "ЦНАП Зразкове"}],
    "sites": [{"id": 1, "key": "main", "name": "Головний офіс", "address": ""}],
    "kiosks": [{"id": "exit-sample-1", "name": "Вихід", "site_id": 1, "password": "$7$…", "settings_version": 1, "created_ms": 1}],
}
"""Rows of the first version; of every other table there is one that is filled with whatever its columns take."""


def fill(engine: Engine) -> None:
    """Put a row into every table of the first version."""
    tables = MetaData()
    tables.reflect(engine)
    with engine.begin() as connection:
        connection.execute(tables.tables["server"].delete())
        for table in tables.sorted_tables:
            if table.name != "alembic_version":
                made = {column.name: a_value(column) for column in table.columns}
                connection.execute(table.insert(), FIRST_ROWS.get(table.name, [made]))


def a_value(column: Any) -> object:
    kind = column.type.python_type
    if kind is str:
        return "2025-10-09"[: column.type.length]
    return b"x" * 32 if kind is bytes else UUID(int=1) if kind is UUID else kind(1)


def contents(engine: Engine) -> tuple[str, dict[str, list[dict[str, object]]]]:
    """Give the version that a database is of, and every row of it."""
    tables = MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        found = {table.name: [dict(row) for row in connection.execute(select(table)).mappings()] for table in tables.sorted_tables}
    ((version,),) = [row.values() for row in found.pop("alembic_version")]
    return str(version), found


def assert_nothing_lost(before: dict[str, list[dict[str, object]]], after: dict[str, list[dict[str, object]]]) -> None:
    """Every row is there with every value; a step may add columns, and rows that it draws from others."""
    for table, rows in before.items():
        for row in rows:
            assert any(row.items() <= new.items() for new in after[table]), table


def count_statements(engine: Engine, about_to_run: Callable[[int, Any], None]) -> None:
    """Have `about_to_run` called before each statement of an upgrade with its number, from 1, and the driver's connection."""
    count = 0

    def before(connection: Any, _cursor: object, _statement: str, *_: object) -> None:
        nonlocal count
        count += 1
        about_to_run(count, connection)

    event.listen(engine, "before_cursor_execute", before)


@pytest.fixture
def first_sqlite(tmp_path: Path) -> Path:
    """A database of the first version with rows in every table."""
    path = tmp_path / "first.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine, revision="0001")
    fill(engine)
    engine.dispose()
    return path


def test_whatever_statement_of_an_upgrade_is_the_last_one_the_database_is_the_old_or_the_new(first_sqlite: Path, tmp_path: Path) -> None:
    path = tmp_path / "upgraded" / "vidhuk.db"
    path.parent.mkdir()
    shutil.copyfile(first_sqlite, path)
    states: dict[str, Path] = {}
    numbers: list[int] = []

    def keep_files(number: int, _connection: object) -> None:
        """Keep the files as they are now, which is how a kill leaves them; each state of them once."""
        numbers.append(number)
        parts = {part: Path(f"{path}{part}") for part in ("", "-wal")}
        there = {part: file.read_bytes() for part, file in parts.items() if file.exists()}
        digest = hashlib.sha256(b"".join(there.values())).hexdigest()
        if digest not in states:
            states[digest] = tmp_path / f"state{number}" / "vidhuk.db"
            states[digest].parent.mkdir()
            for part, content in there.items():
                Path(f"{states[digest]}{part}").write_bytes(content)

    engine = open_engine(f"sqlite:///{path}")
    count_statements(engine, keep_files)
    migrate(engine)
    engine.dispose()
    assert len(numbers) > 50, "every statement of it"
    for state in [*states.values(), path]:
        assert_old_or_new_and_goes_on(f"sqlite:///{state}", f"sqlite:///{first_sqlite}")


def assert_old_or_new_and_goes_on(url: str, first: str) -> None:
    original, engine = open_engine(first), open_engine(url)
    try:
        (_, old), (version, now) = contents(original), contents(engine)
        assert version in {"0001", head()}
        assert version != "0001" or now == old
        migrate(engine)
        version, now = contents(engine)
        assert version == head()
        assert_nothing_lost(old, now)
        with engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), schema.metadata) == []
    finally:
        original.dispose()
        engine.dispose()


def head() -> str:
    names = (Path(migrations.__file__).parent / "versions").glob("m0*.py")
    return max(name.stem[1:5] for name in names)


MIGRATING = """
import os, signal, sys
from sqlalchemy import event
from server.db.engine import open_engine
from server.db.migrate import migrate

count = 0

def before(*_):
    global count
    count += 1
    if count == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

engine = open_engine(sys.argv[1])
event.listen(engine, "before_cursor_execute", before)
migrate(engine)
"""


@pytest.mark.parametrize("killed_at", [20, 60])
def test_an_upgrade_that_is_killed_is_finished_at_the_next_start(first_sqlite: Path, tmp_path: Path, killed_at: int) -> None:
    path = tmp_path / "killed.db"
    shutil.copyfile(first_sqlite, path)
    url = f"sqlite:///{path}"
    done = subprocess.run([sys.executable, "-c", MIGRATING, url, str(killed_at)], check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert_old_or_new_and_goes_on(url, f"sqlite:///{first_sqlite}")


@pytest.fixture
def first_postgres(postgres_cluster: PostgresCluster) -> str:
    name = postgres_cluster.create_database()
    engine = open_engine(postgres_cluster.url(name))
    migrate(engine, revision="0001")
    fill(engine)
    engine.dispose()
    return name


@pytest.mark.postgres
@pytest.mark.parametrize("numbers", [(30, 60), pytest.param(range(1, 200, 3), marks=pytest.mark.full)], ids=["some", "many"])
def test_an_upgrade_of_postgresql_that_loses_its_connection_is_finished_at_the_next_start(
    postgres_cluster: PostgresCluster, first_postgres: str, numbers: tuple[int, ...]
) -> None:
    for lost_at in numbers:
        url = postgres_cluster.url(postgres_cluster.create_database(template=first_postgres))
        engine = open_engine(url)

        def lose(number: int, connection: Any, lost_at: int = lost_at) -> None:
            if number == lost_at:
                connection.connection.dbapi_connection.close()

        count_statements(engine, lose)
        with suppress(DBAPIError):
            migrate(engine)
        engine.dispose()
        assert_old_or_new_and_goes_on(url, postgres_cluster.url(first_postgres))


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


def test_an_open_renewal_ends_and_invitations_to_enrol_again_are_for_the_kiosk_they_were_made_for(
    make_engine: Callable[[], Engine],
) -> None:
    engine = make_engine()
    with engine.begin() as connection:
        schema.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))
    migrate(engine, revision=m0017_renewal_proofs.down_revision)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO sites (id, key, name) VALUES (1, 'main', 'm')"))
        kiosk = "INSERT INTO kiosks (id, name, site_id, password, created_ms, identity, next_identity, next_password, renewal) "
        connection.execute(text(kiosk + "VALUES ('exit-kiosk-1', 'exit', 1, 'old', 50, 50, 60, 'new', :told)"), {"told": b"told"})
        claim = "INSERT INTO claims (digest, kiosk, again, name, site_id, made_ms, expires_ms) "
        claim += "VALUES (:digest, :kiosk, :again, 'n', 1, :ms, 99)"
        for kiosk, again, ms in (
            ("exit-kiosk-1", True, 70),
            ("exit-kiosk-1", True, 40),
            ("new-kiosk-1", False, 70),
            ("gone-kiosk-1", True, 70),
        ):
            connection.execute(text(claim), {"digest": uuid4().bytes * 2, "kiosk": kiosk, "again": again, "ms": ms})
    migrate(engine)
    with engine.connect() as connection:
        row = connection.execute(select(schema.kiosks)).one()
        bound = connection.execute(select(schema.claims.c.kiosk_created_ms).order_by(schema.claims.c.number)).scalars().all()
    engine.dispose()
    assert (row.password, row.identity, row.next_identity, row.next_password, row.next_proof, row.renewal) == ("old", 50, *[None] * 4)
    assert bound == [50, None, None, None]


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
