"""Questions to the rollups. Their cost depends on desks and days, never on the number of votes.

A total is live. Shares come from closed 15-minute windows only (design §4): votes whose `released_ms` has not come yet are
subtracted from the rollups' counts before anything is rated, so that nobody learns what the last visitor pressed.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import ColumnElement, String, Table, and_, case, cast, func, literal, select, text, union_all

from feedback.questionnaire import ANSWERS
from feedback.records import Channel
from server.db.schema import NO_DESK, VAGUE_MS, desks, rollup_day, rollup_dimension, rollup_hour, services, sites, unsettled_visits, votes
from server.ratings.periods import Period
from server.ratings.response import UNKNOWN, Response, responses
from server.ratings.scores import Counts, Rating, rate
from server.registry.names import names_on

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection, Select

DIMENSIONS: Final = {
    "service": func.coalesce(cast(votes.c.service_id, String), ""),
    "channel": votes.c.channel,
    "language": votes.c.language,
    "questionnaire": votes.c.questionnaire,
}
"""What cuts votes one more way, and how it is written in `rollup_dimension.value`."""
_COUNTS: Final = (*ANSWERS, "repeats")

Key = tuple[Any, ...]
_Both = list[Counts]


class Cut(msgspec.Struct, frozen=True):
    """One service, channel, language or questionnaire: a dimension, and its value as `rollup_dimension` writes it."""

    dimension: str
    value: str


class Scope(msgspec.Struct, frozen=True):
    """Which votes a question is about: a period, and perhaps one site and one desk, by their ids, and one cut.

    One at most: two cuts at once would be nearly one cell a vote, and would let people be singled out (design §4).
    """

    period: Period
    site_id: int | None = None
    desk_id: int | None = None
    cut: Cut | None = None


class Place(msgspec.Struct, frozen=True):
    """A site or a service of the registry."""

    id: int
    key: str
    name: str


class Desk(msgspec.Struct, frozen=True):
    """A desk as people know it; `retired` is the day since which it is not in use."""

    id: int
    key: str
    number: str
    name: str
    site: Place
    retired: str | None = None


class Tally(msgspec.Struct, frozen=True):
    """`total` votes by now, `held_back` of them not yet in the `rating` because their 15-minute window is still open."""

    total: int
    held_back: int
    rating: Rating


class NotCounted(msgspec.Struct, frozen=True):
    """Votes that are kept and do not count, by why: their ticket had voted already, staff took them back, or they look like misuse."""

    ticket_used: int
    undone: int
    misuse: int


class DeskRow(msgspec.Struct, frozen=True):
    """One desk's numbers; `desk` is null for votes that named no desk.

    `boxes` are those in `tally` that ticket boxes brought, null in a scope that is cut otherwise: nobody has counted them.
    """

    desk: Desk | None
    tally: Tally
    boxes: Tally | None
    response: Response = UNKNOWN


class DeskTable(msgspec.Struct, frozen=True):
    """Every desk of a scope in the registry's order, and all of them together."""

    rows: list[DeskRow]
    total: Tally
    boxes: Tally | None
    response: Response = UNKNOWN


class TrendPoint(msgspec.Struct, frozen=True):
    """The numbers of one step of a period."""

    first: date
    last: date
    tally: Tally


class Split(msgspec.Struct, frozen=True):
    """The votes of one service, channel, language or questionnaire. `name` is its registered name, or its code."""

    value: str
    name: str
    tally: Tally


def list_sites(connection: Connection, as_of: date | None = None) -> list[Place]:
    """Give every site, in the registry's order, as it is called now or was called on a day."""
    named = {} if as_of is None else names_on(connection, "site", as_of)
    rows = connection.execute(select(sites.c.id, sites.c.key, sites.c.name).order_by(sites.c.id))
    return [Place(row.id, row.key, named[row.key].name if row.key in named else row.name) for row in rows]


def list_services(connection: Connection) -> list[Place]:
    """Give every service by its name."""
    rows = connection.execute(select(services.c.id, services.c.key, services.c.name).order_by(services.c.name, services.c.id))
    return [Place(*row) for row in rows]


def list_desks(connection: Connection, site_id: int | None = None, as_of: date | None = None) -> list[Desk]:
    """Give every desk, in the registry's order: site by site, as the file names them; as they are called now or were called on a day."""
    places = {place.id: place for place in list_sites(connection, as_of)}
    named = {} if as_of is None else names_on(connection, "desk", as_of)
    query = select(desks.c.id, desks.c.key, desks.c.number, desks.c.name, desks.c.site_id, desks.c.retired)
    if site_id is not None:
        query = query.where(desks.c.site_id == site_id)
    found = []
    for row in connection.execute(query.order_by(desks.c.site_id, desks.c.id)):
        name, number = named.get(row.key, (row.name, row.number))
        found.append(Desk(row.id, row.key, number, name, site=places[row.site_id], retired=row.retired))
    return found


