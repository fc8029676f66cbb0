"""What every page needs, handed to it by the composition in `app`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

import msgspec
from litestar.di import NamedDependency
from sqlalchemy import Connection, Engine, select

from server.db.schema import server

_DEFAULT_ZONE: Final = "Europe/Kyiv"


class Centre(msgspec.Struct, frozen=True):
    """The centre's name, and the time zone in which its days begin."""

    name: str
    zone: tzinfo

    def local(self, ms: int) -> datetime:
        """Give a moment by the centre's clock."""
        return datetime.fromtimestamp(ms / 1000, UTC).astimezone(self.zone)


class Web(msgspec.Struct, frozen=True):
    """The database, the clock and the address under which people reach the pages."""

    engine: Engine
    public_url: str
    now_ms: Callable[[], int]

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach the pages by HTTPS, so that cookies may insist on it."""
        return self.public_url.startswith("https://")

    def today(self, centre: Centre) -> date:
        """Give the centre's date by now."""
        return centre.local(self.now_ms()).date()


TheWeb: TypeAlias = NamedDependency[Web]


def read_centre(connection: Connection) -> Centre:
    """Give the centre; before the registry is filled it has no name and Kyiv's time."""
    row = connection.execute(select(server.c.centre, server.c.time_zone)).first()
    name, zone = row or ("", _DEFAULT_ZONE)
    return Centre(name, ZoneInfo(zone))
