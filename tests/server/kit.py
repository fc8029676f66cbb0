"""A kiosk made of plain values, and the sample centre it stands in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import msgspec
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox
from sqlalchemy import select

from feedback.records import (
    Answer,
    AnyRecord,
    BoxCount,
    Call,
    Channel,
    Content,
    Context,
    DeskChoice,
    DeviceChange,
    How,
    Input,
    Mode,
    Moment,
    Outcome,
    Presence,
    Sealed,
    SelfTest,
    TicketScan,
    Undo,
    VisitEnd,
    Vote,
    chain,
    encode_body,
    genesis,
    new_id,
)
from feedback.tickets import TicketToken
from feedback.wire import Ack, Batch, Hello, Now, ack_topic, batch_topic, decode, encode
from server.db import schema
from server.ingest.core import Ingest
from server.registry.file import parse_registry
from server.registry.kiosks import Wish, add_kiosk
from server.registry.load import load_registry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Engine, Table

    from server.ingest.messages import Reply

KIOSK = "exit-sample-1"
OTHER = "exit-sample-2"
MORNING = 1_760_000_000_000  # 2025-10-09 08:53:20 UTC, 11:53 in Kyiv
QUARTER = 15 * 60_000
DAY = "2025-10-09"
SEALING = PrivateKey(bytes(range(32)))
_BOOT = UUID(int=99)
CENTRE = """
format: 1
centre: ЦНАП Зразкове
sites:
  - {key: main, name: Головний офіс}
  - {key: hall, name: Старостат}
desks:
  - {key: main-1, site: main, number: 1}
  - {key: main-2, site: main, number: 010}
  - {key: hall-1, site: hall, number: 1}
services:
  - {key: passport, name: Паспорт}
