"""The keys of days, from which kiosks and the queue's matching make tokens of tickets: made here, and published to each kiosk.

All workers see the same keys, so that any of them may publish. Each tells when it was made: no backup has them, so that a restored server
makes others for the same days, and of two that are signed for one day the one that was made last counts. 72 hours after its day ended a key
is erased, and with it whatever names a ticket of that day.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from feedback.signed import sign
from feedback.tickets import DAY_KEY_PURPOSE, KEYS_AHEAD, TOKEN_LIFE_H, DayKey, ticket_token
from feedback.wire import SignedList, encode
from server.db.bulk import insert_rows
from server.db.centre import zone_of
from server.db.engine import reading, writing
from server.db.schema import day_keys, kiosks
from server.fleet.forgetting import erase, sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection, Engine

_BACK: Final = 4
_KEY_BYTES: Final = 32


class DayKeys:
    """The keys of days, for all kiosks; `signer` signs them."""

    def __init__(self, engine: Engine, *, signer: Callable[[bytes], bytes]) -> None:
        self._engine = engine
        self._signer = signer
        self._swept = False  # what an earlier process erased may still stand in its files

    def current(self, now_ms: int) -> dict[str, bytes]:
        """Give the keys by their days. It makes those that are missing, and erases what is gone with its day; else it writes nothing."""
        with reading(self._engine) as connection:
            days = wanted_days(now_ms, zone_of(connection))
            keys = day_keys_of(connection)
        if [*keys] != days:
            with writing(self._engine) as connection:
                made_ms = _made_after(connection, now_ms)
                if keys.keys() - days:
                    self._swept = False
                    erase(connection, days)
                made = [(day, secrets.token_bytes(_KEY_BYTES), made_ms) for day in days]
                insert_rows(connection, day_keys, ("day", "key", "made_ms"), made, on_conflict="ON CONFLICT DO NOTHING")
                keys = day_keys_of(connection)
        self._swept = self._swept or sweep(self._engine)
        return keys

    def unpublished(self, now_ms: int, published: Mapping[str, bytes]) -> list[tuple[str, bytes, bytes]]:
        """Give the kiosks whose keys are not `published` under their digest, with digest and signed keys."""
        self.current(now_ms)
        with reading(self._engine) as connection:
            keys = _made_keys(connection)
            ids = connection.execute(select(kiosks.c.id).order_by(kiosks.c.id)).scalars().all()
        digest = hashlib.sha256(repr(keys).encode()).digest()
        return [(kiosk, digest, self._signed(kiosk, keys)) for kiosk in ids if published.get(kiosk) != digest]

    def of(self, connection: Connection, kiosk: str) -> bytes:
        """Give the signed keys for one kiosk, as they are in the caller's transaction."""
        return self._signed(kiosk, _made_keys(connection))

    def _signed(self, kiosk: str, keys: Iterable[tuple[str, str, int]]) -> bytes:
        documents = [sign(DayKey(kiosk, *key), DAY_KEY_PURPOSE, self._signer) for key in keys]
        return encode(SignedList(documents))


def day_keys_of(connection: Connection) -> dict[str, bytes]:
    """Give every key that is still there, by its day (ISO)."""
    rows = connection.execute(select(day_keys.c.day, day_keys.c.key).order_by(day_keys.c.day))
    return {row.day: bytes(row.key) for row in rows}


def _made_keys(connection: Connection) -> list[tuple[str, str, int]]:
    """Give every key that is still there: its day, the key in hexadecimal, and when it was made."""
    rows = connection.execute(select(day_keys).order_by(day_keys.c.day))
    return [(row.day, bytes(row.key).hex(), row.made_ms) for row in rows]


def _made_after(connection: Connection, now_ms: int) -> int:
    """Give when a key that is made now was made: after all that are there, also where the clock was ahead when those were made."""
    latest: int | None = connection.execute(select(func.max(day_keys.c.made_ms))).scalar()
    return now_ms if latest is None else max(now_ms, latest + 1)


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
    days = [(today + timedelta(days=number)).isoformat() for number in range(-_BACK, KEYS_AHEAD + 1)]
    return [day for day in days if gone_ms(day, zone) > now_ms]
