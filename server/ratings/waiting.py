"""How long visitors waited and were served, by hour: counted over all tickets of the queue, not a sample of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import false, func, select

from server.db.schema import QUEUE_COUNTS, queue_hours

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

    from server.ratings.queries import Scope

_OVER: Final = {15: ("20", "30", "45", "60", "more"), 30: ("45", "60", "more")}
_NO_HOUR: Final = 24


class Times(msgspec.Struct, frozen=True):
    """`count` tickets whose time is known: its mean in seconds, and how many took more than 15 and 30 minutes."""

    count: int
    mean_s: float | None
    over_15: int
    over_30: int

    def share(self, minutes: int) -> float | None:
        """Give the share that took more than 15 or 30 minutes."""
        return getattr(self, f"over_{minutes}") / self.count if self.count else None


class Load(msgspec.Struct, frozen=True):
    """The tickets of one local hour, or with a null hour of all of them and of those whose hour is not known."""

    hour: int | None
    tickets: int
    served: int
    waiting: Times
    service: Times


class LoadTable(msgspec.Struct, frozen=True):
    """The hours that had tickets, in order, and all together."""

    hours: list[Load]
    total: Load


def load(connection: Connection, scope: Scope) -> LoadTable:
    """Give what the queue had to do in scope: of the tickets that were called to a desk, if it is about one.

    Tickets are for a service, and have no language and no channel: of a scope that one of these cuts nothing is known.
    """
    h = queue_hours.c
    first, last = scope.period.first.isoformat(), scope.period.last.isoformat()
    query = select(h.hour, *(func.sum(h[name]).label(name) for name in QUEUE_COUNTS)).where(h.day.between(first, last))
    if scope.site_id is not None:
        query = query.where(h.site_id == scope.site_id)
    if scope.desk_id is not None:
        query = query.where(h.desk_id == scope.desk_id)
    if scope.cut is not None:
        is_service = scope.cut.dimension == "service"
        query = query.where(h.service_id == int(scope.cut.value or 0) if is_service else false())
    found = [dict(row) for row in connection.execute(query.group_by(h.hour).order_by(h.hour)).mappings()]
    return LoadTable([_load(row, row["hour"]) for row in found if row["hour"] != _NO_HOUR], _load(_sum(found), None))


def _sum(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    rows = list(rows)
    return {name: sum(int(row[name]) for row in rows) for name in QUEUE_COUNTS}


def _load(row: Mapping[str, Any], hour: int | None) -> Load:
    return Load(hour, int(row["tickets"]), int(row["served"]), _times(row, "wait"), _times(row, "service"))


def _times(row: Mapping[str, Any], what: str) -> Times:
    steps = {name: int(row[name]) for name in QUEUE_COUNTS if name.startswith(f"{what}_") and name != f"{what}_s"}
    count = sum(steps.values())
    over = {minutes: sum(steps[f"{what}_{step}"] for step in names) for minutes, names in _OVER.items()}
    return Times(count, int(row[f"{what}_s"]) / count if count else None, over[15], over[30])
