"""./run bench [NAME …] [--json FILE]: run benchmarks, print one table, write it as JSON."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

if TYPE_CHECKING:
    from bench.measure import Row

BENCHMARKS: Final = ("kiosk", "store", "ingest", "delivery", "drain", "reconnect", "queue", "misuse")


def main() -> None:
    """Run the named benchmarks, or all."""
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}; all when none is named")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the table as JSON")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    rows: list[Row] = []
    with Progress(transient=True) as progress:
        for name in progress.track(arguments.names or BENCHMARKS, description="measuring"):
            rows.extend(import_module(f"bench.{name}").measure())
    print_table(rows)
    if arguments.json:
        arguments.json.write_bytes(msgspec.json.format(msgspec.json.encode(rows), indent=2) + b"\n")


def print_table(rows: list[Row]) -> None:
    """Print the rows for a person."""
    table = Table("what", "ours", "baseline", "ratio", "goal", "holds")
    for row in rows:
        table.add_row(
            row.name,
            f"{_rounded(row.value)} {row.unit}",
            f"{_rounded(row.baseline_value)} {row.unit} ({row.baseline})" if row.baseline else "",
            f"{row.ratio:.2f}" if row.baseline else "",
            row.goal,
            "yes" if row.holds else "[bold red]no[/]",
        )
    Console().print(table)


def _rounded(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"  # noqa: PLR2004 - two digits say enough


if __name__ == "__main__":
    main()
