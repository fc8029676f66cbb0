"""Goes from every record to the rows that it means, and from every row to its record. Reads only."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import func, select, union_all

from feedback.records import Answer, Context, DeskChoice, RecordError, TicketScan, Undo, Vote
from server.db.centre import zone_of
from server.db.schema import (
    COUNTED_ON_PAGE,
    NO_EPOCH,
    answers,
    box_sessions,
    chain_places,
    contexts,
    day_roots,
    desks,
    quarantine,
    records,
    services,
    sites,
    votes,
)
from server.ingest.batches import try_body
from server.ingest.kept import Refused, content_of
from server.ingest.quarantine import Kept as Numbered
from server.ingest.quarantine import Reason
from server.ingest.rows import AnswerRow, Place, StoredContext, VoteRow, kind_of
from server.ingest.store import Desk
from server.ingest.times import EARLIEST_MS, TimeQuality, drift
from server.integrity.beside import BESIDE, Beside, Noted
from server.integrity.chains import Problem
from server.integrity.meanings import Doubt, Kept, Registry, Said, doubts_of, is_moved_in_time, place_doubts
from server.integrity.roots import bounds_of
from server.misuse.store import standing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from uuid import UUID

    from sqlalchemy import Connection

    from feedback.records import AnyRecord, Moment

    OnStep = Callable[[int], None]

_AT_ONCE: Final = 2_000
_HOUR_MS: Final = 3_600_000
_ANY: Final = frozenset(Reason)
_COMPARED: Final = {str(kind.__struct_config__.tag) for kind in (Vote, Answer, *BESIDE)}
_STEP_MS: Final = 2_000
"""So far a clock may be set without being another one."""


class _Clock(NamedTuple):
    """A clock of a boot as it was set when CLOCK_BOOTTIME said `boottime_ms`: how far it ran before that one."""

    boot_id: UUID
    ahead_ms: int
    boottime_ms: int

    @classmethod
    def of(cls, boot_id: UUID, at: Moment) -> _Clock:
        return cls(boot_id, at.wall_ms - at.boottime_ms, at.boottime_ms)

    def is_still(self, last: _Clock | None) -> bool:
        """Tell whether it is another moment of the same clock, not set since."""
        if last is None or last.boot_id != self.boot_id:
            return False
        return abs(last.ahead_ms - self.ahead_ms) <= _STEP_MS + drift(self.boottime_ms - last.boottime_ms)


class _Doubted(NamedTuple):
    where: str
    kiosk: str
    received_ms: int
    doubt: Doubt


@dataclass(slots=True)
class _Aside:
    """Why records wait in quarantine or did, by their ids; and of which kiosk, reason and day (UTC) it kept no more."""

    waiting: dict[UUID, set[str]] = field(default_factory=lambda: defaultdict(set))
    replayed: dict[UUID, set[str]] = field(default_factory=lambda: defaultdict(set))
    full: set[tuple[str | None, str, str]] = field(default_factory=set)

    def explains(self, one: _Doubted) -> bool:
        """Tell whether the quarantine explains a doubt."""
        doubt, day = one.doubt, _utc_day(one.received_ms)
        places = (self.waiting, self.replayed) if doubt.replayed else (self.waiting,)
        is_there = any(doubt.unless & place.get(id_, set()) for id_ in doubt.records for place in places)
        return is_there or any((one.kiosk, str(reason), day) in self.full for reason in doubt.unless)


@dataclass(slots=True)
class _Found:
    """What the first walk gathers: what visits say, the contexts by number, and what does not hold.

    `resaid` are the contexts that a kiosk sent once more which had sent them under another id.
    """

    said: dict[tuple[str, UUID], Said] = field(default_factory=lambda: defaultdict(Said))
    contexts: dict[tuple[str, int], StoredContext] = field(default_factory=dict)
    resaid: dict[tuple[str, int], set[StoredContext]] = field(default_factory=lambda: defaultdict(set))
    problems: list[Problem] = field(default_factory=list)


@dataclass(slots=True)
class _Second:
    """What the second walk remembers: by kiosk the clock that was last believed, and in which epoch; by service who was first for it."""

    clocks: dict[str, _Clock] = field(default_factory=dict)
    epochs: dict[str, UUID] = field(default_factory=dict)
    served: dict[str, tuple[UUID, int]] = field(default_factory=dict)
    doubted: list[_Doubted] = field(default_factory=list)


def verify_drawn(connection: Connection, on_step: OnStep = lambda _count: None) -> list[Problem]:
    """Compare records and rows both ways; `on_step` is told how many records more were walked, each of them twice."""
    found = _first_walk(connection, on_step)
    found.problems += _context_problems(connection, found)
    registry, second = _registry(connection), _Second()
    beside = Beside(registry.zone, registry.zone_since_ms, registry.sites)
    r = records.c
    query = select(r.id, r.kiosk, r.epoch, r.kind, r.body, r.received_ms).order_by(r.n)
    for chunk in connection.execute(query, execution_options={"yield_per": _AT_ONCE}).partitions():
        noted: list[Noted] = []
        _compare(connection, [row for row in chunk if row.kind in _COMPARED], found, registry, second, noted)
        beside.compare(connection, noted)
        on_step(len(chunk))
    return [*found.problems, *_not_excused(connection, second.doubted), *_rows_without_record(connection), *beside.rest(connection)]


def _first_walk(connection: Connection, on_step: OnStep) -> _Found:
    found, r = _Found(), records.c
    query = select(r.id, r.kiosk, r.kind, r.body).order_by(r.n)
    for chunk in connection.execute(query, execution_options={"yield_per": _AT_ONCE}).partitions():
        for row in chunk:
            record = try_body(row.body)
            if isinstance(record, RecordError):
                found.problems.append(Problem(f"record {row.id} of {row.kiosk}", f"it cannot be read: {record.reason}"))
            elif record.id != row.id or kind_of(record) != row.kind:
                found.problems.append(Problem(f"record {row.id} of {row.kiosk}", "it is kept under another id or as another kind"))
            else:
                _hear(found, row.kiosk, record)
        on_step(len(chunk))
    for kiosk, visit in standing(connection):
        found.said[kiosk, visit].judged = True
    return found


def _hear(found: _Found, kiosk: str, record: AnyRecord) -> None:
    """Gather what a record says of others."""
    if isinstance(record, Context):
        found.contexts.setdefault((kiosk, record.number), _stored(record))
    elif isinstance(record, Undo):
        found.said[kiosk, record.visit].undone = True
    elif isinstance(record, DeskChoice | TicketScan):
        visit = found.said[kiosk, record.visit]
        if record.desk is not None:
            visit.desks.append((record.desk, record.id))
        if isinstance(record, TicketScan):
            visit.scanned = visit.scanned or bool(record.digest)
            visit.services += [record.service] if record.service else []


def _stored(context: Context) -> StoredContext:
    names = (context.number, context.id, context.boot_id, context.questionnaire, context.questionnaire_version)
    return StoredContext(*names, str(context.mode))


def _resaid(connection: Connection) -> Iterator[tuple[str, StoredContext]]:
    """Give the contexts that kiosks sent and that are other kiosks' records: what a kiosk sends again that had another id before."""
    p, r = chain_places.c, records.c
    query = select(p.kiosk, r.body).join_from(chain_places, records, p.record == r.id).where(r.kind == "context", r.kiosk != p.kiosk)
    for kiosk, body in connection.execute(query, execution_options={"yield_per": _AT_ONCE}):
        record = try_body(body)
        if isinstance(record, Context):
            yield kiosk, _stored(record)


