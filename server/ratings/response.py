"""How many of those who were served said something: votes by tickets served, wherever the queue has told of whole days.

Both numbers count everybody and sample nobody, so this share has no interval. Kiosks and ticket boxes are two ways of asking, and each has
a share of its own; one ticket is one vote in both together. Who came without a ticket votes too, so that the share may exceed all. A
presence sensor's count is never its base.
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
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, CompoundSelect, Connection, Select, Table

    from server.ratings.queries import Scope

_NOTHING: Final = (0, 0, 0)
_KIOSKS, _BOXES, _SERVED = range(len(_NOTHING))
_BEFORE_THE_REGISTRY: Final = "Europe/Kyiv"


class Response(msgspec.Struct, frozen=True):
    """`votes` at kiosks out of `served` tickets on those `days` of a period that the queue told of wholly; `share` is null where unknown.

    `boxes` are the tickets that visitors dropped into the two boxes on these days, and `boxes_share` their share.
    """

    votes: int = 0
    served: int = 0
    days: int = 0
    share: float | None = None
    boxes: int = 0
    boxes_share: float | None = None


UNKNOWN: Final = Response()


class Responses:
    """The response of each desk in a scope, and of all of them together."""

    def __init__(self, counted: Mapping[int, Sequence[int]], days: Mapping[int, int], all_days: int) -> None:
        self._counted = counted
        self._days = days
        self.total = _response([sum(one[which] for one in counted.values()) for which in range(len(_NOTHING))], all_days)

    def of(self, desk_id: int, site_id: int) -> Response:
        """Give a desk's."""
        return _response(self._counted.get(desk_id, _NOTHING), self._days.get(site_id, 0))


def responses(connection: Connection, scope: Scope, now_ms: int) -> Responses:
    """Count votes and tickets of the days that count.

    A day counts once it is over, and only if the queue was pushing then, or if a file of it was imported after its end: half a day's
    tickets under a whole day's votes would be no rate. Of a scope that is cut nothing is known: tickets have no language and no channel.
    """
    if scope.cut is not None:
        return Responses({}, {}, 0)
    today = _today(connection, now_ms)
    q = queue_days.c
    days = {row[0]: row[1] for row in connection.execute(select(q.site_id, func.count()).where(*_whole(scope, today)).group_by(q.site_id))}
    all_days = int(connection.execute(select(func.count(q.day.distinct())).where(*_whole(scope, today))).scalar_one())
    counted: dict[int, list[int]] = {}
    for which, desk_id, count in connection.execute(_counted(scope, today)):
        counted.setdefault(desk_id, [*_NOTHING])[which] += int(count)
    return Responses(counted, days, all_days)


def came_up(connection: Connection, scope: Scope) -> int | None:
    """Give how often somebody came up to the kiosks at the desk in scope, as their sensors say; None where none has said anything."""
    p = presence.c
    first, last = scope.period.first.isoformat(), scope.period.last.isoformat()
    query = select(func.sum(p.count)).join_from(presence, kiosks, kiosks.c.id == p.kiosk)
    count = connection.execute(query.where(kiosks.c.desk_id == scope.desk_id, p.day.between(first, last))).scalar()
    return None if count is None else int(count)


def _response(counted: Sequence[int], days: int) -> Response:
    votes, boxes, served = counted
    return Response(votes, served, days, votes / served if served else None, boxes, boxes / served if served else None)


def _counted(scope: Scope, today: str) -> CompoundSelect[Any]:
    """Give rows of what is counted, a desk, and how many."""
    r, a, h = rollup_dimension.c, rollup_answer.c, queue_hours.c
    rated = sum((r[answer] for answer in ANSWERS[1:]), start=r[ANSWERS[0]])
    by_channel = [
        _on_whole_days(rollup_dimension, which, rated, scope, today).where(r.dimension == "channel", r.value == channel.value)
        for which, channel in ((_KIOSKS, Channel.KIOSK), (_BOXES, Channel.BOX))
    ]
    others = _on_whole_days(rollup_answer, _KIOSKS, a.firsts, scope, today)
    return union_all(*by_channel, others, _on_whole_days(queue_hours, _SERVED, h.served, scope, today))


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
