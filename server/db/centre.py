"""What everything that reckons with days has to know of the centre: its time zone."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import select

from server.db.schema import server

if TYPE_CHECKING:
    from sqlalchemy import Connection


def zone_of(connection: Connection) -> ZoneInfo:
    """Give the centre's time zone."""
    return ZoneInfo(connection.execute(select(server.c.time_zone)).scalar_one())
