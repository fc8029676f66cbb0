"""Messages that no kiosk sends, on every topic that the server hears, with valid batches of another kiosk in between."""

from __future__ import annotations

import logging
import os
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from time import time_ns
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import msgspec
from sqlalchemy import func, select

from demo.house import HouseError, wait_for
from faults.network.centre import Centre
from faults.network.counting import Count, compare, round_of
from faults.network.garbage import oversize, spoil
from faults.table import Fault
from feedback import wire
from feedback.records import Moment
from kiosk.sync.outbox import Outbox
from server.db.engine import reading
from server.db.schema import quarantine, records
from server.ingest.chain import MAX_SEQ
from server.ingest.core import Ingest
from server.ingest.messages import Message
from server.ingest.quarantine import Reason
from tests.services import Station

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from random import Random

    from faults.network.kiosk import VotingKiosk
    from faults.table import Row
    from server.ingest.messages import Reply

log = logging.getLogger(__name__)

DIRECT: Final = "malformed payloads, handed to ingest"
THROUGH: Final = "malformed payloads, through the broker"
GROUP: Final = 100
KINDS: Final = ("batch", "batch", "batch", "hello", "state")
MOST_GROWTH_BYTES: Final = 200 * 1024 * 1024
DRAIN_S: Final = 60.0
PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


class Attacker:
    """Holds the credential of one kiosk and knows what its messages look like."""

    def __init__(self, kiosk: VotingKiosk, outbox: Outbox) -> None:
        with round_of(kiosk.id, 0) as random:
            kiosk.vote(random, 12)
        self.id = kiosk.id
        self.sound = {kind: list(_sound(kind, outbox)) for kind in set(KINDS)}
        self.refused = Counter[str]()
        """How many of its messages cannot be decoded, by the protocol and by kind."""

    def message(self, random: Random, most_bytes: int) -> tuple[str, bytes]:
        """Give a kind and a payload of at most so many bytes."""
        kind = random.choice(KINDS)
        payload = spoil(random, self.sound[kind]) if random.random() > 0.001 else oversize(random)  # noqa: PLR2004 - seldom: it is long
        payload = payload[:most_bytes]
        self.refused[kind] += not _can_be_decoded(kind, payload)
        return kind, payload


