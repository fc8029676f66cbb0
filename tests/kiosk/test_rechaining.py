from __future__ import annotations

import sqlite3
from contextlib import closing
from queue import SimpleQueue
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
import pytest

from feedback.records import Context, Vote, decode_body, encode_body
from kiosk.check.log import look_through
from kiosk.errors import StoreFullError
from kiosk.rechaining import STEP
from kiosk.recorder import Recorder
from kiosk.salvage import ASIDE, open_store
from kiosk.store import FILE, Store
from kiosk.sync.outbox import Outbox
from tests.kiosk.support import FakeClock, wait_until
from tests.kiosk.test_store import a_vote, assert_chained, logged, new_id, rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from feedback.records import AnyRecord

FORK = UUID(int=77)


def a_context(number: int, boot: int) -> Context:
    return Context(new_id(), FakeClock().moment(), number, UUID(int=boot), "test", "default", 1)


def votes(count: int) -> list[AnyRecord]:
    return [a_vote(str(number)) for number in range(count)]


def fill(store: Store, count: int) -> list[bytes]:
    records = votes(count)
    store.append(records)
    return [encode_body(record) for record in records]


def bodies_of(data_dir: Path, epoch: UUID) -> list[bytes]:
    return [body for name, _, body, _ in logged(data_dir / FILE) if name == str(epoch)]


@pytest.mark.parametrize("agreed", [0, 20])
def test_a_power_cut_after_any_step_changes_nothing_but_the_time_it_takes(data_dir: Path, agreed: int) -> None:
    store = Store(data_dir / FILE, new_id)
    old = store.epoch
    store.append([a_context(9, boot=1)])
    fill(store, 4 * STEP)
    store.rechain(old, 2 * STEP, new_id())
    expected = [body for _, _, body, _ in logged(data_dir / FILE)][agreed:]
    steps = 0
    while store.rechain_some(old, agreed, FORK):
        steps += 1
        assert FORK not in (store.epoch, *(epoch.id for epoch in Outbox(data_dir).epochs())), "it is not there until it is whole"
        expected += fill(store, 3)
        store.close()
        store = open_store(data_dir, new_id)
    assert steps > 2
    assert store.epoch == FORK
    expected += fill(store, 2)
    store.close()
    taken = bodies_of(data_dir, FORK)
    copies, rest = taken[: len(taken) - len(expected)], taken[len(taken) - len(expected) :]
    assert rest == expected
    assert len(copies) == (1 if agreed else 0), "what stands before them and is not taken is said again"
    assert_chained(data_dir / FILE)
    assert not list(data_dir.glob(ASIDE)), "nothing looked damaged"
    assert not rows(data_dir / FILE, "SELECT * FROM facts WHERE name = 'rechained'")


def test_contexts_of_the_last_boot_are_said_again_with_ids_of_their_own(data_dir: Path) -> None:
    contexts = [a_context(1, boot=1), a_context(2, boot=2), a_context(3, boot=2)]
    with Store(data_dir / FILE, new_id) as store:
        store.append([*contexts, *votes(2)])
        store.append([left := a_vote()])
        store.rechain(store.epoch, 5, FORK)
        store.append([later := a_vote()])
    said = [decode_body(body) for body in bodies_of(data_dir, FORK)]
    assert [msgspec.structs.replace(record, id=contexts[0].id) for record in said[:2]] == [
        msgspec.structs.replace(context, id=contexts[0].id) for context in contexts[1:]
    ]
    assert not {record.id for record in said[:2]} & {context.id for context in contexts}
    assert said[2:] == [left, later]
    numbers = rows(data_dir / FILE, "SELECT n FROM records ORDER BY epoch, seq")
    assert numbers == sorted(numbers), "the order of the log is that of its chains"


def test_another_fork_waits_for_the_one_that_is_not_finished(data_dir: Path) -> None:
    with Store(data_dir / FILE, new_id) as store:
        first = store.epoch
        expected = fill(store, 2 * STEP + 10)
        assert store.rechain_some(first, 5, new_id())
        store.rechain(first, 3, FORK)
    assert bodies_of(data_dir, first) == expected[:3]
    assert bodies_of(data_dir, FORK) == expected[3:]
    assert_chained(data_dir / FILE)


def test_a_log_of_which_all_but_the_end_was_taken_is_sound(data_dir: Path) -> None:
    with Store(data_dir / FILE, new_id) as store:
        fill(store, 2 * STEP)
        assert store.rechain_some(store.epoch, 0, FORK)
        store.check()
        assert look_through(data_dir / FILE).complaint == ""


