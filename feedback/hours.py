"""Opening hours of a week, by the clock on the centre's wall. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

DAY_MIN = 24 * 60


class Day(msgspec.Struct, frozen=True):
    """From when to when a day is open, in minutes after midnight; `closes_min` may be 1440."""

    opens_min: int
    closes_min: int


class Hours(msgspec.Struct, frozen=True):
    """The week from Monday to Sunday in the time zone `zone` (IANA); None for a day without opening."""

    zone: str
    week: tuple[Day | None, Day | None, Day | None, Day | None, Day | None, Day | None, Day | None]

    def is_open(self, wall_ms: int) -> bool:
        """Tell whether the centre is open at a time in milliseconds since 1970 UTC."""
        now = self._local(wall_ms)
        day = self.week[now.weekday()]
        return day is not None and day.opens_min <= now.hour * 60 + now.minute < day.closes_min

    def next_opening(self, wall_ms: int) -> datetime | None:
        """Give the next opening after that time, in the zone; None where no day of the week opens."""
        now = self._local(wall_ms)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        for ahead in range(8):
            date = midnight + timedelta(days=ahead)
            day = self.week[date.weekday()]
            if day is not None and (opening := date + timedelta(minutes=day.opens_min)) > now:
                return opening
        return None

    def _local(self, wall_ms: int) -> datetime:
        return datetime.fromtimestamp(wall_ms / 1000, UTC).astimezone(ZoneInfo(self.zone))
