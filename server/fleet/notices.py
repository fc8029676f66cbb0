"""What each kiosk's visitors are told: made anew from the database, and numbered when it has changed.

All workers see the same numbers, so that any of them may publish. How many people answered is summed from rollups, once a minute at most
for the whole server.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import func, select, update

from feedback.notice import PURPOSE, Notice
from feedback.questionnaire import ANSWERS
from feedback.signed import sign
from feedback.wire import encode
from server.db.bulk import insert_rows
from server.db.engine import reading, writing
from server.db.schema import kiosks, notices, rollup_answer, rollup_day, server, sites
from server.fleet import announcements
from server.fleet.calls import taken_lately

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection, Engine

COUNT_MS: Final = 60_000


class Notices:
    """The notices of all kiosks; `signer` signs them."""

    def __init__(self, engine: Engine, *, signer: Callable[[bytes], bytes]) -> None:
        self._engine = engine
        self._signer = signer

    def current(self, now_ms: int) -> dict[str, Notice]:
        """Give every kiosk's notice by now. It writes only when one has changed."""
        with reading(self._engine) as connection:
            if not _is_due(connection, now_ms):
                wanted = _wanted(connection, now_ms)
                numbers = _numbers(connection)
                if all(kiosk in numbers and numbers[kiosk][1] == _digest(notice) for kiosk, notice in wanted.items()):
                    return {kiosk: msgspec.structs.replace(notice, number=numbers[kiosk][0]) for kiosk, notice in wanted.items()}
        with writing(self._engine) as connection:
            return number_notices(connection, now_ms)

    def signed(self, notice: Notice) -> bytes:
        """Give a notice as it goes on the wire."""
        return encode(sign(notice, PURPOSE, self._signer))

    def of(self, connection: Connection, kiosk: str, now_ms: int) -> bytes | None:
        """Give one kiosk's notice in the caller's transaction, or None for a kiosk that does not exist."""
        notice = number_notices(connection, now_ms, only=kiosk).get(kiosk)
        return None if notice is None else self.signed(notice)


def number_notices(connection: Connection, now_ms: int, *, only: str | None = None) -> dict[str, Notice]:
    """Give every kiosk's notice, or only one, with a new number where it says something new."""
    if connection.dialect.name == "postgresql":  # two workers, one number: the second sees what the first has written
        connection.execute(select(server.c.id).with_for_update())
    if _is_due(connection, now_ms):
        _count(connection, now_ms)
    numbers, numbered, changed = _numbers(connection), {}, []
    for kiosk, notice in _wanted(connection, now_ms, only).items():
        number, digest = numbers.get(kiosk, (0, b""))
        if digest != _digest(notice):
            number = max(now_ms, number + 1)
            changed.append((kiosk, number, _digest(notice)))
        numbered[kiosk] = msgspec.structs.replace(notice, number=number)
    replaced = "ON CONFLICT (kiosk) DO UPDATE SET number = excluded.number, digest = excluded.digest"
    insert_rows(connection, notices, ("kiosk", "number", "digest"), changed, on_conflict=replaced)
    return numbered


def _wanted(connection: Connection, now_ms: int, only: str | None = None) -> dict[str, Notice]:
    """Give what every kiosk should be told, without a number."""
    counted = connection.execute(select(server.c.answered_month, server.c.answered)).one()
    active = announcements.active(connection, now_ms)
    done = announcements.list_deeds(connection, 1)
    taken = taken_lately(connection, now_ms)
    query = select(kiosks.c.id, sites.c.key).join(sites).order_by(kiosks.c.id)
    return {
        row.id: Notice(
            number=0,
            kiosk=row.id,
            month=counted.answered_month,
            answered=counted.answered,
            done=done[0].texts if done else {},
            announcements=announcements.for_kiosks(active, row.key),
            answered_calls=taken.get(row.id, ()),
        )
        for row in connection.execute(query if only is None else query.where(kiosks.c.id == only))
    }


def _numbers(connection: Connection) -> Mapping[str, tuple[int, bytes]]:
    return {row.kiosk: (row.number, bytes(row.digest)) for row in connection.execute(select(notices))}


def _digest(notice: Notice) -> bytes:
    return hashlib.sha256(msgspec.json.encode(notice, order="sorted")).digest()


def _is_due(connection: Connection, now_ms: int) -> bool:
    return abs(now_ms - int(connection.execute(select(server.c.answered_ms)).scalar_one())) >= COUNT_MS


def _count(connection: Connection, now_ms: int) -> None:
    """Sum up how many people gave an answer this month: everyone who rated, and everyone who began with another question."""
    zone = connection.execute(select(server.c.time_zone)).scalar_one()
    month = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(ZoneInfo(zone)).strftime("%Y-%m")
    rated = sum((rollup_day.c[answer] for answer in ANSWERS[1:]), start=rollup_day.c[ANSWERS[0]])
    people = 0
    for table, counted in ((rollup_day, rated), (rollup_answer, rollup_answer.c.firsts)):
        query = select(func.coalesce(func.sum(counted), 0)).where(table.c.day.between(f"{month}-01", f"{month}-31"))
        people += int(connection.execute(query).scalar_one())
    connection.execute(update(server).values(answered_month=month, answered=people, answered_ms=now_ms))
