"""Every message lost, late, doubled, tripled and overtaken by others, on both ways, between real deliveries and a real ingest.

Time is simulated, so that thousands of messages that are seconds late take no seconds.
"""

from __future__ import annotations

import heapq
from contextlib import ExitStack
from time import time_ns
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from faults.network.centre import Centre
from faults.network.counting import count, round_of
from faults.table import Fault
from feedback import wire
from feedback.records import Moment
from kiosk.clock import id_maker
from kiosk.process import SOFTWARE
from kiosk.sync.deliver import Deliverer, Sender
from kiosk.sync.delivery import FILE, Ledger
from kiosk.sync.outbox import Outbox
from server.ingest.core import Ingest

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from faults.table import Row

NAME: Final = "messages lost, late, doubled, out of order"
KIOSKS: Final = 3
COPIES: Final = (0, 1, 1, 1, 2, 3)
LATEST_MS: Final = 8000
ROUND_MS: Final = 5000
STEP_MS: Final = 500
DRAIN_MS: Final = 3_600_000


class Sky:
    """What lies between kiosks and server, and the clock of all."""

    def __init__(self, ingest: Ingest) -> None:
        self.boot_id = uuid4()
        self.random: Random
        self.now_ms = time_ns() // 1_000_000
        self._ingest = ingest
        self._kiosks: dict[str, Deliverer] = {}
        self._flying: list[tuple[int, int, str, bytes]] = []
        self._sent = 0
        self.is_calm = False

    def moment(self) -> Moment:
        """Give the present moment."""
        return Moment(self.now_ms, self.now_ms, trusted=True)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Let a message arrive never, once or several times, some time."""
        del retain
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

    def _arrive(self, topic: str, payload: bytes) -> None:
        if topic in self._kiosks:
            self._kiosks[topic].acknowledged(wire.decode(payload, wire.Ack))
            return
        for reply in self._ingest.handle(topic, payload, self.now_ms):
            if reply.topic in self._kiosks:
                self.publish(reply.topic, reply.payload)


def run(rounds: int, done: Callable[[int], None]) -> Row:
    """Let three kiosks vote under such a sky, and give them an hour without weather at the end."""
    with Centre() as centre, ExitStack() as stack:
        sky = Sky(Ingest(centre.engine, settings=lambda _connection, _kiosk: None))
        with round_of(NAME, 0) as sky.random:
            for kiosk in centre.add_kiosks(KIOSKS):
                outbox = stack.enter_context(Outbox(kiosk.folder))
                ledger = stack.enter_context(Ledger(kiosk.folder / FILE))
                sender, spread = Sender(kiosk.id, SOFTWARE), lambda most: sky.random.uniform(0, most)
                deliverer = Deliverer(
                    sender, outbox=outbox, ledger=ledger, transport=sky, clock=sky, new_epoch=id_maker(sky), spread=spread
                )
                sky.add(kiosk.id, deliverer)
        for number in range(rounds):
            with round_of(NAME, number) as sky.random:
                for kiosk in centre.kiosks:
                    kiosk.vote(sky.random, sky.random.randrange(1, 6))
                sky.pass_ms(ROUND_MS)
            done(number + 1)
        sky.is_calm = True
        waited_ms = 0
        while waited_ms < DRAIN_MS and any(kiosk.undelivered() for kiosk in centre.kiosks):
            sky.pass_ms(ROUND_MS)
            waited_ms += ROUND_MS
        return count(centre).row(NAME, rounds)


FAULTS: Final = (Fault(name=NAME, test=60, usual=1500, full=100_000, run=run),)
