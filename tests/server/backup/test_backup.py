"""Backups of real databases, made while votes come in, and restored into either kind of database."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import msgspec
import pytest
from nacl.signing import SigningKey
from sqlalchemy import func, insert, inspect, select, text

from feedback import wire
from feedback.tickets import DayKey
from server.backup.dump import LEFT_OUT, dump, tables
from server.backup.frames import Counts, decode, encode
from server.backup.restore import restore
from server.backup.verifying import problems_of
from server.db import schema
from server.db.engine import open_engine, reading, writing
from server.errors import BackupError
from server.fleet.day_keys import DayKeys
from server.integrity.roots import Roots
from tests.server.kit import KIOSK, MORNING, OTHER, Log, deliver, make_ingest, rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Engine

    from tests.services import PostgresCluster

KEYS = {"signing.key": bytes(32).hex().encode()}
DAY_MS = 24 * 3_600_000


@pytest.fixture
def make_empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Engine]]:
    """Make empty databases: SQLite, or what a test asks for."""
    engines = []

    def make() -> Engine:
        url = f"sqlite:///{tmp_path}/empty{len(engines)}.db"
        if getattr(request, "param", "sqlite") == "postgresql":
            cluster: PostgresCluster = request.getfixturevalue("postgres_cluster")
            url = cluster.url(cluster.create_database())
        engines.append(open_engine(url))
        return engines[-1]

    yield make
    for engine in engines:
        engine.dispose()


def frames_of(engine: Engine) -> list[bytes]:
    frames: list[bytes] = []
    dump(engine, KEYS, frames.append, now_ms=MORNING, on_rows=lambda _done, _total: None)
    return frames


def filled(engine: Engine, count: int = 30) -> Log:
    log = Log()
    log.add_context()
    for number in range(count):
        log.add(log.vote(f"{number}", service="passport"))
        log.add(log.sealed(f"{number}", f"box {number}".encode()))
    deliver(make_ingest(engine), log)
    Roots(engine, signer=lambda data: SigningKey(bytes(32)).sign(data).signature).make_due(MORNING + 2 * DAY_MS)
    return log


def problems(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return problems_of(connection, KEYS)


BOTH = pytest.mark.parametrize("make_empty", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)


@BOTH
def test_everything_comes_back_and_the_server_goes_on(engine: Engine, make_empty: Callable[[], Engine]) -> None:
    log = filled(engine)
    restored = restore(there := make_empty(), frames_of(engine))
    assert restored.keys == KEYS
    for table in tables():
        before, after = rows(engine, table), rows(there, table)
        if table is schema.server:
            (was,), (now,) = before, after
            assert was.pop("generation") != now.pop("generation")  # by which kiosks learn to look what is missing
            assert was == now
        else:
            assert before == after, table.name
    assert problems(there) == []
    log.add(log.vote("after"))
    assert deliver(make_ingest(there), log).seq == len(log.bodies)  # all of it again: what is there is not doubled
    assert len(rows(there, schema.votes)) == 31
    assert problems(there) == []
    with writing(there) as connection:
        load_centre_again = connection.execute(insert(schema.desks).values(key="new", site_id=1, number="9")).inserted_primary_key
    assert load_centre_again is not None


def test_what_names_tickets_and_who_is_signed_in_stays_out(engine: Engine, make_empty: Callable[[], Engine]) -> None:
    filled(engine, 1)
    with writing(engine) as connection:
        connection.execute(insert(schema.day_keys).values(day="2025-10-09", key=b"the key of a day, secret"))
        connection.execute(insert(schema.sessions).values(digest=bytes(32), data=b"somebody's session", expires_ms=MORNING))
    frames = frames_of(engine)
    assert not any(b"the key of a day" in frame or b"somebody's session" in frame for frame in frames)
    restore(there := make_empty(), frames)
    assert all(rows(there, table) == [] for table in LEFT_OUT)


def test_a_restored_server_makes_day_keys_that_count_before_those_that_kiosks_have(
    engine: Engine, make_empty: Callable[[], Engine]
) -> None:
    filled(engine, 1)
    before = DayKeys(engine, signer=lambda _: bytes(64)).unpublished(MORNING, {})
    restore(there := make_empty(), frames_of(engine))
    after = DayKeys(there, signer=lambda _: bytes(64)).unpublished(MORNING + 1, {})
    was, now = ({key.day: key for key in day_keys(told)} for told in (before, after))
    assert was.keys() == now.keys()
    assert all(was[day].key != now[day].key and was[day].made < now[day].made for day in was)


def day_keys(told: list[tuple[str, bytes, bytes]]) -> list[DayKey]:
    (_, _, payload) = told[0]
    return [msgspec.json.decode(document.document, type=DayKey) for document in wire.decode(payload, wire.SignedList).documents]


def test_a_backup_made_while_votes_come_in_is_of_one_moment(engine: Engine, make_empty: Callable[[], Engine]) -> None:
    ingest, log = make_ingest(engine), Log(kiosk=OTHER)
    log.add_context()
    ended, begun = threading.Event(), threading.Event()

    def goes_on() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            log.add(log.vote(f"{number}"))
            deliver(ingest, log, len(log.bodies) if number > 1 else 1)
            begun.set()

    thread = threading.Thread(target=goes_on)
    thread.start()
    try:
        assert begun.wait(30)
        backups = [frames_of(engine) for _ in range(5)]
    finally:
        ended.set()
        thread.join()
    for frames in backups:
        restore(there := make_empty(), frames)
        assert problems(there) == []
        with reading(there) as connection:
            counts = [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in (schema.records, schema.votes)]
        assert counts[0] == counts[1] + 1  # and the context


@BOTH
def test_an_older_backup_is_brought_to_this_versions_schema(tmp_path: Path, make_empty: Callable[[], Engine]) -> None:
    from server.db.migrate import migrate

    old = open_engine(f"sqlite:///{tmp_path / 'old.db'}")
    migrate(old, revision="0005")
    with writing(old) as connection:
        for key in ("main", "hall"):
            connection.execute(text("INSERT INTO sites (key, name, address) VALUES (:key, :key, '')"), {"key": key})
    frames = [encode(decode(frame)) for frame in frames_of_revision(old)]
    old.dispose()
    restore(there := make_empty(), frames)
    assert [row["key"] for row in rows(there, schema.sites)] == ["main", "hall"]
    assert rows(there, schema.day_roots) == []


def frames_of_revision(old: Engine) -> list[bytes]:
    """What the program of that version would have written: it knew no more tables and columns than there were."""
    from sqlalchemy import MetaData

    from server.backup.frames import About, Rows

    known = MetaData()
    known.reflect(old)
    frames, counts = [encode(About(MORNING, "vidhuk 0.0", "0005"))], {}
    with reading(old) as connection:
        for table in tables():
            if table.name not in known.tables:
                continue
            columns = known.tables[table.name].columns.keys()
            found = [list(row) for row in connection.execute(text(f"SELECT {', '.join(columns)} FROM {table.name}"))]
            counts[str(table.name)] = len(found)
            if found:
                frames.append(encode(Rows(str(table.name), [str(column) for column in columns], found)))
    return [*frames, encode(Counts(counts))]


def test_a_database_in_use_is_left_alone(engine: Engine) -> None:
    filled(engine, 1)
    before = rows(engine, schema.records)
    with pytest.raises(BackupError, match="in use"):
        restore(engine, frames_of(engine))
    assert rows(engine, schema.records) == before


def test_rows_that_are_missing_are_noticed_and_nothing_stays(engine: Engine, make_empty: Callable[[], Engine]) -> None:
    filled(engine, 3)
    frames = frames_of(engine)
    there = make_empty()
    with pytest.raises(BackupError, match="does not have the rows"):
        restore(there, [*frames[:-2], frames[-1]])
    assert inspect(there).get_table_names() == []
    with pytest.raises(BackupError, match="does not have the rows"):
        restore(make_empty(), frames[:-1])
    with pytest.raises(BackupError, match="does not begin"):
        restore(make_empty(), frames[1:])


def test_a_backup_of_a_newer_version_is_refused(engine: Engine, make_empty: Callable[[], Engine]) -> None:
    from server.backup.frames import About
    from server.errors import DatabaseError

    frames = frames_of(engine)
    with pytest.raises((BackupError, DatabaseError), match="newer version"):
        restore(make_empty(), [encode(About(MORNING, "vidhuk 99", "9999")), *frames[1:]])


def test_a_changed_vote_in_a_backup_is_noticed(engine: Engine, make_empty: Callable[[], Engine]) -> None:
    filled(engine, 2)
    with writing(engine) as connection:
        connection.execute(schema.votes.update().values(answer="terrible"))
    restore(there := make_empty(), frames_of(engine))
    assert any("the kiosk sent it otherwise" in problem for problem in problems(there))
    assert KIOSK in problems(there)[0]
