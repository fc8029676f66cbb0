"""The model of a disk without power, and the reading of what programs asked of it: a wrong model would prove nothing."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from faults.storage.calls import Make, Remove, Rename, Said, Sync, Truncate, UnknownCallError, Write, read_calls
from faults.storage.disk import SECTOR, Disk, Folder, Pointer, after_cut, believed
from faults.storage.recording import files_in, record
from faults.storage.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from faults.storage.calls import Call


def quoted(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


def after(*calls: Call, files: dict[str, bytes | Pointer | Folder] | None = None, rounds: int = 300) -> list[dict]:
    disk = Disk(files or {})
    for call in calls:
        disk.take(call)
    random = Random(1)
    return [after_cut(disk.instant(), random) for _ in range(rounds)]


def contents_of(states: Iterable[dict], path: str) -> set[object]:
    return {state.get(path) for state in states}


def test_what_was_waited_for_is_there_in_every_state() -> None:
    states = after(Make("/d/a"), Write("/d/a", 0, b"kept"), Sync("/d/a"), Sync("/d"))
    assert contents_of(states, "/d/a") == {b"kept"}


def test_a_file_that_was_waited_for_has_no_name_until_its_folder_was() -> None:
    states = after(Make("/d/a"), Write("/d/a", 0, b"kept"), Sync("/d/a"))
    assert contents_of(states, "/d/a") == {None, b"kept"}


def test_what_was_not_waited_for_may_be_torn_into_sectors_and_no_smaller() -> None:
    old, new = b"o" * 3 * SECTOR, b"n" * 2 * SECTOR
    found = contents_of(after(Write("/d/a", 256, new), files={"/d/a": old}), "/d/a")
    assert {old, old[:256] + new + old[256 + len(new) :]} < found
    for content in found:
        assert isinstance(content, bytes)
        for start, end in ((256, SECTOR), (SECTOR, 2 * SECTOR), (2 * SECTOR, 2 * SECTOR + 256)):
            assert len(set(content[start:end])) == 1


def test_a_write_behind_the_end_leaves_zeroes_where_another_is_missing() -> None:
    found = contents_of(after(Make("/d/a"), Write("/d/a", 0, b"x" * SECTOR), Write("/d/a", SECTOR, b"y"), Sync("/d")), "/d/a")
    assert {b"", b"\0" * SECTOR + b"y", b"x" * SECTOR, b"x" * SECTOR + b"y"} == found


def test_names_change_in_their_order() -> None:
    states = after(Make("/d/b"), Sync("/d/b"), Rename("/d/b", "/d/a"), Remove("/d/c"), files={"/d/a": b"old", "/d/c": b"c"})
    assert {tuple(sorted(state.items())) for state in states} == {
        (("/d/a", b"old"), ("/d/c", b"c")),
        (("/d/a", b"old"), ("/d/b", b""), ("/d/c", b"c")),
        (("/d/a", b""), ("/d/c", b"c")),
        (("/d/a", b""),),
    }


def test_a_length_that_was_not_waited_for_is_the_old_or_the_new() -> None:
    assert contents_of(after(Truncate("/d/a", 1), files={"/d/a": b"abc"}), "/d/a") == {b"abc", b"a"}


def test_a_disk_that_lies_keeps_nothing() -> None:
    disk = Disk({"/d/a": b"old"}, lies=1.0, random=Random(1))
    for call in (Write("/d/a", 0, b"new"), Sync("/d/a")):
        disk.take(call)
    random = Random(1)
    assert {after_cut(disk.instant(), random)["/d/a"] for _ in range(50)} == {b"old", b"new"}
    assert believed(disk.instant()) == {"/d/a": b"new"}


def test_calls_are_read_as_strace_writes_them() -> None:
    path, other = quoted("/d/a"), quoted("/d/b")
    lines = [
        f'7 openat(AT_FDCWD<{quoted("/")}>, "{path}", O_RDWR|O_CREAT|O_CLOEXEC, 0644) = 3<{path}>',
        f'7 write(3<{path}>, "{quoted("one")}", 3) = 3',
        f'7 write(3<{path}>, "{quoted("two")}", 3) = 2',
        f'7 pwrite64(3<{path}>, "{quoted("x")}", 1, 512 <unfinished ...>',
        f'8 write(1<{quoted("pipe:[1]")}>, "{quoted("done")}\\x0a", 5) = 5',
        "7 <... pwrite64 resumed>) = 1",
        f"7 fsync(3<{path}>) = -1 EIO (Input/output error)",
        f"7 fdatasync(3<{path}>) = 0",
        f'7 rename("{path}", "{other}") = 0',
        f'7 unlink("{quoted("/elsewhere")}") = 0',
        f'7 pwrite64(3<{other}>(deleted), "{quoted("gone")}", 4, 0) = 4',
        "7 +++ exited with 0 +++",
    ]
    assert list(read_calls(lines, "/d")) == [
        Make("/d/a"),
        Write("/d/a", 0, b"one"),
        Write("/d/a", 3, b"tw"),
        Said("done"),
        Write("/d/a", 512, b"x"),
        Sync("/d/a"),
        Rename("/d/a", "/d/b"),
    ]


def test_a_call_that_the_model_does_not_know_is_no_crash_state_but_an_error() -> None:
    with pytest.raises(UnknownCallError, match="linkat"):
        list(read_calls([f'7 linkat(AT_FDCWD, "{quoted("/d/a")}", AT_FDCWD, "{quoted("/d/b")}", 0) = 0'], "/d"))


@pytest.mark.parametrize("words", [("at_the_kiosk", "{}", "1", "9"), ("at_the_files", "settings", "{}", "3")], ids=lambda words: words[0])
def test_a_program_that_was_recorded_leaves_what_the_model_says(tmp_path: Path, words: tuple[str, ...]) -> None:
    module, *rest = words
    recording = record(tmp_path, f"faults.storage.{module}", *(word.format(tmp_path) for word in rest))
    seen = {path: content for path, content in believed(recording.instants()[-1]).items() if not path.endswith("-shm")}
    assert seen
    assert seen == files_in(tmp_path)


def test_a_control_that_does_not_fail_does_not_hold(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally("some fault")
    tally.count(acknowledged=5)
    assert tally.row().holds
    assert not tally.control_row().holds
    tally.count(acknowledged=5, lost=1)
    assert not tally.row().holds
    assert "round 2 by seed" in capsys.readouterr().err
    assert tally.control_row().holds
