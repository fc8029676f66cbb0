"""Visitors who call for a person (C5): who waits, and the button by which somebody says «Йду»."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from server.audit.acts import Act
from server.db.engine import reading, writing
from server.fleet import calls
from server.web.access import FOR_EVERYBODY, FOR_TAKERS, Asked, note
from server.web.context import TheWeb, read_centre
from server.web.rendering import page


@get("/calls", opt=FOR_EVERYBODY, sync_to_thread=True, include_in_schema=False)
def show_calls(request: Asked, web: TheWeb, late: FromQuery[str] = "") -> Response[str]:
    """Show the calls of the last day; those that wait stand on every page."""
    now_ms = web.now_ms()
    with reading(web.engine) as connection:
        found, centre = calls.recent_calls(connection, now_ms), read_centre(connection)
    return page(request, "calls.html", calls=found, centre=centre, was_late=bool(late))


@post("/calls/{call:uuid}/take", opt=FOR_TAKERS, sync_to_thread=True, include_in_schema=False)
def take_call(request: Asked, web: TheWeb, call: FromPath[UUID]) -> Response[Any]:
    """Take a call; the kiosk then says that somebody is on the way."""
    with writing(web.engine) as connection:
        is_mine = calls.take(connection, call, request.user.id if request.user else 0, web.now_ms())
        if is_mine:
            note(connection, request, Act.CALL_TAKEN, call)
    return Redirect("/calls" if is_mine else "/calls?late=1", status_code=303)


ROUTES: Final = [show_calls, take_call]