def _context_problems(connection: Connection, found: _Found) -> list[Problem]:
    """Compare the contexts by which records are understood with those that kiosks sent; of one number the first stands.

    Where that is one that the kiosk had sent under another id before, records mean it from then on.
    """
    for kiosk, context in _resaid(connection):
        found.resaid[kiosk, context.number].add(context)
    c = contexts.c
    query = select(c.kiosk, *(c[name] for name in StoredContext._fields))
    there = {(row[0], row[1]): StoredContext(*row[1:]) for row in connection.execute(query)}
    problems = []
    for key in sorted(there.keys() | found.contexts.keys() | found.resaid.keys()):
        stands, resaid = there.get(key), found.resaid.get(key, set())
        if stands is None or (stands != found.contexts.get(key) and stands not in resaid):
            problems.append(Problem(f"context {key[1]} of {key[0]}", "it is not the one that the kiosk sent, or is missing"))
        else:
            found.contexts[key] = stands
    return problems


def _registry(connection: Connection) -> Registry:
    zone = zone_of(connection)
    d = day_roots.c
    rooted = connection.execute(select(d.day, d.from_ms, d.until_ms)).all()
    other = [row.until_ms for row in rooted if bounds_of(datetime.fromisoformat(row.day).date(), zone) != (row.from_ms, row.until_ms)]
    return Registry(
        desks={row.key: Desk(row.id, row.site_id) for row in connection.execute(select(desks.c.key, desks.c.id, desks.c.site_id))},
        services={row.key: row.id for row in connection.execute(select(services.c.key, services.c.id))},
        sites=set(connection.execute(select(sites.c.id)).scalars()),
        zone=zone,
        zone_since_ms=max(other, default=-24 * _HOUR_MS) + 24 * _HOUR_MS,
    )


