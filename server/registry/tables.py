"""The registry as CSV, one file a table, as spreadsheets write it: UTF-8, with or without a mark, cells by semicolons or commas. Pure.

Written with a mark, semicolons and CRLF, which Excel opens at once where decimals have commas. Whatever a spreadsheet would run as a
formula has an apostrophe before it, which is taken away again when it is read.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final

import msgspec

from feedback.written import Path
from server.registry.file import FORMAT, RegistryFile, build
from server.registry.problems import N_, Found, Problem, RegistryFileError
from server.registry.terms import Terms
from server.reports.cells import as_meant, harmless

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from server.registry.file import Clerk, Desk, Site

COLUMNS: Final = {
    "centre": ("centre", "time_zone"),
    "sites": ("key", "name", "kind", "address", "plan", "retired"),
    "desks": ("key", "site", "number", "name", "photo", "place_x", "place_y", "retired"),
    "services": ("key", "name", "retired"),
    "clerks": ("key", "name", "retired"),
    "clerk-desks": ("clerk", "desk", "first", "last"),
    "hours": ("site", "days", "hours"),
    "days": ("site", "day", "hours"),
    "settings": ("site", "setting", "value"),
    "kiosks": ("id", "name", "desk"),
}
"""The tables and their columns, format 1: names never change, columns are only added at the end. An empty `site` is the whole centre."""
_MAY_BE_EMPTY: Final = frozenset({"retired", "address", "desk", "name"})
_BY_ROWS: Final = ("hours", "days", "plan")

Row = dict[str, str]
_Lines = dict[Path, tuple[str, int]]


def to_tables(registry: RegistryFile) -> dict[str, bytes]:
    """Write a registry, by the files' names."""
    rows: dict[str, list[list[object]]] = {
        "centre": [[registry.centre, registry.time_zone]],
        "sites": [[site.key, site.name, site.kind, site.address, site.plan, site.retired] for site in registry.sites],
        "desks": [_desk_cells(desk) for desk in registry.desks],
        "services": [[one.key, one.name, one.retired] for one in registry.services],
        "clerks": [[one.key, one.name, one.retired] for one in registry.clerks],
        "clerk-desks": [cells for clerk in registry.clerks for cells in _period_cells(clerk)],
        "kiosks": [[one.id, one.name, one.desk] for one in registry.kiosks],
    }
    said: list[tuple[str, Terms]] = [("", registry), *((site.key, site) for site in registry.sites)]
    rows["hours"] = [[key, days, span] for key, terms in said for days, span in (terms.hours or {}).items()]
    rows["days"] = [[key, day, span] for key, terms in said for day, span in terms.days.items()]
    rows["settings"] = [[key, *setting] for key, terms in said for setting in _settings(terms)]
    return {f"{name}.csv": _write(COLUMNS[name], rows[name]) for name in COLUMNS}


def from_tables(files: Mapping[str, bytes]) -> RegistryFile:
    """Read a registry from its tables.

    Raises:
        RegistryFileError: with the file and line of everything that is wrong.
    """
    lines: _Lines = {}
    tables = {name: list(_read(f"{name}.csv", files[f"{name}.csv"])) for name in COLUMNS if f"{name}.csv" in files}
    tree: dict[str, Any] = {"format": FORMAT}
    for line, row in tables.get("centre", []):
        tree |= row
        lines |= {(name,): ("centre.csv", line) for name in row}
    for name in ("sites", "desks", "services", "clerks", "kiosks"):
        if name in tables:
            tree[name] = [_entry(row) for _, row in tables[name]]
            lines |= {(name, index): (f"{name}.csv", line) for index, (line, _) in enumerate(tables[name])}
    _put_periods(tree, tables, lines)
    _put_terms(tree, tables, lines)
    return build(tree, lambda path: _locate(path, lines))


def _put_periods(tree: dict[str, Any], tables: Mapping[str, list[tuple[int, Row]]], lines: _Lines) -> None:
    if "clerk-desks" not in tables:
        return
    clerks = {clerk.get("key"): index for index, clerk in enumerate(tree.get("clerks", []))}
    for clerk in tree.get("clerks", []):
        clerk["desks"] = []
    for line, row in tables["clerk-desks"]:
        index = clerks.get(row.pop("clerk", None))
        if index is None:
            raise _refused("clerk-desks.csv", line, N_("there is no such clerk in clerks.csv"))
        periods = tree["clerks"][index]["desks"]
        lines["clerks", index, "desks", len(periods)] = ("clerk-desks.csv", line)
        periods.append({name: cell for name, cell in row.items() if cell})


