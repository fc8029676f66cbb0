"""The same records from fifty submitters at once: without care a database takes them twice, as KoboToolbox's did."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from time import time_ns
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import func, select

from faults.network.centre import Centre
from faults.network.counting import Count, compare, round_of
from faults.network.postgres import postgres
from faults.table import Fault, Row, gave_way
from feedback import wire
from feedback.records import Moment, Vote, decode_body, encode_body, genesis
from kiosk.sync.outbox import Outbox
from server.db.engine import open_engine, reading
from server.db.schema import quarantine
from server.ingest.core import Ingest

if TYPE_CHECKING:
    from collections.abc import Callable

    from faults.network.kiosk import VotingKiosk

SUBMITTERS: Final = 50
ENGINES: Final = 5
VOTES: Final = 3


class Race:
    """A centre whose kiosks' batches are taken in by fifty threads with connections of their own."""

    def __init__(self, stack: ExitStack, database: str) -> None:
        self.centre = stack.enter_context(Centre(database=database))
        url = self.centre.server.config.database_url.reveal()
        engines = [open_engine(url) for _ in range(ENGINES)]
        for engine in engines:
            stack.callback(engine.dispose)
        self._ingests = [Ingest(engine, settings=lambda _connection, _kiosk: None) for engine in engines]
        self._pool = stack.enter_context(ThreadPoolExecutor(SUBMITTERS))
        self._start = threading.Barrier(SUBMITTERS)
        (self.kiosk,) = self.centre.add_kiosks(1)
        self.outbox = stack.enter_context(Outbox(self.kiosk.folder))

    def run(self, *batches: bytes) -> list[wire.Ack]:
        """Have fifty submitters hand these batches in, in turn, all at the same moment."""
        topic = wire.batch_topic(self.kiosk.id)
        handed_in = [self._pool.submit(self._hand_in, n, topic, batches[n % len(batches)]) for n in range(SUBMITTERS)]
        return [ack.result() for ack in handed_in]

    def _hand_in(self, number: int, topic: str, payload: bytes) -> wire.Ack:
        ingest = self._ingests[number % ENGINES]
        self._start.wait(60)
        (reply,) = ingest.handle(topic, payload, _now_ms())
        return wire.decode(reply.payload, wire.Ack)


def run_same(name: str, database: Callable[[], str], rounds: int, done: Callable[[int], None]) -> Row:
    """Let them submit the same batch."""
    with ExitStack() as stack:
        race = Race(stack, database())
        mark, refused = 0, 0
        for number in range(rounds):
            with round_of(name, number) as random:
                race.kiosk.vote(random, VOTES)
                batch = _batch_after(race.outbox, mark)
                mark = batch.first_seq + len(batch.records) - 1
                refused += sum(ack.seq != mark or ack.error is not None for ack in race.run(wire.encode(batch)))
            done(number + 1)
        counted = compare(_all_acknowledged(race.kiosk), race.kiosk.said(), race.centre.engine)
        return counted._replace(dropped=refused + _quarantined(race)).row(name, rounds)


def run_renamed(name: str, rounds: int, done: Callable[[int], None]) -> Row:
    """Let each of them give the same records ids of its own, as a kiosk would that makes them when it sends: votes count many times."""
    with ExitStack() as stack:
        race = Race(stack, "")
        mark = 0
        for number in range(rounds):
            with round_of(name, number) as random:
                race.kiosk.vote(random, VOTES)
                batch = _batch_after(race.outbox, mark)
                mark = batch.first_seq + len(batch.records) - 1
                race.run(wire.encode(batch), *(wire.encode(_with_new_ids(batch)) for _ in range(SUBMITTERS - 1)))
            done(number + 1)
        return gave_way(compare(_all_acknowledged(race.kiosk), {}, race.centre.engine).row(name, rounds), doubles=True)


def run_other(name: str, rounds: int, done: Callable[[int], None]) -> Row:
    """Let half of them submit the same ids with other answers: the first content stays, the other goes to the quarantine."""
    with ExitStack() as stack:
        race = Race(stack, "")
        mark, contested = 0, 0
        for number in range(rounds):
            with round_of(name, number) as random:
                race.kiosk.vote(random, VOTES)
                batch = _batch_after(race.outbox, mark)
                mark = batch.first_seq + len(batch.records) - 1
                other = _with_other_answers(batch)
                contested += sum(mine != theirs for mine, theirs in zip(batch.bodies, other.bodies, strict=True))
                race.run(wire.encode(batch), wire.encode(other))
            done(number + 1)
        # Whichever was first stays, so either content is right.
        counted = compare(_all_acknowledged(race.kiosk), {}, race.centre.engine)
        return Count(counted.acknowledged, counted.lost, counted.doubled, contested - _quarantined(race)).row(name, rounds)


def _batch_after(outbox: Outbox, mark: int) -> wire.Batch:
    part = outbox.slice_after(outbox.epochs()[-1].id, mark)
    assert part is not None
    now = wire.Now(uuid4(), Moment(0, _now_ms(), trusted=True))
    return wire.Batch(part.epoch, part.first_seq, part.prev.hex(), now, historical=False, records=[msgspec.Raw(b) for b in part.bodies])


def _with_other_answers(batch: wire.Batch) -> wire.Batch:
    """Give the same records in an epoch of their own, every vote with another answer."""
    epoch = uuid4()
    records = [msgspec.Raw(_with_other_answer(body)) for body in batch.bodies]
    return msgspec.structs.replace(batch, epoch=epoch, first_seq=1, prev=genesis(epoch).hex(), records=records)


def _with_new_ids(batch: wire.Batch) -> wire.Batch:
    """Give the same records under other ids, in an epoch of their own."""
    epoch = uuid4()
    renamed = (encode_body(msgspec.structs.replace(decode_body(body), id=uuid4())) for body in batch.bodies)
    return msgspec.structs.replace(
        batch, epoch=epoch, first_seq=1, prev=genesis(epoch).hex(), records=[msgspec.Raw(body) for body in renamed]
    )


def _with_other_answer(body: bytes) -> bytes:
    record = decode_body(body)
    if not isinstance(record, Vote):
        return body
    return encode_body(msgspec.structs.replace(record, answer="good" if record.answer != "good" else "terrible"))


def _all_acknowledged(kiosk: VotingKiosk) -> dict[UUID, bool]:
    return dict.fromkeys(kiosk.votes(), True)


def _quarantined(race: Race) -> int:
    with reading(race.centre.engine) as connection:
        return connection.scalar(select(func.sum(quarantine.c.times))) or 0


def _now_ms() -> int:
    return time_ns() // 1_000_000


_SQLITE: Final = "fifty submitters of the same records at once, SQLite"
_POSTGRES: Final = "fifty submitters of the same records at once, PostgreSQL"
_RENAMED: Final = "fifty submitters whose records get new ids each time"
_OTHER: Final = "the same ids with other content, at once"
FAULTS: Final = (
    Fault(name=_SQLITE, test=2, usual=15, full=100, run=partial(run_same, _SQLITE, str)),
    Fault(name=_POSTGRES, test=3, usual=30, full=200, run=partial(run_same, _POSTGRES, lambda: postgres().new_database())),
    Fault(name=_RENAMED, test=1, usual=3, full=10, run=partial(run_renamed, _RENAMED)),
    Fault(name=_OTHER, test=2, usual=15, full=100, run=partial(run_other, _OTHER)),
)
