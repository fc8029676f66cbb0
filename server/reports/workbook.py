"""Tables as XLSX workbooks: numbers are numbers, names are text that nothing runs, and a second sheet says what they mean."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import xlsxwriter

from server.reports.tables import Kind, cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.reports.tables import Cell, Column, Table

_FORMATS: Final = {Kind.COUNT: "#,##0", Kind.SHARE: "0.0%", Kind.INTERVAL: "0.0%", Kind.SECONDS: "#,##0"}
_WIDTHS: Final = {True: 14, False: 36}
_LONGEST_NAME: Final = 31
_FORBIDDEN: Final = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))


def as_xlsx(table: Table, *, sheet: str, about_sheet: str, about: Sequence[str]) -> bytes:
    """Write a workbook: the table under the names that people read, and on a sheet of its own the sentences `about` it and its columns."""
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "bottom"})
    formats = {kind: book.add_format({"num_format": text}) for kind, text in _FORMATS.items()}
    page = book.add_worksheet(_sheet_name(sheet))
    heads = [(column, label) for column in table.columns for label in _labels(column)]
    for at, (column, label) in enumerate(heads):
        page.set_column(at, at, _WIDTHS[column.kind.is_number])
        page.write_string(0, at, label, bold)
    for line, row in enumerate(table.all_rows(), 1):
        for at, (cell, (column, _)) in enumerate(zip(cells(table, row), heads, strict=True)):
            _write(page, line, at, cell, formats.get(column.kind))
    page.freeze_panes(1, 1)
    _explain(book.add_worksheet(_sheet_name(about_sheet)), table, about, bold)
    book.close()
    return held.getvalue()


def _write(page: Any, line: int, at: int, cell: Cell, look: Any) -> None:  # noqa: ANN401 - XlsxWriter ships no types
    if isinstance(cell, str):
        page.write_string(line, at, cell)
    elif cell is not None:
        page.write_number(line, at, cell, look)


def _explain(page: Any, table: Table, about: Sequence[str], bold: Any) -> None:  # noqa: ANN401 - as above
    page.set_column(0, 0, 36)
    page.set_column(1, 1, 100)
    page.write_string(0, 0, table.caption, bold)
    for line, sentence in enumerate(about, 1):
        page.write_string(line, 0, sentence)
    for line, column in enumerate(table.columns, len(about) + 2):
        page.write_string(line, 0, column.label)
        page.write_string(line, 1, column.help)


def _labels(column: Column) -> list[str]:
    return [f"{column.label} ↓", f"{column.label} ↑"] if column.kind is Kind.INTERVAL else [column.label]


def _sheet_name(name: str) -> str:
    return name.translate(_FORBIDDEN)[:_LONGEST_NAME]
