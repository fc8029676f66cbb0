"""docs/tickets.md keeps what it promises to centres and to vendors."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from feedback.settings import DeskOption
from feedback.tickets import FIELDS, Refusal, Ticket, read
from kiosk.signatures import is_signed
from kiosk.ticket_commands import read_rules
from tests.feedback.tickets import NOW_MS, PUBLIC, said

PAGE = (Path(__file__).parents[1] / "docs" / "tickets.md").read_text(encoding="utf-8")
(RULES,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
(TABLE,) = re.findall(r"<!-- codes -->\n(.*?)<!-- /codes -->", PAGE, re.DOTALL)
ROWS = [re.split(r"\s*\|\s*", line)[1:-1] for line in TABLE.splitlines()[2:]]
DESKS = (DeskOption("center-1", "1"), DeskOption("center-12", "12"))


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_code_is_read_as_the_page_says(row: list[str]) -> None:
    code, by, number, day, desk, service = re.findall(r"`(.*)`", row[0]) + row[1:]
    outcome = read(code, read_rules(RULES, "tickets.yaml"), DESKS, NOW_MS, is_signed)
    if isinstance(outcome, Ticket):
        assert (outcome.form, outcome.number or "", outcome.day or "", outcome.desk or "", outcome.service or "") == (
            by,
            number,
            day,
            desk,
            service,
        )
    else:
        assert outcome == by


def test_every_field_and_refusal_is_on_the_page() -> None:
    for name in (*FIELDS, *(refusal.value for refusal in Refusal if refusal is not Refusal.SPENT)):
        assert re.search(rf"^\| .*`{name}`.* \|", PAGE, re.MULTILINE), name


def test_a_vendor_who_copies_the_program_makes_codes_that_are_read() -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    made: dict[str, Any] = {}
    exec(program, made)
    assert f"    {made['code']}\n" in PAGE
    outcome = said(made["code"])
    assert isinstance(outcome, Ticket)
    assert (outcome.number, outcome.day) == ("17", "2026-11-24")
    assert made["key"].verify_key.encode().hex() == PUBLIC
