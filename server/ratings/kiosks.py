"""What is known of each kiosk, and what it sent that could not be taken. Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import func, or_, select

from server.db.schema import NO_DESK, desks, kiosk_states, kiosks, quarantine, sites, users

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Row

SHOWN: Final = 200
"""How many quarantined messages are listed, the newest first."""
_BEGINNING_BYTES: Final = 256


class KioskState(msgspec.Struct, frozen=True):
    """What the kiosk last said of itself: the records it has not delivered yet, the settings it works by, what is broken.

    `showing` is why it asks nothing just now, empty while it asks; `refused` why it did not accept the last settings, in English.
    """

    online: bool
    outbox: int
    settings: int
    software: str
    clock_trusted: bool
    faults: list[str]
    changed_ms: int
    last_vote_ms: int | None
    showing: str = ""
    refused: str = ""


class Kiosk(msgspec.Struct, frozen=True):
    """A kiosk of the registry; `state` is null until it has connected once, `desk` where it stands at the exit."""

    id: str
    name: str
    site: str
    desk: str | None
    settings_version: int
    quarantined: int
    state: KioskState | None


class Quarantined(msgspec.Struct, frozen=True):
    """A message that could not be taken: why, how often it came, and its first bytes.

    `replayed_ms` is since when nothing of it is missing any more, and `replayed_by` whose doing that was, null of a command.
    """

    id: int
    received_ms: int
    kiosk: str | None
    topic: str
    reason: str
    detail: str
    times: int
    replayed_ms: int | None
    replayed_by: str | None
    size: int
    beginning: bytes


def list_kiosks(connection: Connection) -> list[Kiosk]:
    """Give every kiosk of the registry: site by site, those of no desk first, then desk by desk."""
    is_open = quarantine.c.replayed_ms.is_(None)
    messages = select(quarantine.c.kiosk, func.count().label("quarantined")).where(is_open).group_by(quarantine.c.kiosk).subquery()
    query = (
        select(
            kiosks.c.id,
            kiosks.c.name,
            sites.c.name.label("site"),
            desks.c.number.label("desk"),
            kiosks.c.settings_version,
            messages.c.quarantined,
            *(column for column in kiosk_states.c if column.name != "session"),
        )
        .join_from(kiosks, sites, kiosks.c.site_id == sites.c.id)
        .outerjoin(desks, kiosks.c.desk_id == desks.c.id)
        .outerjoin(kiosk_states, kiosks.c.id == kiosk_states.c.kiosk)
        .outerjoin(messages, kiosks.c.id == messages.c.kiosk)
        .order_by(sites.c.id, func.coalesce(desks.c.id, NO_DESK), kiosks.c.name, kiosks.c.id)
    )
    return [_as_kiosk(row) for row in connection.execute(query)]


def list_quarantined(connection: Connection, kiosk: str | None) -> list[Quarantined]:
    """Give the newest messages kept of a kiosk, or of none that is known: those that wait, then those that were taken in after all."""
    payload, is_done = quarantine.c.payload, quarantine.c.replayed_ms.is_not(None)
    columns = [quarantine.c[name] for name in ("id", "received_ms", "kiosk", "topic", "reason", "detail", "times", "replayed_ms")]
    query = select(*columns, users.c.login, func.length(payload), func.substr(payload, 1, _BEGINNING_BYTES)).where(_of(kiosk))
    query = query.outerjoin(users, users.c.id == quarantine.c.replayed_by).order_by(is_done, quarantine.c.id.desc()).limit(SHOWN)
    # SQLite gives null for a part of nothing.
    return [Quarantined(*row[:10], bytes(row[10] or b"")) for row in connection.execute(query)]


def count_quarantined(connection: Connection, kiosk: str | None) -> int:
    """Count the messages of a kiosk, or of none that is known, of which something is still missing."""
    query = select(func.count()).select_from(quarantine).where(_of(kiosk), quarantine.c.replayed_ms.is_(None))
    return connection.scalar(query) or 0


def _of(kiosk: str | None) -> ColumnElement[bool]:
    if kiosk is not None:
        return quarantine.c.kiosk == kiosk
    return or_(quarantine.c.kiosk.is_(None), quarantine.c.kiosk.not_in(select(kiosks.c.id)))


def _as_kiosk(row: Row[Any]) -> Kiosk:
    state = None
    if row.online is not None:
        state = KioskState(
            online=row.online,
            outbox=row.outbox,
            settings=row.settings,
            software=row.software,
            clock_trusted=row.clock_trusted,
            faults=row.faults.split(),
            changed_ms=row.changed_ms,
            last_vote_ms=row.last_vote_ms,
            showing=row.showing,
            refused=row.refused,
        )
    return Kiosk(row.id, row.name, row.site, row.desk, row.settings_version, row.quarantined or 0, state)
