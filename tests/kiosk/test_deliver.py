from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedback import wire
from feedback.records import Context, RecordError, Sealed, Vote, decode_body, genesis, link
from kiosk.errors import Fault
from kiosk.pruning import Pruner
from kiosk.room import Room
from kiosk.salvage import ASIDE, open_store
from kiosk.store import FILE, Store
from kiosk.store_file import EPOCHS
from kiosk.sync import delivery
from kiosk.sync.agent import Agent
from kiosk.sync.deliver import ANSWER_S, BACK_OFF_S, HELLO_S, Deliverer, Sender
from kiosk.sync.delivery import Ledger
from kiosk.sync.moving import begin_as
from kiosk.sync.outbox import Outbox
from tests.kiosk.support import KIOSK, FakeClock, counted_ids
from tests.kiosk.test_store import FIRST_VERSION, a_sealed, a_vote, assert_chained, boxes, logged, rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from feedback.records import AnyRecord

epochs = counted_ids()


Backup: TypeAlias = "tuple[dict[UUID, bytes], dict[UUID, bytes], dict[UUID, tuple[int, bytes]]]"


class FakeServer:
    """Keeps records by id, and the mark and head of each epoch, as the protocol asks."""

    def __init__(self, generation: str = "g1") -> None:
        self.generation = generation
        self.records: dict[UUID, bytes] = {}
        self.boxes: dict[UUID, bytes] = {}
        self.conflicts = 0
        self.unknown: list[UUID] = []
        """Votes that came before the context they name."""
        self.ever: set[UUID] = set()
        """Every record that it has ever had."""
        self.quarantined: list[bytes] = []
        self.newest = UUID(int=0)
        self.contexts = {1}
        self.marks: dict[UUID, tuple[int, bytes]] = {}

    def receive(self, topic: str, payload: bytes) -> wire.Ack | None:
        if topic == wire.hello_topic(KIOSK):
            return self._ack(wire.decode(payload, wire.Hello).epoch)
        if topic != wire.batch_topic(KIOSK):
            return None
        try:
            batch = wire.decode(payload, wire.Batch)
        except wire.WireError:
            return msgspec.structs.replace(self._ack(self.newest), error="undecodable")
        self.newest = batch.epoch
        seq, head = self.marks.get(batch.epoch, (0, genesis(batch.epoch)))
        if batch.first_seq > seq + 1:
            return self._ack(batch.epoch)
        for number, body in enumerate(batch.bodies, batch.first_seq):
            try:
                record = decode_body(body)
            except RecordError:
                self.quarantined.append(body)
                seq, head = number, link(head, number, body)
                continue
            self._keep(record, body, batch)
            if number == seq + 1:
                seq, head = number, link(head, number, body)
        self.marks[batch.epoch] = seq, head
        return self._ack(batch.epoch)

    def _keep(self, record: AnyRecord, body: bytes, batch: wire.Batch) -> None:
        if isinstance(record, Vote) and record.id not in self.records and record.context not in self.contexts:
            self.unknown.append(record.id)
        if isinstance(record, Context):
            self.contexts.add(record.number)
        self.ever.add(record.id)
        if self.records.setdefault(record.id, body) != body:
            self.conflicts += 1
        if isinstance(record, Sealed) and record.id in batch.sealed:
            self.boxes[record.id] = batch.sealed[record.id]

    def _ack(self, epoch: UUID) -> wire.Ack:
        seq, head = self.marks.get(epoch, (0, genesis(epoch)))
        return wire.Ack(epoch, seq, head.hex(), self.generation)

    def backup(self) -> Backup:
        return dict(self.records), dict(self.boxes), dict(self.marks)

    def restore(self, backup: Backup, generation: str) -> None:
        self.records, self.boxes, self.marks = (dict(part) for part in backup)
        self.contexts = {1, *(record.number for record in map(decode_body, self.records.values()) if isinstance(record, Context))}
        self.generation = generation


