"""What was found out about the kiosk, for a technician at a terminal: a line for each part, and what to do where it is not well."""

from __future__ import annotations

import textwrap
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kiosk.screens import Entry

NARROWEST: Final = 40
WIDEST: Final = 100
TOGETHER: Final = "\N{NO-BREAK SPACE}"
"""Between words that stand on one line; it is written as a space."""
_COLOURS: Final = {"well": "32", "wrong": "1;31", "note": "2"}
_SIGNS: Final = {"well": "✓", "wrong": "!", "note": "·"}
_PLAIN_SIGNS: Final = {"well": "+", "wrong": "!", "note": "-"}


class Mark(StrEnum):
    """Whether a part is well; a note is neither."""

    WELL = "well"
    WRONG = "wrong"
    NOTE = "note"


class Finding(msgspec.Struct, frozen=True):
    """One part: its name for programs, its title for people, what was found, and what to do about it."""

    part: str
    title: str
    mark: Mark
    found: str
    todo: str = ""


class Paper(msgspec.Struct, frozen=True):
    """What is written on: how many columns there are, whether it shows colours, and whether it has the usual signs."""

    width: int = 80
    colours: bool = False
    has_signs: bool = True


def of_entry(part: str, entry: Entry) -> Finding:
    """Take over a line of the technician's menu."""
    mark = Mark.NOTE if entry.well is None else Mark.WELL if entry.well else Mark.WRONG
    return Finding(part, entry.title, mark, entry.detail)


def lines(findings: Sequence[Finding], paper: Paper) -> Iterator[str]:
    """Give the findings as they are written."""
    column = max((len(finding.title) for finding in findings), default=0)
    for finding in findings:
        yield from finding_lines(finding, column, paper)


def finding_lines(finding: Finding, column: int, paper: Paper) -> Iterator[str]:
    """Give one of them, with its words after `column` letters for titles."""
    sign = (_SIGNS if paper.has_signs else _PLAIN_SIGNS)[finding.mark]
    if paper.colours:
        sign = f"\N{ESCAPE}[{_COLOURS[finding.mark]}m{sign}\N{ESCAPE}[0m"
    yield from hanging(f"{sign} {finding.title:<{column}}  ", column + 4, finding.found, paper)
    if finding.todo:
        arrow = "→ " if paper.has_signs else "> "
        yield from hanging(" " * (column + 4) + arrow, column + 6, finding.todo, paper)


def hanging(head: str, indent: int, text: str, paper: Paper) -> Iterator[str]:
    """Give a text in lines that fit, all of them from the place after `head`; lines of its own stay apart, long names stay whole."""
    width = max(NARROWEST, min(WIDEST, paper.width)) - indent
    for part in text.split("\n"):
        for line in textwrap.wrap(part, width, break_long_words=False, break_on_hyphens=False) or [""]:
            yield f"{head}{line}".replace(TOGETHER, " ").rstrip()
            head = " " * indent