def _put_terms(tree: dict[str, Any], tables: Mapping[str, list[tuple[int, Row]]], lines: _Lines) -> None:
    places: dict[str, tuple[dict[str, Any], Path]] = {"": (tree, ())}
    places |= {site.get("key", ""): (site, ("sites", index)) for index, site in enumerate(tree.get("sites", []))}
    for table, name_column in (("hours", "days"), ("days", "day"), ("settings", "setting")):
        for line, row in tables.get(table, []):
            if row.get("site", "") not in places:
                raise _refused(f"{table}.csv", line, N_("there is no such site in sites.csv"))
            into, path = places[row.get("site", "")]
            name = row.get(name_column, "")
            steps = name.split(".", 1) if table == "settings" else [table, name]
            for step in steps[:-1]:
                into = into.setdefault(step, {})
            if steps[-1] in into:
                raise _refused(f"{table}.csv", line, N_("this is said twice"))
            into[steps[-1]] = _value(row.get("value", ""), line) if table == "settings" else row.get("hours", "")
            lines[*path, *steps] = (f"{table}.csv", line)


def _entry(row: Row) -> dict[str, Any]:
    """Make an entry of a row: cells that are empty say nothing, but where the empty text is a value."""
    entry: dict[str, Any] = {name: cell for name, cell in row.items() if cell or name in _MAY_BE_EMPTY}
    x, y = entry.pop("place_x", ""), entry.pop("place_y", "")
    if x or y:
        entry["place"] = [x.replace(",", "."), y.replace(",", ".")]
    return entry


def _read(file: str, content: bytes) -> Iterator[tuple[int, Row]]:
    """Give the rows of a file, each with its line."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(file, None, N_("it is no UTF-8 text: in the spreadsheet choose “CSV UTF-8”")) from error
    heading = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if heading.count(";") >= heading.count(",") else ",")
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        first = reader.line_num + 1
        for cells in reader:
            if any(cells):
                if len(cells) > len(names):
                    raise _refused(
                        file, first, N_("this row has more cells than the heading: put quotation marks around texts with separators")
                    )
                yield first, {name: as_meant(cell).strip() for name, cell in zip(names, cells, strict=False)}
            first = reader.line_num + 1
    except csv.Error as error:
        raise _refused(file, reader.line_num, N_("this cannot be read as CSV")) from error


def _write(columns: tuple[str, ...], rows: list[list[object]]) -> bytes:
    lines = io.StringIO(newline="")
    writer = csv.writer(lines, delimiter=";")
    writer.writerow(columns)
    writer.writerows([harmless(str(cell)) if cell is not None else "" for cell in row] for row in rows)
    return lines.getvalue().encode("utf-8-sig")


def _settings(terms: Site | RegistryFile | Terms) -> Iterator[tuple[str, str]]:
    """Give what is said besides hours and days: `look.theme`, `shelter.uk`; what has parts of its own is JSON."""
    if terms.hours == {}:
        yield "hours", "{}"
    for name in Terms.__struct_fields__:
        said = msgspec.to_builtins(getattr(terms, name))
        if name in _BY_ROWS or said is None:
            continue
        parts = said.items() if isinstance(said, dict) else [("", said)]
        for part, value in parts:
            yield (
                f"{name}.{part}" if part else name,
                value if isinstance(value, str) and value[:1] not in '{["' else json.dumps(value, ensure_ascii=False),
            )


def _value(cell: str, line: int) -> object:
    if cell[:1] not in ("{", "[", '"'):
        return cell
    try:
        return json.loads(cell)
    except ValueError as error:
        raise _refused("settings.csv", line, N_("this begins as JSON and is none")) from error


def _desk_cells(desk: Desk) -> list[object]:
    x, y = desk.place or (None, None)
    return [desk.key, desk.site, desk.number, desk.name, desk.photo, x, y, desk.retired]


def _period_cells(clerk: Clerk) -> Iterator[list[object]]:
    return ([clerk.key, one.desk, one.first, one.last] for one in clerk.desks or ())


def _locate(path: Path, lines: _Lines) -> tuple[str, int | None]:
    while path not in lines and path:
        path = path[:-1]
    return lines.get(path, ("centre.csv", None))


def _refused(file: str, line: int | None, says: str) -> RegistryFileError:
    return RegistryFileError([Found(file, line, "", Problem((), says))])
