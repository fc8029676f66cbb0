"""The keys from which tokens of tickets are made, one a day: verified whenever a ticket needs one, and over 72 hours after their day."""

from __future__ import annotations

import logging
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from feedback.tickets import KEYS_AHEAD, TOKEN_LIFE_H
from kiosk import accepted
from kiosk.errors import DayKeysRefusedError

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)


def is_over(day: str, zone: str, wall_ms: int) -> bool:
    """Tell whether the life of a day's key and tokens is over: 72 hours after the midnight that ended it, by the clock in `zone`."""
    date_of_day = date.fromisoformat(day)
    if date_of_day == date.max:
        return False
    midnight = datetime.combine(date_of_day + timedelta(days=1), time(), ZoneInfo(zone))
    return wall_ms >= midnight.timestamp() * 1000 + TOKEN_LIFE_H * 3_600_000


def is_past(day: str, newest: str) -> bool:
    """Tell whether the life of a day's key is over because the server has made the one of the day `newest`, a week ahead at most."""
    apart = timedelta(days=KEYS_AHEAD, hours=24 + TOKEN_LIFE_H)
    return bool(newest) and date.fromisoformat(newest) - date.fromisoformat(day) >= apart


class DayKeys:
    """What ui knows of them: nothing is kept in memory, or an erased key would live on there."""

    def __init__(self, data_dir: Path, kiosk: str, signing_key: str) -> None:
        self._data_dir = data_dir
        self._kiosk = kiosk
        self._signing_key = signing_key

    def key(self, day: str) -> bytes | None:
        """Give the key of a day (ISO), None where there is none that the server signed."""
        try:
            payload = accepted.day_key_file(self._data_dir, day).read_bytes()
            found = accepted.open_day_key(payload, self._kiosk, self._signing_key)
        except FileNotFoundError:
            return None
        except (OSError, DayKeysRefusedError) as error:
            log.warning("the key of %s is not used: %s", day, error)
            return None
        return bytes.fromhex(found.key) if found.day == day else None
