"""A PostgreSQL for the faults, started when the first of them needs it, that can be killed and started again."""

from __future__ import annotations

import atexit
import os
import signal
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING

from demo.house import HouseError, wait_for
from faults.table import NotDoneError
from tests.services import accepts, find_postgres, run_postgres, start_postgres

if TYPE_CHECKING:
    from pathlib import Path


class Postgres:
    """A running cluster."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._stack = ExitStack()
        self.cluster = self._stack.enter_context(run_postgres(programs))

    def new_database(self) -> str:
        """Make an empty database and give its address."""
        return self.cluster.url(self.cluster.create_database())

    def kill(self) -> None:
        """SIGKILL all its processes; what was committed is in its files."""
        first, *children = _with_children(self._pid())
        for pid in (first, *children):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(first, 0)  # until then it has its lock
        wait_for(lambda: not accepts(self.cluster), "PostgreSQL's end")

    def start(self) -> None:
        """Start it again and wait until it has recovered.

        Raises:
            HouseError: it does not.
        """
        (self.cluster.folder / "data" / "postmaster.pid").unlink(missing_ok=True)
        server = start_postgres(self._programs, self.cluster.folder)
        wait_for(lambda: accepts(self.cluster) or server.poll() is not None, "PostgreSQL")
        if server.poll() is not None:
            raise HouseError((self.cluster.folder / "log").read_text()[-1000:])
        self._stack.callback(server.wait, 30)
        self._stack.callback(server.send_signal, signal.SIGINT)

    def close(self) -> None:
        """End it and remove its folder."""
        self._stack.close()

    def _pid(self) -> int:
        return int((self.cluster.folder / "data" / "postmaster.pid").read_text().split()[0])


@cache
def postgres() -> Postgres:
    """Give the one that all faults use.

    Raises:
        NotDoneError: it is not installed.
    """
    programs = find_postgres()
    if programs is None:
        raise NotDoneError("PostgreSQL is not installed: install the package postgresql")
    started = Postgres(programs)
    atexit.register(started.close)
    return started


def _with_children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children") as children:  # noqa: PTH123 - no file on a disk
        return [pid, *map(int, children.read().split())]
