"""Invitations and new credentials by command."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from feedback.claims import claim_of
from kiosk.config import parse
from server.__main__ import app
from server.errors import ConfigError, RegistryError
from tests.server.kit import CENTRE

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


class Server:
    """A server's command line over a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "server.toml").write_text(f'data_dir = "{folder / "data"}"\n[web]\npublic_url = "https://vidhuk.example"\n')
        (folder / "centre.yaml").write_text(CENTRE)
        self.call("registry", "load", str(folder / "centre.yaml"))

    def call(self, *words: str) -> str:
        done = self._run(*words)
        assert done.exit_code == 0, done.exception
        return done.output

    def refusal(self, *words: str) -> Exception:
        done = self._run(*words)
        assert isinstance(done.exception, (ConfigError, RegistryError)), done.exception
        return done.exception

    def _run(self, *words: str) -> Result:
        return CliRunner().invoke(app, [*words, "--config", str(self.folder / "server.toml")], env={"COLUMNS": "160"})


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def test_an_invitation_is_printed_once_and_listed_without_its_code(server: Server) -> None:
    file = server.folder / "kiosk.toml"
    said = server.call(
        "kiosk", "invite", "hall-new-1", "--site", "main", "--desk", "main-2", "--output", str(file), "--hardware", "simulated"
    )
    code = next(line.split()[1] for line in said.splitlines() if line.startswith("code"))
    claim_of(code)
    assert "https://vidhuk.example" in said
    assert "█" in said
    written = parse(file.read_text(), "kiosk.toml")
    assert written.enrolment is not None
    assert written.enrolment.claim is not None
    assert (written.enrolment.server, written.enrolment.claim.reveal(), written.kiosk.hardware) == (
        "https://vidhuk.example",
        code,
        "simulated",
    )
    assert "server" not in tomllib.loads(file.read_text())
    listed = server.call("kiosk", "invitations")
    assert code not in listed
    assert "hall-new-1" in listed
    assert "open" in listed
    server.call("kiosk", "withdraw", "1")
    assert "withdrawn" in server.call("kiosk", "invitations")
    assert "not open" in str(server.refusal("kiosk", "withdraw", "1"))


def test_who_is_there_is_invited_again(server: Server) -> None:
    server.call("kiosk", "add", "exit-sample-1", "--site", "main")
    assert "for exit-sample-1, once" in server.call("kiosk", "invite", "--again", "exit-sample-1", "--within", "12h")
    assert "already" in str(server.refusal("kiosk", "invite", "exit-sample-1", "--site", "main"))
    assert "--again exit-sample-1" in str(server.refusal("kiosk", "rotate", "exit-sample-1"))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "name the new kiosk"),
        (("hall-new-1",), "name the new kiosk"),
        (("hall-new-1", "--site", "main", "--again", "x"), "name the new kiosk"),
        (("hall-new-1", "--site", "nowhere"), "no site"),
        (("hall-new-1", "--site", "main", "--within", "soon"), "12h or 7d"),
        (("hall-new-1", "--site", "main", "--within", "91d"), "1 to 90 days"),
        (("--again", "nobody-here"), "no kiosk"),
        (("--again", "exit-sample-1", "--desk", "main-1"), "keeps its desk"),
    ],
)
def test_what_cannot_be_invited_is_said(server: Server, words: tuple[str, ...], why: str) -> None:
    assert why in str(server.refusal("kiosk", "invite", *words))
