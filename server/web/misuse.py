"""Suspicious votes: what the rules against misuse have found, desk by desk, in words; undone, or flagged by hand, with a reason."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath

from server.audit.acts import Act
from server.db.engine import reading, writing
from server.db.schema import NO_DESK
from server.errors import MisuseError
from server.misuse import store
from server.misuse.store import Word
from server.misuse.words import NAMES, SAYS
from server.ratings.queries import Desk, desk_table, list_desks
from server.web.access import FOR_JUDGES, FOR_READERS, Asked, note
from server.web.accounts import JUDGES
from server.web.context import TheWeb, Web, read_centre
from server.web.desks import choices
from server.web.language import N_
from server.web.question import Question, TheQuestion, read_question
from server.web.rendering import page

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from server.web.context import Centre

NO_TIME: Final = N_("Choose a desk, a day that is over, and from when to when, as 10:30.")
_Form = Body(media_type=RequestEncodingType.URL_ENCODED)


class Undoing(msgspec.Struct, frozen=True):
    """The form by which a finding is undone."""

    reason: str = ""


class ByHand(msgspec.Struct, frozen=True, rename={"first": "from", "last": "to"}):
    """The form by which a person flags the votes of a desk in a time."""

    desk: str = ""
    day: str = ""
    first: str = ""
    last: str = ""
    reason: str = ""


class Row(msgspec.Struct, frozen=True):
    """A desk's votes, those under misuse beside those that count; `desk` is null for votes that named none."""

    desk: Desk | None
    counted: int
    flagged: int


@get("/misuse", opt=FOR_READERS, sync_to_thread=True, include_in_schema=False)
def show_misuse(request: Asked, web: TheWeb, question: TheQuestion) -> Response[str]:
    """Show what was found in a period."""
    return _misuse(request, web, question)


@post("/misuse/{number:int}/undo", opt=FOR_JUDGES, sync_to_thread=True, include_in_schema=False, status_code=200)
def undo(request: Asked, web: TheWeb, number: FromPath[int], data: Annotated[Undoing, _Form]) -> Response[str]:
    """Let the votes of a finding count again."""
    try:
        with writing(web.engine) as connection:
            store.undo(connection, number, _word(request, web, data.reason))
            note(connection, request, Act.VOTES_UNFLAGGED, number)
    except MisuseError as error:
        return _misuse(request, web, read_question(web), error.says)
    return _misuse(request, web, read_question(web), done=N_("Undone: these votes count again."))


@post("/misuse", opt=FOR_JUDGES, sync_to_thread=True, include_in_schema=False, status_code=200)
def flag(request: Asked, web: TheWeb, data: Annotated[ByHand, _Form]) -> Response[str]:
    """Flag the votes of a desk in a time of a day that is over."""
    try:
        with writing(web.engine) as connection:
            centre, known = read_centre(connection), {desk.key: desk.id for desk in list_desks(connection)}
            day, span = _times(data, centre, web.today(centre))
            store.flag_by_hand(connection, known.get(data.desk, NO_DESK), span, day, _word(request, web, data.reason))
            note(connection, request, Act.VOTES_FLAGGED, data.desk, day=day)
    except MisuseError as error:
        return _misuse(request, web, read_question(web), error.says, form=data)
    return _misuse(request, web, read_question(web), done=N_("Flagged: these votes do not count for now."))


def _times(data: ByHand, centre: Centre, today: date) -> tuple[str, tuple[int, int]]:
    """Give the day and the moments that a form names."""
    try:
        first, last = (datetime.fromisoformat(f"{data.day}T{at}").replace(tzinfo=centre.zone) for at in (data.first, data.last))
    except ValueError:
        raise MisuseError(NO_TIME) from None
    if first.date() >= today or first >= last:
        raise MisuseError(NO_TIME)
    return first.date().isoformat(), (round(first.timestamp() * 1000), round(last.timestamp() * 1000))


def _word(request: Asked, web: Web, reason: str) -> Word:
    return Word(request.user.login if request.user else "", web.now_ms(), reason)


def _misuse(  # noqa: PLR0913 - one of each
    request: Asked, web: Web, question: Question, problem: str = "", *, done: str = "", form: ByHand | None = None
) -> Response[str]:
    with reading(web.engine) as connection:
        scope, desks = question.scope(), list_desks(connection)
        findings = store.list_findings(connection, scope)
        table, flagged = desk_table(connection, scope, web.now_ms()), store.flagged_by_desk(connection, scope)
    counted = {row.desk.id if row.desk else 0: row.tally.total for row in table.rows}
    named: list[Desk | None] = [*desks, None]
    rows = [Row(desk, counted.get(key, 0), flagged[key]) for desk in named if (key := desk.id if desk else 0) in flagged]
    values: dict[str, Any] = {
        "findings": findings,
        "rows": rows,
        "total": Row(None, table.total.total, sum(flagged.values())),
        "sums": _sums(findings),
        "names": NAMES,
        "says": SAYS,
        "most": store.SHOWN,
        "desks": desks,
        "may_judge": request.user is not None and request.user.role in JUDGES,
        "form": form or ByHand(),
    }
    status = 422 if problem else 200
    return page(request, "misuse.html", problem=problem, done=done, status_code=status, **values, **choices(question))


def _sums(findings: Sequence[store.Finding]) -> dict[str, tuple[int, int]]:
    """Give by rule how many findings stand, and how many votes they name."""
    sums: dict[str, tuple[int, int]] = {}
    for one in findings:
        if one.undone_ms is None:
            count, votes = sums.get(one.rule, (0, 0))
            sums[one.rule] = (count + 1, votes + one.votes)
    return sums


ROUTES: Final = [show_misuse, undo, flag]
