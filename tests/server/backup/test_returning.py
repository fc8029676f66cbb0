"""A restore that is cut short, at every step: nobody opens what is half there, and the same restore makes it whole."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from server.app import opened
from server.backup.begun import FILE
from server.backup.dump import dump
from server.backup.returning import Backup, Since, bring_back
from server.config import Config, parse_config
from server.db import schema
from server.db.engine import open_engine, reading, writing
from server.db.founded import generation_of, is_used
from server.errors import BackupError, ServerError
from server.keys import key_files, load_keys
from server.remarks.erasing import Erasure
from tests.server.kit import CENTRE, KIOSK, MORNING, Log, deliver, ids, load_centre, make_ingest, rows

if TYPE_CHECKING:
    from pathlib import Path

    from tests.services import PostgresCluster

ERASED = [Erasure(KIOSK, ids(f"{KIOSK} visit a"), MORNING)]
STEPS = {"os.rename", "os.remove", "os.mkdir"}
CUT = 9
LATER = MORNING + 3_600_000
SINCE_2020 = 1_577_836_800


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """A backup of a server whose visitors wrote something."""
    found: list[bytes] = []
    data = tmp_path_factory.mktemp("was") / "data"
    with opened(parse_config("", source="server.toml", data_dir=data)) as server:
        with writing(server.engine) as connection:
            load_centre(connection, CENTRE)
        log = Log()
        log.add_context()
        for seed in "ab":
            log.add(log.vote(seed))
            log.add(log.sealed(seed, f"words of {seed}".encode()))
        deliver(make_ingest(server.engine), log)
        dump(server.engine, key_files(data), found.append, now_ms=MORNING, on_rows=lambda _done, _total: None)
    return found


def bring(config: Config, frames: list[bytes], identity: str = "x") -> bool:
    """Restore; tell whether everything had to be done."""
    engine = open_engine(config.database_url.reveal())
    try:
        return bring_back(config.data_dir, engine, Backup(identity, frames), Since(ERASED), now_ms=LATER) is not None
    finally:
        engine.dispose()


def cut(config: Config, frames: list[bytes], before: int | str) -> bool:
    """Restore in a process that dies before its step of this number, or that concerns this file; tell whether it came so far."""
    child = os.fork()
    if child == 0:
        taken = 0

        def count(name: str, arguments: object) -> None:
            nonlocal taken
            if name in STEPS:
                taken += 1
                if before == taken or (isinstance(before, str) and before in str(arguments)):
                    os._exit(CUT)

        sys.addaudithook(count)
        try:
            bring(config, frames)
            os._exit(0)
        finally:
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in {0, CUT}
    return code == CUT


def require_nothing_half(config: Config) -> None:
    """What is there is not opened, or there is nothing yet that could be taken for a server."""
    if (config.data_dir / FILE).exists():
        with pytest.raises(ServerError, match="cut short"), opened(config):
            pass
        return
    engine = open_engine(config.database_url.reveal())
    try:
        with reading(engine) as connection:
            assert generation_of(connection) is None or not is_used(connection)
        assert key_files(config.data_dir) == {}
    finally:
        engine.dispose()


def require_whole(config: Config, frames: list[bytes]) -> None:
    assert not (config.data_dir / FILE).exists()
    with opened(config) as server:
        assert {row["box"] for row in rows(server.engine, schema.sealed)} == {None, b"words of b"}
        assert len(rows(server.engine, schema.votes)) == 2
        assert len(rows(server.engine, schema.erasures)) == 1
        assert {row["settings_version"] for row in rows(server.engine, schema.kiosks)} == {LATER // 1000 - SINCE_2020}, (
            "above any that is in use"
        )
        assert any(server.keys.signing.encode().hex().encode() in frame for frame in frames)
    assert str(ERASED[0].visit) in (config.data_dir / "erasures.json").read_text()


def config_in(folder: Path, url: str = "") -> Config:
    return parse_config(f'database = "{url}"' if url else "", source="server.toml", data_dir=folder / "data")


def test_cut_before_any_step_it_is_done_again(tmp_path: Path, frames: list[bytes]) -> None:
    cuts, again = 0, set()
    while cut(config := config_in(tmp_path / f"{cuts}"), frames, cuts + 1):
        require_nothing_half(config)
        again.add(bring(config, frames))
        require_whole(config, frames)
        cuts += 1
    require_whole(config, frames)
    assert cuts > len(key_files(config.data_dir))
    assert again == {True, False}, "some cuts were before the commit, and some after it"


@pytest.mark.postgres
def test_cut_before_and_after_the_commit_on_postgresql(tmp_path: Path, frames: list[bytes], postgres_cluster: PostgresCluster) -> None:
    again = []
    for before in ("signing.key", "erasures.json", FILE):
        config = config_in(tmp_path / f"{len(again)}", postgres_cluster.url(postgres_cluster.create_database()))
        assert cut(config, frames, before)
        require_nothing_half(config)
        again.append(bring(config, frames))
        require_whole(config, frames)
    assert again == [True, False, True], "the keys come before the commit, the list after it, and the mark first of all"


def test_one_that_was_stored_does_not_go_on_with_another_backup(tmp_path: Path, frames: list[bytes]) -> None:
    config = config_in(tmp_path)
    assert cut(config, frames, "erasures.json")
    with pytest.raises(BackupError, match="another backup"):
        bring(config, frames, "y")
    assert bring(config, frames) is False
    with pytest.raises(BackupError, match="server's folder already"):
        bring(config, frames)


def test_no_keys_are_made_where_kiosks_know_others(tmp_path: Path, frames: list[bytes]) -> None:
    config = config_in(tmp_path)
    bring(config, frames)
    (config.data_dir / "keys" / "sealing.key").unlink()
    with pytest.raises(ServerError, match=r"sealing.key is missing.*from a backup"), opened(config):
        pass
    assert "sealing.key" not in key_files(config.data_dir)
    assert load_keys(tmp_path / "new").sealing_public


def test_an_empty_server_still_makes_its_keys(tmp_path: Path) -> None:
    with opened(config_in(tmp_path)) as server, reading(server.engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM kiosks")).scalar_one() == 0
    assert set(key_files(tmp_path / "data")) == {"signing.key", "sealing.key", "broker-password"}
