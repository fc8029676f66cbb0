"""Compares the rows of a vote or an answer with what its record means, by the very code that ingest makes rows with. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from feedback.records import Vote
from server.db.schema import NO_DESK
from server.ingest.quarantine import Reason
from server.ingest.rows import Arrival, Place, VoteRow, answer_rows, is_rated, vote_row
from server.ingest.settling import Flag
from server.ingest.times import EARLIEST_MS, EXACT_ERROR_MS, Time, TimeQuality, released

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from uuid import UUID
    from zoneinfo import ZoneInfo

    from feedback.records import Answer
    from server.ingest.rows import AnswerRow, StoredContext
    from server.ingest.store import Desk

MOVED_MS: Final = 10 * 60_000
"""No clock that was believed a moment before is so wrong."""
_NOT_BY_ITSELF: Final = {"site_id", "desk_id", "service_id", "received_ms", "released_ms", "clerk_id", "flag"}
"""What other records, the queue or a replay have a say in: each is compared on its own."""
_CALENDAR: Final = {"day", "hour", "weekday"}


class Doubt(NamedTuple):
    """Something that does not hold, unless one of `records` is in quarantine for one of the reasons `unless`, or was where `replayed`."""

    what: str
    unless: frozenset[Reason] = frozenset()
    records: tuple[UUID, ...] = ()
    replayed: bool = True


@dataclass(slots=True)
class Said:
    """What the other records of a visit say of its votes and answers, in the order in which they came."""

    desks: list[tuple[str, UUID]] = field(default_factory=list)  # with the record that names it
    services: list[str] = field(default_factory=list)
    scanned: bool = False
    undone: bool = False
    judged: bool = False  # a finding of misuse stands that names it


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """The centre: desks and services by key, sites by id. Days were reckoned by `zone` since `zone_since_ms`."""

    desks: Mapping[str, Desk]
    services: Mapping[str, int]
    sites: Collection[int]
    zone: ZoneInfo
    zone_since_ms: int


class Kept(NamedTuple):
    """A record of a vote or an answer, and what else decides what it means."""

    record: Vote | Answer
    kiosk: str
    received_ms: int
    context: StoredContext | None
    said: Said


def doubts_of(kept: Kept, votes: Sequence[VoteRow], answers: Sequence[AnswerRow], registry: Registry) -> list[Doubt]:
    """Compare the rows of one record with it; where they stand is compared by `place_doubts`."""
    record, context = kept.record, kept.context
    if context is None:
        unknown = Doubt("it is counted, and its context is not known") if votes or answers else _absent(record, Reason.UNKNOWN_CONTEXT)
        return [unknown]
    if not votes and not answers:
        may_be_aside = not (isinstance(record, Vote) and is_rated(record, context))
        aside = {Reason.UNKNOWN_CONTEXT, Reason.UNKNOWN_ANSWER} if may_be_aside else {Reason.UNKNOWN_CONTEXT}
        return [_absent(record, *aside)]
    rows: Sequence[VoteRow | AnswerRow] = [*votes, *answers]
    if not all(0 <= row.at_ms <= row.received_ms for row in rows):
        return [Doubt("it has a time that nothing can have")]
    meant = _meant(kept, rows[0], registry)
    if [type(row) for row in rows] != [type(row) for row in meant]:
        return [
            Doubt(f"it means {len(meant)} rows of {_table(meant[0])}, and {len(votes)} of votes and {len(answers)} of answers are here")
        ]
    skipped = _NOT_BY_ITSELF | (_CALENDAR if kept.received_ms < registry.zone_since_ms else set())
    doubts = []
    for row, want in zip(rows, meant, strict=True):
        wrong = [name for name in row._fields if name not in skipped and getattr(row, name) != getattr(want, name)]
        if wrong:
            doubts.append(Doubt(f"the kiosk sent it otherwise: {', '.join(wrong)}"))
        doubts += [*_time_doubts(kept, row), *_arrival_doubts(kept, row), *_fate_doubts(kept, row)]
    return doubts


def place_doubts(kept: Kept, row: VoteRow | AnswerRow, registry: Registry, firsts: Collection[Place]) -> list[Doubt]:
    """Compare where a row stands with what its visit names; a later answer stands where a `firsts`, the visit's first answers, do."""
    place, said = Place(row.site_id, row.desk_id, row.service_id), kept.said
    if firsts and not isinstance(kept.record, Vote):
        return [] if place in firsts else [Doubt("it stands elsewhere than the first answer of its visit")]
    own_desk, own_service = (kept.record.desk or "", kept.record.service or "") if isinstance(kept.record, Vote) else ("", "")
    ids = {desk.id: desk.site_id for desk in registry.desks.values()}
    named = [(registry.desks[key].id, id_) for key, id_ in ((own_desk, kept.record.id), *said.desks) if key in registry.desks]
    desk = named[0][0] if named else NO_DESK
    by_queue = said.scanned and row.desk_id in ids
    doubts = []
    if row.desk_id != desk and not by_queue:
        # A desk that was not known when it was named does not stand before one that was, nor where there was none.
        records = (named[0][1],) if named and row.desk_id in {NO_DESK, *(id_ for id_, _ in named)} else ()
        doubts.append(Doubt("it stands at another desk than its visit names", frozenset({Reason.UNKNOWN_DESK}), records))
    elif row.site_id not in (registry.sites if row.desk_id == NO_DESK else (ids[row.desk_id],)):
        doubts.append(Doubt("it stands at another site than its desk"))
    services = {registry.services[key] for key in (own_service, *said.services) if key in registry.services}
    if row.service_id is not None and row.service_id not in (registry.services.values() if said.scanned else services):
        doubts.append(Doubt("it is for another service than its visit names"))
    return doubts


