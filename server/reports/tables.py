"""Tables, defined once: the page, CSV, XLSX and JSON all come from the same columns. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

import msgspec

from server.ratings.scores import Proportion
from server.reports.cells import harmless

Cell = str | int | float | None


class Kind(StrEnum):
    """What a column holds, from which its alignment and its look follow. Shares are 0–1, intervals are two of them, times seconds."""

    TEXT = "text"
    COUNT = "count"
    SHARE = "share"
    INTERVAL = "interval"
    SECONDS = "seconds"

    @property
    def is_number(self) -> bool:
        """Whether it stands at the right."""
        return self is not Kind.TEXT


class Column(msgspec.Struct, frozen=True):
    """A column: its `name` in files, which never changes; its words for people; what it means; and its value in a row.

    The value of an interval is a `Proportion`; in files it is two columns, `…_low` and `…_high`.
    """

    name: str
    label: str
    value: Callable[[Any], Any]
    kind: Kind = Kind.COUNT
    help: str = ""


class Table(msgspec.Struct, frozen=True):
    """Rows under columns; the first column names its row. `total` is the row of all together, where there is one."""

    name: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Any]
    total: Any = None

    def all_rows(self) -> list[Any]:
        """Give the rows, that of all together last."""
        return [*self.rows, *([] if self.total is None else [self.total])]


def header(table: Table) -> list[str]:
    """Give the names of the columns in files."""
    return [name for column in table.columns for name in _names(column)]


def cells(table: Table, row: object) -> list[Cell]:
    """Give the values of a row in files, one for each name of the header."""
    return [cell for column in table.columns for cell in _values(column, row)]


def as_csv(table: Table) -> bytes:
    """Write a table as CSV, in UTF-8 with a mark that spreadsheets recognise; what is not known is empty."""
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    writer.writerow(header(table))
    writer.writerows([_written(cell) for cell in cells(table, row)] for row in table.all_rows())
    return lines.getvalue().encode("utf-8-sig")


def as_json(table: Table, about: dict[str, Any]) -> bytes:
    """Write a table as JSON: what it is about, what its columns mean, and its rows as objects."""
    columns = [{"name": name, "label": column.label, "help": column.help} for column in table.columns for name in _names(column)]
    rows = [dict(zip(header(table), cells(table, row), strict=True)) for row in table.all_rows()]
    given = {"table": table.name, "caption": table.caption, **about, "columns": columns, "rows": rows}
    return json.dumps(given, ensure_ascii=False, indent=1).encode()


def _names(column: Column) -> list[str]:
    return [f"{column.name}_low", f"{column.name}_high"] if column.kind is Kind.INTERVAL else [column.name]


def _values(column: Column, row: object) -> list[Cell]:
    value = column.value(row)
    if column.kind is Kind.INTERVAL:
        return [value.low, value.high] if isinstance(value, Proportion) else [None, None]
    return [value]


def _written(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:.4f}"
    return harmless(cell) if isinstance(cell, str) else str(cell)
