"""Ticket boxes counted with a scanner that types: each code is a form that is sent, so the page works without scripts too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body, FromPath
from litestar.response import Redirect

from server.audit.acts import Act
from server.channels import boxes
from server.channels.box_tickets import scan, undo
from server.channels.boxes import Box, Said
from server.db.engine import reading, writing
from server.errors import RegistryError
from server.keys import is_signed
from server.ratings.queries import list_sites
from server.web.access import FOR_COUNTERS, Asked, note
from server.web.context import TheWeb, Web, read_centre
from server.web.language import N_
from server.web.rendering import page

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from server.channels.boxes import Count

BOXES: Final = {Box.SATISFIED: N_("Satisfied"), Box.DISSATISFIED: N_("Dissatisfied")}
FACES: Final = {box: boxes.ANSWERS[box] for box in Box}
SAID: Final = {
    Said.COUNTED: N_("Counted"),
    Said.HERE: N_("This ticket is counted already: put it aside"),
    Said.VOTED: N_("This ticket has voted elsewhere: its first vote counts, this one is kept beside it"),
    Said.UNKNOWN: N_("This is no ticket of our queue: put it aside. If it is one, scan it again"),
    Said.FOREIGN: N_("This ticket is of another centre or site: put it aside"),
    Said.FORGED: N_("The signature of this ticket is not ours: put it aside"),
    Said.TOO_OLD: N_("This ticket is too old to be told apart: put it aside"),
    Said.CARD: N_("Counted. Cards of a desk all bear the same code: scan each card once"),
    Said.UNDONE: N_("The last ticket is taken back"),
    Said.NO_MORE: N_("There is no ticket to take back"),
}


class Beginning(msgspec.Struct, frozen=True):
    """The form by which a count begins."""

    site: str = ""
    day: str = ""


class Scan(msgspec.Struct, frozen=True):
    """What the scanner typed."""

    code: str = ""


class Chosen(msgspec.Struct, frozen=True):
    """Whose tickets come next."""

    box: str = ""


_Form = Body(media_type=RequestEncodingType.URL_ENCODED)


@get("/boxes", opt=FOR_COUNTERS, sync_to_thread=True, include_in_schema=False)
def show_boxes(request: Asked, web: TheWeb) -> Response[str]:
    """Show the form by which a count begins, and the latest counts."""
    with reading(web.engine) as connection:
        values: dict[str, Any] = {
            "sites": list_sites(connection),
            "days": boxes.days_to_count(connection, web.now_ms()),
            "unfinished": boxes.unfinished(connection, _person(request)),
            "latest": boxes.latest(connection),
            "centre": read_centre(connection),
        }
    return page(request, "boxes.html", **values)


@post("/boxes", opt=FOR_COUNTERS, sync_to_thread=True, include_in_schema=False)
def begin(request: Asked, web: TheWeb, data: Annotated[Beginning, _Form]) -> Response[Any]:
    """Begin to count a pair of boxes."""
    try:
        with writing(web.engine) as connection:
            number = boxes.begin(connection, site=data.site, day=data.day, person=_person(request), now_ms=web.now_ms())
            note(connection, request, Act.BOXES_BEGUN, number, site=data.site, day=data.day)
    except RegistryError as error:
        raise NotFoundException from error
    return Redirect(f"/boxes/{number}", status_code=303)


@get("/boxes/{number:int}", opt=FOR_COUNTERS, sync_to_thread=True, include_in_schema=False)
def show_count(request: Asked, web: TheWeb, number: FromPath[int]) -> Response[str]:
    """Show a count: the field for the scanner, or the sums where it has ended."""
    with reading(web.engine) as connection:
        count, centre = boxes.find(connection, number, _person(request)), read_centre(connection)
    if count is None:
        raise NotFoundException
    values: dict[str, Any] = {"count": count, "centre": centre, "boxes": BOXES, "box_faces": FACES, "said": SAID}
    return page(request, "box-count.html", **values)


@post("/boxes/{number:int}/scan", opt=FOR_COUNTERS, sync_to_thread=True, include_in_schema=False)
def take_scan(request: Asked, web: TheWeb, number: FromPath[int], data: Annotated[Scan, _Form]) -> Response[Any]:
    """Take one ticket."""
    code, now_ms = data.code.strip(), web.now_ms()
    return _change(request, web, number, lambda connection, count: code and scan(connection, count, code, now_ms, is_signed))


@post("/boxes/{number:int}/undo", opt=FOR_COUNTERS, sync_to_thread=True, include_in_schema=False)
def undo_last(request: Asked, web: TheWeb, number: FromPath[int]) -> Response[Any]:
    """Take the last ticket back."""
    now_ms = web.now_ms()

    def act(connection: Connection, count: Count) -> None:
        undo(connection, count, now_ms)
        note(connection, request, Act.BOX_TICKET_UNDONE, number)

    return _change(request, web, number, act)


@post("/boxes/{number:int}/box", opt=FOR_COUNTERS, sync_to_thread=True, include_in_schema=False)
def choose_box(request: Asked, web: TheWeb, number: FromPath[int], data: Annotated[Chosen, _Form]) -> Response[Any]:
    """Go on with the other box."""
    if data.box not in set(Box):
        raise NotFoundException
    return _change(request, web, number, lambda connection, count: boxes.switch(connection, count, Box(data.box)))


@post("/boxes/{number:int}/finish", opt=FOR_COUNTERS, sync_to_thread=True, include_in_schema=False)
def finish(request: Asked, web: TheWeb, number: FromPath[int]) -> Response[Any]:
    """End the count."""
    now_ms = web.now_ms()

    def act(connection: Connection, count: Count) -> None:
        boxes.finish(connection, count, now_ms)
        note(connection, request, Act.BOXES_COUNTED, number, satisfied=count.satisfied, dissatisfied=count.dissatisfied)

    return _change(request, web, number, act)


def _change(request: Asked, web: Web, number: int, act: Callable[[Connection, Count], object]) -> Response[Any]:
    """Do something to a count that goes on; one that has ended stays as it is, and is shown."""
    with writing(web.engine) as connection:
        count = boxes.hold(connection, number, _person(request))
        if count is not None:
            act(connection, count)
    return Redirect(f"/boxes/{number}", status_code=303)


def _person(request: Asked) -> int:
    return request.user.id if request.user else 0


ROUTES: Final = [show_boxes, begin, show_count, take_scan, undo_last, choose_box, finish]
