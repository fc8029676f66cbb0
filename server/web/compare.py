"""The page that compares desks, sites and services with each other, and its funnel plot: never a league table."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from feedback.settings import Theme
from server.db.engine import reading
from server.ratings.comparisons import By, Comparison, comparison
from server.web.access import FOR_READERS, Asked
from server.web.charts import WIDTHS, send
from server.web.context import TheWeb, Web
from server.web.desks import choices
from server.web.funnel_chart import describe_funnel, funnel_chart
from server.web.language import N_
from server.web.question import Question, TheQuestion
from server.web.rendering import language_of, page

FUNNEL: Final = ("funnel.svg", "funnel.png")
TITLES: Final = {By.DESKS: N_("Desks"), By.SITES: N_("Sites"), By.SERVICES: N_("Services")}


@get("/compare", opt=FOR_READERS, sync_to_thread=True, include_in_schema=False)
def show_desks_compared(request: Asked, web: TheWeb, question: TheQuestion) -> Response[str]:
    """Show how far the scores of desks differ by more than chance."""
    return _show(request, web, question, By.DESKS)


@get("/compare/{key:str}", opt=FOR_READERS, sync_to_thread=True, include_in_schema=False)
def show_comparison(request: Asked, web: TheWeb, question: TheQuestion, key: FromPath[str]) -> Response[str]:
    """Show the same of desks, sites or services."""
    return _show(request, web, question, _by(key))


@get("/charts/compared/{key:str}", opt=FOR_READERS, sync_to_thread=True, include_in_schema=False)
def show_funnel(  # noqa: PLR0913, PLR0917 - an address has as many parts
    request: Asked,
    web: TheWeb,
    question: TheQuestion,
    key: FromPath[str],
    by: FromQuery[str] = By.DESKS.value,
    width: FromQuery[str] = "wide",
    theme: FromQuery[str] = "light",
) -> Response[str | bytes | None]:
    """Draw the funnel plot, as funnel.svg or as funnel.png to keep."""
    found = _compare(web, question, _by(by))
    if key not in FUNNEL or found.funnel is None or width not in WIDTHS or theme not in (Theme.LIGHT, Theme.DARK):
        raise NotFoundException
    described = describe_funnel(found.rows, found.funnel, question, language_of(request), width)
    return send(request, described | {"theme": theme, "file": key}, funnel_chart)


def _show(request: Asked, web: Web, question: Question, by: By) -> Response[str]:
    shown: dict[str, Any] = {"by": by, "titles": TITLES, "found": _compare(web, question, by)}
    return page(request, "compare.html", **shown, **choices(question))


def _by(key: str) -> By:
    if key not in set(By):
        raise NotFoundException
    return By(key)


def _compare(web: Web, question: Question, by: By) -> Comparison:
    with reading(web.engine) as connection:
        return comparison(connection, question.scope(), by, web.now_ms())


ROUTES: Final = [show_desks_compared, show_comparison, show_funnel]
