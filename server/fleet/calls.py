"""Calls for a person (C5): who waits, and who goes. A call is open until staff take it or the visitor has left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import select, update

from server.db.schema import calls, desks, kiosks, sites, users

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select

OPEN_MS: Final = 15 * 60_000
"""Nobody waits longer: the call is expired then, and kept."""
TOLD_MS: Final = 10 * 60_000
"""How long a kiosk is told that somebody is on the way."""
KEPT_IN_SIGHT_MS: Final = 24 * 3_600_000
_MOST: Final = 200


class Call(msgspec.Struct, frozen=True):
    """A call as staff see it: where, when, and who has taken it."""

    id: UUID
    kiosk: str
    site: str
    desk: str | None
    at_ms: int
    taken_ms: int | None
    taken_by: str | None

    def is_open(self, now_ms: int) -> bool:
        """Tell whether the visitor may still wait."""
        return self.taken_ms is None and self.at_ms > now_ms - OPEN_MS


def open_calls(connection: Connection, now_ms: int) -> list[Call]:
    """Give the calls that nobody has taken yet, those who wait longest first."""
    query = _calls().where(calls.c.taken_ms.is_(None), calls.c.at_ms > now_ms - OPEN_MS).order_by(calls.c.at_ms, calls.c.record)
    return [Call(*row) for row in connection.execute(query)]


def recent_calls(connection: Connection, now_ms: int) -> list[Call]:
    """Give the calls of the last day, the newest first."""
    query = _calls().where(calls.c.at_ms > now_ms - KEPT_IN_SIGHT_MS).order_by(calls.c.at_ms.desc(), calls.c.record).limit(_MOST)
    return [Call(*row) for row in connection.execute(query)]


def take(connection: Connection, call: UUID, person: int, now_ms: int) -> bool:
    """Let a person take a call; tell whether it was theirs to take: somebody may have been quicker, or it is too late."""
    here = (calls.c.record == call) & calls.c.taken_ms.is_(None) & calls.c.live & (calls.c.at_ms > now_ms - OPEN_MS)
    return connection.execute(update(calls).where(here).values(taken_ms=now_ms, taken_by=person)).rowcount == 1


def taken_lately(connection: Connection, now_ms: int) -> dict[str, tuple[UUID, ...]]:
    """Give the calls that were taken a short while ago, by kiosk."""
    query = select(calls.c.kiosk, calls.c.record).where(calls.c.taken_ms > now_ms - TOLD_MS).order_by(calls.c.taken_ms, calls.c.record)
    found: dict[str, tuple[UUID, ...]] = {}
    for row in connection.execute(query):
        found[row.kiosk] = (*found.get(row.kiosk, ()), row.record)
    return found


def _calls() -> Select[Any]:
    columns = (calls.c.record, kiosks.c.name, sites.c.name, desks.c.number, calls.c.at_ms, calls.c.taken_ms, users.c.login)
    return (
        select(*columns)
        .join_from(calls, kiosks, kiosks.c.id == calls.c.kiosk)
        .join(sites, sites.c.id == kiosks.c.site_id)
        .outerjoin(desks, desks.c.id == kiosks.c.desk_id)
        .outerjoin(users, users.c.id == calls.c.taken_by)
        .where(calls.c.live)
    )
