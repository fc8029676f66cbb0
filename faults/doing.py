"""Does faults one after another, times each, and keeps the table in a file from which a run that was cut short goes on."""

from __future__ import annotations

import os
import traceback
from time import monotonic
from typing import TYPE_CHECKING

import msgspec

from faults.table import NotDoneError, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from faults.table import Fault, Size


def do(
    faults: Iterable[Fault], size: Size, had: Iterable[Row] = (), *, step: Callable[[Fault, int], None] = lambda _fault, _done: None
) -> Iterator[Row]:
    """Do these faults and give each one's row; one that `had` holds from a run of the same size is given as it is, unless it was not done.

    `step` hears the number of rounds that are done.
    """
    kept = {row.fault: row for row in had if row.size == size and not row.not_done}
    for fault in faults:
        if fault.rounds(size):
            yield kept.get(fault.name) or _do_one(fault, size, step)


def _do_one(fault: Fault, size: Size, step: Callable[[Fault, int], None]) -> Row:
    rounds, began = fault.rounds(size), monotonic()
    try:
        row = fault.run(rounds, lambda done: step(fault, done))
    except NotDoneError as error:
        row = Row(fault=fault.name, rounds=0, acknowledged=0, holds=False, not_done=str(error))
    except Exception:  # noqa: BLE001 - one that goes wrong is a row that does not hold, and the others are done
        traceback.print_exc()
        row = Row(fault=fault.name, rounds=rounds, acknowledged=0, holds=False)
    return msgspec.structs.replace(row, fault=fault.name, size=str(size), seconds=round(monotonic() - began, 1))


def read_rows(path: Path) -> list[Row]:
    """Give the rows of a file, none where there is no file.

    Raises:
        msgspec.DecodeError: it is no table.
    """
    return msgspec.json.decode(path.read_bytes(), type=list[Row]) if path.exists() else []


def write_rows(path: Path, rows: list[Row]) -> None:
    """Put the table in the place of the one that is there, whole or not at all."""
    new = path.with_name(f"{path.name}.new")
    with new.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(rows), indent=2) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
