"""Disks that refuse: the Nth call fails with EIO, ENOSPC, EROFS or EMFILE, some more do, and then it is over.

strace answers the calls in the kernel's place, and only those on the files in question: libfiu fails calls at random, and cannot count.
"""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from faults.storage.pair import Server, template
from faults.storage.recording import ROOT, in_silence, scratch
from faults.storage.tally import Tally
from faults.storage.visits import Visits
from faults.storage.vote_crashes import OFTEN, open_again
from faults.table import Fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

    from faults.table import Row

_CALLS: Final = (
    ("pwrite64", "EIO", 60),
    ("pwrite64", "ENOSPC", 60),
    ("pwrite64", "EROFS", 60),
    ("fdatasync", "EIO", 12),
    ("ftruncate", "ENOSPC", 3),
    ("pread64", "EIO", 40),
    ("openat", "EMFILE", 4),
    ("unlink", "EIO", 1),
)
"""What fails, how, and about how often a program below makes the call."""
_LONGEST: Final = 12
_AT_ONCE: Final = 3
"""So many of them in one round, each at its own time; two ways for the same call to fail are one."""


class Place(NamedTuple):
    """Whose disk refuses: the program, its words after folder and seed, and the files below the folder."""

    program: str
    words: tuple[str, ...]
    files: tuple[str, ...]


KIOSK: Final = Place("faults.storage.at_the_kiosk", ("24", OFTEN), ("votes.db", "votes.db-wal", "votes.db-shm"))
SYNC: Final = Place("faults.storage.at_the_pair", ("12",), ("card/delivery.db", "card/delivery.db-wal"))
INGEST: Final = Place("faults.storage.at_the_pair", ("12",), ("server.db", "server.db-wal"))


def refuse(name: str, place: Place, rounds: int, step: Callable[[int], None]) -> Row:
    """Let calls fail, one run after another, and look for what was thanked for."""
    tally = Tally(name)
    random = tally.random()
    with in_silence():
        for number in range(rounds):
            injections = [_injection(*call, random) for call in random.sample(_CALLS, _AT_ONCE)]
            with scratch() as folder:
                (folder / "card").mkdir()
                (folder / "server.db").write_bytes(template())
                said, problem = _run(place, folder, number, injections)
                _count(tally, place, folder, said, problem)
            step(tally.rounds)
    return tally.row()


def _injection(call: str, error: str, often: int, random: Random) -> str:
    first = random.randint(1, often)
    return f"inject={call}:error={error}:when={first}..{first + random.randint(0, _LONGEST)}"


def _run(place: Place, folder: Path, seed: int, injections: list[str]) -> tuple[set[str], str]:
    paths = [word for file in place.files for word in ("-P", str(folder / file))]
    command = ["strace", "-f", "-o", "/dev/null", *paths, *(word for injection in injections for word in ("-e", injection))]
    words = [sys.executable, "-m", place.program, str(folder), str(seed), *place.words]
    done = subprocess.run([*command, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    problem = f"{' '.join(injections)}: {' '.join(done.stderr.split()[-40:])}" if done.returncode else ""
    return set(done.stdout.split()), problem


def _count(tally: Tally, place: Place, folder: Path, said: set[str], problem: str) -> None:
    if place is KIOSK:
        stored, wrong = open_again(folder, Visits(tally.random("next")).next(rich=False))
    else:
        with Server(folder, 0) as server:
            stored, wrong = server.lines(), server.problem()
    tally.count(acknowledged=len(said), lost=len(said - set(stored)), doubled=len(stored) - len(set(stored)), problem=problem or wrong)


def _fault(name: str, place: Place, *, test: int, usual: int, full: int) -> Fault:
    return Fault(name=name, test=test, usual=usual, full=full, run=partial(refuse, name, place))


FAULTS: Final = (
    _fault("disk refuses a call: vote store", KIOSK, test=3, usual=15, full=100),
    _fault("disk refuses a call: delivery", SYNC, test=1, usual=4, full=25),
    _fault("disk refuses a call: server", INGEST, test=1, usual=4, full=25),
)
