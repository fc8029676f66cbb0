"""What a visitor wrote goes when they ask: from the database, from quarantine, from what comes later, and from restored backups."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import msgspec
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from feedback.codes import code_of
from server.__main__ import app
from server.app import opened
from server.backup.since import listed_in
from server.config import parse_config
from server.db import schema
from server.db.engine import open_engine, reading, writing
from server.errors import BackupError, ErasureError, ServerError
from server.ingest.quarantine import Note, Reason, keep
from server.integrity.chains import verify_chains
from server.remarks.erasing import Erasure, erase, erase_visits, sweep_within
from tests.server.kit import CENTRE, KIOSK, MORNING, Log, deliver, ids, load_centre, make_ingest, rows

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

    from tests.services import PostgresCluster


def written() -> Log:
    log = Log()
    log.add_context()
    for seed in ("a", "b"):
        log.add(log.vote(seed))
        log.add(log.sealed(seed, f"words of {seed}".encode()))
    return log


def boxes(engine: Engine) -> list[bytes | None]:
    return [row["box"] for row in rows(engine, schema.sealed)]


def test_only_what_was_written_in_that_visit_goes_and_the_vote_stays(engine: Engine) -> None:
    log = written()
    deliver(make_ingest(engine), log)
    with writing(engine) as connection:
        assert erase(connection, log.vote("a").id, MORNING) == 1
    assert set(boxes(engine)) == {None, b"words of b"}
    assert len(rows(engine, schema.votes)) == 2
    with reading(engine) as connection:
        assert verify_chains(connection) == []


def test_what_comes_later_or_again_is_not_kept(engine: Engine) -> None:
    log = Log()
    log.add_context()
    log.add(log.vote("a"))
    deliver(make_ingest(engine), log)
    with writing(engine) as connection:
        assert erase(connection, log.vote("a").id, MORNING) == 0
    log.add(log.sealed("a", b"words of a"))
    deliver(make_ingest(engine), log)
    assert boxes(engine) == [None]
    assert rows(engine, schema.quarantine) == []


def test_a_box_in_quarantine_goes_too(engine: Engine) -> None:
    log = Log()
    log.add_context()
    log.add(log.vote("a"))
    log.add(log.sealed("a", b"words of a", digest="0" * 64))
    deliver(make_ingest(engine), log)
    (kept,) = rows(engine, schema.quarantine)
    assert b"words of a" in kept["payload"]
    with writing(engine) as connection:
        erase(connection, log.vote("a").id, MORNING)
    (kept,) = rows(engine, schema.quarantine)
    assert b"words of a" not in kept["payload"]
    assert str(ids(f"{KIOSK} sealed a")).encode() in kept["payload"]


def test_a_vote_that_has_not_come_is_said_so(engine: Engine) -> None:
    with writing(engine) as connection, pytest.raises(ErasureError, match="when it has delivered"):
        erase(connection, ids("nobody"), MORNING)


def test_erasing_twice_is_no_fault(engine: Engine) -> None:
    log = written()
    deliver(make_ingest(engine), log)
    again = Erasure(KIOSK, ids(f"{KIOSK} visit a"), MORNING)
    with writing(engine) as connection:
        assert [erase_visits(connection, [again]), erase_visits(connection, [again])] == [1, 0]


@pytest.fixture
def log(tmp_path: Path) -> Log:
    """What a server in the folder `data` has; beside it a backup, and then one text was erased."""
    (tmp_path / "phrase").write_text("вишня кінь батарея скоба\n")
    log = written()
    with opened(parse_config("", source="server.toml", data_dir=tmp_path / "data")) as server:
        with writing(server.engine) as connection:
            load_centre(connection, CENTRE)
        deliver(make_ingest(server.engine), log)
    run("backup", str(tmp_path / "x.backup"), "--passphrase", str(tmp_path / "phrase"), "--data", str(tmp_path / "data"))
    assert "1 texts" in run("erase", code_of(log.vote("a").id), "--data", str(tmp_path / "data"))
    return log


def restored(tmp_path: Path, name: str, *words: str) -> tuple[str, set[bytes | None]]:
    """Restore into a folder of that name; give what was said, and the boxes."""
    phrase = ("--passphrase", str(tmp_path / "phrase"))
    said = run("restore", str(tmp_path / "x.backup"), *phrase, *words, "--data", str(tmp_path / name))
    return said, boxes_in(tmp_path / name)


def boxes_in(data: Path) -> set[bytes | None]:
    engine = open_engine(f"sqlite:///{data}/vidhuk.db")
    try:
        return set(boxes(engine))
    finally:
        engine.dispose()


@pytest.mark.usefixtures("log")
def test_a_restored_backup_does_not_bring_back_what_was_erased_since(tmp_path: Path) -> None:
    _, there = restored(tmp_path, "back", "--erasures", str(tmp_path / "data" / "erasures.json"))
    assert there == {None, b"words of b"}
    assert listed_in(tmp_path / "back").erasures == listed_in(tmp_path / "data").erasures != []


@pytest.mark.usefixtures("log")
def test_who_restores_says_what_was_erased_or_that_nobody_knows(tmp_path: Path) -> None:
    (tmp_path / "erasures.json").unlink()
    words = ("restore", str(tmp_path / "x.backup"), "--passphrase", str(tmp_path / "phrase"), "--data", str(tmp_path / "back"))
    for extra in ((), ("--without-erasures", "--erasures", str(tmp_path / "data" / "erasures.json"))):
        refused = CliRunner().invoke(app, [*words, *extra])
        assert isinstance(refused.exception, BackupError)
        assert not (tmp_path / "back").exists()
    said, there = restored(tmp_path, "back", "--without-erasures")
    assert "erase --list" in said
    assert there == {b"words of a", b"words of b"}
    assert "1 texts of 1 visits" in run("erase", "--list", str(tmp_path / "data" / "erasures.json"), "--data", str(tmp_path / "back"))
    assert boxes_in(tmp_path / "back") == {None, b"words of b"}


@pytest.mark.usefixtures("log")
def test_the_list_beside_the_backup_is_kept_up_by_every_backup_and_used(tmp_path: Path) -> None:
    beside = tmp_path / "erasures.json"
    assert listed_in(tmp_path).erasures == []
    other = Erasure("another-1", ids("elsewhere"), MORNING)
    beside.write_bytes(msgspec.json.encode([other]))
    run("backup", str(tmp_path / "y.backup"), "--passphrase", str(tmp_path / "phrase"), "--data", str(tmp_path / "data"))
    listed = listed_in(tmp_path).erasures
    assert other in listed, "another server's backups may be in the same folder"
    assert {(one.kiosk, one.visit) for one in listed} == {("another-1", other.visit), (KIOSK, ids(f"{KIOSK} visit a"))}
    said, there = restored(tmp_path, "back")
    assert f"taken from {beside}" in said
    assert there == {None, b"words of b"}


@pytest.mark.parametrize("words", [(), ("CODE", "--list", "erasures.json"), ("nonsense",), ("--list", "nowhere.json")])
def test_what_to_erase_is_said_once(words: tuple[str, ...], tmp_path: Path) -> None:
    assert isinstance(CliRunner().invoke(app, ["erase", *words, "--data", str(tmp_path)]).exception, ServerError)


def test_no_file_of_sqlite_has_what_was_erased(tmp_path: Path, sqlite_template: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "vidhuk.db")
    engine, other = (open_engine(f"sqlite:///{tmp_path / 'vidhuk.db'}") for _ in range(2))
    log = written()
    deliver(make_ingest(engine), log)
    with other.connect() as reader:  # an open page, or ingest
        reader.execute(text("SELECT count(*) FROM votes")).scalar_one()
        with writing(engine) as connection:
            assert erase(connection, log.vote("a").id, MORNING) == 1
        assert sweep_within(engine, 0) is False
        assert found_in(tmp_path, b"words of a")
    with other.connect() as idle:
        assert sweep_within(engine) is True
        assert found_in(tmp_path, b"words of a") == set()
        assert found_in(tmp_path, b"words of b")
        idle.execute(text("SELECT count(*) FROM votes")).scalar_one()
    engine.dispose()
    other.dispose()


@pytest.mark.postgres
def test_no_relation_of_postgresql_has_what_was_erased(postgres_cluster: PostgresCluster, postgres_template: str) -> None:
    engine = open_engine(postgres_cluster.url(postgres_cluster.create_database(template=postgres_template)))
    log = written()
    log.add(log.sealed("a more", b"more words of a", visit=log.vote("a").visit, digest="0" * 64))
    deliver(make_ingest(engine), log)
    with engine.connect() as connection:
        oid = connection.execute(text("SELECT oid FROM pg_database WHERE datname = current_database()")).scalar_one()
    relations = postgres_cluster.folder / "data" / "base" / str(oid)
    flush(engine)
    assert found_in(relations, b"words of a")
    with engine.connect() as connection:
        sampled = connection.execute(text("SELECT attname FROM pg_stats WHERE tablename IN ('sealed', 'quarantine')")).scalars().all()
    assert "kiosk" in sampled
    assert not {"box", "payload"} & set(sampled), "the planner's statistics are copies that nobody erases"
    with engine.connect() as idle:  # an old look at the database keeps dead rows, which are gone all the same
        idle.execute(text("SELECT count(*) FROM votes")).scalar_one()
        with writing(engine) as connection:
            assert erase(connection, log.vote("a").id, MORNING) == 1
        flush(engine)
        assert found_in(relations, b"words of a") == set()
        assert found_in(relations, b"words of b")
    assert set(boxes(engine)) == {None, b"words of b"}
    log.add(log.vote("c"))
    log.add(log.sealed("c", b"words of c", digest="0" * 64))
    deliver(make_ingest(engine), log)
    assert len(rows(engine, schema.quarantine)) == 2, "new rows are numbered on"
    engine.dispose()


def flush(engine: Engine) -> None:
    """Let a PostgreSQL write what it has in memory, and look at its columns as it does by itself."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
        connection.execute(text("CHECKPOINT"))


