"""Stores a batch: the records themselves, byte for byte. What they mean is drawn out of them in the same transaction."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from feedback.records import Context, RecordError, Vote
from feedback.wire import Ack
from server.fleet.clones import Heard, Kind
from server.ingest import store
from server.ingest.chain import FORK, judge
from server.ingest.dating import date_records
from server.ingest.meaning import draw_out, take_contexts
from server.ingest.quarantine import Reason
from server.ingest.rows import Arrival, kind_of, read_body
from server.ingest.tally import BatchOutcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy import Connection

    from feedback.records import AnyRecord
    from server.ingest.chain import Verdict
    from server.ingest.rows import New
    from server.ingest.work import Delivery, Work


def take_batch(work: Work, delivery: Delivery) -> Ack:
    """Store what is new in a batch and say how far its epoch is durable."""
    connection, kiosk, epoch = work.connection, delivery.kiosk, delivery.batch.epoch
    mark, trail = store.read_trail(connection, kiosk, epoch)
    verdict = judge(delivery.batch, mark)
    forked = verdict.forked or (verdict.behind and not _all_there(connection, delivery.batch.bodies))
    stored = 0
    if verdict.fresh:
        first_seq = verdict.mark.seq - len(verdict.fresh) + 1
        walked, new = _keep_records(work, delivery, first_seq, verdict)
        stored = len(new)
        work.tally.votes += sum(isinstance(record, Vote) for record, _ in new)
        contexts = take_contexts(work, delivery, new, walked)
        times, trail = date_records(work, delivery, trail, walked, contexts)
        draw_out(work, delivery, new, contexts, Arrival(kiosk, times, delivery.received_ms, work.zone))
        store.write_mark(connection, kiosk, epoch, verdict.mark, delivery.received_ms, trail)
        work.heard.append(Heard(kiosk, Kind.EPOCH, epoch, delivery.received_ms, work.generation_of(kiosk)))
    _count(work, delivery, verdict, stored, forked=forked)
    if forked:
        work.heard.append(Heard(kiosk, Kind.FORK, epoch, delivery.received_ms))
    error = FORK if forked else None
    return Ack(epoch=epoch, seq=verdict.mark.seq, head=verdict.mark.head.hex(), generation=work.generation_of(kiosk), error=error)


def _count(work: Work, delivery: Delivery, verdict: Verdict, stored: int, *, forked: bool) -> None:
    """Count a batch and its records for whoever watches."""
    batch, tally = delivery.batch, work.tally
    is_gap = not (verdict.fresh or forked or verdict.behind) and batch.first_seq > verdict.mark.seq + 1
    outcome = BatchOutcome.FORKED if forked else BatchOutcome.GAP if is_gap else BatchOutcome.NEW if stored else BatchOutcome.AGAIN
    tally.batch(outcome, batch.now)
    tally.records += stored
    tally.again += 0 if forked or is_gap else len(batch.bodies) - stored


def _all_there(connection: Connection, bodies: Sequence[bytes]) -> bool:
    ids = {record.id for record in map(try_body, bodies) if not isinstance(record, RecordError)}
    return len(store.stored_records(connection, ids)) == len(ids)


def try_body(body: bytes) -> AnyRecord | RecordError:
    """Decode a body, or say what is wrong with it."""
    try:
        return read_body(body)
    except RecordError as error:
        return error


def _keep_records(work: Work, delivery: Delivery, first_seq: int, verdict: Verdict) -> tuple[list[AnyRecord], New]:
    """Store records byte for byte; give all that can be read, and those that are new. What cannot be stored goes to the quarantine."""
    kiosk, epoch, received_ms = delivery.kiosk, delivery.batch.epoch, delivery.received_ms
    rows: dict[UUID, store.RecordRow] = {}
    new: dict[UUID, AnyRecord] = {}
    walked: list[AnyRecord] = []
    again, places = [], []
    heads = dict(enumerate(verdict.heads, first_seq))
    for seq, (body, head) in enumerate(zip(verdict.fresh, verdict.heads, strict=True), first_seq):
        record = try_body(body)
        if isinstance(record, RecordError):
            work.notes.append(delivery.note(Reason.UNDECODABLE, record.reason, body))
            places.append(store.PlaceRow(kiosk, epoch, seq, None, body, head))
            continue
        walked.append(record)
        row = store.RecordRow(record.id, kiosk, epoch, seq, kind_of(record), body, received_ms, head)
        if record.id in rows:
            again.append((row, store.StoredRecord(kiosk, rows[record.id].body)))
        else:
            rows[record.id], new[record.id] = row, record
    there = store.insert_records(work.connection, list(rows.values())) if rows else {}
    for row, stored in chain(again, ((rows[id_], stored) for id_, stored in there.items())):
        is_same, body, id_ = stored.body == row.body, row.body, row.id
        places.append(store.PlaceRow(kiosk, epoch, row.seq, id_ if is_same else None, None if is_same else body, heads[row.seq]))
        if stored.kiosk != kiosk:
            work.notes.append(delivery.note(Reason.FOREIGN, f"record {id_} is {stored.kiosk}'s", body))
            said = new.get(id_)
            if is_same and isinstance(said, Context):  # a kiosk that had another id may have none of its own
                store.insert_contexts(work.connection, kiosk, [said])
        elif not is_same:
            work.notes.append(delivery.note(Reason.CONFLICT, f"record {id_} is there with another content; the first is kept", body))
    store.insert_places(work.connection, places)
    return walked, [(record, rows[id_].body) for id_, record in new.items() if id_ not in there]
