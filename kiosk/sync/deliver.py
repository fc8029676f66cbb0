"""The delivery itself: what is there goes at once, one batch in flight, until the server says that it has it durably.

Only an acknowledgement whose head equals our own chain hash counts. It opens no connection and has no thread; `step` does
what is due and says in how many seconds it wants to be called again at the latest.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from feedback import wire
from feedback.records import RecordError, decode_body
from kiosk.errors import Fault
from kiosk.sync.care import Care
from kiosk.sync.delivery import CONNECTED, FAULTS, Fork
from kiosk.sync.looking import faults_of_log, see_to_look

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from feedback.records import Moment
    from kiosk.clock import Clock
    from kiosk.sync.delivery import Ledger
    from kiosk.sync.outbox import Epoch, Outbox, Slice

log = logging.getLogger(__name__)

ANSWER_S: Final = 2.0
"""How long an answer is waited for at first; afterwards twice as long as the last one took, where that is longer."""
BACK_OFF_S: Final = 60.0
POLL_S: Final = 1.0
HELLO_S: Final = 60.0
"""How long the answer to a Hello is waited for before it is said again; batches do not wait for it."""
HISTORICAL_S: Final = 15 * 60
_MOST_TOLD: Final = 500
"""Of so many epochs a Hello tells, the newest: more would not fit into a packet."""


class Transport(Protocol):
    """The way to the server."""

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Send a message if connected; it MAY be lost, doubled or late."""


class Sender(msgspec.Struct, frozen=True):
    """Who delivers: the kiosk's id and its software."""

    kiosk: str
    software: str


