"""Shows lists to a person at a terminal. What kiosks sent may hold anything: nothing but printable text reaches the terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MOMENT_MS: Final = 10**12  # numbers from here on are moments: no count reaches it


def show(columns: Sequence[str], rows: Iterable[Sequence[str | int | None]]) -> None:
    """Print a table; a number of milliseconds since 1970 is shown as a time in UTC."""
    table = Table(*columns)
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    Console().print(table)


def printable(text: str) -> str:
    """Write out the characters that could steer a terminal."""
    return "".join(letter if letter.isprintable() or letter == "\n" else f"\\x{ord(letter):02x}" for letter in text)


def time(wall_ms: int) -> str:
    """Write a number of milliseconds since 1970 as a time in UTC."""
    return datetime.fromtimestamp(wall_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _cell(value: str | int | None) -> str:
    if isinstance(value, int) and value >= _MOMENT_MS:
        return time(value)
    return "" if value is None else printable(str(value)).replace("\n", " ")
