from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from feedback.records import AnyRecord, Channel, Context, Input, VisitEnd, Vote, chain, decode_body, encode_body, genesis
from kiosk import salvage
from kiosk.errors import StoreError
from kiosk.recorder import Recorder
from kiosk.salvage import open_store
from kiosk.store import FILE, PRAGMAS, Store, connect
from tests.kiosk.support import BOOT, FakeClock, counted_ids, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

new_id = counted_ids()


def a_vote(answer: str = "good") -> Vote:
    at = FakeClock().moment()
    return Vote(
        new_id(),
        at,
        visit=new_id(),
        context=1,
        question="service",
        answer=answer,
        desk=None,
        service=None,
        channel=Channel.KIOSK,
        input=Input.TOUCH,
        language="uk",
        repeat=False,
    )


def rows(path: Path, query: str) -> list[tuple]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query).fetchall()


def logged(path: Path) -> list[tuple[str, int, bytes, bytes]]:
    return rows(path, "SELECT e.epoch, r.seq, r.body, r.hash FROM records r JOIN epochs e ON e.n = r.epoch ORDER BY r.n")


def assert_chained(path: Path) -> None:
    for (epoch,) in rows(path, "SELECT epoch FROM epochs"):
        mine = [(seq, body, head) for name, seq, body, head in logged(path) if name == epoch]
        assert [seq for seq, _, _ in mine] == list(range(1, len(mine) + 1))
        assert [head for _, _, head in mine] == chain(genesis(UUID(epoch)), 1, [body for _, body, _ in mine])


def answers(path: Path) -> list[str]:
    return [record.answer for record in (decode_body(body) for _, _, body, _ in logged(path)) if isinstance(record, Vote)]


def test_records_are_stored_as_they_were_encoded_and_chained(data_dir: Path) -> None:
    votes = [a_vote("good"), a_vote("terrible")]
    with Store(data_dir / FILE, new_id) as store:
        store.append(votes[:1])
        store.append(votes[1:])
    assert [body for _, _, body, _ in logged(data_dir / FILE)] == [encode_body(vote) for vote in votes]
    assert_chained(data_dir / FILE)


def test_a_reopened_log_goes_on_in_its_epoch(data_dir: Path) -> None:
    for answer in ("good", "excellent", "good"):
        with Store(data_dir / FILE, new_id) as store:
            store.append([a_vote(answer)])
    assert answers(data_dir / FILE) == ["good", "excellent", "good"]
    assert len(rows(data_dir / FILE, "SELECT * FROM epochs")) == 1
    assert_chained(data_dir / FILE)


def test_a_record_is_stored_once(data_dir: Path) -> None:
    vote = a_vote()
    with Store(data_dir / FILE, new_id) as store:
        store.append([vote])
        store.append([vote, a_vote("terrible")])
    assert answers(data_dir / FILE) == ["good", "terrible"]
    assert_chained(data_dir / FILE)


def test_a_connection_that_keeps_no_promise_is_refused(data_dir: Path) -> None:
    with closing(connect(data_dir / FILE)) as db:
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    with pytest.raises(StoreError, match="synchronous is 1 and will not become 9"):
        connect(data_dir / FILE, {**PRAGMAS, "synchronous": 9})


def test_a_write_that_cannot_be_done_says_so(data_dir: Path) -> None:
    with Store(data_dir / FILE, new_id) as store:
        store._db.execute("PRAGMA query_only = on")
        with pytest.raises(StoreError, match="readonly"):
            store.append([])
        with pytest.raises(StoreError):
            store.append([a_vote()])


def test_a_fork_moves_what_is_not_agreed_and_changes_no_body(data_dir: Path) -> None:
    votes = [a_vote(answer) for answer in ("good", "good", "terrible", "excellent")]
    fork = UUID(int=77)
    with Store(data_dir / FILE, new_id) as store:
        store.append(votes)
        old = store.epoch
        store.rechain(old, 2, fork)
        store.rechain(old, 0, fork)  # asked again: already done
        store.append([a_vote("acceptable")])
        assert store.epoch == fork
    stored = logged(data_dir / FILE)
    assert [(epoch, seq) for epoch, seq, _, _ in stored] == [(str(old), 1), (str(old), 2), (str(fork), 1), (str(fork), 2), (str(fork), 3)]
    assert [body for _, _, body, _ in stored[:4]] == [encode_body(vote) for vote in votes]
    assert_chained(data_dir / FILE)


