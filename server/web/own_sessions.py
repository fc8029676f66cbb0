"""Where somebody is signed in: everybody sees and ends their own sessions, administrators anybody's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotAuthorizedException, NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect

from server.audit.acts import Act
from server.db.engine import reading, writing
from server.web import sessions
from server.web.access import FOR_EVERYBODY, Asked, note
from server.web.accounts import ADMINS
from server.web.context import TheWeb, read_centre
from server.web.rendering import page

if TYPE_CHECKING:
    from server.web.accounts import Person


@get("/sessions", opt=FOR_EVERYBODY, sync_to_thread=True, include_in_schema=False)
def show_sessions(request: Asked, web: TheWeb) -> Response[str]:
    """Show one's own sessions, to administrators all others too."""
    person, own = _signed_in(request)
    now_ms = web.now_ms()
    with reading(web.engine) as connection:
        found = sessions.open_sessions(connection, now_ms, None if person.role in ADMINS else person.id)
        centre = read_centre(connection)
    mine = [one for one in found if one.person == person.id]
    others = [one for one in found if one.person != person.id]
    return page(request, "sessions.html", mine=mine, others=others, this=sessions.name_of(own), centre=centre, now_ms=now_ms)


@post("/sessions/{name:str}/end", opt=FOR_EVERYBODY, sync_to_thread=True, include_in_schema=False)
def end(request: Asked, web: TheWeb, name: FromPath[str]) -> Response[Any]:
    """End a session; of others only administrators."""
    person, _ = _signed_in(request)
    with writing(web.engine) as connection:
        owner = sessions.end_session(connection, name, web.now_ms(), None if person.role in ADMINS else person.id)
        if owner is None:
            raise NotFoundException
        note(connection, request, Act.SESSION_ENDED, name, account=owner)
    return Redirect("/sessions", status_code=303)


@post("/sessions/end-others", opt=FOR_EVERYBODY, sync_to_thread=True, include_in_schema=False)
def end_others(request: Asked, web: TheWeb) -> Response[Any]:
    """End all of one's own sessions but this one."""
    person, own = _signed_in(request)
    with writing(web.engine) as connection:
        count = sessions.end_sessions_of(connection, person.id, web.now_ms(), but=own)
        note(connection, request, Act.OTHER_SESSIONS_ENDED, count)
    return Redirect("/sessions", status_code=303)


def _signed_in(request: Asked) -> tuple[Person, str]:
    if request.user is None or request.auth is None:
        raise NotAuthorizedException
    return request.user, request.auth


ROUTES: Final = [show_sessions, end, end_others]
