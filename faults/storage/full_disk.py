"""A disk that is full, of the kiosk or of the server, and then has room again. The file system is a real one, so only root can do it."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from faults.storage.enduring import StaysAwayError, deliver, start, vote
from faults.storage.pair import NeverSettledError, Server
from faults.storage.recording import in_silence, scratch
from faults.storage.tally import Tally
from faults.storage.visits import MORNING_MS
from faults.table import Fault, NotDoneError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from random import Random

    from faults.storage.pair import Terminal
    from faults.table import Row

NAME: Final = "disk full, then room again"
_DISK_KB: Final = 8 * 1024
_VISITORS: Final = 16
_LEAST_KB: Final = 0
_MOST_KB: Final = 200


def fill_up(rounds: int, step: Callable[[int], None]) -> Row:
    """Fill a disk up while visitors vote, make room, and look for what was thanked for."""
    if os.geteuid() != 0:
        raise NotDoneError("a file system of its own needs root: run as root")
    tally = Tally(NAME)
    was_full = False
    with in_silence():
        for number in range(rounds):
            random = tally.random(number)
            with scratch() as folder, small_disk(folder) as disk:
                card, home = (disk, folder) if random.random() < 0.7 else (folder, disk)  # noqa: PLR2004 - a kiosk's more often
                with Server(home, MORNING_MS + 86_400_000) as server:
                    terminal = start(card / "card", server, random)
                    refused, problem = _live(terminal, disk, random)
                    was_full |= refused
                    terminal.switch_off()
                    counted = server.votes()
                    problem = problem or server.problem()
            missing = terminal.thanked.keys() - set(counted)
            tally.count(acknowledged=len(terminal.thanked), lost=len(missing), doubled=len(counted) - len(set(counted)), problem=problem)
            step(tally.rounds)
    if not was_full:
        tally.problems.append("no disk was full")
    return tally.row()


def _live(terminal: Terminal, disk: Path, random: Random) -> tuple[bool, str]:
    """Vote and deliver while the disk fills up, and then with room; whether it refused something, and what is wrong."""
    ballast = disk / "ballast"
    fill(ballast, random.randint(_LEAST_KB, _MOST_KB))
    refused = False
    for _ in range(_VISITORS):
        try:
            refused |= not vote(terminal)
            if random.random() < 0.5:  # noqa: PLR2004
                deliver(terminal)
        except StaysAwayError:
            refused = True
    ballast.unlink()
    try:
        if not any(vote(terminal) for _ in range(3)):
            return True, "there is room again, and no vote is stored"
        deliver(terminal)
        terminal.settle()
    except (StaysAwayError, NeverSettledError) as error:
        return True, f"there is room again, and {error}"
    return refused, ""


def fill(ballast: Path, left_kb: int) -> None:
    """Have a file take a disk but for so much."""
    status = os.statvfs(ballast.parent)
    with ballast.open("wb") as file, suppress(OSError):
        os.posix_fallocate(file.fileno(), 0, max(4096, status.f_bavail * status.f_frsize - left_kb * 1024))


@contextmanager
def small_disk(folder: Path, size_kb: int = _DISK_KB) -> Iterator[Path]:
    """Give a folder that is an ext4 of its own."""
    image, disk = folder / "disk.img", folder / "disk"
    disk.mkdir()
    (folder / "card").mkdir()
    with image.open("wb") as file:
        file.truncate(size_kb * 1024)
    # Blocks of 4 KB, as any card has: in smaller ones a page of SQLite's shared memory may have no room behind it.
    try:
        subprocess.run(["mkfs.ext4", "-q", "-b", "4096", "-m", "0", str(image)], check=True, capture_output=True)
        subprocess.run(["mount", "-o", "loop", str(image), str(disk)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        said = error.stderr.decode().strip() if isinstance(error, subprocess.CalledProcessError) else str(error)
        raise NotDoneError(f"no file system can be made and mounted here: {said}") from error
    try:
        (disk / "card").mkdir()
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


FAULTS: Final = (Fault(name=NAME, test=3, usual=15, full=80, run=fill_up),)
