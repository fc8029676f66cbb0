"""`vidhuk-server registry …` as somebody types it, on SQLite; what it stands on is tested on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typer.testing import CliRunner

from server.__main__ import app
from server.errors import ConfigError, RegistryError
from tests.server.kit import CENTRE

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from click.testing import Result


def call(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["registry", *arguments, "--data", str(folder / "server")], catch_exceptions=True)


def test_it_is_loaded_checked_and_exported(tmp_path: Path) -> None:
    file = tmp_path / "centre.yaml"
    file.write_text(CENTRE, encoding="utf-8")
    assert "6 added, 1 changed" in call(tmp_path, "load", str(file)).output  # the centre itself was there without a name
    for format_, target in (("yaml", "a.zip"), ("csv", "b.zip"), ("csv", "folder")):
        assert call(tmp_path, "export", "--format", format_, str(tmp_path / target)).exit_code == 0
        assert "0 added, 0 changed; new settings for 0 kiosks" in call(tmp_path, "load", str(tmp_path / target)).output
    file.write_text(CENTRE.replace("number: 010", "number: 7").replace("  - {key: passport, name: Паспорт}", "  []"), encoding="utf-8")
    checked = call(tmp_path, "check", str(file)).output
    assert "desks main-2: would change: number" in checked
    assert "would be kept: services passport" in checked
    again = call(tmp_path, "load", str(file)).output
    assert "0 added, 1 changed" in again  # so the check had changed nothing
    assert "services passport; to retire them, say --remove 1" in again
    wrong = call(tmp_path, "load", str(file), "--remove", "2")
    assert isinstance(wrong.exception, RegistryError)
    assert "0 changed, 1 retired" in call(tmp_path, "load", str(file), "--remove", "1").output


def test_mistakes_are_said_in_the_language_of_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "uk_UA.UTF-8")
    file = tmp_path / "centre.yaml"
    file.write_text(CENTRE.replace("number: 010", "number: ''").replace("site: hall,", "site: hal,"), encoding="utf-8")
    refused = call(tmp_path, "load", str(file)).exception
    assert isinstance(refused, ConfigError)
    assert str(refused).splitlines() == [
        "centre.yaml, рядок 9: desks 'main-2': number: номер має від 1 до 16 знаків",
        "centre.yaml, рядок 10: desks 'hall-1': site: немає місця «hal»; можливо, «hall»?",
    ]
