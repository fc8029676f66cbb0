"""`vidhuk-server queue`, as an administrator runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from server.__main__ import app
from server.errors import QueueError, RegistryError
from tests.server.kit import CENTRE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    Run = Callable[..., Result]

HEADING = "Талон;Час видачі;Початок;Завершення;Вікно;Послуга;Телефон\n"
TICKETS = "А-1;09.10.2025 10:00;09.10.2025 10:10;09.10.2025 10:20;1;Паспорт;+380501234567\nА-2;09.10.2025 10:05;;;;Інше;\n"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "centre.yaml").write_text(CENTRE, encoding="utf-8")

    def run(*words: str, answers: str | None = None) -> Result:
        return CliRunner(env={"COLUMNS": "200"}).invoke(app, [*words, "--data", str(tmp_path / "data")], input=answers)

    assert run("registry", "load", str(tmp_path / "centre.yaml")).exit_code == 0
    return run


def write(folder: Path, text: str, name: str = "tickets.csv") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_an_export_is_imported_with_a_report_and_again_without_a_change(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path, HEADING + TICKETS)
    dry = run("queue", "import", file, "--site", "main", "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "1 would be new" not in dry.output
    assert "2 would be new, 0 would be changed" in dry.output
    first = run("queue", "import", file, "--site", "main")
    assert first.exit_code == 0
    for words in (
        "2 rows, utf-8, separated by semicolon",
        "desk = Вікно",
        "dropped, because they name visitors: Телефон",
        "service “Інше” is not in the registry; its 1 tickets",
        "2 tickets, 2025-10-09: 2 new, 0 changed",
    ):
        assert words in first.output
    again = run("queue", "import", file, "--site", "main")
    assert "columns as last time" in again.output
    assert "0 new, 0 changed" in again.output
    assert run("queue", "imports").output.count("tickets.csv") == 2


def test_what_is_wrong_has_its_line_and_exit_code_1(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path, HEADING + TICKETS + "А-1;09.10.2025 10:00;09.10.2025 10:12;;1;;\nА-3;09.10.2025 10:00;09.10.2025 10:12;;9;;\n")
    result = run("queue", "import", file, "--site", "main")
    assert result.exit_code == 1
    assert "line 4: started contradicts line 2 about the same ticket" in result.output
    assert "line 5: desk “9” is not one of this site's" in result.output
    assert "2 problems: nothing was imported" in result.output
    assert run("queue", "import", file, "--site", "main", "--desk", "9=main-2").exit_code == 1


def test_columns_of_other_names_are_said_by_option(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path, "№;Куди;Коли;Стан\n1;Каса;09.10.2025 10:00;обслужено\n")
    lacking = run("queue", "import", file, "--site", "main")
    assert isinstance(lacking.exception, QueueError)
    assert "--column 'number=№'" in str(lacking.exception)
    options = ("--column", "number=№", "--column", "desk=Куди", "--column", "issued=Коли", "--desk", "Каса=main-2")
    assert "1 new" in run("queue", "import", file, "--site", "main", *options).output
    assert "0 new" in run("queue", "import", file, "--site", "main").output


def test_in_a_terminal_columns_are_asked_for_once(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.commands.queue.is_terminal", lambda: True)
    file = write(tmp_path, "№;Куди;Коли;Стан;ПІБ\n1;1;09.10.2025 10:00;обслужено;Шевченко\n")
    asked = run("queue", "import", file, "--site", "main", answers="1\n-\n3\n-\n-\n-\n2\n-\nx\n-\n4\n")
    assert asked.exit_code == 0, asked.output
    assert "1 new" in asked.output
    assert "Шевченко" not in asked.output
    assert "0 new" in run("queue", "import", file, "--site", "main").output


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--site", "nowhere"), RegistryError),
        (("--site", "main", "--column", "nummer=Талон"), Exception),
        (("--site", "main", "--column", "clerk=Телефон"), QueueError),
        (("--site", "main", "--desk", "Каса"), Exception),
        (("--site", "main", "--service", "Інше=visa"), RegistryError),
    ],
)
def test_mistakes_in_options_are_one_sentence(run: Run, tmp_path: Path, words: tuple[str, ...], error: type[Exception]) -> None:
    result = run("queue", "import", write(tmp_path, HEADING + TICKETS), *words)
    assert isinstance(result.exception, error)
    assert len(str(result.exception).splitlines()) == 1


def test_a_key_is_shown_once_and_listed_without_what_opens_it(run: Run, tmp_path: Path) -> None:
    made = run("queue", "key", "add", "e-queue", "--site", "main")
    key = made.stdout.splitlines()[0]
    assert len(key) == 43
    assert "vidhuk/v1/queue/e-queue/tickets" in made.output
    assert "queue.e-queue" in made.output
    listed = run("queue", "key", "list")
    assert "e-queue" in listed.output
    assert key not in listed.output
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file() and key.encode() in path.read_bytes()]
    assert isinstance(run("queue", "key", "add", "e-queue", "--site", "main").exception, QueueError)
    assert isinstance(run("queue", "key", "add", "E queue", "--site", "main").exception, QueueError)
    assert run("queue", "key", "remove", "e-queue").exit_code == 0
    assert "did you mean" not in str(run("queue", "key", "remove", "e-queue").exception)
