"""What one kiosk has recorded of its devices: outages, its last self-tests, and how many people came up to it. Reads only.

How many came up is evidence beside the number of votes, never its base: a sensor sees staff and people who pass by.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import func, select

from feedback.records import Mode
from server.db.schema import answers, device_changes, presence, selftests, votes

if TYPE_CHECKING:
    from datetime import tzinfo

    from sqlalchemy import Connection

SHOWN: Final = 50
"""How many outages are listed, the newest first."""
DAYS: Final = 14
_CHANGES: Final = 1000  # so far back outages are put together


class Outage(msgspec.Struct, frozen=True):
    """A device that failed; `end_ms` is null while it fails, or where its kiosk has not said otherwise."""

    device: str
    fault: str
    begin_ms: int
    end_ms: int | None


class Tested(msgspec.Struct, frozen=True):
    """A self-test: a fault's name by each part that was tested, empty where it is well; with a technician or by itself."""

    at_ms: int
    attended: bool
    results: dict[str, str]


class Day(msgspec.Struct, frozen=True):
    """How many came up on a day, null where no sensor counted, and how many voted."""

    day: date
    arrivals: int | None
    votes: int


def outages(connection: Connection, kiosk: str) -> list[Outage]:
    """Give the latest outages of a kiosk's devices, the newest first. A fault that is told again is the same outage."""
    c = device_changes.c
    query = select(c.device, c.fault, c.at_ms).where(c.kiosk == kiosk).order_by(c.at_ms.desc(), c.record.desc()).limit(_CHANGES)
    found: list[Outage] = []
    failing: dict[str, Outage] = {}
    for device, fault, at_ms in reversed(connection.execute(query).all()):
        there = failing.get(device)
        if there is not None and there.fault == fault:
            continue
        if there is not None:
            found.append(msgspec.structs.replace(failing.pop(device), end_ms=at_ms))
        if fault:
            failing[device] = Outage(device, fault, at_ms, None)
    return sorted([*found, *failing.values()], key=lambda outage: outage.begin_ms, reverse=True)[:SHOWN]


def last_selftests(connection: Connection, kiosk: str) -> list[Tested]:
    """Give a kiosk's last self-test with a technician and its last one by itself, the newer first."""
    c = selftests.c
    found = []
    for attended in (True, False):
        query = select(c.at_ms, c.attended, c.results).where(c.kiosk == kiosk, c.attended == attended)
        row = connection.execute(query.order_by(c.at_ms.desc(), c.record.desc()).limit(1)).first()
        if row is not None:
            found.append(Tested(row.at_ms, row.attended, msgspec.json.decode(row.results, type=dict[str, str])))
    return sorted(found, key=lambda test: test.at_ms, reverse=True)


def last_days(connection: Connection, kiosk: str, today: date, zone: tzinfo) -> list[Day]:
    """Give the last days on which somebody came up to a kiosk or voted at it, the newest first."""
    first = today - timedelta(days=DAYS - 1)
    since_ms = round(datetime.combine(first, datetime.min.time(), zone).timestamp() * 1000)
    p, v, a = presence.c, votes.c, answers.c
    counted = select(p.day, func.sum(p.count)).where(p.kiosk == kiosk, p.day >= first.isoformat()).group_by(p.day)
    arrivals = {day: int(count) for day, count in connection.execute(counted)}
    people: Counter[str] = Counter()
    rated = select(v.day, func.count()).where(v.kiosk == kiosk, v.at_ms >= since_ms, v.channel == "kiosk", v.flag == "").group_by(v.day)
    others = select(a.day, func.count()).where(a.kiosk == kiosk, a.day >= first.isoformat(), a.first, a.place == 0, a.flag == "")
    for query in (rated, others.where(a.mode == str(Mode.LIVE)).group_by(a.day)):
        people.update({day: int(count) for day, count in connection.execute(query)})
    return [Day(date.fromisoformat(day), arrivals.get(day), people[day]) for day in sorted(arrivals.keys() | people.keys(), reverse=True)]
