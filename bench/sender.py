"""A kiosk that makes votes and batches out of nothing, and a centre for it to belong to."""

from __future__ import annotations

from os import urandom
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import msgspec

from feedback.records import AnyRecord, Channel, Context, Input, Moment, Vote, chain, encode_body, genesis, new_id
from feedback.wire import Batch, Now, encode
from kiosk.sync.outbox import Slice

if TYPE_CHECKING:
    from collections.abc import Iterator

CENTRE: Final = "format: 1\ncentre: C\nsites: [{key: s, name: S}]\ndesks: [{key: d, site: s, number: 1}]\n"
START_MS: Final = 1_760_000_000_000
RECEIVED_MS: Final = START_MS + 10**9
"""When the batches are sent and taken in."""


class Sender:
    """Makes the records of one kiosk, `each` to a batch. The very first is a context, all others are votes."""

    def __init__(self, each: int) -> None:
        self.epoch, self.boot = uuid4(), uuid4()
        self.seq, self.head = 0, genesis(self.epoch)
        self._each = each
        self._made = 0

    def slices(self, count: int) -> Iterator[Slice]:
        """Give what the next `count` batches hold, as the outbox of a kiosk would."""
        for _ in range(count):
            part = Slice(self.epoch, self.seq + 1, self.head, tuple(encode_body(self._record()) for _ in range(self._each)), {})
            self.head = chain(self.head, self.seq + 1, part.bodies)[-1]
            self.seq += self._each
            yield part

    def batches(self, count: int) -> Iterator[bytes]:
        """Give the next `count` batches, encoded."""
        for part in self.slices(count):
            now = Now(self.boot, Moment(RECEIVED_MS - START_MS, RECEIVED_MS, trusted=True))
            records = [msgspec.Raw(body) for body in part.bodies]
            yield encode(Batch(part.epoch, part.first_seq, part.prev.hex(), now, historical=True, records=records))

    def _record(self) -> AnyRecord:
        self._made += 1
        at = Moment(self._made * 1000, START_MS + self._made * 1000, trusted=True)
        number = new_id(at.wall_ms, urandom(10))
        if self._made == 1:
            return Context(number, at, 1, self.boot, "bench", "default", 1)
        visit = new_id(at.wall_ms, urandom(10))
        return Vote(number, at, visit, 1, "service", "good", "d", None, Channel.KIOSK, Input.TOUCH, "uk", repeat=False)