def filled(data_dir: Path, count: int = 400) -> list[AnyRecord]:
    votes: list[AnyRecord] = [a_vote("good") for _ in range(count)]
    with Store(data_dir / FILE, new_id) as store:
        store.append(votes)
    return votes


def destroy(path: Path, start: int, length: int) -> None:
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xa5" * length)


def test_a_damaged_log_is_set_aside_and_what_can_be_read_goes_on(data_dir: Path) -> None:
    votes = filled(data_dir)
    (before,) = rows(data_dir / FILE, "SELECT epoch FROM epochs")
    page = rows(data_dir / FILE, "PRAGMA page_size")[0][0]
    size = (data_dir / FILE).stat().st_size
    damaged_at = size // page // 2 * page
    destroy(data_dir / FILE, damaged_at, page)
    damaged = (data_dir / FILE).read_bytes()
    with open_store(data_dir, new_id) as store:
        store.append([a_vote("terrible")])
        assert str(store.epoch) != before[0]
    kept = [decode_body(body) for _, _, body, _ in logged(data_dir / FILE)]
    ids = [record.id for record in kept[:-1]]
    assert kept[-1].answer == "terrible"  # type: ignore[union-attr]
    assert 0.8 * len(votes) < len(ids) <= len(votes)
    assert ids == [vote.id for vote in votes if vote.id in set(ids)], "in order"
    assert_chained(data_dir / FILE)
    assert (data_dir / "votes-damaged-1.db").read_bytes() == damaged, "the damaged file is kept as it was"
    assert rows(data_dir / FILE, "SELECT reason FROM epochs") == [("salvaged",)]


def test_a_log_that_is_no_database_is_set_aside_too(data_dir: Path) -> None:
    (data_dir / FILE).write_bytes(b"what a pity " * 1000)
    with open_store(data_dir, new_id) as store:
        store.append([a_vote()])
    assert answers(data_dir / FILE) == ["good"]
    assert list(data_dir.glob(salvage.ASIDE))


@pytest.mark.parametrize("size", [100, 4096], ids=["header", "first page"])
def test_a_log_without_its_beginning_loses_nothing(data_dir: Path, size: int) -> None:
    votes = filled(data_dir)
    destroy(data_dir / FILE, 0, size)
    open_store(data_dir, new_id).close()
    assert [decode_body(body).id for _, _, body, _ in logged(data_dir / FILE)] == [vote.id for vote in votes]
    assert list(data_dir.glob(salvage.ASIDE))