class Deliverer:
    """Brings the log to the server."""

    def __init__(  # noqa: PLR0913 - its whole world is injected
        self,
        sender: Sender,
        *,
        outbox: Outbox,
        ledger: Ledger,
        transport: Transport,
        clock: Clock,
        new_epoch: Callable[[], UUID],
        spread: Callable[[float], float],
    ) -> None:
        """`spread` gives a random number between 0 and its argument, the full jitter of the back-off."""
        self._sender = sender
        self._outbox = outbox
        self._ledger = ledger
        self._transport = transport
        self._clock = clock
        self._new_epoch = new_epoch
        self._spread = spread
        self._connected = False
        self._server_online = True
        self._hello_is_due = False
        self._hello_again_at_ms: int | None = None
        """When the Hello is said again that nothing has answered yet."""
        self._awaits_welcome = False
        """Whether nothing is sent until the server has said where it stands, for records may name a context of an epoch before theirs."""
        self._is_in_doubt = False
        """Whether the server may be an older copy of itself: it said less than before, or named a generation that is over."""
        self._care = Care()
        self._in_flight: Slice | None = None
        self._sent_ms = 0
        self._again_at_ms = 0
        self._answer_s = ANSWER_S
        self._tries = 0
        self._refused = False

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong with the delivery."""
        wrong = {Fault.SERVER_REFUSED: self._refused, Fault.LOG_FORKED: self._ledger.fork is not None}
        return (*(fault for fault, is_so in wrong.items() if is_so), *faults_of_log(self._outbox))

    def depth(self) -> int:
        """Give the number of records that the server is not known to have."""
        return sum(max(0, epoch.last - max(self._ledger.mark(epoch.id), epoch.first - 1)) for epoch in self._outbox.epochs())

    def connected(self) -> None:
        """There is a way to the server, so say where the log stands."""
        self._connected = self._hello_is_due = self._server_online = True
        self._answer_s = ANSWER_S
        self._forget_flight()

    def disconnected(self) -> None:
        """There is none."""
        self._connected = self._awaits_welcome = False
        self._hello_again_at_ms = None
        self._forget_flight()

    def server_said(self, state: wire.ServerState) -> None:
        """The server takes batches, or pauses them."""
        self._hello_is_due = state.online and (self._hello_is_due or not self._server_online)
        self._server_online = state.online
        self._forget_flight()

    def acknowledged(self, ack: wire.Ack) -> None:
        """The server says up to where it has an epoch."""
        if ack.error:
            log.warning("the server refused something: %s", ack.error)
            self._refused = True
        if ack.error == wire.UNDECODABLE and self._in_flight is not None and self._care.take(self._in_flight):
            self._forget_flight()
        epochs = self._epochs()
        epoch = next((epoch for epoch in epochs if epoch.id == ack.epoch), None)
        if epoch is None or self._ledger.fork is not None:
            return
        if self._ledger.is_past(ack.generation):
            self._is_in_doubt = True
            return
        own = self._outbox.hash_at(epoch.id, ack.seq)
        if ack.epoch == epochs[-1].id:
            self._awaits_welcome, self._hello_again_at_ms = False, None
        if self._has_lost_ground(ack, epoch, epochs):
            self._begin_anew(ack, epochs)
        elif ack.seq < epoch.pruned:
            self._is_in_doubt = True
        elif own is not None and own.hex() == ack.head:
            self._agree(ack)
        elif own is not None or (ack.seq > epoch.last and (epoch == epochs[-1] or self._ledger.mark(epoch.id) < epoch.last)):
            self._part_ways(ack, epochs)

    def step(self) -> float:
        """Do what is due."""
        epochs = self._epochs()
        see_to_look(self._outbox, self._ledger)
        if not self._connected or not epochs:
            return POLL_S
        now_ms = self._clock.moment().boottime_ms
        unheard = self._awaits_welcome or (self._is_in_doubt and self._in_flight is not None)
        is_lost = self._server_online and self._hello_again_at_ms is not None and now_ms >= self._hello_again_at_ms
        if self._hello_is_due or is_lost or (unheard and now_ms >= self._again_at_ms):
            self._say_hello(epochs)
        if not self._server_online or self._waits_for_fork(epochs) or self._awaits_welcome:
            return POLL_S
        if self._in_flight is None or now_ms >= self._again_at_ms:
            self._in_flight = self._next_slice(epochs)
            if self._in_flight is None:
                return POLL_S
            self._send(self._in_flight)
        return min(POLL_S, (self._again_at_ms - now_ms) / 1000)

    def let_ui_know(self) -> None:
        """Note for the technician's menu how the delivery is; a full disk may keep the note from being new."""
        with suppress(sqlite3.OperationalError):
            self._ledger.note(CONNECTED, "yes" if self._connected else "no")
            self._ledger.note(FAULTS, ",".join(self.faults))

    def _epochs(self) -> list[Epoch]:
        """Give the epochs that are this kiosk's to deliver, oldest first."""
        left = self._ledger.left()
        return [epoch for epoch in self._outbox.epochs() if epoch.id not in left]

    def _agree(self, ack: wire.Ack) -> None:
        took_s = None if self._in_flight is None else (self._clock.moment().boottime_ms - self._sent_ms) / 1000
        if ack.generation != self._ledger.generation:
            self._ledger.begin_generation(ack.generation)
            self._forget_flight()
        mark = self._ledger.mark(ack.epoch)
        if ack.seq <= mark:
            self._is_in_doubt |= ack.seq < mark
            return
        self._ledger.set_mark(ack.epoch, ack.seq, ack.head)
        self._is_in_doubt = False
        self._refused = ack.error is not None
        if took_s is not None:  # copies sent to a busy server only make it busier
            self._answer_s = min(BACK_OFF_S, max(ANSWER_S, 2 * took_s))
        self._forget_flight()

    def _has_lost_ground(self, ack: wire.Ack, epoch: Epoch, epochs: list[Epoch]) -> bool:
        """Whether the server no longer has what is pruned here, or perhaps not the contexts of an epoch of which nothing else is kept."""
        is_new = ack.generation != self._ledger.generation
        if ack.seq < epoch.pruned:
            return (is_new or self._ledger.mark(epoch.id) < epoch.pruned) and self._outbox.holds(epoch.id)
        return is_new and any(past.pruned == past.last > 0 and past != epoch and self._outbox.holds(past.id) for past in epochs)

    def _begin_anew(self, ack: wire.Ack, epochs: list[Epoch]) -> None:
        """Let a server that has forgotten go on: in a new epoch without a gap, with everything that is kept."""
        log.warning("the server has %s only up to %s, and more is pruned here; asking for a new epoch", ack.epoch, ack.seq)
        if ack.generation != self._ledger.generation:
            self._ledger.begin_generation(ack.generation)
        self._ledger.request_fork(Fork(epochs[0].id, 0, self._new_epoch()))
        self._forget_flight()

    def _part_ways(self, ack: wire.Ack, epochs: list[Epoch]) -> None:
        is_known = ack.generation == self._ledger.generation
        agreed = self._agreed(ack.epoch) if is_known else 0
        begins_at = ack.epoch if is_known or not any(epoch.pruned for epoch in epochs) else epochs[0].id  # its contexts may be named later
        fork = Fork(begins_at, agreed, self._new_epoch())
        log.warning("the server has other records at %s of %s; asking for a new epoch after %s", ack.seq, ack.epoch, agreed)
        self._ledger.request_fork(fork)
        self._forget_flight()

    def _agreed(self, epoch: UUID) -> int:
        """The last mark on which both agree: none where the log no longer holds what was delivered then, as after a restored card."""
        mark = self._ledger.mark(epoch)
        own = self._outbox.hash_at(epoch, mark)
        return mark if own is not None and own.hex() == self._ledger.head(epoch) else 0

    def _waits_for_fork(self, epochs: list[Epoch]) -> bool:
        fork = self._ledger.fork
        if fork is None:
            return False
        known = {epoch.id for epoch in epochs}
        if fork.into in known or fork.epoch not in known:
            self._ledger.fork_is_done()
            return False
        return True

    def _next_slice(self, epochs: list[Epoch]) -> Slice | None:
        for epoch in epochs:
            mark = max(self._ledger.mark(epoch.id), epoch.first - 1)
            if mark < epoch.last:
                return self._outbox.slice_after(epoch.id, mark, self._care.most_after(epoch.id, mark))
        return None

    def _send(self, part: Slice) -> None:
        now = wire.Now(self._clock.boot_id, self._clock.moment())
        records = [msgspec.Raw(body) for body in part.bodies]
        batch = wire.Batch(part.epoch, part.first_seq, part.prev.hex(), now, _is_historical(part.bodies[0], now.at), records, part.sealed)
        if self._care.is_opaque(part):
            batch = msgspec.structs.replace(batch, records=[], opaque=part.bodies[0])
        self._transport.publish(wire.batch_topic(self._sender.kiosk), wire.encode(batch))
        self._expect_answer(now.at)

    def _expect_answer(self, now: Moment) -> None:
        if self._tries == 0:
            self._sent_ms = now.boottime_ms
        back_off_s = self._spread(min(BACK_OFF_S, ANSWER_S * 2**self._tries)) if self._tries else 0.0
        self._again_at_ms = now.boottime_ms + round((self._answer_s + back_off_s) * 1000)
        self._tries = min(self._tries + 1, 16)

    def _say_hello(self, epochs: list[Epoch]) -> None:
        now = wire.Now(self._clock.boot_id, self._clock.moment())
        epoch, acked = epochs[-1], self._ledger.mark(epochs[-1].id)
        told = epochs[-_MOST_TOLD:]
        pruned = {past.id: past.pruned for past in told if past.pruned} or msgspec.UNSET
        marks = {past.id: mark for past in told if (mark := self._ledger.mark(past.id))} or msgspec.UNSET
        hello = wire.Hello(
            epoch.id, epoch.last, acked, epoch.first, now, self._sender.software, self._ledger.generation, pruned=pruned, marks=marks
        )
        self._transport.publish(wire.hello_topic(self._sender.kiosk), wire.encode(hello))
        self._hello_is_due = self._is_in_doubt = False
        self._hello_again_at_ms = now.at.boottime_ms + round(HELLO_S * 1000)
        self._awaits_welcome = len(epochs) > 1
        if self._awaits_welcome:
            self._expect_answer(now.at)

    def _forget_flight(self) -> None:
        self._in_flight, self._tries = None, 0


def _is_historical(body: bytes, now: Moment) -> bool:
    """Whether a record is old as far as is known: CLOCK_BOOTTIME cannot tell across boots, and the wall clock may be wrong."""
    try:
        at = decode_body(body).at
    except RecordError:
        return False
    return now.wall_ms - at.wall_ms > HISTORICAL_S * 1000 or not 0 <= now.boottime_ms - at.boottime_ms <= HISTORICAL_S * 1000
