from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from kiosk import folder
from kiosk.chores import LOOK_S, Chores
from kiosk.config import parse
from kiosk.errors import Fault, StoreError
from kiosk.facts import LOOKED_FACT
from kiosk.recorder import Recorder
from kiosk.salvage import ASIDE, open_store
from kiosk.store import FILE, Store
from kiosk.sync import delivery
from kiosk.sync.doubts import Doubts
from kiosk.sync.inbox import Inbox
from kiosk.sync.outbox import Outbox
from kiosk.sync.waiting import Waiting
from tests.kiosk.support import FakeClock, kiosk_toml, wait_until
from tests.kiosk.test_deliver import FakeServer, Kiosk
from tests.kiosk.test_store import Ear, a_vote, filled, new_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def kiosk(data_dir: Path) -> Iterator[Kiosk]:
    kiosk = Kiosk(data_dir, FakeServer())
    yield kiosk
    kiosk.close()


def rot(data_dir: Path, column: str = "body") -> str:
    """Change the first record, and give what stood there."""
    with closing(sqlite3.connect(data_dir / FILE)) as db, db:
        (was,) = db.execute(f"SELECT {column} FROM records WHERE seq = 1").fetchone()
        put(data_dir, b"[" + was[1:-1] + b" ", column)
    return was


def put(data_dir: Path, content: str | bytes, column: str = "body") -> None:
    with closing(sqlite3.connect(data_dir / FILE)) as db, db:
        db.execute(f"UPDATE records SET {column} = ? WHERE seq = 1", (content,))


def step(kiosk: Kiosk) -> int | None:
    """Let sync take a step, and give the number of the look that it wants then."""
    kiosk.deliverer.step()
    for ack in kiosk.carry():
        kiosk.deliverer.acknowledged(ack)
    kiosk.clock.pass_s(1)
    return delivery.wanted_look(kiosk.data_dir / delivery.FILE)


def test_a_bad_moment_is_forgotten_once_the_same_place_is_read_well(kiosk: Kiosk) -> None:
    kiosk.vote(3)
    was = rot(kiosk.data_dir)
    kiosk.deliverer.connected()
    step(kiosk)
    assert step(kiosk) is not None
    put(kiosk.data_dir, was)
    step(kiosk)
    assert not kiosk.outbox.damaged
    assert step(kiosk) is None
    assert kiosk.deliverer.faults == ()
    kiosk.settle()
    kiosk.assert_all_delivered()


def test_what_fails_again_after_a_sound_look_is_a_fault_and_nothing_is_asked_again(kiosk: Kiosk) -> None:
    kiosk.vote(3)
    was = rot(kiosk.data_dir)
    kiosk.deliverer.connected()
    step(kiosk)
    asked = step(kiosk)
    assert step(kiosk) == asked, "a look has one number until it is answered"
    kiosk.store.note(LOOKED_FACT, "7")
    assert step(kiosk) == asked, "that is the answer to another one"
    kiosk.store.note(LOOKED_FACT, str(asked))
    assert [step(kiosk) for _ in range(50)] == [None] * 50
    assert kiosk.deliverer.faults == (Fault.LOG_UNREADABLE,)
    kiosk.deliverer.let_ui_know()
    assert delivery.facts(kiosk.data_dir / delivery.FILE)[delivery.FAULTS] == "log_unreadable"
    put(kiosk.data_dir, was)
    step(kiosk)
    assert kiosk.deliverer.faults == ()
    kiosk.settle()
    kiosk.assert_all_delivered()


def test_another_place_is_looked_into_while_one_is_a_fault() -> None:
    doubts = Doubts()
    doubts.fails("one")
    doubts.found_sound()
    assert not doubts.are_there
    doubts.fails("one")
    assert (doubts.are_fault, doubts.want_look) == (True, False)
    doubts.fails("two")
    doubts.fails("one")
    assert (doubts.are_fault, doubts.want_look) == (True, True)
    doubts.found_sound()
    doubts.is_read("one")
    assert (doubts.are_fault, doubts.want_look) == (False, False)
    doubts.fails("one")
    assert doubts.want_look, "it was well in between: that is news"


def test_a_kiosk_without_a_server_forgets_a_bad_moment_too(data_dir: Path) -> None:
    filled(data_dir, 5)
    content = (data_dir / FILE).read_bytes()
    (data_dir / FILE).write_bytes(b"x" * len(content))
    rounds: list[int | None] = []

    def each_round() -> None:
        rounds.append(delivery.wanted_look(data_dir / delivery.FILE))
        if len(rounds) == 2:
            (data_dir / FILE).write_bytes(content)
        if len(rounds) == 4:
            waiting.stop()
        inbox.post(lambda: None)

    with (
        Inbox(folder.wake_receiver(data_dir)) as inbox,
        Outbox(data_dir) as outbox,
        delivery.open_ledger(data_dir / delivery.FILE) as ledger,
    ):
        waiting = Waiting(inbox, outbox, ledger, each_round=each_round)
        waiting.run()
    assert rounds[0] is not None
    assert rounds == [rounds[0], rounds[0], None, None]


