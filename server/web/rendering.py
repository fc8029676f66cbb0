"""Turns values into pages, in the reader's language."""

from __future__ import annotations

from functools import cache, partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import MediaType, Response

from feedback.questionnaire import ANSWERS
from server.db.engine import reading
from server.errors import DatabaseUnavailableError
from server.fleet.calls import open_calls
from server.web import assets
from server.web.accounts import COUNTERS, IMPORTERS, KEEPERS, READERS, TAKERS, TECHNICIANS, TELLERS
from server.web.language import DEFAULT, LANGUAGES, N_, Language, language
from server.web.navigation import navigation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from litestar import Request

    from server.fleet.calls import Call
    from server.web.context import Web

LANGUAGE_COOKIE: Final = "language"
ANSWER_WORDS: Final = {
    "excellent": N_("excellent"),
    "good": N_("good"),
    "acceptable": N_("acceptable"),
    "poor": N_("poor"),
    "terrible": N_("terrible"),
    "hard_to_say": N_("hard to say"),
}


def language_of(request: Request[Any, Any, Any]) -> Language:
    """Give the language somebody reads: as they set it when signed in, else as this browser remembers."""
    person = request.scope.get("user")
    return language(person.language if person else request.cookies.get(LANGUAGE_COOKIE, DEFAULT))


def page(request: Request[Any, Any, Any], template: str, *, status_code: int = 200, **values: Any) -> Response[str]:  # noqa: ANN401
    """Answer with a page."""
    environment = _environment(language_of(request).code)
    address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    person = request.scope.get("user")
    known = {"person": person, "path": request.url.path, "here": address, "now_ms": 0, "calling": (), "groups": ()}
    if person is not None and status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        known |= {"now_ms": request.app.state["web"].now_ms(), "calling": _who_calls(request.app.state["web"])}
        known["may_take"] = person.role in TAKERS
    if person is not None:
        known["groups"] = navigation(person.role, request.url.path)
    content = environment.get_template(template).render(**(known | values))
    return Response(content, media_type=MediaType.HTML, status_code=status_code)


def calls_now(language: Language, calls: Sequence[Call], now_ms: int, *, may_take: bool) -> str:
    """Write who calls, as every page shows it."""
    template = _environment(language.code).get_template("calls-now.html")
    return template.render(calling=calls, now_ms=now_ms, may_take=may_take).strip()


def _who_calls(web: Web) -> Sequence[Call]:
    try:
        with reading(web.engine) as connection:
            return open_calls(connection, web.now_ms())
    except DatabaseUnavailableError:  # the page has something else to say then
        return ()


@cache
def _environment(code: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("server.web"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    spoken = language(code)
    environment.install_gettext_translations(spoken.words, newstyle=True)  # type: ignore[attr-defined]
    words = {answer: spoken.words.gettext(word) for answer, word in ANSWER_WORDS.items()}
    environment.globals.update(
        language=spoken,
        languages=LANGUAGES,
        answers=ANSWERS,
        answer_words=words,
        drawings=assets.drawings(),
        asset=assets.address,
        readers=READERS,
        keepers=KEEPERS,
        importers=IMPORTERS,
        counters=COUNTERS,
        tellers=TELLERS,
        technicians=TECHNICIANS,
    )
    for name in (
        "number",
        "percent",
        "points",
        "interval",
        "day",
        "days",
        "moment",
        "ago",
        "lasting",
        "weekday",
        "months",
        "minutes",
        "iso_day",
    ):
        environment.filters[name] = partial(getattr(spoken, name))
    return environment
