"""Whatever statement of an upgrade of votes.db is the last one: the log is the old or the new one, and the next start finishes it."""

from __future__ import annotations

import hashlib
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from kiosk import salvage
from kiosk.check.log import look_at_log
from kiosk.errors import StoreNewerError
from kiosk.salvage import open_store
from kiosk.store import FILE, STEPS, Store
from tests.kiosk.support import counted_ids
from tests.kiosk.test_store import a_vote, assert_chained, boxes, logged, rows

SAMPLES = Path(__file__).parents[1] / "samples"
LOGS = {"new": None} | {sample.stem: sample for sample in sorted(SAMPLES.glob("votes-*.db"))}
every_log = pytest.mark.parametrize("log", LOGS.values(), ids=LOGS.keys())
new_id = counted_ids(5000)

UPGRADING = """
import os, shutil, signal, sqlite3, sys
from pathlib import Path
from uuid import uuid4
from kiosk import store

log, shots, killed_at = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
count = 0

def about_to_run(statement):
    global count
    count += 1
    if count == killed_at:
        os.kill(os.getpid(), signal.SIGKILL)
    shot = shots / f"{count:03d}"
    shot.mkdir()
    for part in ("", "-wal"):
        if Path(f"{log}{part}").exists():
            shutil.copyfile(f"{log}{part}", shot / f"{log.name}{part}")
    (shot / "statement").write_text(statement)

def opened(*where, **how):
    connection = connect(*where, **how)
    connection.set_trace_callback(about_to_run)
    return connection

connect, sqlite3.connect = sqlite3.connect, opened
store.Store(log, uuid4).close()
"""
"""Opens a log, and keeps its files as they are before each statement, which is how a kill leaves them; or is killed there."""


def upgrade(log: Path | None, folder: Path, killed_at: int = 0) -> tuple[Path, Path, int]:
    """Upgrade a copy of a log; give it, the folder of the states on the way, and how the process ended."""
    path, shots = folder / FILE, folder / "shots"
    shots.mkdir(parents=True)
    if log is not None:
        shutil.copyfile(log, path)
    done = subprocess.run([sys.executable, "-c", UPGRADING, path, shots, str(killed_at)], check=False, capture_output=True, text=True)
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return path, shots, done.returncode


def schema(path: Path) -> set[str]:
    return {sql for (sql,) in rows(path, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")} if path.exists() else set()


def assert_goes_on(folder: Path, log: Path | None) -> None:
    """Open the log in the folder as the next start does: nothing was lost, and it is of this version."""
    path = folder / FILE
    bodies = [] if log is None else [body for _, _, body, _ in logged(log)]
    put = {} if log is None or log.stem == "votes-1" else boxes(log)
    with open_store(folder, new_id) as store:
        store.append([a_vote()])
        assert store._has_every_step()
    assert [body for _, _, body, _ in logged(path)][:-1] == bodies
    assert boxes(path) == put
    assert_chained(path)
    assert not list(folder.glob(salvage.ASIDE))


@every_log
def test_whatever_statement_of_an_upgrade_is_the_last_one_the_log_is_the_old_or_the_new(data_dir: Path, log: Path | None) -> None:
    path, shots, code = upgrade(log, data_dir)
    assert code == 0
    old, new = set() if log is None else schema(log), schema(path)
    assert old != new
    found: dict[str, set[str]] = {}
    for shot in sorted(shots.iterdir()):
        state = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(shot.glob(f"{FILE}*")))).hexdigest()
        if state not in found:
            found[state] = schema(shot / FILE)
            assert_goes_on(shot, log)
    assert len(list(shots.iterdir())) > 20, "every statement of it"
    assert all(state in (old, new) for state in found.values())
    assert_goes_on(data_dir, log)


@pytest.mark.parametrize("before", ["BEGIN IMMEDIATE", "COMMIT"])
@every_log
def test_a_killed_upgrade_is_finished_at_the_next_start(data_dir: Path, log: Path | None, before: str) -> None:
    _, shots, _ = upgrade(log, data_dir / "whole")
    statements = [(shot / "statement").read_text() for shot in sorted(shots.iterdir())]
    killed_at = statements.index(before) + (2 if before.startswith("BEGIN") else 1)
    path, _, code = upgrade(log, data_dir / "killed", killed_at)
    assert code == -signal.SIGKILL
    assert schema(path) == (set() if log is None else schema(log))
    assert_goes_on(data_dir / "killed", log)


def test_a_log_of_a_newer_version_is_left_alone_and_said_to_be_one(data_dir: Path) -> None:
    with Store(data_dir / FILE, new_id) as store:
        store.append([a_vote()])
        store.note("schema_steps", str(STEPS + 1))
    before = (data_dir / FILE).read_bytes()
    with pytest.raises(StoreNewerError, match=r"newer version of the program \(step 5, this one knows 4\): install that version"):
        open_store(data_dir, new_id)
    assert (data_dir / FILE).read_bytes() == before
    (found,) = look_at_log(data_dir, lambda words: words)
    assert (found.found, found.todo) == (
        "a newer version of the program has written it",
        "Install that version: this one stores no votes in it",
    )
    assert not list(data_dir.glob(salvage.ASIDE))


def test_a_log_that_has_every_step_says_so(data_dir: Path) -> None:
    from sqlite_utils import Database

    from kiosk.store_schema import migrations

    with Store(data_dir / FILE, counted_ids()):
        pass
    db = Database(data_dir / FILE)
    assert len(migrations.applied(db)) == STEPS
    assert migrations.pending(db) == []
    db.close()


def test_the_samples_are_of_every_version_before_this_one() -> None:
    assert len(LOGS) == STEPS
    for sample in SAMPLES.glob("votes-*.db"):
        with closing(sqlite3.connect(f"{sample.as_uri()}?mode=ro&immutable=1", uri=True)) as db:
            (count,) = db.execute("SELECT count(*) FROM _sqlite_migrations").fetchone()
        assert sample.stem == f"votes-{count}"
