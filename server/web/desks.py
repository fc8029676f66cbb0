"""The pages about ratings: all desks, one desk, and the table as CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect

from feedback.questionnaire import ANSWERS
from server.db.engine import reading
from server.ratings import comparisons, queries, waiting
from server.ratings.queries import Desk, DeskRow, Tally
from server.ratings.response import came_up, responses
from server.registry.assignments import offered_answers
from server.reports.cells import harmless
from server.web.access import FOR_READERS, Asked
from server.web.context import TheWeb
from server.web.question import CHANNELS, OWN, PRESETS, Question, TheQuestion
from server.web.rendering import language_of, page
from server.web.tables import split_of, trend_of

if TYPE_CHECKING:
    from collections.abc import Container

_FIRST: Final = ("excellent", "good", "acceptable", "terrible", "hard_to_say")
_LATER: Final = tuple(answer for answer in ANSWERS if answer not in _FIRST)
CSV_COLUMNS: Final = (
    *("site", "desk", "number", "name", "votes", "held_back", "scored"),
    *_FIRST,
    *("score", "score_low", "score_high", "problem", "problem_low", "problem_high", "mark"),
    *_LATER,
    *("queue_votes", "queue_served", "queue_days", "response"),
    *("box_votes", "box_satisfied", "box_dissatisfied", "queue_box_votes", "box_response"),
)
"""Format 1 of the export: names and order never change, columns are only added at the end. `votes` is the live total; all
other counts and shares leave out the `held_back` votes of windows still open. Shares are 0–1 with a point. `response` is `queue_votes`,
those at kiosks, by `queue_served` on the `queue_days` of which the queue has told wholly, and empty where it has told of none. `box_…` are
the ticket boxes: part of `votes`, of the answers and of the score, and no part of `response`, but with a `box_response` of their own. The
last row, with an empty `site` and `desk`, is of all desks together; the row with a site of «-» is of votes that named no desk."""


@get("/", opt=FOR_READERS, sync_to_thread=True, include_in_schema=False)
def show_desks(request: Asked, web: TheWeb, question: TheQuestion) -> Response[str]:
    """Show every desk's numbers and their trend."""
    now_ms = web.now_ms()
    with reading(web.engine) as connection:
        table = queries.desk_table(connection, question.scope(), now_ms)
        changes = comparisons.changes(connection, question.scope(), table, now_ms)
        trend = queries.trend(connection, question.scope(), now_ms)
        answers = _shown(offered_answers(connection), table.total)
        vague = queries.vague(connection, question.scope())
    shown: dict[str, Any] = {"table": table, "changes": changes, "together": comparisons.TOGETHER}
    shown |= {"trend": trend, "trend_numbers": trend_of(trend, language_of(request)), "answers": answers, "vague": vague}
    return page(request, "desks.html", **shown, **choices(question))


@get("/desks", opt=FOR_READERS, sync_to_thread=True, include_in_schema=False)
def choose_desk(question: TheQuestion) -> Redirect:
    """Go on to the desk that the filter of a desk's page names, or to all of them."""
    if question.desk is None:
        return Redirect(f"/?{question.query()}", status_code=303)
    return Redirect(f"/desks/{quote(question.desk.key)}?{question.query(desk='')}", status_code=303)