def desk_table(connection: Connection, scope: Scope, now_ms: int) -> DeskTable:
    """Give the numbers of every desk in scope, called as on its last day; desks in use are there without votes too."""
    tallies = _tally_by(connection, rollup_day, scope, now_ms, "desk_id")
    said = responses(connection, scope, now_ms)
    boxes = _boxes(connection, scope, now_ms)
    rows = [
        DeskRow(desk, _as_tally(tallies.get((desk.id,))), _boxes_of(boxes, desk.id), said.of(desk.id, desk.site.id))
        for desk in list_desks(connection, scope.site_id, scope.period.last)
        if scope.desk_id in (None, desk.id) and (not desk.retired or desk.retired > scope.period.first.isoformat() or (desk.id,) in tallies)
    ]
    if (NO_DESK,) in tallies:
        rows.append(DeskRow(None, _as_tally(tallies[NO_DESK,]), _boxes_of(boxes, NO_DESK)))
    return DeskTable(rows, _sum(tallies.values()), None if boxes is None else _sum(boxes.values()), said.total)


def _boxes(connection: Connection, scope: Scope, now_ms: int) -> dict[int, _Both] | None:
    """Give the votes of ticket boxes by desk, null where they are not counted."""
    if scope.cut is not None and scope.cut.dimension != "channel":
        return None
    found = _tally_by(connection, rollup_dimension, scope, now_ms, "desk_id", "value", dimension="channel")
    return {desk_id: both for (desk_id, channel), both in found.items() if channel == Channel.BOX}


def _boxes_of(boxes: dict[int, _Both] | None, desk_id: int) -> Tally | None:
    return None if boxes is None else _as_tally(boxes.get(desk_id))


def live_totals(connection: Connection, scope: Scope) -> dict[int, int]:
    """Give only each desk's total by now, by desk id."""
    rows = connection.execute(_rolled(rollup_day, scope, ["desk_id"]))
    return {row[1]: Counts(*row[2:]).total for row in rows}


def tally(connection: Connection, scope: Scope, now_ms: int) -> Tally:
    """Give the numbers of everything in scope together."""
    return _sum(_tally_by(connection, rollup_day, scope, now_ms).values())


def tallies_by(connection: Connection, scope: Scope, key: str, now_ms: int) -> dict[Any, Tally]:
    """Give the numbers by `desk_id`, `site_id` or `day`, in the order of these."""
    tallies = _tally_by(connection, rollup_day, scope, now_ms, key)
    return {value: _as_tally(tallies[value,]) for value in sorted(value for (value,) in tallies)}


def not_counted(connection: Connection, scope: Scope) -> NotCounted:
    """Give how many votes in scope are kept and do not count."""
    is_flagged = text("votes.flag <> ''")  # said as the index of the few says it
    query = select(votes.c.flag, func.count()).where(is_flagged, *_within(votes, scope, rollup_day)).group_by(votes.c.flag)
    found = {flag: int(count) for flag, count in connection.execute(query)}
    return NotCounted(**{name: found.get(name, 0) for name in NotCounted.__struct_fields__})


def unsettled(connection: Connection, scope: Scope) -> int:
    """Give how many votes in scope count whose tickets were heard of too late to tell whether they had voted before."""
    u, v = unsettled_visits.c, votes.c
    query = select(func.count()).join_from(unsettled_visits, votes, and_(v.visit == u.visit, v.kiosk == u.kiosk))
    return int(connection.execute(query.where(v.flag == "", *_within(votes, scope, rollup_day))).scalar_one())


def vague(connection: Connection, scope: Scope, *, by_months: bool = False) -> int:
    """Give how many votes in scope count in a day that is the best guess, and in no hour: their kiosk did not know the time.

    With `by_months` of all the months that the period touches, as hours are counted.
    """
    is_vague = text(f"votes.time_error_ms > {VAGUE_MS}")  # said as the index of the few says it
    within = _within(votes, scope, rollup_hour if by_months else rollup_day)
    return int(connection.execute(select(func.count()).where(is_vague, votes.c.flag == "", *within)).scalar_one())


def trend(connection: Connection, scope: Scope, now_ms: int) -> list[TrendPoint]:
    """Give the numbers of each step of the period that has votes."""
    by_day = {date.fromisoformat(day): both for (day,), both in _tally_by(connection, rollup_day, scope, now_ms, "day").items()}
    points = []
    for step in scope.period.steps():
        inside = [both for day, both in by_day.items() if step.first <= day <= step.last]
        if inside:
            points.append(TrendPoint(step.first, step.last, _sum(inside)))
    return points


