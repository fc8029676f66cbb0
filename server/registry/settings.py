"""What each kiosk is told: built from the registry, numbered anew when its content changes, and signed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import select, update

from feedback.settings import PURPOSE, DeskOption, KioskSettings
from feedback.signed import sign
from feedback.wire import encode
from server.db.schema import desks, kiosks, server
from server.registry.questionnaires import DEFAULT, require_newest

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection


def build_settings(connection: Connection, kiosk: str) -> KioskSettings | None:
    """Give a kiosk's settings, or None for a kiosk that does not exist."""
    row = connection.execute(select(kiosks).where(kiosks.c.id == kiosk)).first()
    if row is None:
        return None
    there = connection.execute(select(desks).where(desks.c.site_id == row.site_id).order_by(desks.c.id)).all()
    options = {desk.id: DeskOption(id=desk.key, number=desk.number, name=desk.name) for desk in there}
    return KioskSettings(
        version=row.settings_version,
        kiosk=kiosk,
        centre=connection.execute(select(server.c.centre)).scalar_one(),
        questionnaire=require_newest(connection, DEFAULT),
        desk=options.get(row.desk_id),
        desks=tuple(sorted(options.values(), key=lambda option: (len(option.number), option.number))),
    )


def signed_settings(connection: Connection, kiosk: str, *, signer: Callable[[bytes], bytes]) -> bytes | None:
    """Give a kiosk's settings as they go on the wire, or None for a kiosk that does not exist."""
    settings = build_settings(connection, kiosk)
    return None if settings is None else encode(sign(settings, PURPOSE, signer))


def number_settings(connection: Connection) -> list[str]:
    """Raise the version of every kiosk's settings whose content has changed; give those kiosks."""
    changed = []
    for row in connection.execute(select(kiosks.c.id, kiosks.c.settings_version, kiosks.c.settings_digest)).all():
        settings = build_settings(connection, row.id)
        digest = hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(settings, version=0) if settings else None)).digest()
        if digest == row.settings_digest:
            continue
        version = row.settings_version + (row.settings_digest is not None)
        connection.execute(update(kiosks).where(kiosks.c.id == row.id).values(settings_version=version, settings_digest=digest))
        changed.append(row.id)
    return changed