class Kiosk:
    """A real log and ledger, a delivery, and a way that does what it is told."""

    def __init__(self, data_dir: Path, server: FakeServer) -> None:
        self.server = server
        self.clock = FakeClock()
        self.data_dir = data_dir
        self.store = Store(data_dir / FILE, epochs)
        self.outbox = Outbox(data_dir)
        self.ledger = Ledger(data_dir / delivery.FILE)
        self.sent: list[tuple[str, bytes]] = []
        self.waits: list[float] = []
        self.pruned: set[UUID] = set()
        self.context = 1
        self.pruner = Pruner(data_dir, keep=timedelta(0), clock=self.clock, room=Room(data_dir))
        self.start()

    def start(self) -> None:
        self.deliverer = Deliverer(
            Sender(KIOSK, "test"),
            outbox=self.outbox,
            ledger=self.ledger,
            transport=self,
            clock=self.clock,
            new_epoch=epochs,
            spread=lambda longest: self.waits.append(longest) or longest / 2,  # type: ignore[func-returns-value]
        )

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self.sent.append((topic, payload))

    def vote(self, count: int = 1) -> None:
        self.store.append([msgspec.structs.replace(a_vote(), context=self.context) for _ in range(count)])

    def boot(self) -> None:
        """Let the records to come have a context of another boot."""
        self.context += 1
        self.store.append([Context(epochs(), self.clock.moment(), self.context, epochs(), "test", "default", 1)])

    def prune(self, most: int) -> None:
        """Delete a few of the records that the server has, as a full card does."""
        before = self.kept()
        for row in self.store.oldest(0, most):
            if row.seq <= self.pruner._delivered(self.store).get(row.epoch, 0):
                self.store.prune(row.epoch, row.seq)
        self.pruned |= before - self.kept()

    def kept(self) -> set[UUID]:
        return {UUID(record) for (record,) in self.store._db.execute("SELECT id FROM records")}

    def write(self, box: bytes = b"sealed" * 100) -> UUID:
        record, its_box = a_sealed(box)
        self.store.append([record], its_box)
        return record.id

    def erase(self, record: UUID) -> None:
        self.store._db.execute("DELETE FROM sealed WHERE record = ?", (str(record),))

    def ui_chores(self) -> None:
        fork = delivery.requested_fork(self.data_dir / delivery.FILE)
        if fork:
            self.store.rechain(fork.epoch, fork.after_seq, fork.into)

    def carry(self) -> list[wire.Ack]:
        """Bring to the server what was sent, and give its answers."""
        sent, self.sent = self.sent, []
        return [ack for topic, payload in sent if (ack := self.server.receive(topic, payload))]

    def settle(self) -> None:
        """Let everything work until nothing is left to do."""
        self.deliverer.connected()
        for _ in range(400):
            self.ui_chores()
            self.deliverer.step()
            if not self.sent and not self.deliverer.depth() and self.ledger.fork is None:
                return
            for ack in self.carry():
                self.deliverer.acknowledged(ack)
            self.clock.pass_s(0.2)
        pytest.fail("never settled")

    def batches(self) -> list[wire.Batch]:
        return [wire.decode(payload, wire.Batch) for topic, payload in self.sent if topic == wire.batch_topic(KIOSK)]

    def assert_all_delivered(self) -> None:
        bodies = [body for _, _, body, _ in logged(self.data_dir / FILE)]
        assert {decode_body(body).id: body for body in bodies}.items() <= self.server.records.items()
        assert boxes(self.data_dir / FILE).items() <= self.server.boxes.items()
        assert self.server.conflicts == 0
        assert self.server.unknown == []
        assert_chained(self.data_dir / FILE)

    def close(self) -> None:
        self.store.close()
        self.outbox.__exit__()
        self.ledger.__exit__()


@pytest.fixture
def kiosk(data_dir: Path) -> Iterator[Kiosk]:
    kiosk = Kiosk(data_dir, FakeServer())
    yield kiosk
    kiosk.close()


def test_what_is_there_goes_at_once_and_byte_for_byte(kiosk: Kiosk) -> None:
    kiosk.vote(3)
    kiosk.deliverer.connected()
    kiosk.deliverer.step()
    (batch,) = kiosk.batches()
    assert batch.bodies == [body for _, _, body, _ in logged(kiosk.data_dir / FILE)]
    assert (batch.first_seq, batch.prev, batch.historical) == (1, genesis(batch.epoch).hex(), False)
    assert [topic for topic, _ in kiosk.sent] == [wire.hello_topic(KIOSK), wire.batch_topic(KIOSK)]
    kiosk.settle()
    kiosk.assert_all_delivered()


def test_an_old_backlog_is_marked_as_such(kiosk: Kiosk) -> None:
    kiosk.vote()
    kiosk.clock.pass_s(16 * 60)
    kiosk.deliverer.connected()
    kiosk.deliverer.step()
    assert kiosk.batches()[0].historical


def test_one_batch_is_in_flight_and_what_arrives_meanwhile_is_the_next(kiosk: Kiosk) -> None:
    kiosk.vote(2)
    kiosk.deliverer.connected()
    kiosk.deliverer.step()
    kiosk.vote(5)
    kiosk.deliverer.step()
    assert len(kiosk.batches()) == 1
    for ack in kiosk.carry():
        kiosk.deliverer.acknowledged(ack)
    kiosk.deliverer.step()
    assert [len(batch.records) for batch in kiosk.batches()] == [5]


def test_a_batch_holds_so_many_records_and_so_many_bytes(kiosk: Kiosk) -> None:
    kiosk.vote(1000)
    kiosk.deliverer.connected()
    kiosk.deliverer.step()
    (topic, payload) = kiosk.sent[-1]
    assert topic == wire.batch_topic(KIOSK)
    assert len(payload) <= wire.MAX_BATCH_BYTES
    assert len(kiosk.batches()[0].records) <= wire.MAX_RECORDS
    kiosk.settle()
    kiosk.assert_all_delivered()


def test_boxes_go_with_their_records_and_an_erased_one_does_not(kiosk: Kiosk) -> None:
    kiosk.vote()
    first, second = kiosk.write(b"first"), kiosk.write(b"second")
    kiosk.erase(first)
    kiosk.deliverer.connected()
    kiosk.deliverer.step()
    (batch,) = kiosk.batches()
    assert len(batch.records) == 3
    assert batch.sealed == {second: b"second"}
    kiosk.settle()
    kiosk.assert_all_delivered()


