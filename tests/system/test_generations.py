"""A kiosk and its server, both real: whatever is put back to an older state, what is there arrives, once, and the two come to rest."""

from __future__ import annotations

import shutil
import sqlite3
from collections import deque
from contextlib import ExitStack, closing
from random import Random
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faults.storage.pair import Server, Terminal
from faults.storage.recording import in_silence, scratch
from faults.storage.visits import MORNING_MS
from feedback import wire
from feedback.records import link
from kiosk.store import FILE, Store
from server.db.engine import reading
from server.ingest import quarantine
from tests.server.kit import OTHER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CARRIED = ["vote", "step", "answer", "answer"]
DEEDS = [
    *CARRIED,
    "deliver",
    "lose_message",
    "lose_answer",
    "late_answer",
    "wait",
    "connect",
    "restart",
    "copy_card",
    "restore_card",
    "restore_votes",
    "copy_server",
    "put_server_back",
    "put_server_back_and_say_so",
    "begin_generation",
    "lie",
]


class Fates:
    """A kiosk and a server, and everything that may happen to them, by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.card = folder / "card"
        self.card.mkdir()
        self.random = Random(1)
        self.server = Server(folder, MORNING_MS + 86_400_000)
        self.terminal = Terminal(self.card, self.server, self.random)
        self.answers: deque[wire.Ack] = deque()
        self.cards = 0
        self.servers: list[Path] = []
        self.copy_server()
        self.terminal.deliverer.connected()

    def close(self) -> None:
        self.terminal.switch_off()
        self.server.engine.dispose()

    def vote(self) -> None:
        self.terminal.vote()

    def step(self) -> None:
        self.terminal.do_chores()
        self.terminal.deliverer.step()
        self.answers += self.terminal.carry()

    def answer(self) -> None:
        if self.answers:
            self.terminal.deliverer.acknowledged(self.answers.popleft())

    def deliver(self) -> None:
        for _ in range(5):
            self.step()
            while self.answers:
                self.answer()

    def lose_message(self) -> None:
        self.terminal.deliverer.step()
        self.terminal.sent.clear()

    def lose_answer(self) -> None:
        self.answers.clear()

    def late_answer(self) -> None:
        self.answers.rotate()

    def wait(self) -> None:
        self.terminal.pass_s(3)

    def connect(self) -> None:
        self.terminal.deliverer.disconnected()
        self.terminal.deliverer.connected()

    def restart(self) -> None:
        self.terminal.switch_off()
        self.terminal.visits.reboot()
        self.terminal.switch_on()
        self.terminal.deliverer.connected()

    def copy_card(self) -> None:
        self.terminal.switch_off()
        self.cards += 1
        shutil.copytree(self.card, self.folder / f"card-{self.cards}")
        self.terminal.switch_on()
        self.terminal.deliverer.connected()

    def restore_card(self) -> None:
        self._restore("*")

    def restore_votes(self) -> None:
        self._restore(f"{FILE}*")

    def _restore(self, files: str) -> None:
        if self.cards:
            self.terminal.switch_off()
            for path in self.card.glob(files):
                path.unlink()
            for path in (self.folder / f"card-{self.random.randint(1, self.cards)}").glob(files):
                shutil.copyfile(path, self.card / path.name)
            self.terminal.visits.reboot()
            self.terminal.switch_on()
            self.terminal.deliverer.connected()

    def copy_server(self) -> None:
        self.server.restart()  # which empties the journal into the file
        self.servers.append(self.folder / f"server-{len(self.servers)}.db")
        shutil.copyfile(self.server.path, self.servers[-1])

    def put_server_back(self) -> None:
        self.server.engine.dispose()
        for path in self.folder.glob("server.db*"):
            path.unlink()
        shutil.copyfile(self.random.choice(self.servers), self.server.path)
        self.server.restart()

    def put_server_back_and_say_so(self) -> None:
        self.put_server_back()
        self.begin_generation()

    def begin_generation(self) -> None:
        self.server.begin_generation()

    def lie(self) -> None:
        """Let another kiosk claim what is not so."""
        now = wire.Now(uuid4(), self.terminal.visits.moment())
        self.server.receive(wire.hello_topic(OTHER), wire.encode(wire.Hello(uuid4(), 9, 9, 1, now, "x", str(uuid4()))))

    def generation(self) -> str:
        """Give the generation that the server tells the kiosk now."""
        self.terminal.deliverer.connected()
        self.terminal.deliverer.step()
        (answer,) = self.terminal.carry()
        self.terminal.deliverer.acknowledged(answer)
        return answer.generation

    def come_to_rest(self) -> None:
        self.terminal.vote()
        self.terminal.settle(anew=False)
        self.terminal.settle()
        self.terminal.settle()


@pytest.fixture
def fates() -> Iterator[Fates]:
    with scratch() as folder, in_silence():
        fates = Fates(folder)
        yield fates
        fates.close()


def assert_all_is_there(fates: Fates) -> None:
    counted = fates.server.votes()
    assert len(counted) == len(set(counted))
    assert fates.terminal.logged() <= set(counted)
    assert fates.server.problem() == ""
    assert fates.generation() == fates.generation(), "nothing begins anew any more"


def let_happen(names: list[str]) -> None:
    with ExitStack() as stack:
        folder = stack.enter_context(scratch())
        stack.enter_context(in_silence())
        fates = Fates(folder)
        stack.callback(fates.close)
        for name in names:
            getattr(fates, name)()
        fates.come_to_rest()
        if not any(name.startswith("restore") for name in names):
            assert set(fates.terminal.thanked) <= set(fates.server.votes()), "everybody who was thanked counts"
        assert_all_is_there(fates)


few = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
many = settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
histories = st.lists(st.sampled_from(DEEDS), min_size=4, max_size=30)


@few
@given(histories)
def test_whatever_is_put_back_everything_arrives_once_and_comes_to_rest(names: list[str]) -> None:
    let_happen(names)


@pytest.mark.full
@many
@given(histories)
def test_the_same_in_many_more_histories(names: list[str]) -> None:
    let_happen(names)


@pytest.mark.parametrize(
    "names",
    [
        "vote deliver copy_card vote deliver restore_card vote deliver begin_generation",
        "vote deliver copy_card vote deliver restore_card vote deliver put_server_back_and_say_so",
        "vote deliver copy_server vote deliver copy_card vote deliver restore_card vote step answer answer put_server_back",
        "vote deliver copy_server begin_generation vote connect deliver put_server_back",
        "vote deliver copy_server vote deliver put_server_back",
        "vote deliver begin_generation connect step connect step late_answer answer answer",
        "vote deliver copy_card vote deliver restore_card vote deliver lie",
    ],
)
def test_what_once_never_came_to_rest(names: str) -> None:
    let_happen(names.split())


def test_a_lie_of_one_kiosk_costs_no_other_anything(fates: Fates) -> None:
    for _ in range(3):
        fates.vote()
        fates.deliver()
    before = fates.generation()
    fates.lie()
    assert fates.generation() == before
    assert not fates.terminal.sent
    assert fates.terminal.deliverer.depth() == 0


def spoil_the_last(fates: Fates) -> UUID:
    """Let the last record be no JSON, in a chain that is whole, as memory that fails leaves it; give its id."""
    fates.terminal.store.close()
    with closing(sqlite3.connect(fates.card / FILE)) as db, db:
        (n, name, seq, body) = db.execute("SELECT n, id, seq, body FROM records ORDER BY n DESC LIMIT 1").fetchone()
        (before,) = db.execute("SELECT hash FROM records WHERE n = ?", (n - 1,)).fetchone()
        spoilt = bytes(body)[:-1] + b",]"
        db.execute("UPDATE records SET body = ?, hash = ? WHERE n = ?", (spoilt, link(before, seq, spoilt), n))
    fates.terminal.store = Store(fates.card / FILE, fates.terminal.visits.new_uuid)
    return UUID(name)


def test_one_record_that_no_server_can_read_holds_up_none_behind_it(fates: Fates) -> None:
    fates.terminal.vote(2)
    spoilt = spoil_the_last(fates)
    fates.terminal.vote(2)
    fates.terminal.settle()
    assert fates.terminal.logged(None) - fates.server.stored() == {spoilt}
    assert fates.terminal.deliverer.faults == ()
    with reading(fates.server.engine) as connection:
        kept = quarantine.latest(connection)
    assert [one.reason for one in kept] == ["undecodable"] * 3, "the batch, the record alone, the record as base64"
    fates.terminal.vote()
    fates.terminal.deliverer.step()
    assert len(wire.decode(fates.terminal.sent[-1][1], wire.Batch).bodies) > 1, "behind it they go together again"