def hand_in(rounds: int, done: Callable[[int], None]) -> Row:
    """Hand groups of a hundred to ingest, each with one valid batch; what cannot be decoded has to be quarantined or counted."""
    with ExitStack() as stack:
        centre = stack.enter_context(Centre())
        voting, attacking = centre.add_kiosks(2)
        outbox = stack.enter_context(Outbox(voting.folder))
        attacker = Attacker(attacking, stack.enter_context(Outbox(attacking.folder)))
        ingest = Ingest(centre.engine, settings=lambda _connection, _kiosk: None, unseal=centre.server.keys.unseal)
        mark, least_bytes, answered = 0, 0, 0
        for number in range(0, rounds, GROUP):
            with round_of(DIRECT, number) as random:
                voting.vote(random, 2)
                batch = _batch(outbox, mark)
                group = [_strange(random) if random.random() < 0.05 else _spoiled(random, attacker) for _ in range(GROUP)]  # noqa: PLR2004
                group.insert(random.randrange(GROUP), Message(wire.batch_topic(voting.id), wire.encode(batch), _now_ms()))
                replies = ingest.handle_group(group)
                (ack,) = _acks(replies, voting.id)
                mark = ack.seq
                answered += sum(ack.error == Reason.UNDECODABLE for ack in _acks(replies, attacking.id))
                if mark != batch.first_seq + len(batch.records) - 1:
                    raise HouseError(f"a valid batch was not acknowledged: {mark}")
            least_bytes = least_bytes or _own_bytes()
            done(min(number + GROUP, rounds))
        grown = _own_bytes() - least_bytes
        if grown > MOST_GROWTH_BYTES:
            raise HouseError(f"the memory has grown by {grown} bytes over {rounds} messages")
        log.info("the memory has grown by %d kB", grown // 1024)
        counted = compare(dict.fromkeys(voting.votes(), True), voting.said(), centre.engine, not_of=attacking.id)
        return _judge(centre, counted, attacker, answered).row(DIRECT, rounds)


def publish(rounds: int, done: Callable[[int], None]) -> Row:
    """Publish them with a kiosk's credential, while another kiosk votes."""
    with ExitStack() as stack:
        centre = stack.enter_context(Centre())
        voting, attacking = centre.add_kiosks(2)
        attacker = Attacker(attacking, stack.enter_context(Outbox(attacking.folder)))
        centre.start_broker()
        ingest = centre.start_ingest()
        voting.start_delivery()
        station = stack.enter_context(Station(centre.port, attacking.id, attacking.credential, centre.server.broker_ca))
        wait_for(station.is_connected, "the attacker")
        station.subscribe(wire.ack_topic(attacking.id))
        for number in range(0, rounds, GROUP):
            with round_of(THROUGH, number) as random:
                voting.vote(random, 2)
                for _ in range(GROUP):
                    kind, payload = attacker.message(random, wire.MAX_PACKET_BYTES - 1000)  # on longer ones the broker hangs up
                    station.publish_soon(f"{wire.ROOT}/k/{attacking.id}/{kind}", payload)
                _wait_for_answer(station, attacking.id)
            done(min(number + GROUP, rounds))
        centre.drain(DRAIN_S, (voting,))
        if not ingest.is_alive():
            raise HouseError("ingest has ended")
        counted = compare(voting.votes(), voting.said(), centre.engine, not_of=attacking.id)
        acks = [wire.decode(payload, wire.Ack) for payload in station.payloads(wire.ack_topic(attacking.id))]
        return _judge(centre, counted, attacker, sum(ack.error == Reason.UNDECODABLE for ack in acks)).row(THROUGH, rounds)


def _judge(centre: Centre, counted: Count, attacker: Attacker, answered: int) -> Count:
    """Add what vanished: neither in the quarantine nor counted there, or a batch to which nobody answered."""
    with reading(centre.engine) as connection:
        query = select(quarantine.c.reason, func.sum(quarantine.c.times), func.count()).group_by(quarantine.c.reason)
        found = {reason: (times, rows) for reason, times, rows in connection.execute(query)}
        stored = connection.scalar(select(func.count()).select_from(records).where(records.c.kiosk == attacker.id))
    log.info("not to be decoded: %s; quarantine (times, rows): %s; %d records are stored", attacker.refused, found, stored)
    vanished = max(0, attacker.refused.total() - found.get(str(Reason.UNDECODABLE), (0, 0))[0])
    return counted._replace(dropped=counted.dropped + vanished + abs(attacker.refused["batch"] - answered))


def _spoiled(random: Random, attacker: Attacker) -> Message:
    kind, payload = attacker.message(random, sys.maxsize)
    return Message(f"{wire.ROOT}/k/{attacker.id}/{kind}", payload, _now_ms())


def _strange(random: Random) -> Message:
    """Give a message on a topic that is no kiosk's, or of a kiosk that is gone."""
    topics = ("k/gone-kiosk-1/batch", "k/x/batch", "k/\u202e\u0430\u0431\u0432/hello", "k//state", "queue/nobody/tickets", "queue//tickets")
    return Message(f"{wire.ROOT}/{random.choice(topics)}", spoil(random, [b'[{"number": "A001"}]']), _now_ms())


def _sound(kind: str, outbox: Outbox) -> Iterator[bytes]:
    """Give valid messages of a kind."""
    now = wire.Now(uuid4(), Moment(1000, _now_ms(), trusted=True))
    epoch = outbox.epochs()[-1]
    match kind:
        case "batch":
            for mark in range(epoch.last):
                yield wire.encode(_batch(outbox, mark))
        case "hello":
            yield wire.encode(wire.Hello(epoch.id, epoch.last, 0, 1, now, "vidhuk 0.1", "generation"))
        case "state":
            yield wire.encode(
                wire.State(online=True, session=uuid4(), outbox=3, software="vidhuk 0.1", faults=("printer",), showing="closed")
            )


def _can_be_decoded(kind: str, payload: bytes) -> bool:
    """Tell whether a message is sound, or is empty and so only takes back what was retained."""
    if not payload:
        return True
    try:
        match kind:
            case "batch":
                return wire.decode(payload, wire.Batch).first_seq <= MAX_SEQ
            case "hello":
                wire.decode(payload, wire.Hello)
            case "state":
                wire.decode(payload, wire.State)
    except wire.WireError:
        return False
    return True


def _batch(outbox: Outbox, mark: int) -> wire.Batch:
    part = outbox.slice_after(outbox.epochs()[-1].id, mark)
    assert part is not None
    now = wire.Now(uuid4(), Moment(1000, _now_ms(), trusted=True))
    bodies = [msgspec.Raw(body) for body in part.bodies]
    return wire.Batch(part.epoch, part.first_seq, part.prev.hex(), now, historical=False, records=bodies, sealed=part.sealed)


def _acks(replies: Iterable[Reply], kiosk: str) -> list[wire.Ack]:
    return [wire.decode(reply.payload, wire.Ack) for reply in replies if reply.topic == wire.ack_topic(kiosk)]


def _wait_for_answer(station: Station, kiosk: str) -> None:
    """Wait until the server has taken everything in that was published before."""
    now = wire.Now(uuid4(), Moment(1000, _now_ms(), trusted=True))
    hello = wire.Hello(uuid4(), 0, 0, 0, now, "vidhuk 0.1")
    station.publish_soon(wire.hello_topic(kiosk), wire.encode(hello))
    asked = str(hello.epoch).encode()
    wait_for(lambda: any(asked in payload for payload in station.payloads(wire.ack_topic(kiosk))[-GROUP:]), "an answer to a valid hello")


def _own_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES


def _now_ms() -> int:
    return time_ns() // 1_000_000


FAULTS: Final = (
    Fault(name=DIRECT, test=2000, usual=20_000, full=1_000_000, run=hand_in),
    Fault(name=THROUGH, test=500, usual=5000, full=20_000, run=publish),
)