@pytest.mark.parametrize("size", [0, 1, 1047, 1048, 1049, 4000])
def test_boxes_count_towards_what_a_batch_holds(kiosk: Kiosk, size: int) -> None:
    for n in range(120):
        kiosk.write(bytes([n]) * size)
    kiosk.deliverer.connected()
    while kiosk.deliverer.depth():
        kiosk.deliverer.step()
        payload = kiosk.sent[-1][1]
        (batch,) = kiosk.batches()
        assert len(payload) <= wire.MAX_BATCH_BYTES
        assert len(batch.sealed) == len(batch.records)
        if kiosk.deliverer.depth() > len(batch.records):
            assert len(payload) > wire.MAX_BATCH_BYTES - 2 * (size + 600), "as many as fit"
        for ack in kiosk.carry():
            kiosk.deliverer.acknowledged(ack)
    kiosk.assert_all_delivered()
    assert len(kiosk.server.boxes) == 120


def test_one_record_with_the_longest_box_always_goes(kiosk: Kiosk) -> None:
    kiosk.write(b"x" * 60_000)
    kiosk.vote()
    kiosk.settle()
    kiosk.assert_all_delivered()


def test_a_log_that_ui_has_not_opened_since_it_keeps_boxes_is_delivered(data_dir: Path) -> None:
    shutil.copyfile(FIRST_VERSION, data_dir / FILE)
    with Outbox(data_dir) as outbox:
        (first, second) = outbox.epochs()
        for epoch in (first, second):
            part = outbox.slice_after(epoch.id, 0)
            assert part is not None
            assert (len(part.bodies), part.sealed) == (2, {})
        with Store(data_dir / FILE, epochs) as store:
            record, box = a_sealed()
            store.append([record], box)
            part = outbox.slice_after(second.id, 0)
            assert part is not None
            assert (len(part.bodies), part.sealed) == (3, box)


def test_boxes_are_read_only_to_be_sent(kiosk: Kiosk) -> None:
    kiosk.vote()
    record = kiosk.write()
    read: list[str | None] = []

    def note(_action: int, table: str | None, *_: str | None) -> int:
        read.append(table)
        return sqlite3.SQLITE_OK

    assert kiosk.outbox.fact("x") is None
    assert kiosk.outbox._db is not None
    kiosk.outbox._db.set_authorizer(note)
    (epoch,) = kiosk.outbox.epochs()
    assert kiosk.outbox.hash_at(epoch.id, 2) is not None
    assert kiosk.outbox.fact("x") is None
    assert kiosk.deliverer.depth() == 2
    assert "records" in read
    assert "sealed" not in read
    part = kiosk.outbox.slice_after(epoch.id, 0)
    assert part is not None
    assert list(part.sealed) == [record]
    assert "sealed" in read
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        kiosk.outbox._db.execute("DELETE FROM sealed")


def test_an_answer_is_expected_in_two_seconds_and_then_ever_less_often(kiosk: Kiosk) -> None:
    kiosk.vote()
    kiosk.deliverer.connected()
    for _ in range(12):
        kiosk.deliverer.step()
        sent = len(kiosk.batches())
        kiosk.clock.pass_s(ANSWER_S - 0.01)
        kiosk.deliverer.step()
        assert len(kiosk.batches()) == sent, "not sooner"
        kiosk.clock.pass_s(0.01 + (kiosk.waits[-1] / 2 if kiosk.waits else 0))
    assert len(kiosk.batches()) == 12
    assert kiosk.waits[:3] == [4, 8, 16]
    assert max(kiosk.waits) == BACK_OFF_S


def test_a_server_that_answers_late_is_given_twice_the_time_and_one_that_answers_soon_two_seconds(kiosk: Kiosk) -> None:
    def sends_again_after(seconds: float) -> None:
        sent = len(kiosk.batches())
        kiosk.vote()
        kiosk.deliverer.step()
        kiosk.clock.pass_s(seconds - 0.01)
        kiosk.deliverer.step()
        assert len(kiosk.batches()) == sent + 1, "not sooner"
        kiosk.clock.pass_s(0.02)
        kiosk.deliverer.step()
        assert len(kiosk.batches()) == sent + 2

    def is_answered() -> None:
        topic, payload = kiosk.sent[-1]
        ack = kiosk.server.receive(topic, payload)
        assert ack is not None
        kiosk.deliverer.acknowledged(ack)

    kiosk.deliverer.connected()
    sends_again_after(ANSWER_S)
    kiosk.clock.pass_s(5 - ANSWER_S - 0.01)
    is_answered()
    sends_again_after(10)
    kiosk.clock.pass_s(90)
    is_answered()
    sends_again_after(BACK_OFF_S)
    is_answered()
    kiosk.vote()
    kiosk.deliverer.step()
    is_answered()
    sends_again_after(ANSWER_S)
    is_answered()
    kiosk.vote()
    kiosk.deliverer.step()
    kiosk.clock.pass_s(9)
    is_answered()
    kiosk.deliverer.disconnected()
    kiosk.deliverer.connected()
    sends_again_after(ANSWER_S)


def test_a_paused_server_gets_nothing_until_it_is_back(kiosk: Kiosk) -> None:
    kiosk.vote()
    kiosk.deliverer.connected()
    kiosk.deliverer.server_said(wire.ServerState(online=False, generation="g1"))
    kiosk.deliverer.step()
    assert kiosk.batches() == []
    kiosk.deliverer.server_said(wire.ServerState(online=True, generation="g1"))
    kiosk.deliverer.step()
    assert len(kiosk.batches()) == 1


