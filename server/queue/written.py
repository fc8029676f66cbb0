"""An export as it was written: bytes to a table, whatever its encoding and separator. Pure."""

from __future__ import annotations

import codecs
import csv
import io
from typing import Final, NamedTuple

from server.errors import QueueError
from server.queue.problems import N_

MAX_BYTES: Final = 64 * 1024 * 1024
SEPARATORS: Final = (";", "\t", ",")
_LOOKED_AT: Final = 20
_MAX_COLUMNS: Final = 200
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_SPREADSHEET: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_SUMS: Final = ("всього", "разом", "усього", "підсумок", "total")

TOO_LARGE: Final = N_("the file has %(size)s MiB, and %(most)s are the most: export fewer days at once")
NO_HEADING: Final = N_("the file has no heading of several columns, separated by semicolon, comma or tab")
SPREADSHEET: Final = N_("the file is a spreadsheet: open it and save it as CSV, in UTF-8")
NOT_TEXT: Final = N_("the file is not text in %(encoding)s (byte %(byte)s): save it as CSV, in UTF-8")
ZERO_BYTES: Final = N_("the file holds zero bytes and is no text: save it as CSV, in UTF-8")
OPEN_QUOTE: Final = N_("line %(line)s: is a quotation mark left open there?")
MANY_COLUMNS: Final = N_("the heading has %(count)s columns; %(most)s are the most")
TWICE: Final = N_("line %(line)s: two columns are called “%(column)s”: give each a name of its own")


class Row(NamedTuple):
    """One row's cells and the line, from 1, on which it begins."""

    line: int
    cells: list[str]


class Table(NamedTuple):
    """An export's heading and rows; rows that are empty or only sum up are left out."""

    encoding: str
    separator: str
    header: tuple[str, ...]
    rows: list[Row]


def read_table(content: bytes) -> Table:
    """Read an export.

    Raises:
        QueueError: it is no table of text, with what to do.
    """
    if len(content) > MAX_BYTES:
        raise QueueError(TOO_LARGE, size=str(len(content) // 2**20), most=str(MAX_BYTES // 2**20))
    encoding, text = _decode(content)
    separator = max(SEPARATORS, key=lambda one: _width(text, one))
    rows = _rows(text, separator)
    heading = next((place for place, row in enumerate(rows) if sum(map(bool, row.cells)) > 1), None)
    if heading is None:
        raise QueueError(NO_HEADING)
    header = _header(rows[heading])
    return Table(encoding, separator, header, [row for row in rows[heading + 1 :] if not _sums_up(row.cells)])


def _decode(content: bytes) -> tuple[str, str]:
    if content.startswith(_SPREADSHEET):
        raise QueueError(SPREADSHEET)
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding, _strictly(content[len(mark) :], encoding)
    try:
        return "utf-8", content.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1251", _strictly(content, "cp1251")


def _strictly(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise QueueError(NOT_TEXT, encoding=encoding, byte=str(error.start)) from error


def _width(text: str, separator: str) -> int:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        return max((len(cells) for _, cells in zip(range(_LOOKED_AT), reader, strict=False)), default=0)
    except csv.Error:
        return 0


def _rows(text: str, separator: str) -> list[Row]:
    if "\0" in text:
        raise QueueError(ZERO_BYTES)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows, line = [], 1
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                rows.append(Row(line, stripped))
            line = reader.line_num + 1
    except csv.Error as error:
        raise QueueError(OPEN_QUOTE, line=str(line)) from error
    return rows


def _header(row: Row) -> tuple[str, ...]:
    cells = row.cells
    while cells and not cells[-1]:
        cells = cells[:-1]
    if len(cells) > _MAX_COLUMNS:
        raise QueueError(MANY_COLUMNS, count=str(len(cells)), most=str(_MAX_COLUMNS))
    twice = {name for name in cells if name and cells.count(name) > 1}
    if twice:
        raise QueueError(TWICE, line=str(row.line), column=min(twice))
    return tuple(name or f"№ {place}" for place, name in enumerate(cells, 1))


def _sums_up(cells: list[str]) -> bool:
    return next(filter(None, cells)).casefold().startswith(_SUMS)
