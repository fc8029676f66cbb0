"""What a visitor wrote goes when they ask: from the database, from quarantine, from what comes later, and from restored backups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from feedback.codes import code_of
from server.__main__ import app
from server.app import opened
from server.config import parse_config
from server.db import schema
from server.db.engine import open_engine, reading, writing
from server.errors import ErasureError
from server.integrity.chains import verify_chains
from server.remarks.erasing import Erasure, erase, erase_visits
from tests.server.kit import CENTRE, KIOSK, MORNING, Log, deliver, ids, load_centre, make_ingest, rows

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine


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


def test_a_restored_backup_does_not_bring_back_what_was_erased_since(tmp_path: Path) -> None:
    data, phrase = tmp_path / "data", tmp_path / "phrase"
    phrase.write_text("вишня кінь батарея скоба\n")
    log = written()
    with opened(parse_config("", source="server.toml", data_dir=data)) as server:
        with writing(server.engine) as connection:
            load_centre(connection, CENTRE)
        deliver(make_ingest(server.engine), log)
    run("backup", str(tmp_path / "x.backup"), "--passphrase", str(phrase), "--data", str(data))
    assert "1 texts" in run("erase", code_of(log.vote("a").id), "--data", str(data))
    assert "erase it again" in run("restore", str(tmp_path / "x.backup"), "--passphrase", str(phrase), "--data", str(tmp_path / "careless"))

    said = run(
        *("restore", str(tmp_path / "x.backup"), "--passphrase", str(phrase)),
        *("--erasures", str(data / "erasures.json"), "--data", str(tmp_path / "back")),
    )
    assert "erase it again" not in said
    engine = open_engine(f"sqlite:///{tmp_path}/back/vidhuk.db")
    try:
        assert set(boxes(engine)) == {None, b"words of b"}
    finally:
        engine.dispose()
    assert (tmp_path / "back" / "erasures.json").read_text() == (data / "erasures.json").read_text()


def run(*words: str) -> str:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, words)
    assert result.exit_code == 0, result.output
    return result.output
