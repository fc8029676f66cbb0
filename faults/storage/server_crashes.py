"""Power cuts of the server: what it has told a kiosk is durable must be in its database when it opens again, and in its sums."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Final

from faults.content import said_on_server
from faults.storage.crashes import Program, cuts
from faults.storage.pair import template
from faults.storage.recording import in_silence
from faults.storage.tally import Tally
from faults.table import Fault
from server.db.engine import open_engine, reading
from server.db.migrate import migrate
from server.integrity.verifying import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from faults.table import Row

_FILE: Final = "server.db"
_BATCHES: Final = "24"
_OFTEN: Final = "wal_autocheckpoint=100"  # ten times as often as in use
_CHECKED: Final = 5
"""In every so many rounds SQLite looks through the whole file."""
_WHOLLY: Final = 200
"""In every so many rounds the server starts wholly, and verifies everything that it has."""


def cut_ingest(name: str, promises: tuple[str, ...], rounds: int, step: Callable[[int], None], *, is_control: bool) -> Row:
    """Cut the power of a server whose database has these promises, and look for what it had acknowledged."""
    tally = Tally(name)
    program = Program(("faults.storage.at_the_server", "{folder}", "{seed}", _BATCHES, _OFTEN, *promises), _lend_database)
    with in_silence():
        for said, folder, *_ in cuts(program, rounds, tally):
            try:
                there, problem = _look(folder / _FILE, wholly=tally.rounds % _CHECKED == 0)
                if tally.rounds % _WHOLLY == 0:
                    problem = problem or _start(folder / _FILE)
            except sqlite3.DatabaseError as error:
                there, problem = [], str(error)
            tally.count(acknowledged=len(said), lost=len(set(said) - set(there)), doubled=len(there) - len(set(there)), problem=problem)
            step(tally.rounds)
    return tally.control_row() if is_control else tally.row()


def _lend_database(folder: Path) -> None:
    (folder / _FILE).write_bytes(template())


def _look(path: Path, *, wholly: bool) -> tuple[list[str], str]:
    """Give the votes that count, as lines that say what they say, and what is wrong."""
    with closing(sqlite3.connect(path)) as db:
        (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone() if wholly else ("ok",)
        if verdict != "ok":
            return [], str(verdict)
        there = [said.line(vote) for vote, said in said_on_server(db.execute).items()]
        (unrecorded,) = db.execute("SELECT count(*) FROM votes WHERE id NOT IN (SELECT id FROM records)").fetchone()
        (last,) = db.execute("SELECT coalesce(max(seq), 0) FROM records").fetchone()
        (mark,) = db.execute("SELECT coalesce(max(seq), 0) FROM chains").fetchone()
    return there, "" if not unrecorded and last == mark else f"{unrecorded} votes without a record, mark {mark}, records to {last}"


def _start(path: Path) -> str:
    engine = open_engine(f"sqlite:///{path}")
    try:
        migrate(engine)
        with reading(engine) as connection:
            found = verify(connection, lambda _data, _signature: False)
    finally:
        engine.dispose()
    return str(found[0]) if found else ""


def _fault(name: str, *promises: str, test: int, usual: int, full: int) -> Fault:
    return Fault(name=name, test=test, usual=usual, full=full, run=partial(cut_ingest, name, promises, is_control=bool(promises)))


FAULTS: Final = (
    _fault("power cut: server's ingest", test=150, usual=2000, full=10_000),
    _fault("power cut: ingest, synchronous=NORMAL", "synchronous=1", test=60, usual=200, full=500),
)