def test_an_acknowledgement_with_another_head_counts_for_nothing_but_a_fork(kiosk: Kiosk) -> None:
    kiosk.vote(2)
    kiosk.deliverer.connected()
    epoch = kiosk.store.epoch
    kiosk.deliverer.acknowledged(wire.Ack(epoch, 2, "00" * 32, "g1"))
    assert kiosk.ledger.mark(epoch) == 0
    assert kiosk.deliverer.faults == (Fault.LOG_FORKED,)
    kiosk.settle()
    assert kiosk.store.epoch != epoch
    assert kiosk.deliverer.faults == ()
    kiosk.assert_all_delivered()


def spoil(kiosk: Kiosk, seq: int) -> bytes:
    """Let a record be no JSON in a chain that is whole; give its body."""
    db, head = kiosk.store._db, kiosk.outbox.hash_at(kiosk.store.epoch, seq - 1)
    assert head is not None
    for n, number, body in db.execute("SELECT n, seq, body FROM records WHERE seq >= ? ORDER BY seq", (seq,)).fetchall():
        content = body[:-1] + b",]" if number == seq else body
        head = link(head, number, content)
        db.execute("UPDATE records SET body = ?, hash = ? WHERE n = ?", (content, head, n))
    (spoilt,) = db.execute("SELECT body FROM records WHERE seq = ?", (seq,)).fetchone()
    return bytes(spoilt)


def test_what_no_server_can_read_goes_alone_and_then_as_base64(kiosk: Kiosk) -> None:
    kiosk.vote(5)
    spoilt = spoil(kiosk, 3)
    kiosk.deliverer.connected()
    sizes = []
    for _ in range(20):
        kiosk.deliverer.step()
        sizes += [(len(batch.records), batch.opaque) for batch in readable(kiosk)]
        for ack in kiosk.carry():
            kiosk.deliverer.acknowledged(ack)
    assert sizes == [(1, msgspec.UNSET)] * 2 + [(0, spoilt)] + [(1, msgspec.UNSET)] * 2
    assert kiosk.server.quarantined == [spoilt]
    assert len(kiosk.server.records) == 4
    assert (kiosk.deliverer.depth(), kiosk.deliverer.faults) == (0, ())
    kiosk.vote(3)
    kiosk.deliverer.step()
    assert [len(batch.records) for batch in kiosk.batches()] == [3], "behind it they go together"


def readable(kiosk: Kiosk) -> Iterator[wire.Batch]:
    """Give the batches under way that can be read."""
    for topic, payload in kiosk.sent:
        with suppress(wire.WireError):
            if topic == wire.batch_topic(KIOSK):
                yield wire.decode(payload, wire.Batch)


def test_a_server_that_can_read_nothing_is_asked_ever_less_often(kiosk: Kiosk) -> None:
    kiosk.vote(2)
    kiosk.deliverer.connected()
    epoch, asked = kiosk.store.epoch, []
    for second in range(300):
        kiosk.deliverer.step()
        if kiosk.batches():
            asked.append(second)
            kiosk.deliverer.acknowledged(wire.Ack(epoch, 0, genesis(epoch).hex(), "g1", "undecodable"))
        kiosk.sent.clear()
        kiosk.clock.pass_s(1)
    assert asked[:3] == [0, 1, 2], "the batch, the first record, and that as base64"
    assert len(asked) < 20
    assert kiosk.deliverer.faults == (Fault.SERVER_REFUSED,)


def test_hello_names_the_mark_of_every_epoch(kiosk: Kiosk) -> None:
    kiosk.deliverer.connected()
    kiosk.deliverer.step()
    assert wire.decode(kiosk.sent[0][1], wire.Hello).marks is msgspec.UNSET
    kiosk.vote(3)
    kiosk.settle()
    first = kiosk.store.epoch
    kiosk.store.rechain(first, 3, epochs())
    kiosk.vote(2)
    kiosk.settle()
    kiosk.deliverer.connected()
    kiosk.deliverer.step()
    assert wire.decode(kiosk.sent[-1][1], wire.Hello).marks == {first: 3, kiosk.store.epoch: 2}


@pytest.mark.parametrize("generation", ["g1", "g2"], ids=["of a generation that is over", "of less than before"])
def test_an_answer_that_makes_doubt_is_followed_by_hello_before_the_batch_goes_again(kiosk: Kiosk, generation: str) -> None:
    kiosk.vote(3)
    kiosk.settle()
    less = kiosk.server.backup()
    kiosk.server.generation = "g2"
    kiosk.settle()
    kiosk.vote()
    kiosk.settle()
    kiosk.server.restore(less, generation)
    kiosk.vote()
    hellos = []
    for _ in range(120):
        kiosk.deliverer.step()
        hellos += [topic for topic, _ in kiosk.sent if topic == wire.hello_topic(KIOSK)]
        for ack in kiosk.carry():
            kiosk.deliverer.acknowledged(ack)
        kiosk.clock.pass_s(0.5)
    assert 1 <= len(hellos) <= 8, "one that does not help is said ever less often"
    assert kiosk.deliverer.depth() == 1
    kiosk.server.generation = "g3"  # as the server answers to it
    kiosk.clock.pass_s(60)
    kiosk.settle()
    kiosk.assert_all_delivered()


