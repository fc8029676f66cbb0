"""Orders of the server at the screen's process: between visits, each at most once, whatever is killed and whatever the disk does."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from feedback.commands import Because, CommandKind, Outcome
from kiosk.facts import COMMANDS_FACT
from kiosk.orders import REMEMBERED, Order, Orders, Report, reports_in
from tests.kiosk.support import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from kiosk.orders import Answer

HOUR_MS = 3_600_000


class Disk:
    """The facts that a log keeps; it answers when told to, and forgets what was not written when its process is killed."""

    def __init__(self) -> None:
        self.facts: dict[str, str] = {}
        self.is_readable = True
        self.asked: list[tuple[str, str, Callable[[bool], None]]] = []

    def read_fact(self, name: str, answer: Callable[[str | None], None], /) -> None:
        if self.is_readable:
            answer(self.facts.get(name))

    def note(self, name: str, value: str, answer: Callable[[bool], None] | None = None, /) -> None:
        assert answer is not None
        self.asked.append((name, value, answer))

    def turn(self, *, works: bool = True) -> None:
        asked, self.asked = self.asked, []
        for name, value, answer in asked:
            if works:
                self.facts[name] = value
            answer(works)


class Kiosk:
    """A kiosk to which sync hands orders."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.disk = Disk()
        self.handed: list[Order] = []
        self.is_free = True
        self.acted: Counter[UUID] = Counter()
        self.answers: list[tuple[Order, Answer]] = []
        self.start()

    def start(self) -> None:
        """Begin a process; whatever the one before had not written is lost."""
        self.disk.asked.clear()
        self.answers.clear()
        kinds = (CommandKind.RESTART, CommandKind.SELF_TEST, CommandKind.PRINT_TEST)
        acts = {str(kind): lambda answer, kind=kind: self._act(str(kind), answer) for kind in kinds}
        self.orders = Orders(lambda: tuple(self.handed), self.disk, acts, clock=self.clock, is_free=lambda: self.is_free)

    def hand(self, kind: str = "selftest", *, for_ms: int = HOUR_MS) -> Order:
        order = Order(UUID(int=len(self.handed) + 1), kind, self.clock.moment().wall_ms + for_ms)
        self.handed.append(order)
        return order

    def _act(self, kind: str, answer: Answer) -> None:
        assert self.is_free, "never during a visit"
        begun = {report.id for report in self.reports() if report.outcome is None}
        order = next((order for order in self.handed if order.kind == kind and order.id in begun and order.id not in self.acted), None)
        assert order is not None, "on the disk before it is begun, and once"
        self.acted[order.id] += 1
        self.answers.append((order, answer))

    def reports(self) -> tuple[Report, ...]:
        return reports_in(self.disk.facts.get(COMMANDS_FACT))

    def outcome(self, order: Order) -> tuple[Outcome | None, str] | None:
        return next(((report.outcome, report.reason) for report in self.reports() if report.id == order.id), None)

    def tick(self, *, works: bool = True) -> None:
        self.clock.pass_s(1)
        self.orders.tick()
        self.disk.turn(works=works)

    def settle(self) -> None:
        for _ in range(6):
            self.tick()


@pytest.fixture
def kiosk() -> Kiosk:
    return Kiosk()


def test_an_order_is_on_the_disk_then_done_then_reported(kiosk: Kiosk) -> None:
    order = kiosk.hand()
    kiosk.tick()
    kiosk.orders.tick()
    assert (kiosk.acted, kiosk.outcome(order)) == ({}, None), "asked of the disk, which has not answered"
    kiosk.disk.turn()
    assert kiosk.acted == {order.id: 1}
    assert kiosk.outcome(order) == (None, "")
    kiosk.answers.pop()[1](Outcome.DONE, "paper_end")
    kiosk.settle()
    assert kiosk.outcome(order) == (Outcome.DONE, "paper_end")
    assert kiosk.acted == {order.id: 1}


def test_it_waits_for_the_end_of_the_visit_and_a_visitor_who_comes_meanwhile(kiosk: Kiosk) -> None:
    kiosk.is_free = False
    order = kiosk.hand()
    kiosk.settle()
    assert kiosk.outcome(order) is None
    kiosk.is_free = True
    kiosk.orders.tick()
    kiosk.is_free = False
    kiosk.settle()
    assert (kiosk.outcome(order), kiosk.acted) == ((None, ""), {})
    kiosk.is_free = True
    kiosk.settle()
    assert kiosk.acted == {order.id: 1}


