"""How the kiosks and the database are, as numbers. Reads only, and costs the same however many votes there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import func, select, text

from server.db.schema import commands, kiosk_states, kiosks, quarantine

if TYPE_CHECKING:
    from sqlalchemy import Connection

_SIZE: Final = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    "postgresql": "SELECT pg_database_size(current_database())",
}


class KioskNumbers(msgspec.Struct, frozen=True):
    """One kiosk by its last word, which is `silent_s` old: records that wait, and how much is wrong."""

    kiosk: str
    online: bool
    outbox: int
    faults: int
    silent_s: float


class FleetNumbers(msgspec.Struct, frozen=True):
    """All of them. `registered` counts also those that have never connected; `waiting` are commands without an answer."""

    registered: int
    kiosks: tuple[KioskNumbers, ...]
    waiting: int
    quarantined: int
    database_bytes: int


def read_numbers(connection: Connection, now_ms: int) -> FleetNumbers:
    """Read the numbers by now."""
    states = select(kiosk_states).join(kiosks, kiosks.c.id == kiosk_states.c.kiosk).order_by(kiosk_states.c.kiosk)
    waiting = select(func.count()).select_from(commands).where(commands.c.outcome.is_(None), commands.c.expires_ms > now_ms)
    return FleetNumbers(
        registered=connection.execute(select(func.count()).select_from(kiosks)).scalar_one(),
        kiosks=tuple(
            KioskNumbers(row.kiosk, row.online, row.outbox, len(row.faults.split()), max(0, now_ms - row.changed_ms) / 1000)
            for row in connection.execute(states)
        ),
        waiting=connection.execute(waiting).scalar_one(),
        quarantined=connection.execute(select(func.count()).select_from(quarantine)).scalar_one(),
        database_bytes=int(connection.execute(text(_SIZE[connection.dialect.name])).scalar_one()),
    )
