"""The morning briefing (S7): one sheet with yesterday and the week, where and when it went worst and why, and what needs somebody."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec
from litestar import Response, get

from server.db.engine import reading
from server.fleet.calls import open_calls
from server.ratings import queries
from server.ratings.kiosks import list_kiosks
from server.ratings.periods import Period
from server.ratings.reasons import reasons
from server.ratings.scores import Mark
from server.web.access import FOR_READERS, Asked
from server.web.context import TheWeb
from server.web.desks import choices
from server.web.question import OWN, TheQuestion
from server.web.reasons import problems_first, words_of
from server.web.rendering import language_of, page

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from server.ratings.queries import Scope, Tally
    from server.web.language import Language

_WEEK: Final = 7
_REASONS: Final = 3


@get("/briefing", opt=FOR_READERS, sync_to_thread=True, include_in_schema=False)
def show_briefing(request: Asked, web: TheWeb, question: TheQuestion) -> Response[str]:
    """Show the sheet of this morning, of the centre or of one site."""
    yesterday, now_ms = web.today(question.centre) - timedelta(days=1), web.now_ms()
    week = Period.last_days(_WEEK, yesterday)
    question = msgspec.structs.replace(question, preset=OWN, period=week, desk=None, cut=None)
    scope = question.scope()
    with reading(web.engine) as connection:
        of_yesterday = queries.tally(connection, msgspec.structs.replace(scope, period=Period(yesterday, yesterday)), now_ms)
        table = queries.desk_table(connection, scope, now_ms)
        worst = _worst((row.desk, row.tally) for row in table.rows if row.desk)
        there = msgspec.structs.replace(scope, desk_id=worst[0].id) if worst else scope
        found: dict[str, Any] = {
            "worst": worst,
            "hour": _worst(queries.week_hours(connection, there, now_ms).items()) if worst else None,
            "why": _why(connection, there, now_ms, language_of(request)) if worst else [],
            "silent": [
                kiosk
                for kiosk in list_kiosks(connection)
                if (kiosk.state is None or not kiosk.state.online) and (not question.site or kiosk.site == question.site.name)
            ],
            "calls": open_calls(connection, now_ms),
        }
    values = {"yesterday": yesterday, "of_yesterday": of_yesterday, "of_week": table.total, "question": question}
    return page(request, "briefing.html", **(choices(question) | values | found))


def _worst(tallies: Iterable[tuple[Any, Tally]]) -> tuple[Any, Tally] | None:
    """Give of those with enough votes the one whose share of problems is highest even at the low end of its interval."""
    problems = [(one, tally) for one, tally in tallies if tally.rating.mark is Mark.ENOUGH and tally.rating.problem.count]
    return max(problems, key=lambda of: of[1].rating.problem.low or 0.0, default=None)


def _why(connection: Connection, scope: Scope, now_ms: int, language: Language) -> list[tuple[str, int, int]]:
    """Give the most frequent reasons of the question about problems: its words, how many gave it, how many were asked."""
    asked, words = problems_first(connection, reasons(connection, scope, now_ms)), words_of(connection, language)
    return [
        (words.get((asked[0].questionnaire, asked[0].question, reason.choice), reason.choice), reason.given.count, asked[0].people)
        for reason in (asked[0].reasons[:_REASONS] if asked else ())
    ]


ROUTES: Final = [show_briefing]
