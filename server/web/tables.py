"""The tables of the pages about ratings, each also at an address of its own as CSV, XLSX and JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from sqlalchemy import Connection

from feedback.questionnaire import ANSWERS
from server.db.engine import reading
from server.ratings import queries, waiting
from server.reports.tables import Column, Kind, Table, as_csv, as_json
from server.web.access import FOR_READERS, Asked
from server.web.context import TheWeb
from server.web.language import Language
from server.web.question import CHANNELS, Question, TheQuestion
from server.web.rendering import ANSWER_WORDS, language_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.ratings.queries import DeskTable, Split, Tally, TrendPoint
    from server.ratings.waiting import Load, LoadTable, Times

Make: TypeAlias = Callable[[Connection, Question, int, Language], Table]
TYPES: Final = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}


@get("/tables/{key:str}", opt=FOR_READERS, sync_to_thread=True, include_in_schema=False)
def save_table(request: Asked, web: TheWeb, question: TheQuestion, key: FromPath[str]) -> Response[bytes]:
    """Give a table as a file: its name, a point, and csv, xlsx or json."""
    name, _, form = key.partition(".")
    if name not in TABLES or form not in TYPES:
        raise NotFoundException
    language, now_ms = language_of(request), web.now_ms()
    with reading(web.engine) as connection:
        table = TABLES[name](connection, question, now_ms, language)
    content = _write(table, form, question, language)
    place = f"-{question.desk.key}" if question.desk else f"-{question.site.key}" if question.site else ""
    file = f"{name}{place}-{question.period.first}-{question.period.last}.{form}"
    return Response(content, media_type=TYPES[form], headers={"content-disposition": f'attachment; filename="{file}"'})


def _write(table: Table, form: str, question: Question, language: Language) -> bytes:
    if form == "csv":
        return as_csv(table)
    if form == "json":
        return as_json(
            table, {"period": {"from": str(question.period.first), "to": str(question.period.last)}, "question": question.query()}
        )
    from server.reports.workbook import as_xlsx

    gettext = language.words.gettext
    about = [
        question.describe(language),
        gettext("Votes are voluntary; this is not a random sample."),
    ]
    return as_xlsx(table, sheet=gettext("Table"), about_sheet=gettext("About"), about=about)


def desks_table(connection: Connection, question: Question, now_ms: int, language: Language) -> Table:
    """Every desk and all together."""
    return _desks(queries.desk_table(connection, question.scope(), now_ms), language)


def _desks(found: DeskTable, language: Language) -> Table:
    gettext = language.words.gettext
    total = queries.DeskRow(None, found.total, found.boxes, found.response)

    def who(row: Any) -> str:  # noqa: ANN401 - a row of either kind
        if row is total:
            return gettext("All together")
        return gettext("Desk %(number)s") % {"number": row.desk.number} if row.desk else gettext("Desk not named")

    columns = [
        Column("desk", gettext("Desk"), who, Kind.TEXT),
        Column("site", gettext("Site"), lambda row: row.desk.site.name if row.desk else "", Kind.TEXT),
        Column("name", gettext("Name"), lambda row: row.desk.name if row.desk else "", Kind.TEXT),
        *_rated(language),
        *(Column(answer, gettext(ANSWER_WORDS[answer]), _counter(answer)) for answer in ANSWERS),
        Column("response", gettext("Response"), lambda row: row.response.share, Kind.SHARE, gettext("votes at kiosks by tickets served")),
    ]
    return Table("desks", gettext("Desks"), columns, found.rows, total)


def trend_table(connection: Connection, question: Question, now_ms: int, language: Language) -> Table:
    """Every step of the period that has votes."""
    return trend_of(queries.trend(connection, question.scope(), now_ms), language)


def trend_of(points: Sequence[TrendPoint], language: Language) -> Table:
    """Write a trend as a table."""
    gettext = language.words.gettext

    def days(point: TrendPoint) -> str:
        last = f" – {language.iso_day(point.last.isoformat())}" if point.last != point.first else ""
        return language.iso_day(point.first.isoformat()) + last

    columns = [Column("days", gettext("Days"), days, Kind.TEXT), *_rated(language)]
    return Table("trend", gettext("Votes, score and problems by day or week"), columns, points)


def split_of(dimension: str, parts: Sequence[Split], language: Language) -> Table:
    """Write the votes of each service, way of asking or questionnaire as a table."""
    gettext = language.words.gettext
    label, caption, unknown = {
        "service": (gettext("Service"), gettext("Votes, score and problems by service"), gettext("Service not named")),
        "channel": (gettext("Way of asking"), gettext("Votes, score and problems by way of asking"), "—"),
        "questionnaire": (gettext("Questionnaire"), gettext("Votes, score and problems by questionnaire"), "—"),
    }[dimension]

    def name(part: Split) -> str:
        return gettext(CHANNELS[part.value]) if dimension == "channel" and part.value in CHANNELS else part.name or unknown

    return Table(f"{dimension}s", caption, [Column(dimension, label, name, Kind.TEXT), *_rated(language, how_sure=True)], parts)


def load_of(load: LoadTable, language: Language) -> Table:
    """Write waiting and service by hour as a table."""
    gettext = language.words.gettext

    def hour(row: Load) -> str:
        return gettext("All together") if row.hour is None else f"{row.hour}:00"

    columns = [
        Column("hour", gettext("Hour"), hour, Kind.TEXT),
        Column("tickets", gettext("Tickets"), lambda row: row.tickets),
        Column("served", gettext("Served"), lambda row: row.served),
    ]
    for name, word in (("waiting", gettext("Waited")), ("service", gettext("Service took"))):
        columns += [
            Column(
                f"{name}_mean_s",
                f"{word}, {gettext('on average')}",
                _timer(name, lambda of: of.mean_s),
                Kind.SECONDS,
                gettext("in seconds"),
            ),
            Column(f"{name}_known", f"{word}, {gettext('known of')}", _timer(name, lambda of: of.count)),
            Column(f"{name}_over_15", f"{word}, {gettext('over 15 min')}", _timer(name, lambda of: of.over_15)),
            Column(f"{name}_over_30", f"{word}, {gettext('over 30 min')}", _timer(name, lambda of: of.over_30)),
        ]
    return Table("waiting", gettext("Waiting and service by hour"), columns, load.hours, load.total)


def _timer(name: str, pick: Callable[[Times], Any]) -> Callable[[Any], Any]:
    return lambda row: pick(getattr(row, name))


def _counter(answer: str) -> Callable[[Any], int]:
    return lambda row: int(getattr(row.tally.rating.counts, answer))


def _rated(language: Language, *, how_sure: bool = False) -> list[Column]:
    """Give the columns that every table of votes has, of rows with a `tally`."""
    gettext = language.words.gettext
    marks = {"enough": gettext("enough votes"), "few": gettext("few votes"), "too_few": gettext("too few votes for a conclusion")}
    interval = gettext("95%% interval") % ()
    means = gettext("the true share is most likely inside (Wilson)")

    def tally(row: Any) -> Tally:  # noqa: ANN401 - rows differ
        return row.tally  # type: ignore[no-any-return]

    columns = [
        Column(
            "votes", gettext("Votes"), lambda row: tally(row).total, help=gettext("all by now, those of open quarters of an hour included")
        ),
        Column(
            "score", gettext("Score"), lambda row: tally(row).rating.score.share, Kind.SHARE, gettext("excellent and good among the scored")
        ),
        Column("score", interval, lambda row: tally(row).rating.score, Kind.INTERVAL, means),
        Column(
            "problem",
            gettext("Problems"),
            lambda row: tally(row).rating.problem.share,
            Kind.SHARE,
            gettext("poor and terrible among the scored"),
        ),
        Column("problem", interval, lambda row: tally(row).rating.problem, Kind.INTERVAL, means),
    ]
    if how_sure:
        columns.append(Column("mark", gettext("How sure"), lambda row: marks[tally(row).rating.mark], Kind.TEXT))
    return columns


def _split_maker(dimension: str) -> Make:
    def make(connection: Connection, question: Question, now_ms: int, language: Language) -> Table:
        return split_of(dimension, queries.split(connection, question.scope(), dimension, now_ms), language)

    return make


def _load_table(connection: Connection, question: Question, _now_ms: int, language: Language) -> Table:
    return load_of(waiting.load(connection, question.scope()), language)


TABLES: Final[dict[str, Make]] = {
    "desks": desks_table,
    "trend": trend_table,
    **{f"{dimension}s": _split_maker(dimension) for dimension in ("service", "channel", "questionnaire")},
    "waiting": _load_table,
}
ROUTES: Final = [save_table]