def test_a_server_that_has_less_than_what_is_pruned_is_asked_where_it_stands(kiosk: Kiosk) -> None:
    kiosk.vote(2)
    kiosk.settle()
    less = kiosk.server.backup()
    kiosk.vote(3)
    kiosk.settle()
    kiosk.prune(4)
    kiosk.server.restore(less, "g1")
    kiosk.vote()
    kiosk.deliverer.step()
    for ack in kiosk.carry():
        kiosk.deliverer.acknowledged(ack)
    kiosk.clock.pass_s(ANSWER_S)
    kiosk.deliverer.step()
    assert [topic for topic, _ in kiosk.sent] == [wire.hello_topic(KIOSK), wire.batch_topic(KIOSK)]
    kiosk.server.generation = "g2"
    kiosk.settle()
    kiosk.assert_all_delivered()


def test_a_stale_acknowledgement_takes_nothing_back(kiosk: Kiosk) -> None:
    kiosk.vote()
    kiosk.settle()
    old = kiosk.server._ack(kiosk.store.epoch)
    kiosk.vote(3)
    kiosk.settle()
    kiosk.deliverer.acknowledged(old)
    assert kiosk.ledger.mark(kiosk.store.epoch) == 4


def test_a_refusal_is_a_fault_and_the_mark_decides(kiosk: Kiosk) -> None:
    kiosk.vote()
    kiosk.deliverer.connected()
    kiosk.deliverer.step()
    (ack, *_) = [ack for ack in kiosk.carry() if ack.seq == 1]
    kiosk.deliverer.acknowledged(msgspec.structs.replace(ack, error="a batch was quarantined"))
    assert kiosk.ledger.mark(kiosk.store.epoch) == 1
    assert kiosk.deliverer.faults == (Fault.SERVER_REFUSED,)
    kiosk.vote()
    kiosk.settle()
    assert kiosk.deliverer.faults == ()


def test_a_server_restored_from_a_backup_is_filled_again(kiosk: Kiosk) -> None:
    kiosk.vote(3)
    kiosk.settle()
    backup = kiosk.server.backup()
    kiosk.vote(5)
    kiosk.settle()
    kiosk.server.restore(backup, "g2")
    assert len(kiosk.server.records) == 3
    kiosk.settle()
    kiosk.deliverer.connected()
    kiosk.deliverer.step()
    for ack in kiosk.carry():
        kiosk.deliverer.acknowledged(ack)
    kiosk.settle()
    kiosk.assert_all_delivered()
    kiosk.deliverer.acknowledged(wire.Ack(kiosk.store.epoch, 8, logged(kiosk.data_dir / FILE)[-1][3].hex(), "g1"))
    assert kiosk.ledger.generation == "g2", "a late word of the past changes nothing"


@pytest.mark.parametrize("later", [1, 2, 4], ids=["behind the mark", "up to the mark", "beyond the mark"])
def test_a_restored_card_goes_on_in_a_new_epoch_and_both_branches_are_kept(data_dir: Path, later: int) -> None:
    server = FakeServer()
    first = Kiosk(data_dir, server)
    first.vote(3)
    first.settle()
    first.store._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    card = (data_dir / FILE).read_bytes()
    first.vote(2)
    first.settle()
    epoch = first.store.epoch
    first.close()
    for part in ("-wal", "-shm"):  # else SQLite would put the two votes back
        (data_dir / (FILE + part)).unlink(missing_ok=True)
    (data_dir / FILE).write_bytes(card)
    second = Kiosk(data_dir, server)
    assert second.ledger.mark(epoch) == 5
    assert len(logged(data_dir / FILE)) == 3
    second.vote(later)
    second.settle()
    second.assert_all_delivered()
    assert second.store.epoch != epoch
    assert len(server.records) == 5 + later
    second.close()


@pytest.mark.parametrize("page", range(5))
def test_a_damaged_ledger_is_begun_anew(data_dir: Path, page: int) -> None:
    path, epoch = data_dir / delivery.FILE, UUID(int=1)
    with delivery.open_ledger(path) as ledger:
        ledger.begin_generation("g1")
        ledger.set_mark(epoch, 1, "")
    with path.open("r+b") as file:
        file.seek(page * 4096)
        file.write(b"no database " * 341)
    with delivery.open_ledger(path) as ledger:
        assert (ledger.mark(epoch), ledger.generation, ledger.fork) == (0, None, None)
    assert (data_dir / "delivery.db-damaged").exists()


def test_a_full_disk_puts_a_mark_off_and_ends_nothing(kiosk: Kiosk, caplog: pytest.LogCaptureFixture) -> None:
    kiosk.vote(3)
    kiosk.deliverer.connected()
    kiosk.deliverer.step()
    (_, ack) = kiosk.carry()
    agent = Agent(None, None, None, None, None, None, kiosk=KIOSK, alive=bool)  # type: ignore[arg-type]
    agent.serve(kiosk.deliverer, None, None)  # type: ignore[arg-type]
    kiosk.ledger._db.execute("PRAGMA query_only = 1")
    agent.received(wire.ack_topic(KIOSK), wire.encode(ack))
    assert "put off" in caplog.text
    kiosk.ledger._db.execute("PRAGMA query_only = 0")
    agent.received(wire.ack_topic(KIOSK), wire.encode(ack))
    assert kiosk.ledger.mark(ack.epoch) == 3


