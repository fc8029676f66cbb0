"""Takes in once what is kept in quarantine, when the reason why it is there is gone, or says why that cannot be.

Chains and marks are left as they are: what was sent has its place there since it came. What is taken in is a record outside every chain,
received on the day of the replay, whose root it is under; it counts where and when it was made, as far as that can be known now.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from feedback.records import Answer, DeskChoice, Moment, RecordError, Sealed, TicketScan, Vote
from feedback.wire import Batch, Now
from server.audit.acts import Act
from server.audit.log import note
from server.db.engine import reading, writing
from server.db.locks import begin_taking_in
from server.db.schema import NO_EPOCH, quarantine, sealed
from server.errors import DatabaseUnavailableError
from server.ingest import store, visits
from server.ingest.batches import try_body
from server.ingest.dating import boot_of
from server.ingest.kept import Content, Refused, content_of
from server.ingest.meaning import draw_out, name_desks, take_contexts
from server.ingest.quarantine import Reason, find, keep
from server.ingest.rows import Arrival, kind_of, of_kind
from server.ingest.settling import settle
from server.ingest.trail import Trail, follow
from server.ingest.work import Delivery, Work
from server.queue.problems import N_

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Engine

    from feedback.records import AnyRecord
    from server.audit.log import Actor
    from server.ingest.quarantine import Kept
    from server.ingest.rows import New, StoredContext

log = logging.getLogger(__name__)

NO_NUMBER: Final = N_("There is no such number in quarantine.")
DONE: Final = N_("It was taken in before.")
NO_KIOSK: Final = N_("Its kiosk is not registered: add it again, and replay then.")
STILL: Final = N_("The reason why it is here has not gone:")
FAILED: Final = N_("It still cannot be stored:")
_NO_CLOCK: Final = Now(UUID(int=0), Moment(-1, 0, trusted=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What became of one number.

    `refused` says, for people, why nothing of it was taken in, and `detail` what the matter is; else `records` of it are new,
    `counted` is how many others are counted now or otherwise, and `left` how many parts of it are in quarantine under new numbers.
    """

    number: int
    refused: str = ""
    detail: str = ""
    records: int = 0
    counted: int = 0
    left: int = 0


def replay(engine: Engine, number: int, *, by: Actor, now_ms: int) -> Replayed:
    """Take in what is kept under a number; `by` is who asks for it.

    Raises:
        DatabaseUnavailableError: nothing was stored; do the same again later.
    """
    try:
        with writing(engine) as connection:
            return _replay(connection, number, by, now_ms)
    except Refused as refused:
        return Replayed(number=number, refused=refused.says, detail=refused.detail)
    except DatabaseUnavailableError:
        raise
    except Exception as error:  # it may be here because storing it fails in ways that nobody foresaw
        log.exception("number %d of the quarantine cannot be stored", number)
        return Replayed(number=number, refused=FAILED, detail=f"{type(error).__name__}: {error}"[:500])


def replay_all(engine: Engine, numbers: Sequence[int], *, by: Actor, now_ms: int) -> list[Replayed]:
    """Replay numbers in turn, those that are refused once more when others were taken in: they may have waited for one of them.

    Raises:
        DatabaseUnavailableError: what was not reached is as it was.
    """
    done = {number: replay(engine, number, by=by, now_ms=now_ms) for number in numbers}
    refused = [number for number, found in done.items() if found.refused]
    if len(refused) < len(done):
        done |= {number: replay(engine, number, by=by, now_ms=now_ms) for number in refused}
    return list(done.values())


def waiting(engine: Engine, *, kiosk: str | None = None, reason: str | None = None) -> list[int]:
    """Give the numbers of which something is missing still, the oldest first; of one kiosk, or of one reason."""
    query = select(quarantine.c.id).where(quarantine.c.replayed_ms.is_(None)).order_by(quarantine.c.id)
    if kiosk is not None:
        query = query.where(quarantine.c.kiosk == kiosk)
    if reason is not None:
        query = query.where(quarantine.c.reason == reason)
    with reading(engine) as connection:
        return list(connection.execute(query).scalars())


@dataclass(slots=True)
class _Sorted:
    """The records of a number: those that are new, those that are there, and what cannot be taken."""

    new: New = field(default_factory=list)
    there: New = field(default_factory=list)

    @property
    def records(self) -> list[AnyRecord]:
        """All that can be read."""
        return [record for record, _ in (*self.new, *self.there)]