def split(connection: Connection, scope: Scope, dimension: str, now_ms: int) -> list[Split]:
    """Give the numbers by service, channel, language or questionnaire, most votes first; none where another dimension cuts the scope."""
    if scope.cut is not None and scope.cut.dimension != dimension:
        return []
    tallies = _tally_by(connection, rollup_dimension, scope, now_ms, "value", dimension=dimension)
    named = _service_names(connection, scope.period.last) if dimension == "service" else {}
    parts = [Split(str(value), named.get(str(value)) or str(value), _as_tally(both)) for (value,), both in tallies.items()]
    return sorted(parts, key=lambda part: (-part.tally.total, part.name))


def _service_names(connection: Connection, as_of: date) -> dict[str, str]:
    former = names_on(connection, "service", as_of)
    rows = connection.execute(select(services.c.id, services.c.key, services.c.name))
    return {str(row.id): former[row.key].name if row.key in former else row.name for row in rows}


def week_hours(connection: Connection, scope: Scope, now_ms: int) -> dict[tuple[int, int], Tally]:
    """Give the numbers by weekday (1 Monday) and hour, over the whole months that the period touches; none in a scope that is cut."""
    if scope.cut is not None:
        return {}
    tallies = _tally_by(connection, rollup_hour, scope, now_ms, "weekday", "hour")
    return {(weekday, hour): _as_tally(both) for (weekday, hour), both in tallies.items()}


def _tally_by(
    connection: Connection, table: Table, scope: Scope, now_ms: int, *keys: str, dimension: str | None = None
) -> dict[Key, _Both]:
    """Give, by key, the counts by now and those of them that are still held back.

    One statement, so that both see the same moment: a vote committed between two would show its answer at once.
    """
    query = union_all(_rolled(table, scope, keys, dimension), _open(table, scope, keys, dimension, now_ms))
    tallies: dict[Key, _Both] = {}
    for row in connection.execute(query):
        both = tallies.setdefault(tuple(row[1 : -len(_COUNTS)]), [Counts(), Counts()])
        both[row[0]] += Counts(*row[-len(_COUNTS) :])
    return {key: both for key, both in tallies.items() if both[0].total}


def _rolled(table: Table, scope: Scope, keys: Sequence[str], dimension: str | None = None) -> Select[Any]:
    if table is rollup_day and scope.cut:
        table, dimension = rollup_dimension, scope.cut.dimension
    columns = [table.c[key] for key in keys]
    sums = [func.coalesce(func.sum(table.c[name]), 0) for name in _COUNTS]
    query = select(literal(0), *columns, *sums).where(*_within(table, scope, table)).group_by(*columns)
    return query.where(table.c.dimension == dimension) if dimension else query


def _open(table: Table, scope: Scope, keys: Sequence[str], dimension: str | None, now_ms: int) -> Select[Any]:
    """Count the votes of windows that are still open, by the same keys as the rollup."""
    columns = [DIMENSIONS[dimension] if dimension and key == "value" else votes.c[key] for key in keys]
    counts = [_count_if(votes.c.answer == answer) for answer in ANSWERS]
    query = select(literal(1), *columns, *counts, _count_if(votes.c.repeat)).group_by(*columns)
    dated = [votes.c.time_error_ms <= VAGUE_MS] if table is rollup_hour else []
    return query.where(votes.c.released_ms > now_ms, votes.c.flag == "", *dated, *_within(votes, scope, table))


def _count_if(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _within(table: Table, scope: Scope, rollup: Table) -> list[ColumnElement[bool]]:
    """Give the conditions of a scope on `table`, whose rows must match those of `rollup`, perhaps of coarser periods."""
    first, last = scope.period.first.isoformat(), scope.period.last.isoformat()
    conditions: list[ColumnElement[bool]] = []
    if rollup is rollup_hour:
        month = table.c.month if table is rollup else func.substr(table.c.day, 1, 7)
        conditions.append(month.between(first[:7], last[:7]))
    else:
        conditions.append(table.c.day.between(first, last))
    if scope.site_id is not None:
        conditions.append(table.c.site_id == scope.site_id)
    if scope.desk_id is not None:
        conditions.append(table.c.desk_id == scope.desk_id)
    if scope.cut is not None:
        conditions.append((DIMENSIONS[scope.cut.dimension] if table is votes else table.c.value) == scope.cut.value)
    return conditions


def _as_tally(both: _Both | None) -> Tally:
    counts, held_back = both or (Counts(), Counts())
    return Tally(counts.total, held_back.total, rate(counts - held_back))


def _sum(tallies: Iterable[_Both]) -> Tally:
    counts = held_back = Counts()
    for now, held in tallies:
        counts, held_back = counts + now, held_back + held
    return _as_tally([counts, held_back])
