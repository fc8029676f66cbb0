"""The page of reasons: how often each was given, by desk and by weekday."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from litestar import Response, get

from feedback.questionnaire import HARD_TO_SAY, Face, choices_of
from server.db.engine import reading
from server.ratings.reasons import Asked as Given
from server.ratings.reasons import Reason, reasons
from server.registry.questionnaires import list_known
from server.reports.tables import Column, Kind, Table
from server.web.access import FOR_READERS, Asked
from server.web.context import TheWeb
from server.web.desks import choices
from server.web.question import TheQuestion
from server.web.rendering import language_of, page
from server.web.tables import TABLES

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from server.web.language import Language
    from server.web.question import Question

Words = dict[tuple[str, str, str], str]
_GOOD: Final = {Face.EXCELLENT.value, Face.GOOD.value, HARD_TO_SAY}
_TOP: Final = 3


@get("/reasons", opt=FOR_READERS, sync_to_thread=True, include_in_schema=False)
def show_reasons(request: Asked, web: TheWeb, question: TheQuestion) -> Response[str]:
    """Show what people said went wrong and well, the most frequent first."""
    language, now_ms = language_of(request), web.now_ms()
    with reading(web.engine) as connection:
        asked = problems_first(connection, reasons(connection, question.scope(), now_ms))
        words = words_of(connection, language)
        by = {} if question.cut else {by: TABLES[f"reasons-by-{by}"](connection, question, now_ms, language) for by in ("desk", "weekday")}
    found = [(words.get((one.questionnaire, one.question, ""), one.question), one, _table(one, words, language)) for one in asked]
    return page(request, "reasons.html", asked=[] if question.cut else found, by=by, **choices(question))


def words_of(connection: Connection, language: Language) -> Words:
    """Give the words of questions (with an empty choice) and of choices as their newest version says them."""
    words: Words = {}
    for known in list_known(connection):
        for question in known.questionnaire.questions:
            texts = {"": question.text} | {choice.id: choice.words for choice in choices_of(question)}
            words |= {
                (known.questionnaire.id, question.id, choice): text.get(language.code) or next(iter(text.values()), choice)
                for choice, text in texts.items()
            }
    return words


def problems_first(connection: Connection, asked: list[Given]) -> list[Given]:
    """Leave what is no choice out, and put questions that only follow good answers behind those about problems."""
    behind = {}
    for known in list_known(connection):
        for question in known.questionnaire.questions:
            follows = {answer for answers in question.when.values() for answer in answers} if question.when else set()
            behind[known.questionnaire.id, question.id] = bool(follows) and follows <= _GOOD
    return sorted((one for one in asked if one.reasons), key=lambda one: behind.get((one.questionnaire, one.question), True))


def _table(asked: Given, words: Words, language: Language) -> Table:
    gettext = language.words.gettext

    def name(reason: Reason) -> str:
        return words.get((asked.questionnaire, asked.question, reason.choice), reason.choice)

    columns = [
        Column("reason", gettext("Reason"), name, Kind.TEXT),
        Column("people", gettext("People"), lambda reason: reason.given.count),
        Column("share", gettext("Of those asked"), lambda reason: reason.given.share, Kind.SHARE),
        Column("share", gettext("95%% interval") % (), lambda reason: reason.given, Kind.INTERVAL),
        Column("running", gettext("Running share of all reasons"), lambda reason: reason.running.share, Kind.SHARE),
    ]
    return Table("reasons", words.get((asked.questionnaire, asked.question, ""), asked.question), columns, asked.reasons)


def _all(connection: Connection, question: Question, now_ms: int, language: Language) -> Table:
    """Give the reasons of every question in one table, as it is saved."""
    words = words_of(connection, language)
    asked = [] if question.cut else problems_first(connection, reasons(connection, question.scope(), now_ms))
    gettext = language.words.gettext
    rows = [(one, reason) for one in asked for reason in one.reasons]

    def said(one: Given, choice: str) -> str:
        return words.get((one.questionnaire, one.question, choice), choice or one.question)

    columns = [
        Column("question", gettext("Question"), lambda row: said(row[0], ""), Kind.TEXT),
        Column("asked", gettext("People asked"), lambda row: row[0].people),
        Column(
            "reason",
            gettext("Reason"),
            lambda row: said(row[0], row[1].choice),
            Kind.TEXT,
        ),
        Column("people", gettext("People"), lambda row: row[1].given.count),
        Column("share", gettext("Of those asked"), lambda row: row[1].given.share, Kind.SHARE),
        Column("share", gettext("95%% interval") % (), lambda row: row[1].given, Kind.INTERVAL),
    ]
    return Table("reasons", gettext("Reasons"), columns, rows)


def _maker(by: str) -> Any:  # noqa: ANN401 - as `tables.Make`
    def make(connection: Connection, question: Question, now_ms: int, language: Language) -> Table:
        gettext, words = language.words.gettext, words_of(connection, language)
        everywhere = problems_first(connection, reasons(connection, question.scope(), now_ms))
        first = (everywhere[0].questionnaire, everywhere[0].question) if everywhere and not question.cut else None
        found = reasons(connection, question.scope(), now_ms, by=by) if first else []
        rows = [one for one in found if (one.questionnaire, one.question) == first and one.people]
        desks = {desk.id: f"{gettext('Desk %(number)s') % {'number': desk.number}} · {desk.site.name}" for desk in question.desks}
        rows.sort(key=lambda one: -one.people if by == "desk" else int(one.key))

        def name(one: Given) -> str:
            return language.weekday(int(one.key)) if by == "weekday" else desks.get(int(one.key), gettext("Desk not named"))

        def top(one: Given) -> str:
            return ", ".join(f"{words.get((*first, reason.choice), reason.choice)} {reason.given.count}" for reason in one.reasons[:_TOP])  # type: ignore[misc]

        columns = [
            Column(by, gettext("Desk") if by == "desk" else gettext("Weekday"), name, Kind.TEXT),
            Column("asked", gettext("People asked"), lambda one: one.people),
            Column("reasons", gettext("Most frequent reasons, and how many people gave them"), top, Kind.TEXT),
        ]
        caption = gettext("Reasons by desk") if by == "desk" else gettext("Reasons by weekday")
        return Table(f"reasons-by-{by}", caption, columns, rows)

    return make


TABLES.update({"reasons": _all, "reasons-by-desk": _maker("desk"), "reasons-by-weekday": _maker("weekday")})
ROUTES: Final = [show_reasons]