def _replay(connection: Connection, number: int, by: Actor, now_ms: int) -> Replayed:
    begin_taking_in(connection)  # before the quarantine is read: who erases has the same order
    kept = find(connection, number)
    if kept is None:
        raise Refused(NO_NUMBER)
    held = store.hold_kiosks(connection, {kept.kiosk} if kept.kiosk else set())
    kept = find(connection, number, hold=True)  # once more, for another may have replayed it until we held its kiosk
    if kept is None or kept.replayed_ms is not None:
        raise Refused(DONE)
    content = content_of(kept)
    if kept.kiosk not in held:
        raise Refused(NO_KIOSK, kept.kiosk or "")
    server = store.read_server(connection)
    work = Work(
        connection=connection,
        generation=server.generation,
        zone=ZoneInfo(server.time_zone),
        open_since_ms=server.open_since_ms,
        kiosks=held,
        unseal=lambda _box: None,
    )
    received_ms = max(now_ms, work.open_since_ms)
    delivery = Delivery(
        kiosk=str(kept.kiosk),
        topic=kept.topic,
        batch=_as_batch(content),
        received_ms=received_ms,
        heard_ms=kept.received_ms,
        replayed=True,
    )
    found = _sort(work, delivery, content, number)
    counted = _draw(work, delivery, found, kept)
    settle(connection, work.touched, work.tokens, work.deltas)
    work.deltas.apply(connection)
    same = next((note for note in work.notes if note.digest == kept.digest), None)
    if same is not None or not found.records:
        raise Refused(STILL, same.detail if same else work.notes[0].detail)
    keep(connection, work.notes)
    done = update(quarantine).where(quarantine.c.id == number).values(replayed_ms=now_ms, replayed_by=by.account)
    connection.execute(done)
    note(connection, by, Act.QUARANTINE_REPLAYED, number, now_ms=now_ms, kiosk=kept.kiosk, records=len(found.new))
    return Replayed(number=number, records=len(found.new), counted=counted, left=len({note.digest for note in work.notes}))


def _as_batch(content: Content) -> Batch:
    return Batch(NO_EPOCH, 1, "0" * 64, content.now or _NO_CLOCK, historical=True, records=[], sealed=content.sealed)


def _sort(work: Work, delivery: Delivery, content: Content, number: int) -> _Sorted:
    """Store the records that are new, and tell them from those that are there; what cannot be taken is noted."""
    read: dict[UUID, tuple[AnyRecord, bytes]] = {}
    for body in content.bodies:
        record = try_body(body)
        if isinstance(record, RecordError):
            work.notes.append(delivery.note(Reason.UNDECODABLE, record.reason, body))
        elif read.setdefault(record.id, (record, body))[1] != body:
            work.notes.append(delivery.note(Reason.CONFLICT, f"record {record.id} is there with another content; the first is kept", body))
    rows = [
        store.RecordRow(id_, delivery.kiosk, NO_EPOCH, number, kind_of(record), body, delivery.received_ms, None)
        for id_, (record, body) in read.items()
    ]
    stored = store.insert_records(work.connection, rows)
    found = _Sorted()
    for id_, (record, body) in read.items():
        before = stored.get(id_)
        if before is None:
            found.new.append((record, body))
        elif before.kiosk != delivery.kiosk:
            work.notes.append(delivery.note(Reason.FOREIGN, f"record {id_} is {before.kiosk}'s", body))
        elif before.body != body:
            work.notes.append(delivery.note(Reason.CONFLICT, f"record {id_} is there with another content; the first is kept", body))
        else:
            found.there.append((record, body))
    return found


def _draw(work: Work, delivery: Delivery, found: _Sorted, kept: Kept) -> int:
    """Draw out what the records mean; give how many of those that were there are counted now or otherwise."""
    contexts = take_contexts(work, delivery, found.new, found.records)
    seen = [(boot_of(record, contexts), record.at) for record in found.records]
    trail = _trail_of(work, delivery, [boot for boot, _ in seen])
    times = follow(trail, seen, delivery.batch.now, kept.received_ms).times
    arrival = Arrival(delivery.kiosk, dict(zip((one.id for one in found.records), times, strict=True)), delivery.received_ms, work.zone)
    answering = [(record, body) for record, body in found.there if isinstance(record, Vote | Answer)]
    there = visits.counted_records(work.connection, [record.id for record, _ in answering])
    missing = [(record, body) for record, body in answering if record.id not in there]
    draw_out(work, delivery, [*found.new, *missing], contexts, arrival)
    named: New = [
        (record, body)
        for record, body in found.there
        if isinstance(record, DeskChoice | TicketScan) or (isinstance(record, Vote) and record.id in there)
    ]
    name_desks(work, delivery, named)
    return len(missing) + len(named) + _give_contexts(work, delivery, found, contexts)


def _trail_of(work: Work, delivery: Delivery, boots: Sequence[UUID | None]) -> Trail:
    """Give when the last of these boots was heard, where the kiosk's log tells it still."""
    trails = store.read_trails(work.connection, delivery.kiosk)
    pairs = [pair for trail in trails for pair in (trail.heard, trail.ahead) if pair is not None]
    return Trail(ahead=next((pair for boot in reversed(boots) for pair in pairs if pair.boot_id == boot), None))


def _give_contexts(work: Work, delivery: Delivery, found: _Sorted, contexts: Mapping[int, StoredContext]) -> int:
    """Let sealed words that are there belong to their questionnaires; give how many do now."""
    given = 0
    for record, body in of_kind(found.there, Sealed):
        context = contexts.get(record.context)
        if context is None:
            work.notes.append(delivery.note(Reason.UNKNOWN_CONTEXT, f"sealed {record.id} names context {record.context}", body))
            continue
        values = {"mode": context.mode, "questionnaire": context.questionnaire, "questionnaire_version": context.questionnaire_version}
        given += work.connection.execute(
            update(sealed).where(sealed.c.record == record.id, sealed.c.mode.is_(None)).values(values)
        ).rowcount
    return given
