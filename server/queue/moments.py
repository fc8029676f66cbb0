"""Days and times as exports write them, by the clock on the centre's wall. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

YEARS: Final = range(2000, 2101)
_DATE: Final = r"(?:(\d{4})-(\d{2})-(\d{2})|(\d{1,2})\.(\d{1,2})\.(\d{4}))"
_TIME: Final = r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?"
_MOMENT: Final = re.compile(rf"(?:{_DATE}(?:[Tt]|,?\s+))?{_TIME}(Z|[+-]\d{{2}}:?\d{{2}})?", re.ASCII)
_DAY: Final = re.compile(rf"{_DATE}(?:[Tt\s,].*)?", re.ASCII)
_KEPT: Final = 1 << 16  # minutes: an export has the same ones again and again
_MINUTE_MS: Final = 60_000
_QUARTER_MS: Final = 900_000  # every place on earth is whole quarters of an hour off


class NotAMomentError(ValueError):
    """A text is no day or no time."""


class NeverWasError(NotAMomentError):
    """A time that the clock jumped over when it was put forward."""


def read_day(text: str) -> date:
    """Read a day, DD.MM.YYYY or ISO; a time behind it is passed over.

    Raises:
        NotAMomentError: it is none.
    """
    found = _DAY.fullmatch(text)
    if found is None:
        raise NotAMomentError(text)
    return date(*_date(found.groups()))


def read_moment(text: str, zone: ZoneInfo, *, day: date | None = None, not_before_ms: int | None = None) -> int:
    """Read a time in milliseconds since 1970 UTC; one without a day is of `day`, one without an offset by the centre's clock.

    Of the two that an hour has when the clock is put back, the first; where that would be before `not_before_ms`, the second.

    Raises:
        NotAMomentError: it is none.
        NeverWasError: it is in the hour that is left out when the clock is put forward.
    """
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise NotAMomentError(text)
    groups = found.groups()
    hour, minute, second, part, offset = groups[6:]
    if groups[0] or groups[5]:
        on = _date(groups[:6])
    elif day is not None:
        on = (day.year, day.month, day.day)
    else:
        raise NotAMomentError(text)
    past_ms = int(second or 0) * 1000 + int((part or "0").ljust(3, "0")[:3])
    if past_ms >= _MINUTE_MS:
        raise NotAMomentError(text)
    try:
        if offset:
            return _ms(datetime(*on, int(hour), int(minute), tzinfo=_offset(offset))) + past_ms
        first, second_ = _minute(zone, *on, int(hour), int(minute))
    except NotAMomentError:
        raise
    except ValueError as error:
        raise NotAMomentError(text) from error
    is_second = second_ is not None and not_before_ms is not None and first + past_ms < not_before_ms
    return (second_ if is_second and second_ is not None else first) + past_ms


@lru_cache(_KEPT)
def day_and_hour(quarter: int, zone: ZoneInfo) -> tuple[str, int]:
    """Give the local day (ISO) and hour of a quarter of an hour since 1970 UTC."""
    there = datetime.fromtimestamp(quarter * _QUARTER_MS / 1000, zone)
    return there.date().isoformat(), there.hour


def quarter_of(at_ms: int) -> int:
    """Give in which quarter of an hour since 1970 UTC a time is."""
    return at_ms // _QUARTER_MS


@lru_cache(_KEPT)
def _minute(zone: ZoneInfo, year: int, month: int, day: int, hour: int, minute: int) -> tuple[int, int | None]:  # noqa: PLR0913, PLR0917
    """Give when a minute of the wall clock begins, and when it begins the second time if it comes twice."""
    first = datetime(year, month, day, hour, minute, tzinfo=zone)
    second = first.replace(fold=1)
    at, other = first.utcoffset(), second.utcoffset()
    if at == other:
        return _ms(first), None
    if at is not None and other is not None and at < other:  # the clock was put forward: neither ever was
        raise NeverWasError(first.isoformat())
    return _ms(first), _ms(second)


def _date(groups: Sequence[str]) -> tuple[int, int, int]:
    year, month, day = groups[:3] if groups[0] else (groups[5], groups[4], groups[3])
    try:
        read = date(int(year), int(month), int(day))
    except ValueError as error:
        raise NotAMomentError(f"{year}-{month}-{day}") from error
    if read.year not in YEARS:
        raise NotAMomentError(read.isoformat())
    return read.year, read.month, read.day


def _offset(text: str) -> timezone:
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 14 or minutes > 59:  # noqa: PLR2004 - no place on earth is farther off
        raise NotAMomentError(text)
    off = timedelta(hours=hours, minutes=minutes)
    return timezone(-off if text[0] == "-" else off)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
