"""`vidhuk-server backup`, `check-backup` and `restore`, as an administrator runs them."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from server.__main__ import app
from server.app import opened
from server.backup.partial import new_backup
from server.backup.sealed_file import MAGIC
from server.backup.trying import FOLDER, clear_left, trying_in
from server.config import parse_config
from server.db.engine import writing
from server.errors import BackupError
from tests.server.kit import CENTRE, Log, deliver, load_centre, make_ingest

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def data(tmp_path: Path) -> Path:
    with opened(parse_config("", source="server.toml", data_dir=tmp_path / "data")) as server:
        with writing(server.engine) as connection:
            load_centre(connection, CENTRE)
        log = Log()
        log.add_context()
        log.add(log.vote("a"))
        deliver(make_ingest(server.engine), log)
    (tmp_path / "phrase").write_text("вишня кінь батарея скоба\n")
    return tmp_path / "data"


def run(*words: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, words)


def test_a_server_comes_back_with_its_keys_and_its_votes(data: Path, tmp_path: Path) -> None:
    file, phrase = str(tmp_path / "x.backup"), ("--passphrase", str(tmp_path / "phrase"))
    made = run("backup", file, *phrase, "--data", str(data))
    assert made.exit_code == 0, made.output
    assert "is complete" in made.output
    assert (tmp_path / "x.backup").stat().st_mode & 0o777 == 0o600
    (tmp_path / "scratch").mkdir()
    assert "everything in it holds" in run("check-backup", file, *phrase, "--in", str(tmp_path / "scratch")).output
    back = run("restore", file, *phrase, "--older-list", "--data", str(tmp_path / "back"))
    assert back.exit_code == 0, back.output
    for name in ("signing.key", "sealing.key", "broker-password"):
        assert (tmp_path / "back" / "keys" / name).read_text() == (data / "keys" / name).read_text()
    assert "everything holds" in run("verify", "--data", str(tmp_path / "back")).output
    assert isinstance(run("restore", file, *phrase, "--older-list", "--data", str(data)).exception, BackupError)
    again = run("backup", file, *phrase, "--data", str(data)).exception
    assert "not overwritten" in str(again)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["back", "data", "erasures.json", "phrase", "scratch", "x.backup"]
    assert [*(tmp_path / "scratch").iterdir()] == []


def test_what_cannot_be_done_is_said_in_one_sentence(data: Path, tmp_path: Path) -> None:
    (tmp_path / "short").write_text("short")
    (tmp_path / "none.backup").write_text("nothing of ours")
    for words in (
        ("backup", str(tmp_path / "x.backup"), "--passphrase", str(tmp_path / "short"), "--data", str(data)),
        ("backup", str(tmp_path / "nowhere" / "x.backup"), "--passphrase", str(tmp_path / "phrase"), "--data", str(data)),
        ("check-backup", str(tmp_path / "none.backup"), "--passphrase", str(tmp_path / "phrase")),
        ("check-backup", str(tmp_path / "missing.backup"), "--passphrase", str(tmp_path / "phrase")),
        ("restore", str(tmp_path / "missing.backup"), "--passphrase", str(tmp_path / "phrase"), "--data", str(tmp_path / "new")),
        ("restore", str(tmp_path / "missing.backup"), "--without-erasures", "--passphrase", str(tmp_path / "phrase")),
        ("check-backup", str(tmp_path / "none.backup"), "--passphrase", str(tmp_path / "phrase"), "--in", str(tmp_path / "nowhere")),
    ):
        result = run(*words)
        assert isinstance(result.exception, BackupError), words
        assert "\n" not in str(result.exception)


def test_a_server_without_kiosks_and_records_is_not_backed_up(tmp_path: Path) -> None:
    (tmp_path / "phrase").write_text("вишня кінь батарея скоба\n")
    with opened(parse_config("", source="server.toml", data_dir=tmp_path / "data")):
        pass
    words = ("backup", str(tmp_path / "x.backup"), "--passphrase", str(tmp_path / "phrase"), "--data", str(tmp_path / "data"))
    assert "no kiosk and no record" in str(run(*words).exception)
    assert not (tmp_path / "x.backup").exists()


def test_the_medium_of_a_backup_never_has_it_unencrypted(data: Path, tmp_path: Path) -> None:
    """A program that looks on while the backup is tried finds the backup and nothing else."""
    (tmp_path / "medium").mkdir()
    seen: set[str] = set()

    def look(name: str, _arguments: object) -> None:
        if is_looking and name in {"os.rename", "os.remove", "sqlite3.connect"}:
            seen.update(path.name for path in (tmp_path / "medium").rglob("*"))

    is_looking = True
    sys.addaudithook(look)
    try:
        made = run("backup", str(tmp_path / "medium" / "x"), "--passphrase", str(tmp_path / "phrase"), "--data", str(data))
    finally:
        is_looking = False
    assert made.exit_code == 0, made.output
    assert ".x.part" in seen
    assert not {name for name in seen if name not in {".x.part", "x"} and "erasures" not in name}
    assert sorted(path.name for path in data.iterdir() if path.is_dir()) == ["keys"]


def signalled(number: signal.Signals, data: Path, medium: Path) -> int:
    """Make a backup in a process that gets this signal as soon as the backup is restored to be tried; give its exit code."""
    child = os.fork()
    if child == 0:
        told = False

        def tell(name: str, arguments: tuple[object, ...]) -> None:
            nonlocal told
            if name == "sqlite3.connect" and str(data / "vidhuk-") in str(arguments[0]) and not told:
                told = True
                os.kill(os.getpid(), number)

        sys.addaudithook(tell)
        done = run("backup", str(medium / "x.backup"), "--passphrase", str(data.parent / "phrase"), "--data", str(data))
        os._exit(done.exit_code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def left_in(data: Path, medium: Path) -> tuple[list[str], list[str]]:
    """Give the folders in the data folder beside the keys, and the files on the medium."""
    folders = sorted(path.name for path in data.iterdir() if path.is_dir() and path.name != "keys")
    return folders, sorted(path.name for path in medium.iterdir())


@pytest.fixture
def medium(tmp_path: Path) -> Path:
    (tmp_path / "medium").mkdir()
    return tmp_path / "medium"


def test_a_backup_that_is_told_to_end_clears_up_first(data: Path, medium: Path) -> None:
    assert signalled(signal.SIGTERM, data, medium) == 128 + signal.SIGTERM
    assert left_in(data, medium) == ([], [])


def test_what_a_killed_backup_leaves_goes_at_the_next_start(data: Path, medium: Path, tmp_path: Path) -> None:
    assert signalled(signal.SIGKILL, data, medium) == -signal.SIGKILL
    assert left_in(data, medium) == ([FOLDER], [".x.backup.part"])
    assert run("kiosk", "list", "--data", str(data)).exit_code == 0
    assert left_in(data, medium) == ([], [".x.backup.part"])
    (medium / ".of-others.part").write_text("not of ours")
    made = run("backup", str(medium / "y.backup"), "--passphrase", str(tmp_path / "phrase"), "--data", str(data))
    assert made.exit_code == 0, made.output
    assert left_in(data, medium) == ([], [".of-others.part", "erasures.json", "y.backup"])


def test_what_another_process_tries_is_left_to_it(tmp_path: Path) -> None:
    with trying_in(tmp_path) as folder:
        (folder / "x").touch()
        clear_left(tmp_path)
        with pytest.raises(BackupError, match="another backup"), trying_in(tmp_path):
            pass
        assert [path.name for path in folder.iterdir()] == ["x"]
    assert [*tmp_path.iterdir()] == []
    folder.mkdir()
    clear_left(tmp_path)
    assert [*tmp_path.iterdir()] == []


def test_what_another_process_writes_is_left_to_it(tmp_path: Path) -> None:
    with new_backup(tmp_path / "x") as (target, partial):
        target.write(MAGIC)
        target.flush()
        with new_backup(tmp_path / "y"):
            assert partial.exists()
        with pytest.raises(BackupError, match="another backup is being written"), new_backup(tmp_path / "x"):
            pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x", "y"]
