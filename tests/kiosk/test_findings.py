from __future__ import annotations

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.findings import NARROWEST, TOGETHER, WIDEST, Finding, Mark, Paper, hanging, lines
from kiosk.terminal import language_of, paper_of

WORDS = st.text(st.characters(categories=("L", "N", "P")), min_size=1, max_size=12)
SENTENCES = st.lists(WORDS, max_size=30).map(" ".join)


@given(SENTENCES, st.sampled_from(Mark), SENTENCES, st.integers(0, 300))
def test_every_line_fits_and_no_word_is_lost(found: str, mark: Mark, todo: str, width: int) -> None:
    written = list(lines([Finding("part", "Сканер", mark, found, todo)], Paper(width)))
    assert all(len(line) <= max(NARROWEST, min(WIDEST, width)) for line in written)
    assert "".join(written).count("→") == found.count("→") + todo.count("→") + bool(todo)
    said = [word for line in written for word in line[10:].split()]
    assert [word for word in said if word != "→"] == [word for word in (*found.split(), *todo.split()) if word != "→"]


def test_titles_stand_in_a_column_and_signs_before_them() -> None:
    findings = [Finding("a", "Clock", Mark.WELL, "12:00"), Finding("b", "Scanner", Mark.WRONG, "none", "one\ntwo")]
    assert list(lines(findings, Paper())) == ["✓ Clock    12:00", "! Scanner  none", "           → one", "             two"]
    plain = list(lines(findings, Paper(has_signs=False)))
    assert plain[0].startswith("+ Clock")
    assert plain[2].strip() == "> one"
    assert "\N{ESCAPE}[1;31m!\N{ESCAPE}[0m Scanner" in list(lines(findings, Paper(colours=True)))[1]


def test_what_belongs_together_stays_on_a_line() -> None:
    text = " ".join(f"key{n}{TOGETHER}={TOGETHER}{n}," for n in range(20))
    for line in hanging("[x] ", 4, text, Paper(50)):
        assert line[4:].startswith("key")
        assert TOGETHER not in line


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "uk_UA.UTF-8"}, "uk"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "pl_PL.UTF-8"}, "en"),
        ({"LANG": "uk_UA.UTF-8", "LC_MESSAGES": "en_US"}, "en"),
        ({"LANG": "en_US", "LC_ALL": "uk"}, "uk"),
        ({"LANG": "C.UTF-8"}, "uk"),
        ({"LANG": "uk_UA", "LC_ALL": ""}, "uk"),
        ({}, "uk"),
    ],
)
def test_the_language_is_that_of_the_locale_else_the_kiosks(environment: dict[str, str], language: str) -> None:
    assert language_of(environment, "uk") == language


def test_a_terminal_without_our_letters_gets_plain_ones() -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    paper = paper_of(out)
    assert not paper.has_signs
    assert not paper.colours
    out.write("ґ ✓")
    out.flush()
    assert out.buffer.getvalue() == b"? ?"  # type: ignore[attr-defined]
    assert paper_of(io.TextIOWrapper(io.BytesIO(), encoding="utf-8")).has_signs
    assert sys.stdout
