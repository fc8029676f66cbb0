"""What becomes of a batch that cannot be read or stored: cut until one record is left, kept aside, and its kiosk goes on behind it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec

from feedback.records import RecordError, TicketScan, chain
from feedback.wire import encode
from server.ingest import store
from server.ingest.batches import try_body
from server.ingest.chain import judge
from server.ingest.messages import ack_of, readable_batch, reply_ack
from server.ingest.quarantine import Reason
from server.ingest.trail import follow

if TYPE_CHECKING:
    from server.ingest.messages import Message, Reply
    from server.ingest.work import Work

_NO_EPOCH: Final = UUID(int=0)


class _EpochOnly(msgspec.Struct):
    epoch: UUID


def halves_of(message: Message) -> list[Message]:
    """Cut a batch in two that say the same one after the other; nothing where it cannot be cut."""
    batch = readable_batch(message)
    if batch is None or len(batch.bodies) == 1:
        return []
    middle = len(batch.records) // 2
    hashes = chain(bytes.fromhex(batch.prev), batch.first_seq, batch.bodies[:middle])
    parts = (
        msgspec.structs.replace(batch, records=batch.records[:middle]),
        msgspec.structs.replace(batch, records=batch.records[middle:], first_seq=batch.first_seq + middle, prev=hashes[-1].hex()),
    )  # the boxes go with both halves: each takes those of its own records
    return [replace(message, payload=encode(part)) for part in parts]


def without_now(message: Message) -> Message:
    """Reduce a batch to its records and their boxes, but for those of tickets.

    It may come again, each time with another clock, and it is to be kept once.
    """
    batch = readable_batch(message)
    if batch is None:
        return message
    ids = {record.id for record in map(try_body, batch.bodies) if not isinstance(record, RecordError | TicketScan)}
    boxes = {str(id_): box for id_, box in batch.sealed.items() if id_ in ids}
    records = b"[" + b",".join(batch.bodies) + b"]"
    return replace(message, payload=records + (b"\n" + msgspec.json.encode(boxes, order="sorted") if boxes else b""))


def pass_by(work: Work, message: Message, kiosk: str) -> Reply:
    """Answer a record that is in quarantine because storing it fails: its kiosk goes on behind it."""
    batch = readable_batch(message)
    if batch is None:
        return refuse_batch(work, message, kiosk, Reason.REFUSED)
    mark, trail = store.read_trail(work.connection, kiosk, batch.epoch)
    verdict = judge(batch, mark)
    if verdict.fresh:
        first_seq = verdict.mark.seq - len(verdict.fresh) + 1
        passed = enumerate(zip(verdict.fresh, verdict.heads, strict=True), first_seq)
        store.insert_places(work.connection, [store.PlaceRow(kiosk, batch.epoch, seq, None, body, head) for seq, (body, head) in passed])
        heard = follow(trail, [], batch.now, message.received_ms).trail
        store.write_mark(work.connection, kiosk, batch.epoch, verdict.mark, message.received_ms, heard)
    return reply_ack(kiosk, ack_of(work, kiosk, batch.epoch, error=Reason.REFUSED))


def refuse_batch(work: Work, message: Message, kiosk: str, error: Reason) -> Reply:
    """Answer a batch that was set aside: with the mark of its epoch if that can be read, else of the kiosk's newest."""
    try:
        epoch = msgspec.json.decode(message.payload, type=_EpochOnly).epoch
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        epoch = store.newest_epoch(work.connection, kiosk) or _NO_EPOCH
    return reply_ack(kiosk, ack_of(work, kiosk, epoch, error=error))
