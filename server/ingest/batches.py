"""Stores a batch: the records themselves, then what they mean. All of it in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from feedback.questionnaire import ANSWERS
from feedback.records import Context, DeskChoice, RecordError, VisitEnd, Vote
from feedback.wire import Ack
from server.db.schema import NO_DESK
from server.fleet.states import record_last_vote
from server.ingest import store
from server.ingest.chain import FORK, judge
from server.ingest.quarantine import Note, Reason
from server.ingest.rows import Arrival, Place, kind_of, read_body, vote_row
from server.ingest.times import best_time
from server.ratings.rollups import Deltas

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection

    from feedback.records import AnyRecord
    from feedback.wire import Batch
    from server.ingest.rows import StoredContext, VoteRow


@dataclass(slots=True, kw_only=True)
class Work:
    """One transaction: what it knows, and what it writes at its end."""

    connection: Connection
    generation: str
    zone: ZoneInfo
    sites: dict[str, int]  # of the kiosks that are held
    deltas: Deltas = field(default_factory=Deltas)
    notes: list[Note] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A batch, and how it came."""

    kiosk: str
    topic: str
    batch: Batch
    received_ms: int

    def note(self, reason: Reason, detail: str, body: bytes) -> Note:
        """Describe one of its records for the quarantine."""
        return Note(reason=reason, detail=detail, topic=self.topic, kiosk=self.kiosk, payload=body, received_ms=self.received_ms)


def take_batch(work: Work, delivery: Delivery) -> Ack:
    """Store what is new in a batch and say how far its epoch is durable."""
    connection, kiosk, epoch = work.connection, delivery.kiosk, delivery.batch.epoch
    verdict = judge(delivery.batch, store.read_mark(connection, kiosk, epoch))
    forked = verdict.forked or (verdict.behind and not _all_there(connection, delivery.batch.bodies))
    if verdict.fresh:
        first_seq = verdict.mark.seq - len(verdict.fresh) + 1
        new = _keep_records(work, delivery, first_seq, verdict.fresh)
        _draw_out(work, delivery, new)
        store.write_mark(connection, kiosk, epoch, verdict.mark, delivery.received_ms)
    error = FORK if forked else None
    return Ack(epoch=epoch, seq=verdict.mark.seq, head=verdict.mark.head.hex(), generation=work.generation, error=error)


def _all_there(connection: Connection, bodies: Sequence[bytes]) -> bool:
    ids = {record.id for record in map(_try_body, bodies) if not isinstance(record, RecordError)}
    return len(store.stored_records(connection, ids)) == len(ids)


def _try_body(body: bytes) -> AnyRecord | RecordError:
    try:
        return read_body(body)
    except RecordError as error:
        return error


def _keep_records(work: Work, delivery: Delivery, first_seq: int, bodies: Sequence[bytes]) -> list[tuple[AnyRecord, bytes]]:
    """Store records byte for byte; give those that are new, in their order. What cannot be stored goes to the quarantine."""
    kiosk, epoch, received_ms = delivery.kiosk, delivery.batch.epoch, delivery.received_ms
    rows: dict[UUID, store.RecordRow] = {}
    new: dict[UUID, AnyRecord] = {}
    again = []
    for seq, body in enumerate(bodies, first_seq):
        record = _try_body(body)
        if isinstance(record, RecordError):
            work.notes.append(delivery.note(Reason.UNDECODABLE, record.reason, body))
        elif record.id in rows:
            again.append((record.id, store.StoredRecord(kiosk, rows[record.id].body), body))
        else:
            rows[record.id] = store.RecordRow(record.id, kiosk, epoch, seq, kind_of(record), body, received_ms)
            new[record.id] = record
    there = store.insert_records(work.connection, list(rows.values())) if rows else {}
    for id_, stored, body in chain(again, ((id_, stored, rows[id_].body) for id_, stored in there.items())):
        if stored.kiosk != kiosk:
            work.notes.append(delivery.note(Reason.FOREIGN, f"record {id_} is {stored.kiosk}'s", body))
        elif stored.body != body:
            work.notes.append(delivery.note(Reason.CONFLICT, f"record {id_} is there with another content; the first is kept", body))
    return [(record, rows[id_].body) for id_, record in new.items() if id_ not in there]


