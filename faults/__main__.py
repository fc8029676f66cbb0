"""./run faults [NAME …] [--full] [--json FILE]: do the faults, print one table, write it as JSON; exit 1 where one does not hold."""

from __future__ import annotations

import argparse
import logging
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from faults.all import FAULTS
from faults.table import Row, Size

if TYPE_CHECKING:
    from faults.table import Fault


def main() -> None:
    """Do the named faults, or all."""
    parser = argparse.ArgumentParser(prog="./run faults", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="part of a fault's name; all when none is named")
    parser.add_argument("--full", action="store_true", help="as many rounds as are published; takes hours")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the table as JSON")
    arguments = parser.parse_args()
    chosen = [fault for fault in FAULTS if not arguments.names or any(name in fault.name for name in arguments.names)]
    if not chosen:
        parser.error(f"there is no such fault; there are: {'; '.join(fault.name for fault in FAULTS)}")
    logging.basicConfig(level=logging.CRITICAL)  # what the programs say of the faults is no news here
    rows = do(chosen, Size.FULL if arguments.full else Size.RUN)
    print_table(rows)
    if arguments.json:
        arguments.json.write_bytes(msgspec.json.format(msgspec.json.encode(rows), indent=2) + b"\n")
    sys.exit(0 if all(row.holds for row in rows) else 1)


def do(faults: list[Fault], size: Size) -> list[Row]:
    """Do these faults one after another."""
    rows = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        for fault in faults:
            rounds = fault.rounds(size)
            if rounds == 0:
                continue
            task = progress.add_task(fault.name, total=rounds)
            try:
                rows.append(fault.run(rounds, lambda done, task=task: progress.update(task, completed=done)))
            except Exception:  # noqa: BLE001 - one that goes wrong is a row that does not hold, and the others are done
                traceback.print_exc()
                rows.append(Row(fault=fault.name, rounds=rounds, acknowledged=0, holds=False))
            progress.remove_task(task)
    return rows


def print_table(rows: list[Row]) -> None:
    """Print the rows for a person."""
    table = Table("fault", "rounds", "acknowledged", "lost", "doubled", "dropped", "holds")
    for row in rows:
        name = f"{row.fault} [dim](control: must fail)[/]" if row.control else row.fault
        numbers = (f"{number:,}" for number in (row.rounds, row.acknowledged, row.lost, row.doubled, row.dropped))
        table.add_row(name, *numbers, "yes" if row.holds else "[bold red]no[/]")
    for column in table.columns[1:6]:
        column.justify = "right"
    Console().print(table)


if __name__ == "__main__":
    main()
