"""`vidhuk-server backup`, `check-backup` and `restore`, as an administrator runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from server.__main__ import app
from server.app import opened
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
    assert "everything in it holds" in run("check-backup", file, *phrase).output
    back = run("restore", file, *phrase, "--data", str(tmp_path / "back"))
    assert back.exit_code == 0, back.output
    for name in ("signing.key", "sealing.key", "broker-password"):
        assert (tmp_path / "back" / "keys" / name).read_text() == (data / "keys" / name).read_text()
    assert "everything holds" in run("verify", "--data", str(tmp_path / "back")).output
    assert isinstance(run("restore", file, *phrase, "--data", str(data)).exception, BackupError)
    again = run("backup", file, *phrase, "--data", str(data)).exception
    assert "not overwritten" in str(again)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["back", "data", "phrase", "x.backup"]


def test_what_cannot_be_done_is_said_in_one_sentence(data: Path, tmp_path: Path) -> None:
    (tmp_path / "short").write_text("short")
    (tmp_path / "none.backup").write_text("nothing of ours")
    for words in (
        ("backup", str(tmp_path / "x.backup"), "--passphrase", str(tmp_path / "short"), "--data", str(data)),
        ("backup", str(tmp_path / "nowhere" / "x.backup"), "--passphrase", str(tmp_path / "phrase"), "--data", str(data)),
        ("check-backup", str(tmp_path / "none.backup"), "--passphrase", str(tmp_path / "phrase")),
        ("check-backup", str(tmp_path / "missing.backup"), "--passphrase", str(tmp_path / "phrase")),
        ("restore", str(tmp_path / "missing.backup"), "--passphrase", str(tmp_path / "phrase"), "--data", str(tmp_path / "new")),
    ):
        result = run(*words)
        assert isinstance(result.exception, BackupError), words
        assert "\n" not in str(result.exception)