def test_ui_learns_how_the_delivery_is(kiosk: Kiosk) -> None:
    path = kiosk.data_dir / delivery.FILE
    kiosk.deliverer.let_ui_know()
    assert delivery.facts(path) == {delivery.CONNECTED: "no", delivery.FAULTS: ""}
    kiosk.vote()
    kiosk.deliverer.connected()
    kiosk.deliverer.acknowledged(wire.Ack(kiosk.store.epoch, 1, "00" * 32, "g1"))
    kiosk.deliverer.let_ui_know()
    assert delivery.facts(path) == {delivery.CONNECTED: "yes", delivery.FAULTS: Fault.LOG_FORKED}
    kiosk.ledger._db.execute("PRAGMA query_only = 1")
    kiosk.deliverer.disconnected()
    kiosk.deliverer.let_ui_know()
    kiosk.ledger._db.execute("PRAGMA query_only = 0")


def test_the_reader_follows_the_file_that_bears_the_name(data_dir: Path) -> None:
    with Outbox(data_dir) as outbox:
        assert outbox.epochs() == []
        with Store(data_dir / FILE, epochs) as store:
            store.append([a_vote()])
            assert [epoch.last for epoch in outbox.epochs()] == [1]
        (data_dir / FILE).rename(data_dir / "aside")
        with Store(data_dir / FILE, epochs) as store:
            store.append([a_vote(), a_vote()])
            assert [epoch.last for epoch in outbox.epochs()] == [2]
        assert [epoch.last for epoch in outbox.epochs()] == [2], "also when nobody writes"


