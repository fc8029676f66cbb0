"""Power cuts of the kiosk's vote store: what it said is stored must be there when it opens again by itself, and it must go on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid4

from faults.content import said_in_log
from faults.storage.crashes import Program, cuts
from faults.storage.recording import in_silence
from faults.storage.tally import Tally
from faults.storage.visits import Visits
from faults.table import Fault
from kiosk.errors import StoreError
from kiosk.salvage import open_store
from kiosk.store import FILE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from faults.storage.visits import Visit
    from faults.table import Row

VISITS: Final = "28"
OFTEN: Final = "wal_autocheckpoint=20"  # ten times as often as in use: what happens then is what is looked for


def cut_votes(name: str, promises: tuple[str, ...], rounds: int, step: Callable[[int], None], *, is_control: bool) -> Row:
    """Cut the power of a log with these promises, open it again as ui does, and look for what was thanked for."""
    tally = Tally(name)
    program = Program(("faults.storage.at_the_kiosk", "{folder}", "{seed}", VISITS, OFTEN, *promises))
    next_vote = Visits(tally.random("next"))
    with in_silence():
        for said, folder, *_ in cuts(program, rounds, tally):
            there, problem = open_again(folder, next_vote.next(rich=False))
            tally.count(acknowledged=len(said), lost=len(set(said) - set(there)), doubled=len(there) - len(set(there)), problem=problem)
            step(tally.rounds)
    return tally.control_row() if is_control else tally.row()


def open_again(folder: Path, visit: Visit) -> tuple[list[str], str]:
    """Start as ui does and store one more visit; give the votes that were there as lines, and what was wrong."""
    try:
        with open_store(folder, uuid4) as store, closing(sqlite3.connect(folder / FILE)) as db:
            there = votes_in(db)
            store.append(visit.records)
            if not db.execute("SELECT 1 FROM records WHERE id = ?", (str(visit.vote.id),)).fetchone():
                return there, "the next vote is not stored"
    except StoreError as error:
        return [], f"it does not open by itself: {error}"
    return there, ""


def votes_in(db: sqlite3.Connection) -> list[str]:
    """Give the votes in a log, each as the line that says what it says; one that is there twice, twice."""
    said = said_in_log(db)
    ids = [UUID(name) for (name,) in db.execute("SELECT id FROM records WHERE kind = 'vote'")]
    return [said[id_].line(id_) if id_ in said else id_.hex for id_ in ids]


def _fault(name: str, *promises: str, test: int, usual: int, full: int) -> Fault:
    run = partial(cut_votes, name, promises, is_control=bool(promises))
    return Fault(name=name, test=test, usual=usual, full=full, run=run)


FAULTS: Final = (
    _fault("power cut: kiosk's vote store", test=800, usual=5000, full=30_000),
    _fault("power cut: vote store, synchronous=OFF", "synchronous=0", test=60, usual=200, full=500),
    _fault("power cut: vote store, synchronous=NORMAL", "synchronous=1", test=60, usual=200, full=500),
    _fault("power cut: vote store, SQLite's default journal", "journal_mode=delete", test=120, usual=200, full=500),
)