@get("/desks/{key:str}", opt=FOR_READERS, sync_to_thread=True, include_in_schema=False)
def show_desk(request: Asked, web: TheWeb, question: TheQuestion, key: FromPath[str]) -> Response[str]:
    """Show one desk's numbers, their trend, its hours and its services."""
    now_ms = web.now_ms()
    desk = find_desk(question, key)
    question = question.at(desk)
    scope = question.scope()
    with reading(web.engine) as connection:
        tally = queries.tally(connection, scope, now_ms)
        trend = queries.trend(connection, scope, now_ms)
        hours = queries.week_hours(connection, scope, now_ms)
        parts = queries.split(connection, scope, "service", now_ms)
        asked = queries.split(connection, scope, "questionnaire", now_ms)
        channels = queries.split(connection, scope, "channel", now_ms)
        response = responses(connection, scope, now_ms).of(desk.id, desk.site.id)
        rare = comparisons.rare_problems(connection, scope, now_ms)
        came = came_up(connection, scope)
        load = waiting.load(connection, scope)
        answers = _shown(offered_answers(connection), tally)
        not_counted = queries.not_counted(connection, scope)
        unsettled = queries.unsettled(connection, scope)
        vague, hourless = queries.vague(connection, scope), queries.vague(connection, scope, by_months=True)
    voted = [hour for (_, hour), found in hours.items() if found.rating.score.of]
    values: dict[str, Any] = {
        "desk": desk,
        "tally": tally,
        "not_counted": not_counted,
        "unsettled": unsettled,
        "vague": vague,
        "hourless": hourless,
        "trend": trend,
        "hours": hours,
        "shown_hours": range(min(voted), max(voted) + 1) if voted else (),
        "parts": parts,
        "asked": asked,
        "channels": channels,
        "trend_numbers": trend_of(trend, language_of(request)),
        "parts_numbers": split_of("service", parts, language_of(request)),
        "channel_numbers": split_of("channel", channels, language_of(request)),
        "asked_numbers": split_of("questionnaire", asked, language_of(request)),
        "response": response,
        "rare": rare,
        "came_up": came,
        "load": load,
        "answers": answers,
    }
    return page(request, "desk.html", **values, **choices(question))


@get("/desks.csv", opt=FOR_READERS, sync_to_thread=True, include_in_schema=False)
def export_desks(web: TheWeb, question: TheQuestion) -> Response[bytes]:
    """Give the desk table as CSV, in UTF-8 with a mark that spreadsheets recognise."""
    with reading(web.engine) as connection:
        table = queries.desk_table(connection, question.scope(), web.now_ms())
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    writer.writerow(CSV_COLUMNS)
    writer.writerows(_as_cells(row, "-") for row in table.rows)
    writer.writerow(_as_cells(DeskRow(None, table.total, table.boxes, table.response), ""))
    name = f"desks-{question.period.first}-{question.period.last}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(lines.getvalue().encode("utf-8-sig"), media_type="text/csv", headers=headers)


def find_desk(question: Question, key: str) -> Desk:
    """Give a desk by its key.

    Raises:
        NotFoundException: there is none.
    """
    for desk in question.desks:
        if desk.key == key:
            return desk
    raise NotFoundException


def choices(question: Question) -> dict[str, Any]:
    """Give what the filter bar needs."""
    return {"question": question, "question_query": question.query(), "presets": PRESETS, "own": OWN, "channel_words": CHANNELS}


def _shown(offered: Container[str], tally: Tally) -> list[str]:
    """Give the answers that a page shows: those that visitors are offered, and those that somebody gave."""
    return [answer for answer in ANSWERS if answer in offered or getattr(tally.rating.counts, answer)]


def _as_cells(row: DeskRow, without_desk: str) -> list[str]:
    desk, tally, rating = row.desk, row.tally, row.tally.rating
    who = [desk.site.key, desk.key, desk.number, desk.name] if desk else [without_desk, "", "", ""]
    counts = [tally.total, tally.held_back, rating.counts.scored, *(getattr(rating.counts, answer) for answer in _FIRST)]
    later = [str(getattr(rating.counts, answer)) for answer in _LATER]
    shares = [getattr(of, name) for of in (rating.score, rating.problem) for name in ("share", "low", "high")]
    numbers = [_share(share) for share in shares]
    said, boxes = row.response, row.boxes
    queue = [said.votes, said.served, said.days, _share(said.share)]
    queue += [boxes.total, boxes.rating.counts.good, boxes.rating.counts.terrible] if boxes else ["", "", ""]
    queue += [said.boxes, _share(said.boxes_share)]
    return [*(harmless(text) for text in who), *map(str, counts), *numbers, rating.mark, *later, *map(str, queue)]


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.4f}"


ROUTES: Final = [show_desks, choose_desk, show_desk, export_desks]