def test_of_a_log_without_its_end_the_beginning_goes_on(data_dir: Path) -> None:
    votes = filled(data_dir)
    with (data_dir / FILE).open("r+b") as file:
        file.truncate(file.seek(0, 2) * 2 // 3)
    open_store(data_dir, new_id).close()
    kept = [decode_body(body).id for _, _, body, _ in logged(data_dir / FILE)]
    assert 0.4 * len(votes) < len(kept) < len(votes)
    assert set(kept) < {vote.id for vote in votes}


def test_damage_in_the_index_loses_nothing(data_dir: Path) -> None:
    votes = filled(data_dir)
    root = rows(data_dir / FILE, "SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_records_1'")[0][0]
    page = rows(data_dir / FILE, "PRAGMA page_size")[0][0]
    destroy(data_dir / FILE, (root - 1) * page, page)
    with open_store(data_dir, new_id):
        pass
    assert len(logged(data_dir / FILE)) == len(votes)
    assert_chained(data_dir / FILE)


@pytest.mark.parametrize("moment", ["before the swap", "in the swap", "after the first rename"])
def test_a_power_cut_while_salvaging_loses_nothing(data_dir: Path, moment: str) -> None:
    votes = filled(data_dir, 50)
    with Store(data_dir / salvage.SALVAGED, new_id, reason="salvaged") as store:
        store.append(votes)
    if moment == "in the swap":
        (data_dir / FILE).rename(data_dir / "votes-damaged-1.db")
    if moment == "before the swap":
        (data_dir / salvage.SALVAGED).rename(data_dir / "x")
        (data_dir / "salvage").mkdir()
        shutil.move(data_dir / "x", data_dir / "salvage" / salvage.SALVAGED)
    with open_store(data_dir, new_id):
        pass
    assert len(logged(data_dir / FILE)) == 50
    assert not (data_dir / "salvage").exists()
    assert not (data_dir / salvage.SALVAGED).exists()


class Ear:
    def __init__(self) -> None:
        self.heard: list[tuple[str, int]] = []

    def committed(self, token: int) -> None:
        self.heard.append(("committed", token))

    def failed(self, token: int) -> None:
        self.heard.append(("failed", token))


def test_the_store_thread_answers_and_opens_the_log_anew_after_a_failure(data_dir: Path) -> None:
    ear, refusals = Ear(), [StoreError("no disk"), StoreError("still none")]

    def opening() -> Store:
        if refusals:
            raise refusals.pop()
        return open_store(data_dir, new_id)

    woken: list[int] = []
    with Recorder(opening, lambda call: call(), lambda: woken.append(1)) as recorder:
        recorder.listener = ear
        for token in (1, 2, 3):
            recorder.record(token, (a_vote(),))
        recorder.note("settings_version", "4")
        wait_until(lambda: len(ear.heard) == 3)
    assert ear.heard == [("failed", 1), ("failed", 2), ("committed", 3)]
    assert woken == [1]
    assert len(logged(data_dir / FILE)) == 1
    assert rows(data_dir / FILE, "SELECT * FROM facts WHERE name = 'settings_version'") == [("settings_version", "4")]


def test_damage_while_running_is_healed_within_the_same_record(data_dir: Path) -> None:
    filled(data_dir)
    ear = Ear()
    opened: list[Callable[[], Store]] = []

    def opening() -> Store:
        store = open_store(data_dir, new_id)
        if not opened:
            opened.append(opening)
            page = store._db.execute("PRAGMA page_size").fetchone()[0]
            root = store._db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_records_1'").fetchone()[0]
            store._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            destroy(data_dir / FILE, (root - 1) * page, page)
            store._db.execute("PRAGMA shrink_memory")
        return store

    with Recorder(opening, lambda call: call(), lambda: None) as recorder:
        recorder.listener = ear
        recorder.record(1, (a_vote("terrible"),))
        wait_until(lambda: ear.heard)
    assert ear.heard == [("committed", 1)]
    assert len(logged(data_dir / FILE)) == 401
    assert list(data_dir.glob(salvage.ASIDE))


APPENDING = """
import itertools, os, sys
from pathlib import Path
from uuid import UUID
from feedback.records import Moment, Outcome, VisitEnd, new_id
from kiosk.salvage import open_store
ids = lambda: new_id(1, os.urandom(10))
with open_store(Path(sys.argv[1]), ids) as store:
    for n in itertools.count():
        record = VisitEnd(ids(), Moment(n, n, True), ids(), 1, Outcome.COMPLETED, n)
        store.append([record])
        print(record.id, flush=True)
"""


def test_what_was_acknowledged_survives_a_kill(data_dir: Path) -> None:
    promised: list[str] = []
    for lines in (3, 40, 1, 17, 90):
        with subprocess.Popen([sys.executable, "-c", APPENDING, str(data_dir)], stdout=subprocess.PIPE, text=True) as appending:
            assert appending.stdout is not None
            promised += [appending.stdout.readline().strip() for _ in range(lines)]
            appending.send_signal(signal.SIGKILL)
            promised += [line.strip() for line in appending.stdout if line.endswith("\n")]
    stored = {str(decode_body(body).id) for _, _, body, _ in logged(data_dir / FILE)}
    assert set(promised) <= stored
    assert len(stored) <= len(promised) + 5, "at most the one in the making, each time"
    assert_chained(data_dir / FILE)
    assert not list(data_dir.glob(salvage.ASIDE))


def test_every_kind_of_record_is_named(data_dir: Path) -> None:
    at = FakeClock().moment()
    with Store(data_dir / FILE, new_id) as store:
        store.append([Context(new_id(), at, 1, BOOT, "test", "default", 1), a_vote(), VisitEnd(new_id(), at, new_id(), 1, "completed", 0)])  # type: ignore[arg-type]
    assert rows(data_dir / FILE, "SELECT kind FROM records ORDER BY n") == [("context",), ("vote",), ("end",)]