def _draw_out(work: Work, delivery: Delivery, new: Sequence[tuple[AnyRecord, bytes]]) -> None:
    """Fill the tables that give records their meaning."""
    contexts = _contexts(work, delivery, new)
    keys = {record.desk for record, _ in new if isinstance(record, Vote | DeskChoice) and record.desk is not None}
    desks = store.read_desks(work.connection, keys)
    _count_votes(work, delivery, _vote_rows(work, delivery, new, contexts, desks))
    _choose_desks(work, delivery, new, desks)
    ends = []
    for record, _ in new:
        if isinstance(record, VisitEnd):
            context = contexts.get(record.context)
            at_ms, _quality = best_time(record.at, context.boot_id if context else None, delivery.batch.now, delivery.received_ms)
            ends.append(store.EndRow(record.visit, delivery.kiosk, str(record.outcome), record.extra_presses, at_ms))
    store.insert_visit_ends(work.connection, ends)


def _contexts(work: Work, delivery: Delivery, new: Sequence[tuple[AnyRecord, bytes]]) -> dict[int, StoredContext]:
    """Store new contexts and give every one that the new records name."""
    said = [(record, body) for record, body in new if isinstance(record, Context)]
    store.insert_contexts(work.connection, delivery.kiosk, [record for record, _ in said])
    numbers = {record.number if isinstance(record, Context) else record.context for record, _ in new}
    contexts = store.read_contexts(work.connection, delivery.kiosk, numbers)
    for record, body in said:
        if contexts[record.number].id != record.id:
            work.notes.append(delivery.note(Reason.CONFLICT, f"context {record.number} is taken by {contexts[record.number].id}", body))
    return contexts


def _vote_rows(
    work: Work,
    delivery: Delivery,
    new: Sequence[tuple[AnyRecord, bytes]],
    contexts: dict[int, StoredContext],
    desks: dict[str, store.Desk],
) -> list[VoteRow]:
    services = store.read_services(work.connection, {record.service for record, _ in new if isinstance(record, Vote) and record.service})
    nowhere = store.Desk(NO_DESK, work.sites[delivery.kiosk])
    arrival = Arrival(delivery.kiosk, delivery.batch.now, delivery.received_ms, work.zone)
    rows = []
    for record, body in new:
        if not isinstance(record, Vote):
            continue
        context = contexts.get(record.context)
        if context is None:
            work.notes.append(delivery.note(Reason.UNKNOWN_CONTEXT, f"vote {record.id} names context {record.context}", body))
        elif record.answer not in ANSWERS:
            work.notes.append(delivery.note(Reason.UNKNOWN_ANSWER, f"vote {record.id} answers {record.answer!r}", body))
        else:
            if record.desk is not None and record.desk not in desks:
                work.notes.append(delivery.note(Reason.UNKNOWN_DESK, f"vote {record.id} names desk {record.desk!r}", body))
            desk = desks.get(record.desk or "", nowhere)
            place = Place(desk.site_id, desk.id, services.get(record.service or ""))
            rows.append(vote_row(record, context, place, arrival))
    return rows


def _count_votes(work: Work, delivery: Delivery, rows: Sequence[VoteRow]) -> None:
    if not rows:
        return
    store.insert_votes(work.connection, rows)
    for row in rows:
        work.deltas.add(row)
    record_last_vote(work.connection, delivery.kiosk, max(row.at_ms for row in rows))


def _choose_desks(work: Work, delivery: Delivery, new: Sequence[tuple[AnyRecord, bytes]], desks: dict[str, store.Desk]) -> None:
    """Move votes that name no desk to the one that their visitor named afterwards."""
    for record, body in new:
        if not isinstance(record, DeskChoice) or record.desk is None:
            continue
        desk = desks.get(record.desk)
        if desk is None:
            work.notes.append(delivery.note(Reason.UNKNOWN_DESK, f"choice {record.id} names desk {record.desk!r}", body))
            continue
        for row in store.move_votes(work.connection, delivery.kiosk, record.visit, desk):
            work.deltas.add(row, sign=-1)
            work.deltas.add(row._replace(desk_id=desk.id, site_id=desk.site_id))
