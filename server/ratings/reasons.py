"""Why: what people chose in the questions after the first, counted from `rollup_answer` less the windows that are still open.

A reason may be one of several that a person gave, so shares are of the people who were asked and do not add up to a whole.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import and_, case, func, literal, select, union_all

from feedback.records import Mode
from server.db.schema import answers, rollup_answer
from server.ratings.scores import Proportion, proportion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Select

    from server.ratings.queries import Scope

_Counts = dict[str, list[int]]
_LIVE: Final = str(Mode.LIVE)


class Reason(msgspec.Struct, frozen=True):
    """A choice, how many of those who were asked gave it, and how many of all reasons given are this one or a more frequent one."""

    choice: str
    given: Proportion
    running: Proportion


class Asked(msgspec.Struct, frozen=True):
    """A question: how many people it was put to, and the reasons they gave, the most frequent first.

    `key` is what it is cut by: "" for all together, or the id of a desk, or a weekday from 1 (Monday).
    """

    questionnaire: str
    question: str
    key: int | str
    people: int
    reasons: list[Reason]


def reasons(connection: Connection, scope: Scope, now_ms: int, *, by: str = "") -> list[Asked]:
    """Give every later question with its reasons; `by` "desk" or "weekday" for each of these. Cuts of the scope are not known here."""
    counted: dict[tuple[str, str, int | str], _Counts] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for questionnaire, question, choice, key, count, people in connection.execute(_query(scope, now_ms, by)):
        cut = date.fromisoformat(key).isoweekday() if by == "weekday" else key
        both = counted[questionnaire, question, cut][choice]
        both[0] += int(count)
        both[1] += int(people)
    return [_asked(*key, choices) for key, choices in sorted(counted.items(), key=lambda one: (*one[0][:2], str(one[0][2])))]


def _asked(questionnaire: str, question: str, key: int | str, choices: Mapping[str, list[int]]) -> Asked:
    people = sum(both[1] for both in choices.values())
    counts = {choice: both[0] for choice, both in choices.items() if choice and both[0] > 0}
    ordered = sorted(counts, key=lambda choice: (-counts[choice], choice))
    given, so_far, found = sum(counts.values()), 0, []
    for choice in ordered:
        so_far += counts[choice]
        found.append(Reason(choice, proportion(min(counts[choice], people), people), proportion(so_far, given)))
    return Asked(questionnaire, question, key, people, found)


def _query(scope: Scope, now_ms: int, by: str) -> Select[Any]:
    """Give rows of a question, a choice, what it is cut by, and both counts; those of open windows are taken off in the same statement."""
    r, a = rollup_answer.c, answers.c
    keys = {"desk": (r.desk_id, a.desk_id), "weekday": (r.day, a.day)}.get(by, (literal(""), literal("")))
    rolled = select(r.questionnaire, r.question, r.choice, keys[0].label("key"), r.count.label("count"), r.people.label("people"))
    is_person = case((a.place == 0, -1), else_=0)
    still_open = and_(a.released_ms > now_ms, a.mode == _LIVE, a.flag == "")
    held = select(a.questionnaire, a.question, a.choice, keys[1].label("key"), literal(-1), is_person).where(still_open)
    both = union_all(_within(rolled, r, scope), _within(held, a, scope)).subquery()
    b = both.c
    counts = (func.sum(b["count"]), func.sum(b.people))
    return select(b.questionnaire, b.question, b.choice, b.key, *counts).group_by(b.questionnaire, b.question, b.choice, b.key)


def _within(query: Select[Any], columns: Any, scope: Scope) -> Select[Any]:  # noqa: ANN401 - of either table
    query = query.where(columns.day.between(scope.period.first.isoformat(), scope.period.last.isoformat()))
    if scope.site_id is not None:
        query = query.where(columns.site_id == scope.site_id)
    return query if scope.desk_id is None else query.where(columns.desk_id == scope.desk_id)
