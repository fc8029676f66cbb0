"""Upgrades of older logs and databases, cut short by the power or by SIGKILL: started again, all votes are there."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import UUID

from sqlalchemy import MetaData

from faults.storage.crashes import Program, cuts
from faults.storage.pair import Server, Terminal
from faults.storage.recording import ROOT, in_silence, scratch
from faults.storage.tally import Tally
from faults.storage.visits import MORNING_MS, Visits
from faults.storage.vote_crashes import open_again, votes_in
from faults.table import Fault
from feedback.records import encode_body, genesis, link
from kiosk.store import FILE
from server.db import migrations
from server.db.engine import open_engine, reading, writing
from server.db.migrate import migrate
from server.db.schema import metadata
from server.ratings import rollups

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from sqlalchemy import Engine

    from faults.table import Row

_SAMPLES: Final = tuple(ROOT / "tests" / "samples" / name for name in ("votes-1.db", "votes-2.db"))
_GROWN: Final = 300
_SERVER_FILE: Final = "server.db"
_CALLS: Final = {"pwrite64": 60, "fdatasync": 6, "openat": 500, "fcntl": 60}
"""The calls at which a start is killed, and about how often it makes them."""


def grow(sample: Path, into: Path, random: Random) -> set[str]:
    """Copy an older log and let it have some hundred votes more, as its version wrote them; give all as lines that say what they say."""
    shutil.copyfile(sample, into)
    visits = Visits(random)
    with closing(sqlite3.connect(into)) as db, db:
        (epoch, name) = db.execute("SELECT n, epoch FROM epochs ORDER BY n DESC LIMIT 1").fetchone()
        last = db.execute("SELECT seq, hash FROM records WHERE epoch = ? ORDER BY seq DESC LIMIT 1", (epoch,)).fetchone()
        seq, head = last or (0, genesis(UUID(name)))
        for _ in range(_GROWN):
            for record in visits.next(rich=False).records:
                body = encode_body(record)
                seq, head = seq + 1, link(head, seq + 1, body)
                row = (epoch, seq, str(record.id), str(record.__struct_config__.tag), body, head)
                db.execute("INSERT INTO records (epoch, seq, id, kind, body, hash) VALUES (?, ?, ?, ?, ?, ?)", row)
        return set(votes_in(db))


def upgrade_log(name: str, rounds: int, step: Callable[[int], None]) -> Row:
    """Cut the power while ui brings an older log up to this version; then start."""
    tally = Tally(name)
    next_vote = Visits(tally.random("next"))
    with in_silence(), scratch() as place:
        for part, sample in enumerate(_SAMPLES):
            wanted = grow(sample, place / sample.name, tally.random(sample.name))
            program = Program(
                ("faults.storage.at_the_kiosk", "{folder}", f"{part}-{{seed}}", "0"),
                lambda folder, sample=sample: shutil.copyfile(place / sample.name, folder / FILE),
            )
            for cut in cuts(program, rounds // len(_SAMPLES), tally):
                _open_log(cut.folder, wanted | set(cut.said), next_vote, tally)
                step(tally.rounds)
    return tally.row()


def kill_upgrade(name: str, rounds: int, step: Callable[[int], None]) -> Row:
    """Kill starts of ui on an older log, one to three of them; then start."""
    tally = Tally(name)
    random = tally.random()
    next_vote = Visits(tally.random("next"))
    with in_silence(), scratch() as place:
        wanted = {sample: grow(sample, place / sample.name, random) for sample in _SAMPLES}
        for number in range(rounds):
            sample = _SAMPLES[number % len(_SAMPLES)]
            with scratch() as folder:
                shutil.copyfile(place / sample.name, folder / FILE)
                said = set().union(*(_start_and_kill(folder, f"{number}-{start}", random) for start in range(random.randint(1, 3))))
                _open_log(folder, wanted[sample] | said, next_vote, tally)
            step(tally.rounds)
    return tally.row()


def _open_log(folder: Path, wanted: set[str], next_vote: Visits, tally: Tally) -> None:
    there, problem = open_again(folder, next_vote.next(rich=False))
    if any(folder.glob("votes-damaged-*")):
        problem = problem or "a sound log was set aside"
    tally.count(acknowledged=len(wanted), lost=len(wanted - set(there)), doubled=len(there) - len(set(there)), problem=problem)


def _start_and_kill(folder: Path, seed: str, random: Random) -> set[str]:
    call = random.choice(sorted(_CALLS))
    injection = f"inject={call}:signal=KILL:when={random.randint(1, _CALLS[call])}"
    words = [
        "strace",
        "-f",
        "-o",
        "/dev/null",
        "-e",
        injection,
        sys.executable,
        "-m",
        "faults.storage.at_the_kiosk",
        str(folder),
        seed,
        "0",
    ]
    return set(subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False).stdout.split())


def upgrade_server(name: str, rounds: int, step: Callable[[int], None]) -> Row:
    """Cut the power while the server brings an older database up to this version; then start."""
    tally = Tally(name)
    revisions = sorted(path.name[1:5] for path in Path(migrations.__file__).parent.glob("versions/m*.py"))[1:-1]
    with in_silence(), scratch() as place:
        _fill(place, tally.random())
        for revision in revisions[:: max(1, len(revisions) // rounds)]:
            wanted = _older(place / _SERVER_FILE, place / f"{revision}.db", revision)
            program = Program(
                ("faults.storage.at_the_upgrade", "{folder}"),
                lambda folder, revision=revision: shutil.copyfile(place / f"{revision}.db", folder / _SERVER_FILE),
            )
            for cut in cuts(program, max(1, rounds // len(revisions)), tally):
                _open_server(cut.folder / _SERVER_FILE, wanted, tally)
                step(tally.rounds)
    return tally.row()


def _fill(folder: Path, random: Random) -> None:
    (folder / "card").mkdir()
    with Server(folder, MORNING_MS + 86_400_000) as server:
        terminal = Terminal(folder / "card", server, random)
        terminal.vote(_GROWN)
        terminal.settle()
        terminal.switch_off()


def _older(current: Path, into: Path, revision: str) -> set[tuple[object, ...]]:
    """Make a database of an older version that has what the current one has, as far as it has a place for it; give its votes."""
    new, old = open_engine(f"sqlite:///{current}"), open_engine(f"sqlite:///{into}")
    migrate(old, revision=revision)
    known = MetaData()
    known.reflect(old)
    with reading(new) as source, writing(old) as target:
        for table in (table for table in metadata.sorted_tables if table.name in known.tables):
            there = known.tables[table.name]
            columns = ", ".join(column.name for column in there.columns if column.name in table.c)
            target.exec_driver_sql(f"DELETE FROM {table.name}")
            rows = [tuple(row) for row in source.exec_driver_sql(f"SELECT {columns} FROM {table.name}")]
            if rows:
                target.exec_driver_sql(f"INSERT INTO {table.name} ({columns}) VALUES ({', '.join('?' * len(rows[0]))})", rows)
    votes = _votes(old)
    new.dispose()
    old.dispose()
    return votes


def _open_server(path: Path, wanted: set[tuple[object, ...]], tally: Tally) -> None:
    engine = open_engine(f"sqlite:///{path}")
    try:
        migrate(engine)
        there = _votes(engine)
        with reading(engine) as connection:
            wrong = rollups.verify(connection)
    finally:
        engine.dispose()
    tally.count(acknowledged=len(wanted), lost=len(wanted - there), doubled=len(there - wanted), problem=str(wrong[0]) if wrong else "")


def _votes(engine: Engine) -> set[tuple[object, ...]]:
    with reading(engine) as connection:
        return {tuple(row) for row in connection.exec_driver_sql("SELECT id, visit, kiosk, answer, at_ms, day, hour FROM votes")}


FAULTS: Final = (
    Fault(name="upgrade cut short: vote store", test=100, usual=600, full=4000, run=partial(upgrade_log, "upgrade cut short: vote store")),
    Fault(name="upgrade killed: vote store", test=2, usual=12, full=60, run=partial(kill_upgrade, "upgrade killed: vote store")),
    Fault(name="upgrade cut short: server", test=1, usual=12, full=120, run=partial(upgrade_server, "upgrade cut short: server")),
)
