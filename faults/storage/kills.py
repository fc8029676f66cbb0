"""SIGKILL in the midst of storing votes: what was acknowledged through a pipe is there when the log is opened again."""

from __future__ import annotations

import subprocess
import sys
from time import sleep
from typing import TYPE_CHECKING, Final

from faults.storage.recording import ROOT, in_silence, scratch
from faults.storage.tally import Tally
from faults.storage.visits import Visits
from faults.storage.vote_crashes import open_again
from faults.table import Fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

    from faults.table import Row

NAME: Final = "SIGKILL: vote store"
_VOTES: Final = 60
_MOMENT_S: Final = 0.004
"""About what one vote takes."""


def kill_store(rounds: int, step: Callable[[int], None]) -> Row:
    """Kill the program that stores votes, right after some acknowledgement or a moment later; then open the log."""
    tally = Tally(NAME)
    random = tally.random()
    with in_silence():
        for number in range(rounds):
            with scratch() as folder:
                said = _store_and_kill(folder, number, random)
                there, problem = open_again(folder, Visits(random).next(rich=False))
            tally.count(acknowledged=len(said), lost=len(said - set(there)), doubled=len(there) - len(set(there)), problem=problem)
            step(tally.rounds)
    return tally.row()


def _store_and_kill(folder: Path, seed: int, random: Random) -> set[str]:
    command = [sys.executable, "-m", "faults.storage.at_the_kiosk", str(folder), str(seed), "10000", "wal_autocheckpoint=20"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as program:
        assert program.stdout
        said = [program.stdout.readline() for _ in range(random.randint(1, _VOTES))]
        sleep(random.uniform(0, _MOMENT_S))
        program.kill()
        said += program.stdout.readlines()
    return {line.decode().strip() for line in said if line.endswith(b"\n")}


FAULTS: Final = (Fault(name=NAME, test=5, usual=40, full=250, run=kill_store),)
