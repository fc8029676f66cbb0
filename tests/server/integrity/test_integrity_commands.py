"""`vidhuk-server verify`, `root` and `proof`, as an administrator and a visitor's friend run them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from feedback.codes import code_of
from server.__main__ import app
from server.app import opened
from server.config import parse_config
from server.db import schema
from server.db.engine import writing
from server.errors import IntegrityError
from tests.server.kit import CENTRE, KIOSK, MORNING, Log, deliver, ids, load_centre, make_ingest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    with opened(parse_config("", source="server.toml", data_dir=tmp_path / "data")) as server:
        with writing(server.engine) as connection:
            load_centre(connection, CENTRE)
        log = Log()
        log.add_context()
        log.add(log.vote("a"))
        deliver(make_ingest(server.engine), log)
        (tmp_path / "key").write_text(server.keys.signing_public)

    def run(*words: str) -> Result:
        where = [] if words[:2] == ("proof", "check") else ["--data", str(tmp_path / "data")]
        return CliRunner(env={"COLUMNS": "200"}).invoke(app, [*words, *where])

    return run


def test_a_day_is_published_and_a_vote_of_it_proved(run: Run, tmp_path: Path) -> None:
    code = code_of(ids(f"{KIOSK} a"))
    assert datetime.fromtimestamp(MORNING / 1000, UTC).date() < datetime.now(UTC).date()
    assert isinstance(run("proof", "make", code).exception, IntegrityError)
    assert "made: 2025-10-09" in run("root", "make").output
    assert "no day is due" in run("root", "make").output
    assert '\\"size\\":2' in run("root", "show").output
    assert run("root", "show", "2025-10-09").output == run("root", "show").output
    proof = run("proof", "make", code)
    assert proof.exit_code == 0
    (tmp_path / "proof.json").write_text(proof.output)
    checked = run("proof", "check", str(tmp_path / "proof.json"), "--key", (tmp_path / "key").read_text())
    assert "2025-10-09" in checked.output
    (root,) = [word for word in checked.output.split() if len(word) == 64]
    assert root in run("root", "list").output
    other = run("proof", "check", str(tmp_path / "proof.json"), "--key", "00" * 32)
    assert isinstance(other.exception, IntegrityError)


def test_a_whole_database_holds_and_one_that_was_changed_does_not(run: Run, tmp_path: Path) -> None:
    whole = run("verify")
    assert (whole.exit_code, "everything holds" in whole.output) == (0, True)
    with opened(parse_config("", source="server.toml", data_dir=tmp_path / "data")) as server, writing(server.engine) as connection:
        connection.execute(schema.votes.update().values(answer="terrible"))
    changed = run("verify")
    assert (changed.exit_code, "the kiosk sent it otherwise: answer" in changed.output) == (1, True)


@pytest.mark.parametrize(
    "words", [("root", "show"), ("root", "show", "2020-01-01"), ("proof", "make", "AAAA"), ("proof", "check", "no.json", "--key", "00")]
)
def test_what_is_not_there_is_said_in_one_sentence(run: Run, words: tuple[str, ...]) -> None:
    result = run(*words)
    assert result.exit_code == 1
    assert isinstance(result.exception, Exception)
    assert "\n" not in str(result.exception)
