"""Counts of ticket boxes (K2) on a page: begun by somebody for a pair of boxes, gone on with box by box, ended with its sums."""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import func, insert, select, update

from feedback.records import Mode, new_id
from server.db.centre import zone_of
from server.db.schema import COUNTED_ON_PAGE, box_counts, box_sessions, sites, users, votes
from server.errors import RegistryError
from server.fleet.day_keys import wanted_days
from server.ingest.settling import Flag

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Connection, RowMapping, Select

_SHOWN: Final = 30


class Box(StrEnum):
    """Whose tickets are scanned."""

    SATISFIED = "satisfied"
    DISSATISFIED = "dissatisfied"


ANSWERS: Final = {Box.SATISFIED: "good", Box.DISSATISFIED: "terrible"}


class Said(StrEnum):
    """What became of the last scan; a `Refusal` is named as there."""

    NOTHING = ""
    COUNTED = "counted"
    HERE = "here"
    VOTED = "voted"
    UNKNOWN = "unknown"
    FOREIGN = "foreign"
    FORGED = "forged"
    TOO_OLD = "too_old"
    CARD = "card"
    UNDONE = "undone"
    NO_MORE = "no_more"


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """One pair of boxes being counted, or counted where `ended_ms` is there.

    `day` (ISO) is when the tickets were dropped in. `satisfied` and `dissatisfied` count; `repeated` were scanned twice here or have voted
    elsewhere; `foreign` are no tickets of this site, or none any more.
    """

    id: int
    site_id: int
    site: str
    site_name: str
    login: str
    day: str
    box: Box
    said: Said
    began_ms: int
    ended_ms: int | None
    satisfied: int
    dissatisfied: int
    repeated: int
    foreign: int

    @property
    def source(self) -> str:
        """What its votes bear in place of a kiosk's name; no kiosk's name has a colon."""
        return _source(self.id)


def days_to_count(connection: Connection, now_ms: int) -> list[str]:
    """Give the days (ISO) whose tickets can still be told apart, today first."""
    zone = zone_of(connection)
    today = datetime.fromtimestamp(now_ms / 1000, zone).date().isoformat()
    return [day for day in reversed(wanted_days(now_ms, zone)) if day <= today]


def begin(connection: Connection, *, site: str, day: str, person: int, now_ms: int) -> int:
    """Begin to count a pair of boxes; give its number.

    Raises:
        RegistryError: there is no such site, or tickets of that day cannot be told apart any more.
    """
    site_id = connection.execute(select(sites.c.id).where(sites.c.key == site)).scalar()
    if site_id is None:
        raise RegistryError(f"there is no site {site!r}")
    if day not in days_to_count(connection, now_ms):
        raise RegistryError(f"tickets of {day!r} cannot be told apart any more")
    values = {"site_id": site_id, "made_by": person, "day": day, "box": Box.SATISFIED.value, "began_ms": now_ms}
    return int(connection.execute(insert(box_sessions).values(values).returning(box_sessions.c.id)).scalar_one())


def find(connection: Connection, number: int, person: int) -> Count | None:
    """Give a count by its number to whoever began it; None to everybody else."""
    row = connection.execute(_counts().where(*_own(number, person))).mappings().first()
    return None if row is None else _as_count(connection, row)


def hold(connection: Connection, number: int, person: int) -> Count | None:
    """Give a count as `find` does while it is not ended, and keep others off it and off its site until the transaction ends."""
    query = select(box_sessions.c.site_id).where(*_own(number, person), box_sessions.c.ended_ms.is_(None))
    site_id = connection.execute(query.with_for_update()).scalar()
    if site_id is None:
        return None
    connection.execute(select(sites.c.id).where(sites.c.id == site_id).with_for_update(key_share=True)).one()  # as ingest does
    return find(connection, number, person)


def latest(connection: Connection) -> list[Count]:
    """Give the counts that have ended, the latest first."""
    return _list(connection, _counts().where(box_sessions.c.ended_ms.is_not(None)).order_by(box_sessions.c.ended_ms.desc()))


def unfinished(connection: Connection, person: int) -> list[Count]:
    """Give the counts that somebody has begun and not ended, the latest first."""
    mine = box_sessions.c.made_by == person, box_sessions.c.ended_ms.is_(None)
    return _list(connection, _counts().where(*mine).order_by(box_sessions.c.id.desc()))


def switch(connection: Connection, count: Count, box: Box) -> None:
    """Go on with the tickets of a box."""
    change(connection, count, box=box.value, said=Said.NOTHING.value)


def finish(connection: Connection, count: Count, now_ms: int) -> None:
    """End a count that is held, and keep its sums beside those that kiosks send."""
    values = {"record": make_id(now_ms), "kiosk": count.source, "site_id": count.site_id, "mode": str(Mode.LIVE)}
    values |= {"satisfied": count.satisfied, "dissatisfied": count.dissatisfied, "at_ms": now_ms, "received_ms": now_ms}
    values |= {"repeated_tickets": count.repeated, "foreign_tickets": count.foreign}
    connection.execute(insert(box_counts).values(**values))
    change(connection, count, ended_ms=now_ms, said=Said.NOTHING.value)


def change(connection: Connection, count: Count, **values: Any) -> None:  # noqa: ANN401 - columns of any kind
    """Write what has changed of a count."""
    connection.execute(update(box_sessions).where(box_sessions.c.id == count.id).values(**values))


def make_id(now_ms: int) -> UUID:
    """Make the id of a vote or of what belongs to it."""
    return new_id(now_ms, secrets.token_bytes(10))


def _own(number: int, person: int) -> tuple[Any, ...]:
    return box_sessions.c.id == number, box_sessions.c.made_by == person


def _source(number: int) -> str:
    return f"{COUNTED_ON_PAGE}{number}"


def _counts() -> Select[Any]:
    joined = box_sessions.join(sites, sites.c.id == box_sessions.c.site_id).outerjoin(users, users.c.id == box_sessions.c.made_by)
    named = (sites.c.key.label("site"), sites.c.name.label("site_name"), func.coalesce(users.c.login, "").label("login"))
    return select(box_sessions, *named).select_from(joined)


def _list(connection: Connection, query: Select[Any]) -> list[Count]:
    return [_as_count(connection, row) for row in connection.execute(query.limit(_SHOWN)).mappings().all()]


def _as_count(connection: Connection, row: RowMapping) -> Count:
    query = select(votes.c.answer, votes.c.flag, func.count()).where(votes.c.kiosk == _source(row["id"]))
    cast = {(answer, flag): number for answer, flag, number in connection.execute(query.group_by(votes.c.answer, votes.c.flag))}
    used = sum(number for (_, flag), number in cast.items() if flag == Flag.TICKET_USED)
    return Count(
        **{name: row[name] for name in ("id", "site_id", "site", "site_name", "login", "day", "began_ms", "ended_ms")},
        box=Box(row["box"]),
        said=Said(row["said"]),
        satisfied=cast.get((ANSWERS[Box.SATISFIED], ""), 0),
        dissatisfied=cast.get((ANSWERS[Box.DISSATISFIED], ""), 0),
        repeated=row["repeated_tickets"] + used,
        foreign=row["foreign_tickets"],
    )
