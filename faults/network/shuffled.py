"""Every message lost, late, doubled, tripled and overtaken by others, on both ways, between real deliveries and a real ingest.

Time is simulated, so that thousands of messages that are seconds late take no seconds.
"""

from __future__ import annotations

import heapq
from contextlib import ExitStack
from functools import partial
from time import time_ns
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from faults.network.centre import Centre
from faults.network.counting import count, round_of
from faults.table import Fault, gave_way
from feedback import wire
from feedback.records import Moment, genesis, link
from kiosk.clock import id_maker
from kiosk.process import SOFTWARE
from kiosk.sync.deliver import Deliverer, Sender
from kiosk.sync.delivery import FILE, Ledger
from kiosk.sync.outbox import Outbox
from server.ingest.core import Ingest

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random
    from uuid import UUID

    from faults.table import Row

NAME: Final = "messages lost, late, doubled, out of order"
TRUSTING: Final = "messages lost, by a kiosk that takes sending for delivery"
KIOSKS: Final = 3
COPIES: Final = (0, 1, 1, 1, 2, 3)
LATEST_MS: Final = 8000
ROUND_MS: Final = 5000
STEP_MS: Final = 500
DRAIN_MS: Final = 3_600_000


class Sky:
    """What lies between kiosks and server, and the clock of all."""

    def __init__(self, ingest: Ingest, *, trusting: bool = False) -> None:
        """Where it is `trusting`, each batch is acknowledged to the kiosk as soon as it is sent, and the server's word is not heard."""
        self._trusting = trusting
        self.boot_id = uuid4()
        self.random: Random
        self.now_ms = time_ns() // 1_000_000
        self._ingest = ingest
        self._kiosks: dict[str, Deliverer] = {}
        self._flying: list[tuple[int, int, str, bytes]] = []
        self._sent_now: list[tuple[str, bytes]] = []
        self._promised: dict[UUID, tuple[int, bytes]] = {}
        self._sent = 0
        self.is_calm = False

    def moment(self) -> Moment:
        """Give the present moment."""
        return Moment(self.now_ms, self.now_ms, trusted=True)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Let a message arrive never, once or several times, some time."""
        del retain
        if self._trusting and topic.endswith(("/batch", "/hello")):
            self._sent_now.append((topic, payload))
        for _ in range(1 if self.is_calm else self.random.choice(COPIES)):
            self._sent += 1
            late_ms = 0 if self.is_calm else self.random.randrange(LATEST_MS)
            heapq.heappush(self._flying, (self.now_ms + late_ms, self._sent, topic, payload))

    def add(self, kiosk: str, deliverer: Deliverer) -> None:
        """Let a kiosk send and hear."""
        self._kiosks[wire.ack_topic(kiosk)] = deliverer
        deliverer.connected()

    def pass_ms(self, length_ms: int) -> None:
        """Let time pass; now and then a connection ends and another begins."""
        until_ms = self.now_ms + length_ms
        while self.now_ms < until_ms:
            self.now_ms += STEP_MS
            while self._flying and self._flying[0][0] <= self.now_ms:
                self._arrive(*heapq.heappop(self._flying)[2:])
            for deliverer in self._kiosks.values():
                if not self.is_calm and self.random.random() < 0.01:  # noqa: PLR2004 - now and then
                    deliverer.disconnected()
                    deliverer.connected()
                deliverer.step()
            while self._sent_now:
                self._promise(*self._sent_now.pop(0))

    def _promise(self, topic: str, payload: bytes) -> None:
        """Acknowledge to a trusting kiosk whatever it has sent."""
        if topic.endswith("/batch"):
            batch = wire.decode(payload, wire.Batch)
            epoch, seq, head = batch.epoch, batch.first_seq - 1, bytes.fromhex(batch.prev)
            for body in batch.bodies:
                seq += 1
                head = link(head, seq, body)
            self._promised[epoch] = seq, head
        else:
            epoch = wire.decode(payload, wire.Hello).epoch
        seq, head = self._promised.get(epoch, (0, genesis(epoch)))
        self._kiosks[wire.ack_topic(topic.split("/")[-2])].acknowledged(wire.Ack(epoch, seq, head.hex(), "promised"))

    def _arrive(self, topic: str, payload: bytes) -> None:
        if topic in self._kiosks:
            if not self._trusting:
                self._kiosks[topic].acknowledged(wire.decode(payload, wire.Ack))
            return
        for reply in self._ingest.handle(topic, payload, self.now_ms):
            if reply.topic in self._kiosks:
                self.publish(reply.topic, reply.payload)


def run(name: str, rounds: int, done: Callable[[int], None], *, trusting: bool) -> Row:
    """Let three kiosks vote under such a sky, and give them an hour without weather at the end; a control where they are `trusting`."""
    with Centre() as centre, ExitStack() as stack:
        sky = Sky(Ingest(centre.engine, settings=lambda _connection, _kiosk: None), trusting=trusting)
        with round_of(name, 0) as sky.random:
            for kiosk in centre.add_kiosks(KIOSKS):
                outbox = stack.enter_context(Outbox(kiosk.folder))
                ledger = stack.enter_context(Ledger(kiosk.folder / FILE))
                sender, spread = Sender(kiosk.id, SOFTWARE), lambda most: sky.random.uniform(0, most)
                deliverer = Deliverer(
                    sender, outbox=outbox, ledger=ledger, transport=sky, clock=sky, new_epoch=id_maker(sky), spread=spread
                )
                sky.add(kiosk.id, deliverer)
        for number in range(rounds):
            with round_of(name, number) as sky.random:
                for kiosk in centre.kiosks:
                    kiosk.vote(sky.random, sky.random.randrange(1, 6))
                sky.pass_ms(ROUND_MS)
            done(number + 1)
        sky.is_calm = True
        waited_ms = 0
        while waited_ms < DRAIN_MS and any(kiosk.undelivered() for kiosk in centre.kiosks):
            sky.pass_ms(ROUND_MS)
            waited_ms += ROUND_MS
        row = count(centre, trusting=trusting).row(name, rounds)
        return gave_way(row) if trusting else row


FAULTS: Final = (
    Fault(name=NAME, test=30, usual=300, full=2000, run=partial(run, NAME, trusting=False)),
    Fault(name=TRUSTING, test=20, usual=100, full=300, run=partial(run, TRUSTING, trusting=True)),
)