def test_nothing_is_delivered_meanwhile_and_nothing_looks_damaged(data_dir: Path) -> None:
    with Store(data_dir / FILE, new_id) as store, Outbox(data_dir) as outbox:
        first = store.epoch
        fill(store, 2 * STEP)
        assert store.rechain_some(first, 10, FORK)
        (epoch,) = outbox.epochs()
        assert (epoch.id, epoch.first, epoch.last) == (first, 1, 2 * STEP)
        assert look_through(data_dir / FILE).complaint == ""
        assert outbox.slice_after(first, 0) is None
        assert outbox.slice_after(first, 8) is None
        store.rechain(first, 10, FORK)
        assert not outbox.damaged
        assert [(epoch.id, epoch.last) for epoch in outbox.epochs()] == [(first, 10), (FORK, 2 * STEP - 10)]
        found = outbox.slice_after(FORK, 0)
        assert found is not None
        assert len(found.bodies) > STEP


@pytest.mark.parametrize("damage", ["DELETE FROM facts WHERE name = 'rechained'", "UPDATE records SET body = x'5b5d' WHERE seq = 300"])
def test_what_is_damaged_meanwhile_is_seen_and_the_rest_kept(data_dir: Path, damage: str) -> None:
    with Store(data_dir / FILE, new_id) as store:
        expected = fill(store, 2 * STEP)
        assert store.rechain_some(store.epoch, 10, FORK)
    with closing(sqlite3.connect(data_dir / FILE)) as db, db:
        assert db.execute(damage).rowcount == 1
    open_store(data_dir, new_id).close()
    assert list(data_dir.glob(ASIDE))
    kept = [body for _, _, body, _ in logged(data_dir / FILE)]
    assert kept == [body for number, body in enumerate(expected, 1) if number != 300 or "body" not in damage]
    assert_chained(data_dir / FILE)


def test_the_journal_stays_small_however_long_the_log(data_dir: Path) -> None:
    with Store(data_dir / FILE, new_id) as store:
        fill(store, 6000)
        store.fold()
        journal = data_dir / f"{FILE}-wal"
        store.close()
        with Store(data_dir / FILE, new_id) as again:
            again.rechain(again.epoch, 0, FORK)
            assert journal.stat().st_size < (data_dir / FILE).stat().st_size * 2 / 3
            assert journal.stat().st_size < 1_300_000


def test_a_log_that_may_not_grow_and_has_no_page_free_is_taken_into_a_new_epoch(data_dir: Path) -> None:
    with Store(data_dir / FILE, new_id) as store:
        while store.spare_pages or not logged(data_dir / FILE):
            fill(store, 2000)
        store.hold_size(0)
        with pytest.raises(StoreFullError):
            fill(store, 200)
        ((before,),) = rows(data_dir / FILE, "PRAGMA page_count")
        store.rechain(store.epoch, 0, FORK)
        ((after,),) = rows(data_dir / FILE, "PRAGMA page_count")
        assert after <= before + 16
        with pytest.raises(StoreFullError):
            fill(store, 2000)
    assert_chained(data_dir / FILE)


class Watch:
    """Hears what became of votes, and whether records were still being taken then."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / FILE
        self.answers: SimpleQueue[bool] = SimpleQueue()

    def committed(self, _token: int) -> None:
        self.answers.put(bool(rows(self.path, "SELECT 1 FROM epochs WHERE reason = 'forking'")))

    def failed(self, _token: int) -> None:
        raise AssertionError


def at_once(call: Callable[[], None]) -> None:
    call()


def test_votes_are_stored_between_the_steps(data_dir: Path) -> None:
    with Store(data_dir / FILE, new_id) as store:
        first = store.epoch
        fill(store, 10 * STEP)
    watch = Watch(data_dir)
    with Recorder(lambda: open_store(data_dir, new_id), at_once, lambda: None) as recorder:
        recorder.listener = watch
        for _ in range(3):
            recorder.rechain(first, 0, FORK)  # sync asks until it is done
        for token in range(4):
            recorder.record(token, (a_vote("late"),))
        told = [watch.answers.get(timeout=20) for _ in range(4)]
        wait_until(lambda: not rows(data_dir / FILE, "SELECT 1 FROM epochs WHERE reason = 'forking'"), 20)
    assert told == [True] * 4
    taken = [decode_body(body) for body in bodies_of(data_dir, FORK)]
    assert [record.answer for record in taken[-4:] if isinstance(record, Vote)] == ["late"] * 4
    assert len(taken) == 10 * STEP + 4
    assert_chained(data_dir / FILE)


def test_what_a_power_cut_has_left_is_finished_though_nobody_asks_any_more(data_dir: Path) -> None:
    with Store(data_dir / FILE, new_id) as store:
        fill(store, 5 * STEP)
        assert store.rechain_some(store.epoch, 0, FORK)
    with Recorder(lambda: open_store(data_dir, new_id), at_once, lambda: None) as recorder:
        recorder.record(1, (a_vote("late"),))
        wait_until(lambda: len(bodies_of(data_dir, FORK)) == 5 * STEP + 1, 20)
    assert_chained(data_dir / FILE)
    with Store(data_dir / FILE, new_id) as store:
        assert store.epoch == FORK