@pytest.mark.parametrize("length", [1, 4096], ids=["one byte of a record", "a page"])
def test_damage_that_only_delivery_meets_is_looked_into_and_healed(data_dir: Path, length: int) -> None:
    Store(data_dir / FILE, epochs).close()
    kiosk = Kiosk(data_dir, FakeServer())
    kiosk.vote(600)
    kiosk.close()
    content = (data_dir / FILE).read_bytes()
    start = content.index(b'["vote"', len(content) // 2)
    with (data_dir / FILE).open("r+b") as file:
        file.seek(start if length == 1 else start // 4096 * 4096)
        file.write(b"\xff" * length)
    with Outbox(data_dir) as outbox, delivery.open_ledger(data_dir / delivery.FILE) as ledger:
        server = FakeServer()
        kiosk.server, kiosk.outbox, kiosk.ledger = server, outbox, ledger
        kiosk.start()
        kiosk.deliverer.connected()
        for _ in range(20):
            kiosk.deliverer.step()
            for ack in kiosk.carry():
                kiosk.deliverer.acknowledged(ack)
        assert outbox.damaged
        assert delivery.wanted_look(data_dir / delivery.FILE)
        with open_store(data_dir, epochs) as kiosk.store:
            kiosk.settle()
            kiosk.assert_all_delivered()
            assert len(server.records) >= 560
        assert list(data_dir.glob(ASIDE))
        assert not outbox.damaged
        assert not delivery.wanted_look(data_dir / delivery.FILE)


def test_what_is_asked_at_every_step_does_not_grow_with_the_log(data_dir: Path) -> None:
    Store(data_dir / FILE, epochs).close()
    plan = [detail for *_, detail in rows(data_dir / FILE, f"EXPLAIN QUERY PLAN {EPOCHS}")]
    assert [detail for detail in plan if "records" in detail] == [
        "SEARCH records USING COVERING INDEX sqlite_autoindex_records_2 (epoch=?)"
    ]


class Accidents:
    """Everything that may happen on the way, by name."""

    def __init__(self, kiosk: Kiosk, chance: random.Random) -> None:
        self.kiosk = kiosk
        self.chance = chance
        self.late: list[wire.Ack] = []
        self.written: list[UUID] = []
        self.backups = [kiosk.server.backup()]

    def vote(self) -> None:
        self.kiosk.vote(self.chance.randint(1, 4))

    def write(self) -> None:
        self.written.append(self.kiosk.write(self.chance.randbytes(self.chance.randint(0, 1100))))

    def erase(self) -> None:
        if self.written:
            self.kiosk.erase(self.chance.choice(self.written))

    def step(self) -> None:
        self.kiosk.deliverer.step()

    def lose(self) -> None:
        self.kiosk.sent.clear()

    def carry(self, times: int = 1) -> None:
        acks = self.kiosk.carry()
        self.late += acks
        for ack in acks * times:
            self.kiosk.deliverer.acknowledged(ack)

    def lose_acks(self) -> None:
        self.late += self.kiosk.carry()

    def double(self) -> None:
        self.kiosk.sent *= 2
        self.carry(2)

    def late_ack(self) -> None:
        if self.late:
            self.kiosk.deliverer.acknowledged(self.chance.choice(self.late))

    def wait(self) -> None:
        self.kiosk.clock.pass_s(3)

    def reconnect(self) -> None:
        self.kiosk.deliverer.disconnected()
        self.kiosk.deliverer.connected()

    def restart(self) -> None:
        self.kiosk.start()
        self.kiosk.deliverer.connected()

    def back_up(self) -> None:
        self.backups.append(self.kiosk.server.backup())

    def restore(self) -> None:
        self.kiosk.server.restore(self.chance.choice(self.backups), str(self.chance.random()))

    def wrong_head(self) -> None:
        self.kiosk.deliverer.acknowledged(wire.Ack(self.kiosk.store.epoch, 1, "ab" * 32, self.kiosk.server.generation))

    def chores(self) -> None:
        self.kiosk.ui_chores()

    def boot(self) -> None:
        self.kiosk.boot()

    def prune(self) -> None:
        self.kiosk.prune(self.chance.choice([1, 3, 100]))

    def deliver(self) -> None:
        self.reconnect()
        for _ in range(4):
            self.kiosk.ui_chores()
            self.kiosk.deliverer.step()
            self.carry()

    def lose_everything(self) -> None:
        self.kiosk.server.restore(({}, {}, {}), str(self.chance.random()))


ACCIDENTS = sorted(name for name in vars(Accidents) if not name.startswith("_"))
PRUNING = [
    "vote",
    "deliver",
    "prune",
    "boot",
    "deliver",
    "prune",
    "back_up",
    "restore",
    "lose_everything",
    "wrong_head",
    "late_ack",
    "restart",
]


few = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@few
@given(names=st.lists(st.sampled_from(ACCIDENTS), max_size=60), seed=st.integers(0, 2**32))
def test_whatever_happens_on_the_way_everything_arrives_once(tmp_path_factory: pytest.TempPathFactory, names: list[str], seed: int) -> None:
    let_happen(Kiosk(tmp_path_factory.mktemp("kiosk"), FakeServer()), names, seed)


@few
@given(names=st.lists(st.sampled_from(PRUNING), min_size=8, max_size=24), seed=st.integers(0, 2**32))
def test_whatever_is_pruned_the_server_gets_the_rest_once(tmp_path_factory: pytest.TempPathFactory, names: list[str], seed: int) -> None:
    let_happen(Kiosk(tmp_path_factory.mktemp("kiosk"), FakeServer()), ["boot", "vote", "deliver", *names], seed)


def let_happen(kiosk: Kiosk, names: list[str], seed: int) -> None:
    accidents = Accidents(kiosk, random.Random(seed))
    appended: set[UUID] = set()
    for name in names:
        getattr(accidents, name)()
        appended |= kiosk.kept()
    kiosk.vote()
    kiosk.settle()
    kiosk.settle()
    kiosk.assert_all_delivered()
    assert appended <= kiosk.kept() | kiosk.pruned, "what was not deleted is there"
    assert kiosk.pruned <= kiosk.server.ever, "and the server had what was"
    kiosk.close()


# --- another id ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("left", [0, 2])
def test_under_another_id_only_what_was_not_delivered_goes(kiosk: Kiosk, left: int) -> None:
    def begin(name: str) -> None:
        begin_as(name, kiosk.ledger, kiosk.outbox, epochs)

    begin(KIOSK)
    kiosk.vote(3)
    kiosk.settle()
    before = kiosk.server
    if left:
        kiosk.vote(left)
    begin(KIOSK)
    assert kiosk.ledger.fork is None, "the same id changes nothing"
    kiosk.server = FakeServer(before.generation)  # to the same server another kiosk: it knows no mark of it
    begin("another-kiosk")
    kiosk.start()
    kiosk.settle()
    kiosk.vote()
    kiosk.settle()
    assert len(kiosk.server.records) == left + 1
    assert not kiosk.server.records.keys() & before.records.keys()
    assert_chained(kiosk.data_dir / FILE)


def test_under_another_id_the_old_ones_stay_the_old_ones_in_every_generation(kiosk: Kiosk) -> None:
    begin_as(KIOSK, kiosk.ledger, kiosk.outbox, epochs)
    kiosk.vote(3)
    kiosk.settle()
    old = kiosk.store.epoch
    begin_as("another-kiosk", kiosk.ledger, kiosk.outbox, epochs)
    before, kiosk.server = kiosk.server, FakeServer("g2")
    kiosk.start()
    assert kiosk.deliverer.depth() == 0
    kiosk.vote(2)
    kiosk.settle()
    kiosk.server.generation = "g3"
    kiosk.vote()
    kiosk.settle()
    kiosk.settle()
    assert len(kiosk.server.records) == 3
    assert not kiosk.server.records.keys() & before.records.keys()
    assert kiosk.ledger.mark(old) == 3, "so that it is pruned as what is delivered"


def test_under_another_id_what_was_asked_is_said_again(kiosk: Kiosk) -> None:
    begin_as(KIOSK, kiosk.ledger, kiosk.outbox, epochs)
    kiosk.boot()
    kiosk.vote(2)
    kiosk.settle()
    before = kiosk.server
    kiosk.vote(3)
    kiosk.server = FakeServer(before.generation)
    begin_as("another-kiosk", kiosk.ledger, kiosk.outbox, epochs)
    kiosk.start()
    kiosk.settle()
    kiosk.vote()
    kiosk.settle()
    said, *votes = [decode_body(body) for body in kiosk.server.records.values()]
    assert isinstance(said, Context)
    assert [vote.context for vote in votes if isinstance(vote, Vote)] == [said.number] * 4
    assert not kiosk.server.records.keys() & before.records.keys(), "with an id of its own"


def test_votes_from_before_the_first_enrolment_go_with_it(kiosk: Kiosk) -> None:
    kiosk.vote(3)
    begin_as(KIOSK, kiosk.ledger, kiosk.outbox, epochs)
    kiosk.settle()
    kiosk.assert_all_delivered()
    assert len(kiosk.server.records) == 3


def restored_empty(kiosk: Kiosk) -> None:
    kiosk.server.restore(({}, {}, {}), "g2")
    kiosk.settle()
    kiosk.vote()
    kiosk.settle()


def test_a_server_that_lost_what_is_pruned_gets_everything_that_is_kept(kiosk: Kiosk) -> None:
    kiosk.boot()
    kiosk.vote(10)
    kiosk.settle()
    old = kiosk.store.epoch
    kiosk.prune(6)
    kept = kiosk.kept()
    assert len(kept) == 6, "five votes and the context that they name"
    restored_empty(kiosk)
    kiosk.assert_all_delivered()
    assert set(kiosk.server.records) > kept
    assert kiosk.store.epoch != old, "in a new epoch, which has no gap"
    kiosk.deliverer.acknowledged(wire.Ack(old, 3, "ab" * 32, "g2"))
    assert kiosk.ledger.fork is None, "a late word about the old epoch changes nothing"


def test_a_server_that_lost_everything_of_a_log_of_which_nothing_is_left_goes_on_with_the_next_vote(kiosk: Kiosk) -> None:
    kiosk.boot()
    kiosk.vote(3)
    kiosk.settle()
    kiosk.prune(100)
    restored_empty(kiosk)
    kiosk.assert_all_delivered()
    assert len(kiosk.server.records) == 2, "the vote and the context that it names"


def test_a_kiosk_says_what_is_gone(kiosk: Kiosk) -> None:
    kiosk.vote(3)
    kiosk.settle()
    kiosk.prune(2)
    kiosk.deliverer.connected()
    kiosk.deliverer.step()
    hello = wire.decode(kiosk.sent[0][1], wire.Hello)
    assert (hello.oldest, hello.seq, hello.acked, hello.pruned) == (3, 3, 3, {kiosk.store.epoch: 2})


def test_a_context_of_an_epoch_of_which_nothing_else_is_left_comes_before_the_votes_that_name_it(kiosk: Kiosk) -> None:
    kiosk.boot()
    kiosk.vote(4)
    kiosk.settle()
    kiosk.store.rechain(kiosk.store.epoch, 5, epochs())
    kiosk.vote(2)
    kiosk.settle()
    kiosk.prune(5)
    restored_empty(kiosk)
    kiosk.assert_all_delivered()
    assert len(kiosk.server.records) == 5, "three votes, their context, and what the second epoch says of it"


def test_the_ledger_promises_durability_and_has_room_to_move_a_mark_on_a_full_disk(data_dir: Path) -> None:
    with delivery.open_ledger(data_dir / delivery.FILE) as ledger:
        asked = {name: ledger._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "wal_autocheckpoint")}
        assert asked == {"journal_mode": "wal", "synchronous": 2, "wal_autocheckpoint": 50}
        sizes = []
        for seq in range(1, 400):
            ledger.set_mark(UUID(int=1), seq, "ab" * 32)
            sizes.append(sum(path.stat().st_size for path in data_dir.glob(f"{delivery.FILE}*")))
        assert set(sizes) == {sizes[0]}, "no mark takes more room"


def test_a_ledger_that_seems_damaged_once_is_looked_at_again(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, complaints = data_dir / delivery.FILE, [sqlite3.DatabaseError("database disk image is malformed")]
    with delivery.open_ledger(path) as ledger:
        ledger.set_mark(UUID(int=1), 7, "ab" * 32)
    check = delivery._check

    def check_again(db: sqlite3.Connection) -> None:
        if complaints:
            raise complaints.pop()
        check(db)

    monkeypatch.setattr(delivery, "_check", check_again)
    with delivery.open_ledger(path) as ledger:
        assert ledger.mark(UUID(int=1)) == 7
    assert not list(data_dir.glob("*-damaged*"))


def test_a_hello_that_nothing_answers_is_said_again(kiosk: Kiosk) -> None:
    kiosk.deliverer.connected()
    kiosk.store.append([a_vote()])
    kiosk.settle()
    kiosk.server.restore(({}, {}, {}), "g2")
    kiosk.deliverer.disconnected()
    kiosk.deliverer.connected()
    kiosk.deliverer.step()
    kiosk.carry()  # the answer is lost
    said = []
    for _ in range(2 * round(HELLO_S)):
        kiosk.deliverer.step()
        said += [topic for topic, _ in kiosk.sent]
        for ack in kiosk.carry():
            kiosk.deliverer.acknowledged(ack)
        kiosk.clock.pass_s(1)
    assert said.count(wire.hello_topic(KIOSK)) == 1
    assert kiosk.server.records
