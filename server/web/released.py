"""The pages of numbers that everybody may see: the public page with its open data, the wall in the office, and «Мій стіл» for clerks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from server.db.engine import reading
from server.ratings.released import Week, weeks
from server.reports.tables import Column, Kind, Table, as_csv, as_json
from server.web.access import FOR_ALL, FOR_EVERYBODY, Asked
from server.web.context import TheWeb, Web, read_centre
from server.web.question import TheQuestion
from server.web.rendering import language_of, page

if TYPE_CHECKING:
    from server.web.context import Centre
    from server.web.language import Language

WEEKS: Final = 12
RELOAD_S: Final = 300
"""After so long the wall asks for itself again."""


@get("/public", opt=FOR_ALL, sync_to_thread=True, include_in_schema=False)
def show_public(request: Asked, web: TheWeb) -> Response[str]:
    """Show the centre's weeks to everybody."""
    centre, found = _centre_weeks(web)
    return page(request, "public.html", centre=centre, table=_table(found, language_of(request)), newest=found[0])


@get("/public/{key:str}", opt=FOR_ALL, sync_to_thread=True, include_in_schema=False)
def save_public(request: Asked, web: TheWeb, key: FromPath[str]) -> Response[bytes]:
    """Give the same as open data: weeks.csv or weeks.json."""
    centre, found = _centre_weeks(web)
    table = _table(found, language_of(request))
    if key == "weeks.csv":
        return Response(as_csv(table), media_type="text/csv")
    if key == "weeks.json":
        return Response(as_json(table, {"centre": centre.name}), media_type="application/json")
    raise NotFoundException


@get("/wall", opt=FOR_ALL, sync_to_thread=True, include_in_schema=False)
def show_wall(request: Asked, web: TheWeb) -> Response[str]:
    """Show the last week large, for a screen in the office; it asks for itself again without a script."""
    centre, found = _centre_weeks(web)
    answer = page(request, "wall.html", centre=centre, newest=found[0], earlier=found[1])
    answer.headers["refresh"] = str(RELOAD_S)
    return answer


@get("/my-desk", opt=FOR_EVERYBODY, sync_to_thread=True, include_in_schema=False)
def show_my_desk(request: Asked, web: TheWeb, question: TheQuestion) -> Response[str]:
    """Show a desk's weeks to those who work there: no votes of today, no clock times, nothing under ten."""
    table = None
    if question.desk:
        with reading(web.engine) as connection:
            found = weeks(connection, web.today(question.centre), web.now_ms(), count=WEEKS, desk_id=question.desk.id)
        table = _table(found, language_of(request))
    return page(request, "my-desk.html", question=question, table=table)


def _centre_weeks(web: Web) -> tuple[Centre, list[Week]]:
    with reading(web.engine) as connection:
        centre = read_centre(connection)
        return centre, weeks(connection, web.today(centre), web.now_ms(), count=WEEKS)


def _table(found: list[Week], language: Language) -> Table:
    gettext = language.words.gettext

    def said(week: Week) -> str:
        if week.votes is None:
            return gettext("fewer than 10 votes")
        if week.over is not None:
            return gettext("more than %(share)s, fewer than 10 were not good") % {"share": language.percent(week.over)}
        return ""

    columns = [
        Column("week", gettext("Week"), lambda week: language.days(week.days), Kind.TEXT),
        Column("votes", gettext("Votes"), lambda week: week.votes, help=gettext("those that count for the score")),
        Column("score", gettext("Excellent or good"), lambda week: week.score, Kind.SHARE),
        Column("problem", gettext("Problems"), lambda week: week.problem, Kind.SHARE),
        Column("note", gettext("Note"), said, Kind.TEXT),
    ]
    return Table("weeks", gettext("Votes by week"), columns, found)


ROUTES: Final = [show_public, save_public, show_wall, show_my_desk]
