"""Dates the records of a batch, and those that came before it and could not be dated well then. All in the caller's transaction."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import and_, bindparam, delete, or_, select

from feedback.records import Context
from server.db.bulk import insert_rows, update_rows
from server.db.schema import answers, box_counts, calls, device_changes, records, sealed, selftests, undated, votes
from server.ingest.rows import AnswerRow, VoteRow
from server.ingest.times import TimeQuality, local
from server.ingest.trail import follow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from uuid import UUID
    from zoneinfo import ZoneInfo

    from feedback.records import AnyRecord
    from server.ingest.rows import StoredContext
    from server.ingest.times import Time
    from server.ingest.trail import Found, Trail
    from server.ingest.work import Delivery, Work

_EACH: Final = 5_000  # so that no statement has more parameters than a database takes
_GOOD: Final = frozenset({TimeQuality.EXACT.value, TimeQuality.CORRECTED.value})
_DATED_ONLY: Final = (sealed, calls, box_counts, device_changes, selftests)  # nothing is counted by their times


class _Undated(NamedTuple):
    """A row of `undated`, its fields named as the columns."""

    record: UUID
    kiosk: str
    epoch: UUID
    boot_id: UUID
    boottime_ms: int
    error_ms: int


# Made once: making a statement costs more than running it.
_AGAIN: Final = select(*(undated.c[name] for name in _Undated._fields)).where(
    undated.c.kiosk == bindparam("of_kiosk"),
    or_(
        undated.c.record.in_(bindparam("records", expanding=True)),
        and_(undated.c.epoch == bindparam("of_epoch"), undated.c.boot_id.in_(bindparam("boots", expanding=True))),
    ),
)
_VOTES: Final = select(*(votes.c[name] for name in VoteRow._fields)).where(votes.c.id.in_(bindparam("records", expanding=True)))
_ANSWERS: Final = select(*(answers.c[name] for name in AnswerRow._fields)).where(answers.c.record.in_(bindparam("records", expanding=True)))


def date_records(
    work: Work, delivery: Delivery, trail: Trail, walked: Sequence[AnyRecord], contexts: Mapping[int, StoredContext]
) -> tuple[dict[UUID, Time], Trail]:
    """Give the times of the records `walked`, which continue a log from where it had told `trail`, and what it has told with them."""
    boots = [boot_of(record, contexts) for record in walked]
    found = follow(trail, [(boot, record.at) for boot, record in zip(boots, walked, strict=True)], delivery.batch.now, delivery.heard_ms)
    times = {record.id: time for record, time in zip(walked, found.times, strict=True)}
    if trail.vague or found.trail.vague or any(time.quality != TimeQuality.EXACT for time in found.times):
        _date_again(work, delivery, found, times)
        _remember(work, delivery, found, zip(walked, boots, strict=True), times)
    return times, found.trail


def boot_of(record: AnyRecord, contexts: Mapping[int, StoredContext]) -> UUID | None:
    """Give the boot in which a record was made, None where its context is not known."""
    if isinstance(record, Context):
        return record.boot_id
    context = contexts.get(record.context)
    return None if context is None else context.boot_id


def _date_again(work: Work, delivery: Delivery, found: Found, times: Mapping[UUID, Time]) -> None:
    """Date what came before, from what is known now; what is dated as well as it will be is forgotten as undated."""
    wanted = {"of_kiosk": delivery.kiosk, "of_epoch": delivery.batch.epoch, "records": list(times), "boots": list(found.settled)}
    better: dict[UUID, Time] = {}
    done: list[UUID] = []
    for row in map(_Undated._make, work.connection.execute(_AGAIN, wanted)):
        span = found.settled.get(row.boot_id)
        time = times[row.record] if span is None else span.time_at(row.boottime_ms, delivery.heard_ms)
        if span is not None or time.error_ms < row.error_ms:  # all of a boot alike, so that their order stays
            better[row.record] = time
        if span is not None or time.quality in _GOOD:
            done.append(row.record)
    moves, ends = iter(better.items()), iter(done)
    while some := dict(islice(moves, _EACH)):
        _move(work, _possible(work, some))
    while over := list(islice(ends, _EACH)):
        work.connection.execute(delete(undated).where(undated.c.record.in_(over)))


def _possible(work: Work, better: Mapping[UUID, Time]) -> dict[UUID, Time]:
    """Hold times back at when the records had come: nothing was made after it was here, so they stay true within their errors."""
    r = records.c
    received = {row.id: row.received_ms for row in work.connection.execute(select(r.id, r.received_ms).where(r.id.in_(list(better))))}
    return {record: time._replace(at_ms=min(time.at_ms, received.get(record, time.at_ms))) for record, time in better.items()}


def _move(work: Work, better: Mapping[UUID, Time]) -> None:
    """Let records have been made at these times, and count them so; which of several votes with a ticket was first is settled again."""
    connection, wanted = work.connection, {"records": list(better)}
    cast = [(row, _dated_vote(row, better[row.id], work.zone)) for row in map(VoteRow._make, connection.execute(_VOTES, wanted))]
    said = [(row, _dated_answer(row, better[row.record], work.zone)) for row in map(AnswerRow._make, connection.execute(_ANSWERS, wanted))]
    for vote, dated in cast:
        work.deltas.add(vote, sign=-1)
        work.deltas.add(dated)
    for answer, dated_answer in said:
        work.deltas.add_answer(answer, sign=-1)
        work.deltas.add_answer(dated_answer)
    of_votes, of_answers = (
        ("at_ms", "time_quality", "time_error_ms", "day", "hour", "weekday"),
        ("at_ms", "time_quality", "time_error_ms", "day"),
    )
    update_rows(connection, votes, ("id",), of_votes, [(*(getattr(row, name) for name in of_votes), row.id) for _, row in cast])
    rows = [(*(getattr(row, name) for name in of_answers), row.record, row.place) for _, row in said]
    update_rows(connection, answers, ("record", "place"), of_answers, rows)
    for table in _DATED_ONLY:
        update_rows(connection, table, ("record",), ("at_ms",), [(time.at_ms, record) for record, time in better.items()])
    work.touched |= {(row.kiosk, row.visit) for row, _ in cast} | {(row.kiosk, row.visit) for row, _ in said}


def _dated_vote(row: VoteRow, time: Time, zone: ZoneInfo) -> VoteRow:
    there = local(time.at_ms, zone)
    return row._replace(**_of(time), day=there.day, hour=there.hour, weekday=there.weekday)


def _dated_answer(row: AnswerRow, time: Time, zone: ZoneInfo) -> AnswerRow:
    return row._replace(**_of(time), day=local(time.at_ms, zone).day)


def _of(time: Time) -> dict[str, Any]:
    return {"at_ms": time.at_ms, "time_quality": time.quality, "time_error_ms": time.error_ms}


def _remember(
    work: Work, delivery: Delivery, found: Found, walked: Iterable[tuple[AnyRecord, UUID | None]], times: Mapping[UUID, Time]
) -> None:
    """Remember the records whose boots are vague yet, so that they are dated again when more is known."""
    vague = {boot.boot_id for boot in found.trail.vague}
    rows = {  # by its id: a batch may say a record twice
        record.id: _Undated(record.id, delivery.kiosk, delivery.batch.epoch, boot, record.at.boottime_ms, times[record.id].error_ms)
        for record, boot in walked
        if boot is not None and boot in vague and times[record.id].quality not in _GOOD
    }
    smaller = "CASE WHEN excluded.error_ms < undated.error_ms THEN excluded.error_ms ELSE undated.error_ms END"
    kept = f"epoch = excluded.epoch, boot_id = excluded.boot_id, boottime_ms = excluded.boottime_ms, error_ms = {smaller}"
    insert_rows(work.connection, undated, _Undated._fields, list(rows.values()), on_conflict=f"ON CONFLICT (record) DO UPDATE SET {kept}")
