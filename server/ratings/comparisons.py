"""Comparisons that pages show: with the period before, of desks, sites and services with each other, and how rare problems are."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

from server.db.schema import NO_DESK
from server.ratings import queries
from server.ratings.change import compare, compare_all
from server.ratings.funnel import Compared, Funnel, make_funnel
from server.ratings.queries import Tally
from server.ratings.rarity import RARE_BELOW, DayCount, rarity
from server.ratings.scores import Counts, Mark, rate

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from server.ratings.change import Change
    from server.ratings.queries import DeskTable, Scope
    from server.ratings.rarity import Rarity

TOGETHER: Final = -1
"""The key of all desks together, beside the ids of desks."""
_NONE: Final = Tally(0, 0, rate(Counts()))


class By(StrEnum):
    """What is compared with each other."""

    DESKS = "desks"
    SITES = "sites"
    SERVICES = "services"


class Group(msgspec.Struct, frozen=True):
    """A desk, site or service: its key, the number of a desk, its name, a desk's site, and its numbers."""

    key: str
    number: str
    name: str
    site: str
    tally: Tally


class Comparison(msgspec.Struct, frozen=True):
    """Groups in the registry's order, never by rank, each with where its score stands; without a funnel nothing is compared."""

    rows: list[tuple[Group, Compared | None]]
    funnel: Funnel | None


def changes(connection: Connection, scope: Scope, table: DeskTable, now_ms: int) -> dict[int, Change]:
    """Give by desk id how each score in the table has changed since the period before, and under TOGETHER that of all."""
    before = scope.period.before
    if before is None:
        return {}
    were = queries.tallies_by(connection, msgspec.structs.replace(scope, period=before), "desk_id", now_ms)
    nothing = rate(Counts())
    pairs = {}
    for row in table.rows:
        id_ = row.desk.id if row.desk else NO_DESK
        pairs[id_] = (row.tally.rating.score, (were[id_].rating if id_ in were else nothing).score)
    together = rate(sum((tally.rating.counts for tally in were.values()), start=Counts()))
    return compare_all(pairs) | {TOGETHER: compare(table.total.rating.score, together.score)}


def comparison(connection: Connection, scope: Scope, by: By, now_ms: int) -> Comparison:
    """Compare the scores of desks, sites or services."""
    groups = _groups(connection, scope, by, now_ms)
    funnel = make_funnel([group.tally.rating.score for group in groups])
    if funnel is None:
        return Comparison([(group, None) for group in groups], None)
    return Comparison(list(zip(groups, funnel.compared, strict=True)), funnel)


def rare_problems(connection: Connection, scope: Scope, now_ms: int) -> Rarity | None:
    """Give how rare problems are, or None where they are not rare or votes are few."""
    days = queries.tallies_by(connection, scope, "day", now_ms).values()
    whole = rate(sum((tally.rating.counts for tally in days), start=Counts()))
    if whole.mark is not Mark.ENOUGH or (whole.problem.share or 0.0) >= RARE_BELOW:
        return None
    return rarity(DayCount(tally.rating.problem.of, tally.rating.problem.count) for tally in days)


def _groups(connection: Connection, scope: Scope, by: By, now_ms: int) -> list[Group]:
    if by is By.SERVICES:
        parts = [part for part in queries.split(connection, scope, "service", now_ms) if part.value]
        return [Group(part.value, "", part.name, "", part.tally) for part in sorted(parts, key=lambda part: part.name)]
    if by is By.SITES:
        found = queries.tallies_by(connection, scope, "site_id", now_ms)
        places = [place for place in queries.list_sites(connection) if scope.site_id in {None, place.id}]
        return [Group(place.key, "", place.name, "", found.get(place.id, _NONE)) for place in places]
    found = queries.tallies_by(connection, scope, "desk_id", now_ms)
    desks = queries.list_desks(connection, scope.site_id)
    return [Group(desk.key, desk.number, desk.name, desk.site.name, found.get(desk.id, _NONE)) for desk in desks]
