"""Opening hours of a week, by the clock on the centre's wall. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

DAY_MIN = 24 * 60


class Span(NamedTuple):
    """From when until when, in milliseconds since 1970 UTC."""

    from_ms: int
    until_ms: int


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

    def span(self, date_: date) -> Span | None:
        """Give when a day opens and closes; None for a day without opening."""
        day = self.week[date_.weekday()]
        if day is None:
            return None
        midnight = datetime(date_.year, date_.month, date_.day, tzinfo=ZoneInfo(self.zone))
        opens, closes = (midnight + timedelta(minutes=minutes) for minutes in (day.opens_min, day.closes_min))
        return Span(round(opens.timestamp() * 1000), round(closes.timestamp() * 1000))

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
