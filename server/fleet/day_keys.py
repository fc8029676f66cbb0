"""The keys of days, from which kiosks and the queue's matching make tokens of tickets: made here, and published to each kiosk.

All workers see the same keys, so that any of them may publish. A key is erased 72 hours after its day ended; it is never made again,
because days that are over so long ask for none.
"""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from feedback.signed import sign
from feedback.tickets import DAY_KEY_PURPOSE, TOKEN_LIFE_H, DayKey, ticket_token
from feedback.wire import SignedList, encode
from server.db.bulk import insert_rows
from server.db.schema import day_keys, server

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection

AHEAD: Final = 7
"""So many days ahead keys are made, for kiosks that will be offline."""
_BACK: Final = 4
_KEY_BYTES: Final = 32


def day_keys_of(connection: Connection) -> dict[str, bytes]:
    """Give every key that is still there, by its day (ISO)."""
    rows = connection.execute(select(day_keys.c.day, day_keys.c.key).order_by(day_keys.c.day))
    return {row.day: bytes(row.key) for row in rows}


def token_of(connection: Connection, scope: str, day: str, number: str) -> str | None:
    """Give the token of the ticket `number` of `day` (ISO) at the site with the key `scope`; None where that day's key is not there.

    For many tickets at once: `feedback.tickets.ticket_token` with the keys of `day_keys_of`.
    """
    key = connection.execute(select(day_keys.c.key).where(day_keys.c.day == day)).scalar()
    return None if key is None else ticket_token(bytes(key), scope, day, number)


def gone_ms(day: str, zone: ZoneInfo) -> int:
    """Give the time from which nothing may name a ticket of `day` any more: 72 hours after the day ended at `zone`."""
    midnight = datetime.combine(date.fromisoformat(day) + timedelta(days=1), datetime.min.time(), zone)
    return round(midnight.timestamp() * 1000) + TOKEN_LIFE_H * 3_600_000


def wanted_days(now_ms: int, zone: ZoneInfo) -> list[str]:
    """Give the days that have a key now: those whose 72 hours are not over, to a week ahead."""
    today = datetime.fromtimestamp(now_ms / 1000, zone).date()
    days = [(today + timedelta(days=number)).isoformat() for number in range(-_BACK, AHEAD + 1)]
    return [day for day in days if gone_ms(day, zone) > now_ms]