@pytest.mark.parametrize("is_begun", [False, True])
def test_what_is_over_meanwhile_is_not_done(kiosk: Kiosk, *, is_begun: bool) -> None:
    kiosk.tick()
    order = kiosk.hand(for_ms=30_000)
    if is_begun:
        kiosk.orders.tick()
    kiosk.is_free = False
    kiosk.settle()
    kiosk.clock.pass_s(60)
    kiosk.is_free = True
    kiosk.settle()
    assert (kiosk.outcome(order), kiosk.acted) == ((Outcome.EXPIRED, ""), {})


def test_a_clock_that_is_not_trusted_and_a_kind_that_is_not_known_are_refused(kiosk: Kiosk) -> None:
    strange = kiosk.hand("dance")
    kiosk.settle()
    assert kiosk.outcome(strange) == (Outcome.REFUSED, Because.UNKNOWN_KIND)
    kiosk.clock.trusted = False
    order = kiosk.hand()
    kiosk.settle()
    assert kiosk.outcome(order) == (Outcome.REFUSED, Because.CLOCK_UNSET)


@pytest.mark.parametrize(("kind", "outcome"), [("restart", (Outcome.DONE, "")), ("printtest", (Outcome.FAILED, Because.INTERRUPTED))])
def test_after_a_restart_what_was_begun_is_reported_and_not_done_again(kiosk: Kiosk, kind: str, outcome: tuple[Outcome, str]) -> None:
    order = kiosk.hand(kind)
    kiosk.settle()
    kiosk.start()
    kiosk.settle()
    assert (kiosk.acted, kiosk.outcome(order)) == ({order.id: 1}, outcome)


def test_nothing_is_begun_while_the_log_cannot_be_read_or_written(kiosk: Kiosk) -> None:
    kiosk.disk.is_readable = False
    order = kiosk.hand()
    kiosk.settle()
    kiosk.disk.is_readable = True
    for _ in range(5):
        kiosk.tick(works=False)
    assert (kiosk.acted, kiosk.outcome(order)) == ({}, None)
    kiosk.settle()
    assert kiosk.acted == {order.id: 1}


def test_a_fact_that_is_no_longer_what_was_written_holds_up_nothing(kiosk: Kiosk) -> None:
    kiosk.disk.facts[COMMANDS_FACT] = '[{"id": 7'
    order = kiosk.hand()
    kiosk.settle()
    assert kiosk.acted == {order.id: 1}


def test_only_the_latest_are_remembered(kiosk: Kiosk) -> None:
    for _ in range(REMEMBERED + 5):
        kiosk.handed = [kiosk.hand()]
        kiosk.handed[0] = Order(UUID(int=1000 + len(kiosk.acted)), "selftest", kiosk.handed[0].expires_ms)
        kiosk.settle()
    assert len(kiosk.reports()) == REMEMBERED


class AnyOrder(RuleBasedStateMachine):
    """Orders, visitors, kills and a disk that fails, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.kiosk = Kiosk()

    @rule(kind=st.sampled_from(["restart", "selftest", "printtest"]))
    def hand(self, kind: str) -> None:
        if len(self.kiosk.handed) < REMEMBERED:
            self.kiosk.hand(kind)

    @rule(works=st.booleans())
    def tick(self, works: bool) -> None:  # noqa: FBT001
        self.kiosk.tick(works=works)

    @rule()
    def tick_without_an_answer(self) -> None:
        self.kiosk.orders.tick()

    @rule(free=st.booleans())
    def visitor(self, free: bool) -> None:  # noqa: FBT001
        self.kiosk.is_free = free

    @rule()
    def answer(self) -> None:
        if self.kiosk.answers:
            self.kiosk.answers.pop()[1](Outcome.DONE, "")

    @rule()
    def kill(self) -> None:
        self.kiosk.start()

    @invariant()
    def none_is_done_twice(self) -> None:
        assert all(times == 1 for times in self.kiosk.acted.values())

    def teardown(self) -> None:
        self.kiosk.start()
        self.kiosk.is_free = True
        for _ in range(4 * len(self.kiosk.handed) + 4):
            self.kiosk.tick()
            while self.kiosk.answers:
                self.kiosk.answers.pop()[1](Outcome.DONE, "")
        assert all((self.kiosk.outcome(order) or (None,))[0] is not None for order in self.kiosk.handed), "each is answered in the end"


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
