"""Whether a vote has come, by the code on its slip. Nothing is said about the answer, the desk, or the time of the day."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import null, select, union_all

from feedback.records import Mode
from server.db.schema import answers, votes
from server.ingest.settling import Flag

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Connection


class Standing(StrEnum):
    """What has become of a vote."""

    COUNTED = "counted"
    SOON = "soon"
    APART = "apart"
    NOT_COUNTED = "not_counted"
    DOUBTED = "doubted"


class Stored(NamedTuple):
    """A vote that has come: its standing, and when it came, of which people are told the day only."""

    standing: Standing
    received_ms: int


def find_vote(connection: Connection, id_: UUID, now_ms: int) -> Stored | None:
    """Give what has become of a vote, None where it has not come."""
    v, a = votes.c, answers.c
    rated = select(null().label("mode"), v.flag, v.received_ms, v.released_ms).where(v.id == id_)
    other = select(a.mode, a.flag, a.received_ms, a.released_ms).where(a.record == id_, a.first)
    row = connection.execute(union_all(rated, other)).first()
    if row is None:
        return None
    if row.mode not in (None, Mode.LIVE):
        return Stored(Standing.APART, row.received_ms)
    if row.flag == Flag.MISUSE:
        return Stored(Standing.DOUBTED, row.received_ms)
    if row.flag:
        return Stored(Standing.NOT_COUNTED, row.received_ms)
    return Stored(Standing.SOON if row.released_ms > now_ms else Standing.COUNTED, row.received_ms)