def found_in(folder: Path, said: bytes) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file() and said in path.read_bytes()}


def test_a_box_goes_from_a_message_whatever_white_space_it_has(engine: Engine) -> None:
    vote = written().vote("a")
    visit = str(vote.visit)
    messages = (
        '{"sealed":{"x":"c2VjcmV0"},"visit":"VISIT"}',
        '{\n  "visit" : "VISIT",\n  "sealed" :\t{ "x": "c2VjcmV0" },\n  "more": "of others" }',
        '{"visit": "VISIT", "sealed": {"x": "c2VjcmV0',
    )
    notes = [
        Note(reason=Reason.REFUSED, detail="", topic="t", kiosk=KIOSK, payload=said.replace("VISIT", visit).encode(), received_ms=MORNING)
        for said in messages
    ]
    with writing(engine) as connection:
        keep(connection, notes)
    assert len(rows(engine, schema.quarantine)) == 3
    with writing(engine) as connection:
        erase_visits(connection, [Erasure(KIOSK, vote.visit, MORNING)])
    payloads = [row["payload"] for row in rows(engine, schema.quarantine)]
    assert not [payload for payload in payloads if b"c2VjcmV0" in payload]
    assert all(visit.encode() in payload for payload in payloads)
    assert any(b"of others" in payload for payload in payloads), "what else a message has stays"


def run(*words: str) -> str:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, words)
    assert result.exit_code == 0, result.output
    return result.output
