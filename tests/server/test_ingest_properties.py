"""Whatever a kiosk and its network do, every record is there once, and the rollups say what the votes say."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from feedback.questionnaire import ANSWERS
from feedback.records import Answer, Mode, Vote, decode_body
from feedback.wire import batch_topic
from server.db import schema
from server.integrity.verifying import verify
from server.ratings import rollups
from tests.server.kit import KIOSK, MORNING, OTHER, QUARTER, Log, deliver, make_ingest, reasons, rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine, Table

    from server.ingest.core import Ingest

many = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
DESKS = (None, "main-1", "hall-1", "gone-9")
TABLES = (schema.rollup_day, schema.rollup_hour, schema.rollup_dimension, schema.rollup_answer)
CHOICES = ((), ("queue",), ("queue", "unkind"))
OF_VISITS = (schema.votes, schema.answers, schema.desk_choices)
deeds = st.lists(
    st.tuples(
        st.sampled_from(["vote", "vote", "choice", "answer", "answer", "again", "restart", "restore", "send", "send", "skip"]),
        st.integers(0, 5),
        st.integers(0, 5),
    ),
    max_size=25,
)


class FakeKiosk:
    """Keeps a log, loses it back to an older state, begins new epochs, and sends what it likes."""

    def __init__(self, kiosk: str) -> None:
        self.log = Log(kiosk=kiosk)
        self.log.add_context()
        self.log.add_context("pilot", number=8, mode=Mode.PILOT)
        self.made = 0
        self.written = set(self.log.bodies)
        self.lost = set[bytes]()
        self.acked = 0

    def act(self, ingest: Ingest, deed: tuple[str, int, int]) -> None:
        name, a, b = deed
        log = self.log
        match name:
            case "vote":
                self.made += 1
                at = log.moment(MORNING - 7 * QUARTER * a, trusted=b != 3)
                service = "passport" if b > 2 else None
                said = ("yes", "queue,unkind", *ANSWERS[:4])[b]
                context = 8 if a == 5 else log.context
                log.add(log.vote(str(self.made), desk=DESKS[a % 4], answer=said, service=service, at=at, repeat=a == 1, context=context))
            case "answer":  # perhaps of a visit whose vote comes later
                log.add(log.answer(str(1 + a), f"reasons{b}", *CHOICES[b % 3], context=8 if a == 5 else log.context))
            case "choice" if self.made:
                log.add(log.choice(str(1 + a % self.made), DESKS[b % 4]))
            case "again":
                log.bodies.append(log.bodies[a % len(log.bodies)])
            case "restart":
                self.log = Log(kiosk=log.kiosk, bodies=list(log.bodies))
                self.acked = 0
            case "restore":
                del log.bodies[max(2, self.acked - a) :]
                self.acked = min(self.acked, len(log.bodies))
            case "send":
                first = max(1, min(len(log.bodies), self.acked + 1 - a))
                self._deliver(ingest, first, first + b)
            case "skip":
                self._deliver(ingest, min(len(log.bodies), self.acked + 2 + a), len(log.bodies))

    def finish(self, ingest: Ingest) -> None:
        for _ in range(3):
            while self.acked < len(self.log.bodies):
                if not self._deliver(ingest, self.acked + 1, len(self.log.bodies)):
                    break
        assert self.acked == len(self.log.bodies)

    def _deliver(self, ingest: Ingest, first: int, last: int) -> bool:
        ack = deliver(ingest, self.log, first, last)
        agrees = ack.seq <= len(self.log.bodies) and ack.head == self.log.hash_at(ack.seq).hex()
        if ack.epoch == self.log.epoch and agrees:
            assert ack.error is None
            assert ack.seq >= self.acked, "a mark never moves back within its epoch"
            self.acked = ack.seq
            self.written |= set(self.log.bodies[: ack.seq])
            return True
        self.log = Log(kiosk=self.log.kiosk, bodies=list(self.log.bodies))
        self.acked = 0
        return False


def empty(engine: Engine) -> None:
    with engine.begin() as connection:
        tables = (
            *(schema.records, schema.chains, schema.chain_places, schema.contexts, schema.quarantine, schema.kiosk_states),
            *OF_VISITS,
            *TABLES,
        )
        for table in tables:
            connection.execute(delete(table))


@given(mine=deeds, theirs=deeds)
@many
def test_every_record_is_there_once_and_rollups_agree(
    engine: Engine, mine: list[tuple[str, int, int]], theirs: list[tuple[str, int, int]]
) -> None:
    empty(engine)
    ingest = make_ingest(engine)
    kiosks = [FakeKiosk(KIOSK), FakeKiosk(OTHER)]
    for kiosk, all_deeds in zip(kiosks, (mine, theirs), strict=True):
        for deed in all_deeds:
            kiosk.act(ingest, deed)
    for kiosk in kiosks:
        kiosk.finish(ingest)
    stored = Counter(bytes(row["body"]) for row in rows(engine, schema.records))  # type: ignore[call-overload]
    assert set(stored.values()) <= {1}
    assert set(stored) == kiosks[0].written | kiosks[1].written
    said = [record for record in map(decode_body, stored) if isinstance(record, Vote | Answer)]
    rated = [record for record in said if isinstance(record, Vote) and record.answer in ANSWERS and record.context != 8]
    assert len(rows(engine, schema.votes)) == len(rated)
    kept = {row["record"] for row in rows(engine, schema.answers)}
    assert kept == {record.id for record in said} - {record.id for record in rated}
    assert_visits_stand_together(engine)
    assert {reason for reason, _ in reasons(engine)} <= {"unknown_desk"}
    assert_rebuild_equals_increments(engine)


def assert_visits_stand_together(engine: Engine) -> None:
    firsts = {row["visit"]: row for row in rows(engine, schema.votes)}
    firsts |= {row["visit"]: row for row in rows(engine, schema.answers) if row["first"]}
    chosen = {row["visit"]: row for row in rows(engine, schema.desk_choices)}
    for row in rows(engine, schema.answers):
        first, choice = firsts.get(row["visit"]), chosen.get(row["visit"])
        if first is not None:
            assert (row["desk_id"], row["site_id"], row["service_id"]) == (first["desk_id"], first["site_id"], first["service_id"])
        elif choice is not None:
            assert (row["desk_id"], row["site_id"]) == (choice["desk_id"], choice["site_id"])
    for visit in firsts.keys() & chosen.keys():
        assert firsts[visit]["desk_id"] != schema.NO_DESK


def assert_rebuild_equals_increments(engine: Engine) -> None:
    with engine.connect() as connection:
        assert rollups.verify(connection) == []
        assert verify(connection, lambda _data, _signature: True) == []
    before = {table: nonzero(engine, table) for table in TABLES}
    with engine.begin() as connection:
        rollups.rebuild(connection)
    assert {table: nonzero(engine, table) for table in TABLES} == before


def nonzero(engine: Engine, table: Table) -> list[dict[str, object]]:
    counts = [column.name for column in table.c if not column.primary_key]
    return [row for row in rows(engine, table) if any(row[name] for name in counts)]


def test_verify_finds_a_cell_that_lies(engine: Engine) -> None:
    log = Log()
    log.add_context()
    log.add(log.vote("a"))
    deliver(make_ingest(engine), log)
    with engine.begin() as connection:
        connection.execute(schema.rollup_hour.update().values(good=7))
        connection.execute(delete(schema.rollup_day))
        assert sorted((found.table, found.stored[1], found.counted[1]) for found in rollups.verify(connection)) == [
            ("rollup_day", 0, 1),
            ("rollup_hour", 7, 1),
        ]
        rollups.rebuild(connection)
        assert rollups.verify(connection) == []


def test_the_same_batches_at_two_workers_at_once(make_engine: Callable[[], Engine]) -> None:
    engine = make_engine()
    logs = [Log(kiosk=KIOSK), Log(kiosk=OTHER)]
    for log in logs:
        log.add_context()
        for number in range(60):
            log.add(log.vote(str(number), desk=None if number % 3 else "main-1", answer=ANSWERS[number % 5]))
            log.add(log.choice(str(number), "main-2"))
    work = [(log, first) for first in range(1, 121, 5) for log in logs]
    barrier, failures = threading.Barrier(3), list[BaseException]()

    def worker(order: int) -> None:
        ingest = make_ingest(engine)
        barrier.wait()
        try:
            for log, first in work if order else reversed(work):
                ingest.handle(batch_topic(log.kiosk), log.batch(first, first + 4), MORNING)
                ingest.handle(batch_topic(log.kiosk), log.batch(1, first + 4), MORNING)
        except BaseException as error:  # noqa: BLE001 - shown by the test
            failures.append(error)

    threads = [threading.Thread(target=worker, args=(order,)) for order in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for log in logs:
        assert deliver(make_ingest(engine), log, 121).seq == 121
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(schema.votes)).scalar_one() == 120
        assert connection.execute(select(func.count()).select_from(schema.records)).scalar_one() == 242
    assert reasons(engine) == []
    assert_rebuild_equals_increments(engine)


@pytest.mark.parametrize("order", [(KIOSK, OTHER), (OTHER, KIOSK)])
def test_groups_of_several_kiosks_never_wait_in_a_ring(engine: Engine, order: tuple[str, str]) -> None:
    from server.ingest.messages import Message

    logs = {}
    for kiosk in order:
        logs[kiosk] = Log(kiosk=kiosk)
        logs[kiosk].add_context()
        for number in range(20):
            logs[kiosk].add(logs[kiosk].vote(str(number)))
    groups = [[Message(batch_topic(kiosk), logs[kiosk].batch(), MORNING) for kiosk in turn] for turn in (order, order[::-1])]
    failures = list[BaseException]()

    def worker(group: list[Message]) -> None:
        try:
            for _ in range(20):
                make_ingest(engine).handle_group(group)
        except BaseException as error:  # noqa: BLE001 - shown by the test
            failures.append(error)

    threads = [threading.Thread(target=worker, args=(group,)) for group in groups]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(rows(engine, schema.votes)) == 40


def test_cells_changed_in_opposite_orders_never_wait_in_a_ring(engine: Engine) -> None:
    log = Log()
    log.add_context()
    for day in range(300):
        log.add(log.vote(str(day), at=log.moment(MORNING - day * 86_400_000)))
    deliver(make_ingest(engine), log)
    with engine.connect() as connection:
        votes = connection.execute(select(schema.votes)).all()
    failures = list[BaseException]()
    barrier = threading.Barrier(2)

    def worker(step: int) -> None:
        deltas = rollups.Deltas()
        for vote in votes[::step]:
            deltas.add(vote)
        try:
            for _ in range(10):
                barrier.wait(30)
                with engine.begin() as connection:
                    deltas.apply(connection)
        except BaseException as error:  # noqa: BLE001 - shown by the test
            failures.append(error)
            barrier.abort()

    threads = [threading.Thread(target=worker, args=(step,)) for step in (1, -1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert {row["good"] for row in rows(engine, schema.rollup_day)} == {21}
