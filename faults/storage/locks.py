"""Somebody else holds a database for seconds: a backup of the card, a person with the sqlite3 program, a disk that is slow."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from threading import Event, Thread
from typing import TYPE_CHECKING, Final, Self

from faults.storage.enduring import deliver, vote
from faults.storage.pair import NeverSettledError, Server, Terminal
from faults.storage.recording import in_silence, scratch
from faults.storage.tally import Tally
from faults.storage.visits import MORNING_MS
from faults.table import Fault
from kiosk.store import FILE
from kiosk.sync import delivery

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random
    from types import TracebackType

    from faults.table import Row

NAME: Final = "database held for seconds"
_LENGTHS_S: Final = (0.2, 0.5, 1.0, 5.6)
"""The last one outlasts the patience of the kiosk's programs: `kiosk.store.PATIENCE_MS`."""
_VISITORS: Final = 6


class Holder(Thread):
    """Takes a database's write lock, or only reads for long, and lets go by itself."""

    def __init__(self, path: Path, seconds: float, *, writes: bool) -> None:
        super().__init__(name="holder")
        self._path = path
        self._seconds = seconds
        self._writes = writes
        self._held = Event()

    def run(self) -> None:
        """Hold."""
        with closing(sqlite3.connect(self._path, isolation_level=None, timeout=10)) as db:
            db.execute("BEGIN IMMEDIATE" if self._writes else "BEGIN")
            db.execute("SELECT count(*) FROM sqlite_master").fetchone()
            self._held.set()
            Event().wait(self._seconds)
            db.execute("ROLLBACK")

    def __enter__(self) -> Self:
        self.start()
        self._held.wait()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.join()


def hold(rounds: int, step: Callable[[int], None]) -> Row:
    """Hold one of the databases while visitors vote and are delivered; then look for what was thanked for."""
    tally = Tally(NAME)
    with in_silence():
        for number in range(rounds):
            random = tally.random(number)
            with scratch() as folder, Server(folder, MORNING_MS + 86_400_000) as server:
                (folder / "card").mkdir()
                terminal = Terminal(folder / "card", server, random)
                problem = _live(terminal, random)
                terminal.switch_off()
                counted = server.votes()
                problem = problem or server.problem()
            tally.count(
                acknowledged=len(terminal.thanked),
                lost=len(terminal.thanked.keys() - set(counted)),
                doubled=len(counted) - len(set(counted)),
                problem=problem,
            )
            step(tally.rounds)
    return tally.row()


def _live(terminal: Terminal, random: Random) -> str:
    terminal.vote(2)
    path = random.choice((terminal.folder / FILE, terminal.folder / delivery.FILE, terminal.server.path))
    with Holder(path, random.choice(_LENGTHS_S), writes=random.random() < 0.8):  # noqa: PLR2004
        for _ in range(_VISITORS):
            vote(terminal)
            deliver(terminal)
    if not vote(terminal):
        return "it is let go, and no vote is stored"
    try:
        terminal.settle()
    except NeverSettledError as error:
        return f"it is let go, and {error}"
    return ""


FAULTS: Final = (Fault(name=NAME, test=2, usual=5, full=25, run=hold),)