"""


def load_centre(connection: Connection, text: str) -> None:
    load_registry(connection, parse_registry(text, source="centre.yaml"), now_ms=MORNING)
    for name in (KIOSK, OTHER):
        add_kiosk(connection, Wish(name=name, site="main", desk=None), hash_password=lambda _: "$7$…", now_ms=MORNING)


def make_ingest(engine: Engine) -> Ingest:
    return Ingest(engine, settings=lambda _connection, kiosk: f"settings of {kiosk}".encode(), unseal=unseal)


def unseal(box: bytes) -> bytes | None:
    try:
        return SealedBox(SEALING).decrypt(box)
    except CryptoError:
        return None


def seal(ticket: TicketToken) -> bytes:
    return SealedBox(SEALING.public_key).encrypt(msgspec.json.encode(ticket))


def ids(seed: str) -> UUID:
    return new_id(MORNING, hashlib.sha256(seed.encode()).digest())


@dataclass
class Log:
    """What a kiosk holds: bodies in the order of their seq, in one epoch."""

    kiosk: str = KIOSK
    epoch: UUID = field(default_factory=uuid4)
    bodies: list[bytes] = field(default_factory=list)
    context: int = 7
    boot_id: UUID = _BOOT
    boottime_ms: int = 100 * 86_400_000
    boxes: dict[UUID, bytes] = field(default_factory=dict)

    def add(self, record: AnyRecord | bytes) -> None:
        self.bodies.append(record if isinstance(record, bytes) else encode_body(record))

    def add_context(
        self, seed: str = "context", *, number: int | None = None, asks: tuple[str, int] = ("unseen", 1), mode: Mode = Mode.LIVE
    ) -> Context:
        number = self.context if number is None else number
        context = Context(ids(f"{self.kiosk} {seed}"), self.moment(), number, self.boot_id, "vidhuk 0.1", *asks, mode)
        self.add(context)
        return context

    def moment(self, wall_ms: int = MORNING, *, trusted: bool = True, boottime_ms: int | None = None) -> Moment:
        """Give a moment of clocks that run alike: `boottime_ms` is said where they do not."""
        return Moment(self.boottime_ms + wall_ms - MORNING if boottime_ms is None else boottime_ms, wall_ms, trusted)

    def vote(self, seed: str, **changes: object) -> Vote:
        vote = Vote(
            id=ids(f"{self.kiosk} {seed}"),
            at=self.moment(),
            visit=ids(f"{self.kiosk} visit {seed}"),
            context=self.context,
            question="service",
            answer="good",
            desk="main-1",
            service=None,
            channel=Channel.KIOSK,
            input=Input.TOUCH,
            language="uk",
            repeat=False,
        )
        return msgspec.structs.replace(vote, **changes)

    def choice(self, seed: str, desk: str | None) -> DeskChoice:
        id_, visit = ids(f"{self.kiosk} choice {seed} {desk}"), ids(f"{self.kiosk} visit {seed}")
        return DeskChoice(id_, self.moment(), visit, self.context, desk, Input.TOUCH)

    def answer(self, seed: str, question: str, *choices: str, **changes: object) -> Answer:
        id_, visit = ids(f"{self.kiosk} answer {seed} {question}"), ids(f"{self.kiosk} visit {seed}")
        how = How.ANSWERED if choices else How.SKIPPED
        answer = Answer(id_, self.moment(), visit, self.context, question, how, choices, Input.TOUCH, "uk")
        return msgspec.structs.replace(answer, **changes)

    def sealed(self, seed: str, box: bytes | None, *, digest: str | None = None, **changes: object) -> Sealed:
        id_, visit = ids(f"{self.kiosk} sealed {seed}"), ids(f"{self.kiosk} visit {seed}")
        if box is not None:
            self.boxes[id_] = box
        digest = hashlib.sha256(box or b"").hexdigest() if digest is None else digest
        sealed = Sealed(id_, self.moment(), visit, self.context, "comment", Content.COMMENT, digest, Input.TOUCH, "uk")
        return msgspec.structs.replace(sealed, **changes)

    def call(self, seed: str, **changes: object) -> Call:
        call = Call(ids(f"{self.kiosk} call {seed}"), self.moment(), ids(f"{self.kiosk} visit {seed}"), self.context, Input.TOUCH)
        return msgspec.structs.replace(call, **changes)

    def end(self, seed: str, outcome: Outcome = Outcome.COMPLETED) -> VisitEnd:
        id_, visit = ids(f"{self.kiosk} end {seed}"), ids(f"{self.kiosk} visit {seed}")
        return VisitEnd(id_, self.moment(), visit, self.context, outcome, 2)

    def scan(self, seed: str, token: str | None = None, *, day: str = DAY, box: bytes | None = None, **changes: object) -> TicketScan:
        id_, visit = ids(f"{self.kiosk} scan {seed}"), ids(f"{self.kiosk} visit {seed}")
        if token is not None:
            box = seal(TicketToken(day, token))
        if box is not None:
            self.boxes[id_] = box
        digest = "" if box is None else hashlib.sha256(box).hexdigest()
        scan = TicketScan(id_, self.moment(), visit, self.context, "slip", None, None, digest)
        return msgspec.structs.replace(scan, **changes)

    def undo(self, seed: str) -> Undo:
        return Undo(ids(f"{self.kiosk} undo {seed}"), self.moment(), ids(f"{self.kiosk} visit {seed}"), self.context)

    def box_count(self, seed: str, *counts: int, **changes: object) -> BoxCount:
        count = BoxCount(ids(f"{self.kiosk} box {seed}"), self.moment(), self.context, *counts)
        return msgspec.structs.replace(count, **changes)

    def change(self, seed: str, device: str, fault: str, wall_ms: int = MORNING) -> DeviceChange:
        return DeviceChange(ids(f"{self.kiosk} {device} {seed}"), self.moment(wall_ms), self.context, device, fault)

    def presence(self, seed: str, length_s: int, count: int, wall_ms: int = MORNING) -> Presence:
        return Presence(ids(f"{self.kiosk} presence {seed}"), self.moment(wall_ms), self.context, length_s, count)

    def selftest(self, seed: str, results: dict[str, str], wall_ms: int = MORNING, *, attended: bool = False) -> SelfTest:
        return SelfTest(ids(f"{self.kiosk} selftest {seed}"), self.moment(wall_ms), self.context, attended, results)

    def hash_at(self, seq: int) -> bytes:
        return [genesis(self.epoch), *chain(genesis(self.epoch), 1, self.bodies[:seq])][-1]

    def batch(self, first: int = 1, last: int | None = None, *, now: Moment | None = None, historical: bool = False) -> bytes:
        bodies = self.bodies[first - 1 : last]
        sent = Batch(
            epoch=self.epoch,
            first_seq=first,
            prev=self.hash_at(first - 1).hex(),
            now=Now(self.boot_id, now or self.moment()),
            historical=historical,
            records=[msgspec.Raw(body) for body in bodies],
            sealed={id_: self.boxes[id_] for id_ in self._boxed(bodies)},
        )
        return encode(sent)

    def _boxed(self, bodies: list[bytes]) -> set[UUID]:
        """Give those whose box travels with these bodies."""
        said = b"".join(bodies)
        return {id_ for id_ in self.boxes if str(id_).encode() in said}

    def hello(self) -> bytes:
        return encode(Hello(self.epoch, len(self.bodies), 0, 1, Now(self.boot_id, self.moment()), "vidhuk 0.1"))


def deliver(ingest: Ingest, log: Log, first: int = 1, last: int | None = None, *, received_ms: int = MORNING) -> Ack:
    return only_ack(ingest.handle(batch_topic(log.kiosk), log.batch(first, last, now=log.moment(received_ms)), received_ms), log.kiosk)


def only_ack(replies: Sequence[Reply], kiosk: str = KIOSK) -> Ack:
    (reply,) = replies
    assert reply.topic == ack_topic(kiosk)
    return decode(reply.payload, Ack)


def rows(engine: Engine, table: Table) -> list[dict[str, object]]:
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]


def reasons(engine: Engine) -> list[tuple[object, object]]:
    return [(row["reason"], row["times"]) for row in rows(engine, schema.quarantine)]
