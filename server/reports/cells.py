"""Texts in the cells of spreadsheets: kept from being run as formulas, and read back as they were. Pure."""

from __future__ import annotations

import re
from typing import Final

_DANGEROUS: Final = re.compile(r"'*[=+\-@\t\r\n]")


def harmless(text: str) -> str:
    """Keep a spreadsheet from running a text as a formula, by an apostrophe before it; one that looks so already gets another."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def as_meant(cell: str) -> str:
    """Undo `harmless`."""
    return cell[1:] if cell.startswith("'") and _DANGEROUS.match(cell) else cell