def _absent(record: Vote | Answer, *unless: Reason) -> Doubt:
    return Doubt("it came and is not counted: its rows are missing", frozenset(unless), (record.id,), replayed=False)


def _table(row: VoteRow | AnswerRow) -> str:
    return "votes" if isinstance(row, VoteRow) else "answers"


def _meant(kept: Kept, row: VoteRow | AnswerRow, registry: Registry) -> Sequence[VoteRow | AnswerRow]:
    """Make the rows of a record as ingest would, had it dated and placed it as its first row says."""
    record, context = kept.record, kept.context
    if context is None:
        return []
    time = Time(row.at_ms, row.time_quality, row.time_error_ms)
    arrival = Arrival(kept.kiosk, {record.id: time}, row.received_ms, registry.zone)
    place = Place(row.site_id, row.desk_id, row.service_id)
    if isinstance(record, Vote) and is_rated(record, context):
        return [vote_row(record, context, place, arrival)]
    return answer_rows(record, context, place, arrival)


def _time_doubts(kept: Kept, row: VoteRow | AnswerRow) -> list[Doubt]:
    """Compare a time with the record's own: an exact one is that, or the possible one next to it."""
    at = kept.record.at
    if row.time_quality not in set(TimeQuality) or row.time_error_ms < 0:
        return [Doubt("it has a time that nothing can have")]
    if row.time_quality == TimeQuality.EXACT and not (at.trusted and abs(row.at_ms - at.wall_ms) <= EXACT_ERROR_MS):
        return [Doubt("its time passes for exact and is not the one that the kiosk sent")]
    return []


def _arrival_doubts(kept: Kept, row: VoteRow | AnswerRow) -> list[Doubt]:
    doubts = []
    if row.received_ms != kept.received_ms:
        replayed = frozenset(Reason) if row.received_ms > kept.received_ms else frozenset[Reason]()
        doubts.append(Doubt("it was received at another time than its record", replayed, (kept.record.id,)))
    # What was dated better later shows from when it was to show at first: at once, or with its window.
    if row.released_ms not in {row.received_ms, released(row.received_ms, row.received_ms)}:
        doubts.append(Doubt("it shows in shares from another time on than it should"))
    return doubts


def _fate_doubts(kept: Kept, row: VoteRow | AnswerRow) -> list[Doubt]:
    """Compare whether it counts, and who served, with what came of its visit; who has no ticket shares none and is served by nobody."""
    said, doubts = kept.said, []
    if (row.flag == Flag.UNDONE) != said.undone:
        doubts.append(Doubt("it was taken back and counts" if said.undone else "it was not taken back and passes for that"))
    if row.flag == Flag.MISUSE and not said.judged:
        doubts.append(Doubt("it passes for misuse, and no finding says so"))
    if row.flag == Flag.COUNTS and said.judged:
        doubts.append(Doubt("it counts, and a finding says that it is misuse"))
    if row.flag not in set(Flag) or (row.flag == Flag.TICKET_USED and not said.scanned):
        doubts.append(Doubt("it does not count, and its visit had no ticket"))
    if isinstance(row, VoteRow) and row.clerk_id is not None and not said.scanned:
        doubts.append(Doubt("it has a clerk, and its visit had no ticket"))
    return doubts


def is_moved_in_time(kept: Kept, row: VoteRow | AnswerRow) -> bool:
    """Tell whether a time contradicts the record's trusted clock by so much that this clock must have been wrong."""
    at = kept.record.at
    believable = at.trusted and EARLIEST_MS <= at.wall_ms <= kept.received_ms
    return believable and row.time_quality != TimeQuality.EXACT and abs(row.at_ms - at.wall_ms) > MOVED_MS