def _compare(  # noqa: PLR0913, PLR0917 - one step of the second walk
    connection: Connection, chunk: Sequence[Any], found: _Found, registry: Registry, second: _Second, noted: list[Noted]
) -> None:
    """Compare the votes and answers of some records with them, and give the other records in `noted`."""
    ids = [row.id for row in chunk]
    cast, said = defaultdict(list), defaultdict(list)
    for vote in _rows_of(connection, VoteRow, votes, votes.c.id, ids):
        cast[vote.id].append(vote)
    for answer in _rows_of(connection, AnswerRow, answers, answers.c.record, ids):
        said[answer.record].append(answer)
    read = [(row, record) for row, record in ((row, try_body(row.body)) for row in chunk) if isinstance(record, (Vote, Answer, *BESIDE))]
    firsts = _first_places(connection, [record.visit for _, record in read if isinstance(record, Answer)])
    for row, record in read:
        context = found.contexts.get((row.kiosk, record.context))
        if not isinstance(record, Vote | Answer):
            is_right = context is not None and _has_right_clock(row, _Clock.of(context.boot_id, record.at), record.at, second)
            noted.append(Noted(record, row.kiosk, row.received_ms, context and context.mode, is_right))
            continue
        there = (row.kiosk, record.visit)
        kept = Kept(record, row.kiosk, row.received_ms, context, found.said.get(there, Said()))
        mine = sorted(said[row.id], key=lambda answer: answer.place)
        doubts = doubts_of(kept, cast[row.id], mine, registry)
        for one in (*cast[row.id], *mine):
            doubts += place_doubts(kept, one, registry, firsts.get(there, ()))
            doubts += [*_service_doubts(kept, one, registry, second), *_clock_doubts(kept, one, row.epoch, second)]
        where = f"{row.kind} {row.id} of {row.kiosk}"
        second.doubted += [_Doubted(where, row.kiosk, row.received_ms, doubt) for doubt in doubts]


def _rows_of(connection: Connection, shape: Any, table: Any, key: Any, ids: Sequence[UUID]) -> Iterator[Any]:  # noqa: ANN401 - either table
    query = select(*(table.c[name] for name in shape._fields)).where(key.in_(ids))
    return map(shape._make, connection.execute(query).all() if ids else ())


def _first_places(connection: Connection, visits: Sequence[UUID]) -> dict[tuple[str, UUID], set[Place]]:
    """Give where the first answers of visits stand."""
    parts = [select(t.c.kiosk, t.c.visit, t.c.site_id, t.c.desk_id, t.c.service_id).where(t.c.visit.in_(visits)) for t in (votes, answers)]
    places = defaultdict(set)
    for row in connection.execute(union_all(parts[0], parts[1].where(answers.c.first))) if visits else ():
        places[row.kiosk, row.visit].add(Place(row.site_id, row.desk_id, row.service_id))
    return places


