"""A message as it came, how a batch in it is read, and what it is answered or noted with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from feedback.wire import (
    Ack,
    Batch,
    WireError,
    ack_topic,
    batch_topic,
    command_topic,
    day_keys_topic,
    decode,
    diagnostics_topic,
    encode,
    hello_topic,
    notice_topic,
    renewal_topic,
    result_topic,
    settings_topic,
    split_topic,
    state_topic,
)
from server.ingest import store
from server.ingest.chain import MAX_SEQ
from server.ingest.quarantine import Note, Reason
from server.ingest.tickets import without_ticket_boxes

if TYPE_CHECKING:
    from uuid import UUID

    from server.ingest.work import Work


_RETAINED: Final = (
    settings_topic,
    notice_topic,
    day_keys_topic,
    command_topic,
    renewal_topic,
    state_topic,
    batch_topic,
    hello_topic,
    result_topic,
    diagnostics_topic,
)
_CLOCKS: Final = (re.compile(rb'"now":\{[^{}]*\}'), re.compile(rb'"historical":(?:true|false)'))


@dataclass(frozen=True, slots=True)
class Message:
    """What came, and when. `counted_ms` is when it counts as received, where that is later."""

    topic: str
    payload: bytes
    received_ms: int
    counted_ms: int = 0

    @property
    def kiosk(self) -> str | None:
        """The kiosk whose topic it came on; None where the topic is no kiosk's."""
        try:
            return split_topic(self.topic)[0]
        except WireError:
            return None


@dataclass(frozen=True, slots=True)
class Reply:
    """What to publish, and with which QoS: 0 for what the kiosk asks for again when it does not come."""

    topic: str
    payload: bytes
    retain: bool = False
    qos: int = 1


def take_back(kiosk: str) -> list[Reply]:
    """Take everything off the broker that may be retained of a kiosk, also what it should not have had retained."""
    return [Reply(topic(kiosk), b"", retain=True) for topic in _RETAINED]


def read_batch(payload: bytes) -> Batch:
    """Decode a batch.

    Raises:
        WireError: malformed, or with numbers that no log has.
    """
    batch = decode(payload, Batch)
    if batch.first_seq > MAX_SEQ:
        raise WireError(f"first_seq {batch.first_seq} is out of range")
    return batch


def readable_batch(message: Message) -> Batch | None:
    """Give the batch in a message; None where there is none that can be read."""
    try:
        return read_batch(message.payload) if message.topic.endswith("/batch") else None
    except WireError:
        return None


def ack_of(work: Work, kiosk: str, epoch: UUID, *, error: Reason | None = None) -> Ack:
    """Say how far an epoch is durable."""
    mark = store.read_mark(work.connection, kiosk, epoch)
    said = None if error is None else str(error)
    return Ack(epoch=epoch, seq=mark.seq, head=mark.head.hex(), generation=work.generation_of(kiosk), error=said)


def reply_ack(kiosk: str, ack: Ack) -> Reply:
    """Send an acknowledgement to its kiosk."""
    return Reply(ack_topic(kiosk), encode(ack), qos=0)


def note_of(message: Message, reason: Reason, detail: str) -> Note:
    """Describe a message for the quarantine: sent again at another time it is the same one, also where it cannot be decoded."""
    payload = same_as = without_ticket_boxes(message.payload)
    for said in _CLOCKS:
        same_as = said.sub(b"", same_as, count=1)
    at_ms = message.received_ms
    return Note(reason=reason, detail=detail, topic=message.topic, kiosk=message.kiosk, payload=payload, received_ms=at_ms, same_as=same_as)
