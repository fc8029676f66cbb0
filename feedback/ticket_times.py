"""When a ticket was issued, as codes write it: days and times in ISO 8601, DD.MM.YYYY, or seconds since 1970. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import msgspec

if TYPE_CHECKING:
    from datetime import tzinfo

_YEARS: Final = range(2000, 2100)
_SECONDS: Final = re.compile(r"[0-9]{9,11}")
_DOTTED: Final = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})(?:[ T]+([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?))?")
_CLOCK: Final = re.compile(r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?")
_DATE_CHARS: Final = 10


class Issued(msgspec.Struct, frozen=True):
    """The day of a ticket by the centre's clock (ISO), and the moment of its issue (ms since 1970 UTC) where the code tells it."""

    day: str
    ms: int | None


def issued(day: str | None, at: str | None, time_zone: str) -> Issued | None:
    """Give when a ticket was issued from its fields `day` and `issued`; a time without a date, such as 14:35, belongs to `day`.

    Raises:
        ValueError: in one sentence, which of them is no day or time.
    """
    zone = _zone(time_zone)
    whole = None if day is None else _point(day, zone)
    if at is None:
        return whole
    if whole is not None and _CLOCK.fullmatch(at):
        return Issued(whole.day, _ms(datetime.combine(date.fromisoformat(whole.day), _time(at), zone)))
    point = _point(at, zone)
    return Issued(whole.day if whole else point.day, point.ms)


def latest_ms(when: Issued, time_zone: str) -> int:
    """Give the latest moment (ms since 1970 UTC) at which the ticket can have been issued: the end of its day where no time is known."""
    if when.ms is not None:
        return when.ms
    after = date.fromisoformat(when.day) + timedelta(days=1)
    return _ms(datetime.combine(after, time(), _zone(time_zone)))


def first_ms(when: Issued, time_zone: str) -> int:
    """Give the first moment (ms since 1970 UTC) at which the ticket can have been issued: midnight where no time is known."""
    return _ms(datetime.combine(date.fromisoformat(when.day), time(), _zone(time_zone))) if when.ms is None else when.ms


@cache
def _zone(time_zone: str) -> tzinfo:
    return ZoneInfo(time_zone)


def _point(text: str, zone: tzinfo) -> Issued:
    try:
        day, moment = _parsed(text, zone)
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(f"{text!r} is no day or time such as 2026-11-22, 22.11.2026 or seconds since 1970") from error
    if day.year not in _YEARS:
        raise ValueError(f"{text!r} would be in the year {day.year}")
    return Issued(day.isoformat(), None if moment is None else _ms(moment))


def _parsed(text: str, zone: tzinfo) -> tuple[date, datetime | None]:
    if _SECONDS.fullmatch(text):
        moment = datetime.fromtimestamp(int(text), zone)
        return moment.date(), moment
    dotted = _DOTTED.fullmatch(text)
    if dotted:
        day = date(int(dotted[3]), int(dotted[2]), int(dotted[1]))
        return day, datetime.combine(day, _time(dotted[4]), zone) if dotted[4] else None
    if len(text) <= _DATE_CHARS:
        return date.fromisoformat(text), None
    moment = datetime.fromisoformat(text)
    moment = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)
    return moment.date(), moment


def _time(text: str) -> time:
    hour, minute, *second = (int(part) for part in text.split(":"))
    return time(hour, minute, second[0] if second else 0)


def _ms(moment: datetime) -> int:
    return round(moment.astimezone(UTC).timestamp() * 1000)
