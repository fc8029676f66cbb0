"""Days and times as exports write them, by the clock on the centre's wall. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

YEARS: Final = range(2000, 2101)
_TIME: Final = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?"
_ISO: Final = r"(?P<iso_year>\d{4})-(?P<iso_month>\d{2})-(?P<iso_day>\d{2})"
_OURS: Final = r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})"
_ZONE: Final = r"(?P<zone>Z|[+-]\d{2}:?\d{2})"
_MOMENT: Final = re.compile(rf"(?:(?:{_ISO}|{_OURS})(?:[Tt]|,?\s+))?{_TIME}{_ZONE}?", re.ASCII)
_DAY: Final = re.compile(rf"(?:{_ISO}|{_OURS})(?:[Tt\s,].*)?", re.ASCII)


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
    return _date(found)


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
    on = _date(found) if found["iso_year"] or found["year"] else day
    if on is None:
        raise NotAMomentError(text)
    part = int((found["part"] or "0").ljust(6, "0")[:6])
    try:
        local = datetime(on.year, on.month, on.day, int(found["hour"]), int(found["minute"]), int(found["second"] or 0), part)  # noqa: DTZ001
    except ValueError as error:
        raise NotAMomentError(text) from error
    if found["zone"]:
        return _ms(local.replace(tzinfo=_offset(found["zone"])))
    return _by_the_wall(local, zone, not_before_ms)


def _by_the_wall(local: datetime, zone: ZoneInfo, not_before_ms: int | None) -> int:
    first = local.replace(tzinfo=zone)
    second = first.replace(fold=1)
    at, other = first.utcoffset(), second.utcoffset()
    if at == other:
        return _ms(first)
    if at is not None and other is not None and at < other:  # the clock was put forward: neither ever was
        raise NeverWasError(local.isoformat())
    ms = _ms(first)
    return _ms(second) if not_before_ms is not None and ms < not_before_ms else ms


def _date(found: re.Match[str]) -> date:
    year, month, day = (found["iso_" + name] or found[name] for name in ("year", "month", "day"))
    try:
        read = date(int(year), int(month), int(day))
    except ValueError as error:
        raise NotAMomentError(found[0]) from error
    if read.year not in YEARS:
        raise NotAMomentError(found[0])
    return read


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
