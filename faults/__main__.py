"""./run faults [NAME …] [--full] [--json FILE [--resume]]: do the faults, print one table, keep it as JSON; exit 1 unless all hold."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from faults.all import FAULTS
from faults.doing import do, read_rows, write_rows
from faults.table import Row, Size

if TYPE_CHECKING:
    from faults.table import Fault

_COLUMNS: Final = ("rounds", "acknowledged", "lost", "doubled", "dropped", "detected", "seconds")
_TABLE_WIDTH: Final = 120
"""The columns that a table needs: names of faults are long."""


def main() -> None:
    """Do the named faults, or all."""
    parser = argparse.ArgumentParser(prog="./run faults", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="part of a fault's name; all when none is named")
    parser.add_argument("--full", action="store_true", help="as many rounds as are published; takes more than an hour")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the table as JSON, again after each row")
    parser.add_argument("--resume", action="store_true", help="leave out what FILE has from a run of the same size")
    arguments = parser.parse_args()
    chosen = [fault for fault in FAULTS if not arguments.names or any(name in fault.name for name in arguments.names)]
    if not chosen:
        parser.error(f"there is no such fault; there are: {'; '.join(fault.name for fault in FAULTS)}")
    if arguments.resume and not arguments.json:
        parser.error("--resume needs --json FILE, which says what was done")
    try:
        had = read_rows(arguments.json) if arguments.resume else []
    except msgspec.DecodeError as error:
        parser.error(f"{arguments.json} is no table of faults: {error}")
    logging.basicConfig(level=logging.CRITICAL)  # what the programs say of the faults is no news here
    rows = do_and_show(chosen, Size.FULL if arguments.full else Size.RUN, had, arguments.json)
    print_table(rows)
    sys.exit(0 if all(row.holds for row in rows) else 1)


def do_and_show(faults: list[Fault], size: Size, had: list[Row], path: Path | None) -> list[Row]:
    """Do these faults, show how far they are, and write the rows that there are after each."""
    rows: list[Row] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks = {fault.name: progress.add_task(fault.name, start=False, visible=False) for fault in faults}

        def step(fault: Fault, done: int) -> None:
            task = tasks[fault.name]
            progress.start_task(task)
            progress.update(task, completed=done, total=fault.rounds(size), visible=True)

        for row in do(faults, size, had, step=step):
            progress.update(tasks[row.fault], visible=False)
            rows.append(row)
            if path:
                names = {row.fault for row in rows}
                write_rows(path, [*rows, *(row for row in had if row.fault not in names)])
    return rows


def print_table(rows: list[Row]) -> None:
    """Print the rows for a person: as a table, or where the terminal is too narrow for one, each on lines of its own."""
    console = Console()
    if console.width < _TABLE_WIDTH:
        for row in rows:
            said = (f"{number} {column}" for column, number in zip(_COLUMNS, _numbers(row), strict=True) if number)
            console.print(f"{_name(row)}: {_verdict(row)}")
            console.print(Padding(", ".join(said), (0, 0, 0, 4)))
    else:
        table = Table("fault", *_COLUMNS, "holds")
        for row in rows:
            table.add_row(_name(row), *_numbers(row), _verdict(row))
        for column in table.columns[1:-1]:
            column.justify = "right"
        console.print(table)
    for row in rows:
        if row.not_done:
            console.print(f"not done: {row.fault}: {row.not_done}", markup=False)


def _name(row: Row) -> str:
    return f"{row.fault} [dim](control: must fail)[/]" if row.control else row.fault


def _numbers(row: Row) -> list[str]:
    detected = "" if row.detected is None else f"{row.detected:,}"
    return [
        *(f"{number:,}" for number in (row.rounds, row.acknowledged, row.lost, row.doubled, row.dropped)),
        detected,
        f"{row.seconds:,.0f}",
    ]


def _verdict(row: Row) -> str:
    if row.not_done:
        return "[bold yellow]not done[/]"
    return "yes" if row.holds else "[bold red]no[/]"


if __name__ == "__main__":
    main()