class Looks:
    """A recorder that is only asked to look."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.at_s: list[float] = []

    def look(self, _number: int) -> None:
        self.at_s.append(self._clock.moment().boottime_ms / 1000)


def test_however_often_sync_asks_no_vote_waits_for_two_looks_in_a_row(data_dir: Path, clock: FakeClock) -> None:
    looks = Looks(clock)
    chores = Chores(parse(kiosk_toml(data_dir), "kiosk.toml"), looks, None, clock=clock, lines=None)  # type: ignore[arg-type]
    with delivery.open_ledger(data_dir / delivery.FILE) as ledger:
        for _ in range(1300):
            chores.obey()
            ledger.want_look(False)  # noqa: FBT003 - said as it is
            ledger.want_look(True)  # noqa: FBT003
            clock.pass_s(1)
    gaps = [later - one for one, later in zip(looks.at_s, looks.at_s[1:], strict=False)]
    assert gaps == [LOOK_S, LOOK_S]


class SlowStore(Store):
    """A log whose looks last until they are let go, and are counted; what the start looks at lasts no longer than it does."""

    def __init__(self, path: Path, go: threading.Event) -> None:
        self.looks, self._go = -1, go
        super().__init__(path, new_id)

    def check(self) -> None:
        self.looks += 1
        if self.looks:
            self._go.wait(20)
        super().check()


def test_many_looks_are_one_and_the_vote_behind_them_waits_for_no_other(data_dir: Path) -> None:
    filled(data_dir, 5000)
    go, ear = threading.Event(), Ear()
    opened: list[SlowStore] = []

    def opening() -> Store:
        opened.append(SlowStore(data_dir / FILE, go))
        return opened[-1]

    with Recorder(opening, lambda call: call(), lambda: None) as recorder:
        recorder.listener = ear
        for number in range(1, 200):
            recorder.look(number)
        wait_until(lambda: opened and opened[0].looks == 1)
        for number in range(200, 400):
            recorder.look(number)
        recorder.record(1, (a_vote(),))
        go.set()
        wait_until(lambda: ear.heard)
        assert [store.looks for store in opened] == [1]
        recorder.look(400)
        wait_until(lambda: opened[0].looks == 2)
    with Outbox(data_dir) as outbox:
        assert outbox.fact(LOOKED_FACT) == "400"


def test_a_look_that_finds_damage_salvages_and_one_that_cannot_be_taken_answers_nothing(data_dir: Path) -> None:
    filled(data_dir, 50)
    rot(data_dir)
    refusals = [StoreError("no disk")]

    def opening() -> Store:
        if refusals:
            raise refusals.pop()
        return open_store(data_dir, new_id)

    facts: list[str | None] = []
    with Recorder(opening, lambda call: call(), lambda: None) as recorder:
        recorder.look(1)
        wait_until(lambda: not refusals)
        recorder.read_fact(LOOKED_FACT, facts.append)
        wait_until(lambda: facts)
        recorder.look(2)
        recorder.read_fact(LOOKED_FACT, facts.append)
        wait_until(lambda: len(facts) == 2)
    assert facts == [None, "2"]
    assert list(data_dir.glob(ASIDE))


@pytest.mark.parametrize("behind", [0, 1, 2])
def test_a_record_that_is_not_found_is_looked_for(kiosk: Kiosk, data_dir: Path, behind: int) -> None:
    kiosk.deliverer.connected()
    for votes in (3, 4):
        for _ in range(votes):
            kiosk.store.append([a_vote()])
        if votes == 3:
            for _ in range(5):
                step(kiosk)
    (mark,) = (seq for seq, _ in kiosk.server.marks.values())
    with closing(sqlite3.connect(data_dir / FILE)) as db, db:
        assert db.execute("DELETE FROM records WHERE seq = ?", (mark + behind,)).rowcount == 1
    assert any(step(kiosk) for _ in range(20))


def test_nothing_is_looked_for_where_nothing_waits(kiosk: Kiosk) -> None:
    kiosk.store.append([a_vote()])
    with Outbox(kiosk.data_dir) as outbox:
        for seq in (1, 2):
            assert outbox.slice_after(kiosk.store.epoch, seq) is None
        assert not outbox.damaged