def _service_doubts(kept: Kept, row: VoteRow | AnswerRow, registry: Registry, second: _Second) -> list[Doubt]:
    """A service that the centre has entered later is not known of what came before; once one was counted for it, it is."""
    key = getattr(kept.record, "service", None)
    if key is None or key not in registry.services:
        return []
    if row.service_id is not None:
        second.served.setdefault(key, (kept.record.id, kept.received_ms))
    elif key in second.served and kept.received_ms > second.served[key][1] + _HOUR_MS:
        return [Doubt("it is for no service, and names one", _ANY, (second.served[key][0],))]
    return []


def _clock_doubts(kept: Kept, row: VoteRow | AnswerRow, epoch: UUID, second: _Second) -> list[Doubt]:
    """A clock that was believed a moment before, and was not set since, cannot be far from the truth now."""
    at, context = kept.record.at, kept.context
    if context is None or epoch == NO_EPOCH or not at.trusted:
        return []
    clock = _Clock.of(context.boot_id, at)
    if row.time_quality == TimeQuality.EXACT:
        second.clocks[kept.kiosk], second.epochs[kept.kiosk] = clock, epoch
    elif is_moved_in_time(kept, row) and clock.is_still(second.clocks.get(kept.kiosk)):
        return [Doubt("its time was moved: the clock that it has it from was right")]
    return []


def _has_right_clock(row: Any, clock: _Clock, at: Moment, second: _Second) -> bool:  # noqa: ANN401 - a row of the second walk
    """Tell whether a record's clock was right: it was believed before in the same epoch, and not set since."""
    is_believable = at.trusted and EARLIEST_MS <= at.wall_ms <= row.received_ms
    return is_believable and second.epochs.get(row.kiosk) == row.epoch != NO_EPOCH and clock.is_still(second.clocks.get(row.kiosk))


def _not_excused(connection: Connection, doubted: Sequence[_Doubted]) -> list[Problem]:
    """Give the doubts that nothing in quarantine explains."""
    aside = _read_aside(connection) if any(one.doubt.unless for one in doubted) else _Aside()
    first: dict[str, str] = {}
    for one in doubted:
        if not aside.explains(one):
            first.setdefault(one.where, one.doubt.what)
    return [Problem(*one) for one in first.items()]


def _read_aside(connection: Connection) -> _Aside:
    aside = _Aside()
    query = select(*(quarantine.c[name] for name in Numbered.__dataclass_fields__))
    for row in connection.execute(query, execution_options={"yield_per": 100}):
        if not row.payload:
            aside.full.add((row.kiosk, row.reason, _utc_day(row.received_ms)))
            continue
        try:
            bodies = content_of(Numbered(*row)).bodies
        except Refused:
            continue
        for record in map(try_body, bodies):
            if not isinstance(record, RecordError):
                (aside.waiting if row.replayed_ms is None else aside.replayed)[record.id].add(row.reason)
    return aside


def _utc_day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat()


def _rows_without_record(connection: Connection) -> list[Problem]:
    """Find votes and answers that no kiosk sent; those of ticket boxes come from a count on the page."""
    counted = {f"{COUNTED_ON_PAGE}{number}" for number in connection.execute(select(box_sessions.c.id)).scalars()}
    problems = []
    for table, key, name in ((votes, votes.c.id, "vote"), (answers, answers.c.record, "answer")):
        query = select(key, table.c.kiosk, records.c.kind).outerjoin(records, records.c.id == key)
        query = query.where(func.coalesce(records.c.kind, "").not_in(("vote", "answer")))
        for id_, kiosk, kind in connection.execute(query, execution_options={"yield_per": _AT_ONCE}):
            if kind is not None:
                problems.append(Problem(f"{name} {id_} of {kiosk}", "the kiosk sent it otherwise: as another kind of record"))
            elif name == "answer" or kiosk not in counted:
                problems.append(Problem(f"{name} {id_} of {kiosk}", "no kiosk sent it: there is no record of it"))
    return problems
