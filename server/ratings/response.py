"""How many of those who were served said something: votes by tickets served, wherever the queue has told of whole days.

Both numbers count everybody and sample nobody, so this share has no interval. Votes from the kiosks and from ticket boxes are counted, one
ticket one vote; who came without a ticket votes too, so that the share may exceed all. A presence sensor's count is never its base.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import and_, func, literal, or_, select, union_all

from feedback.questionnaire import ANSWERS
from feedback.records import Channel
from server.db.schema import kiosks, presence, queue_days, queue_hours, rollup_answer, rollup_dimension, server

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, CompoundSelect, Connection, Select, Table

    from server.ratings.queries import Scope

CHANNELS: Final = (str(Channel.KIOSK), str(Channel.BOX))
"""The ways of asking that everybody who was served passes."""

_BEFORE_THE_REGISTRY: Final = "Europe/Kyiv"


class Response(msgspec.Struct, frozen=True):
    """`votes` out of `served` tickets on those `days` of a period that the queue told of wholly; `share` is null where it is unknown."""

    votes: int = 0
    served: int = 0
    days: int = 0
    share: float | None = None


UNKNOWN: Final = Response()


class Responses:
    """The response of each desk in a scope, and of all of them together."""

    def __init__(self, counted: Mapping[int, tuple[int, int]], days: Mapping[int, int], all_days: int) -> None:
        self._counted = counted
        self._days = days
        votes, served = (sum(one[which] for one in counted.values()) for which in (0, 1))
        self.total = _response(votes, served, all_days)

    def of(self, desk_id: int, site_id: int) -> Response:
        """Give a desk's."""
        return _response(*self._counted.get(desk_id, (0, 0)), self._days.get(site_id, 0))


def responses(connection: Connection, scope: Scope, now_ms: int) -> Responses:
    """Count votes and tickets of the days that count.

    A day counts once it is over, and only if the queue was pushing then, or if a file of it was imported after its end: half a day's
    tickets under a whole day's votes would be no rate.
    """
    today = _today(connection, now_ms)
    q = queue_days.c
    days = {row[0]: row[1] for row in connection.execute(select(q.site_id, func.count()).where(*_whole(scope, today)).group_by(q.site_id))}
    all_days = int(connection.execute(select(func.count(q.day.distinct())).where(*_whole(scope, today))).scalar_one())
    counted: dict[int, tuple[int, int]] = {}
    for which, desk_id, count in connection.execute(_counted(scope, today)):
        votes, served = counted.get(desk_id, (0, 0))
        counted[desk_id] = (votes, served + int(count)) if which else (votes + int(count), served)
    return Responses(counted, days, all_days)


def came_up(connection: Connection, scope: Scope) -> int | None:
    """Give how often somebody came up to the kiosks at the desk in scope, as their sensors say; None where none has said anything."""
    p = presence.c
    first, last = scope.period.first.isoformat(), scope.period.last.isoformat()
    query = select(func.sum(p.count)).join_from(presence, kiosks, kiosks.c.id == p.kiosk)
    count = connection.execute(query.where(kiosks.c.desk_id == scope.desk_id, p.day.between(first, last))).scalar()
    return None if count is None else int(count)


def _response(votes: int, served: int, days: int) -> Response:
    return Response(votes, served, days, votes / served if served else None)


def _counted(scope: Scope, today: str) -> CompoundSelect[Any]:
    """Give rows of 0 for votes or 1 for tickets served, a desk, and how many."""
    r, a, h = rollup_dimension.c, rollup_answer.c, queue_hours.c
    rated = sum((r[answer] for answer in ANSWERS[1:]), start=r[ANSWERS[0]])
    votes = _on_whole_days(rollup_dimension, 0, rated, scope, today).where(r.dimension == "channel", r.value.in_(CHANNELS))
    others = _on_whole_days(rollup_answer, 0, a.firsts, scope, today)
    return union_all(votes, others, _on_whole_days(queue_hours, 1, h.served, scope, today))


def _on_whole_days(table: Table, which: int, counted: ColumnElement[int], scope: Scope, today: str) -> Select[Any]:
    t, q = table.c, queue_days.c
    query = (
        select(literal(which), t.desk_id, func.sum(counted))
        .join_from(table, queue_days, and_(q.site_id == t.site_id, q.day == t.day))
        .where(*_whole(scope, today))
        .group_by(t.desk_id)
    )
    return query if scope.desk_id is None else query.where(t.desk_id == scope.desk_id)


def _whole(scope: Scope, today: str) -> list[ColumnElement[bool]]:
    q = queue_days.c
    first, last = scope.period.first.isoformat(), scope.period.last.isoformat()
    conditions = [q.day.between(first, last), q.day < today, or_(q.pushed, q.whole)]
    return conditions if scope.site_id is None else [*conditions, q.site_id == scope.site_id]


def _today(connection: Connection, now_ms: int) -> str:
    zone = connection.execute(select(server.c.time_zone)).scalar() or _BEFORE_THE_REGISTRY
    return datetime.fromtimestamp(now_ms / 1000, ZoneInfo(zone)).date().isoformat()
