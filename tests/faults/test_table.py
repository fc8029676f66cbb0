"""What the runner of faults says: only what was done holds, only what cost votes is a control, and a run that was cut short goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from faults.__main__ import do_and_show, print_table
from faults.doing import do, read_rows, write_rows
from faults.storage import full_disk
from faults.table import Fault, NotDoneError, Row, Size, gave_way, survived

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def fault(name: str, run: Callable[[int, Callable[[int], None]], Row] | None = None) -> Fault:
    def hold(rounds: int, done: Callable[[int], None]) -> Row:
        done(rounds)
        return survived(name, rounds=rounds, acknowledged=1)

    return Fault(name=name, test=1, usual=2, full=3, run=run or hold)


def cannot(_rounds: int, _done: Callable[[int], None]) -> Row:
    raise NotDoneError("needs root")


def breaks(_rounds: int, _done: Callable[[int], None]) -> Row:
    raise ValueError("broken")


def test_what_cannot_be_done_is_said_with_its_reason_and_does_not_hold(capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = do([fault("full disk", cannot)], Size.RUN)
    assert (row.holds, row.rounds, row.not_done) == (False, 0, "needs root")
    print_table([row])
    shown = capsys.readouterr().out
    assert "not done" in shown
    assert "full disk: needs root" in shown
    assert " yes " not in shown


def test_a_full_disk_without_root_is_not_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full_disk.os, "geteuid", lambda: 1000)
    (row,) = do(full_disk.FAULTS, Size.TEST)
    assert "root" in row.not_done
    assert not row.holds


def test_one_that_goes_wrong_is_a_row_and_the_next_is_done() -> None:
    assert [row.holds for row in do([fault("a", breaks), fault("b")], Size.RUN)] == [False, True]


@pytest.mark.parametrize(("lost", "doubled", "loses", "doubles"), [(0, 0, False, False), (2, 0, True, False), (0, 2, False, True)])
def test_only_a_cost_of_its_kind_makes_a_control(*, lost: int, doubled: int, loses: bool, doubles: bool) -> None:
    row = survived("weak", rounds=1, acknowledged=5, lost=lost, doubled=doubled, dropped=3)
    assert (gave_way(row).holds, gave_way(row, doubles=True).holds) == (loses, doubles)
    assert gave_way(row).control


def test_the_file_has_each_row_as_soon_as_it_is_there(tmp_path: Path) -> None:
    path, seen = tmp_path / "faults.json", list[list[str]]()

    def look(rounds: int, done: Callable[[int], None]) -> Row:
        seen.append([row.fault for row in read_rows(path)])
        return fault("b").run(rounds, done)

    do_and_show([fault("a"), fault("b", look)], Size.RUN, [], path)
    assert seen == [["a"]]
    assert [(row.fault, row.size, row.seconds >= 0) for row in read_rows(path)] == [("a", "run", True), ("b", "run", True)]
    assert [file.name for file in tmp_path.iterdir()] == ["faults.json"]


def test_a_run_goes_on_where_it_was_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    rows = [*do([fault("a"), fault("b", cannot)], Size.RUN)]
    (other,) = do([fault("c")], Size.FULL)
    write_rows(path, [msgspec.structs.replace(rows[0], acknowledged=77), rows[1], other])
    again = do_and_show([fault("a"), fault("b"), fault("c")], Size.RUN, read_rows(path), path)
    assert [(row.fault, row.acknowledged) for row in again] == [("a", 77), ("b", 1), ("c", 1)]
    assert [row.size for row in read_rows(path)] == ["run"] * 3
