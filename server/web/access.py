"""Who may see what: every route is closed unless it names the roles it is for, or says that it is public."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection, Request
from litestar.datastructures import Cookie, State
from litestar.enums import ScopeType
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.middleware import ASGIMiddleware

from server.audit.log import Actor
from server.audit.log import note as note_it
from server.web.accounts import (
    ADMINS,
    COUNTERS,
    IMPORTERS,
    JUDGES,
    KEEPERS,
    OVERSEERS,
    READERS,
    ROLES,
    TAKERS,
    TECHNICIANS,
    TELLERS,
    Person,
)
from server.web.sessions import find_person, name_of

if TYPE_CHECKING:
    from litestar.handlers import BaseRouteHandler
    from litestar.types import ASGIApp, Receive, Scope, Send
    from sqlalchemy import Connection

    from server.audit.acts import Act
    from server.web.context import Web

Asked: TypeAlias = Request[Person | None, str | None, State]
"""A request: `user` is who is signed in, `auth` the id of their session."""

FOR_ALL: Final[dict[str, Any]] = {"public": True}
FILES: Final[dict[str, Any]] = {"public": True, "needs_no_session": True}
FOR_READERS: Final[dict[str, Any]] = {"roles": READERS}
FOR_EVERYBODY: Final[dict[str, Any]] = {"roles": ROLES}
FOR_TAKERS: Final[dict[str, Any]] = {"roles": TAKERS}
FOR_COUNTERS: Final[dict[str, Any]] = {"roles": COUNTERS}
FOR_TELLERS: Final[dict[str, Any]] = {"roles": TELLERS}
FOR_OVERSEERS: Final[dict[str, Any]] = {"roles": OVERSEERS}
FOR_IMPORTERS: Final[dict[str, Any]] = {"roles": IMPORTERS}
BY_KEY: Final[dict[str, Any]] = {"public": True, "needs_no_session": True, "takes_a_key": True}
"""Open to programs that name a key, or a claim in a sealed box; the route itself looks at it, and no cookie opens anything."""
FOR_JUDGES: Final[dict[str, Any]] = {"roles": JUDGES}
FOR_KEEPERS: Final[dict[str, Any]] = {"roles": KEEPERS}
FOR_TECHNICIANS: Final[dict[str, Any]] = {"roles": TECHNICIANS}
FOR_ADMINS: Final[dict[str, Any]] = {"roles": ADMINS}


class Recognition(ASGIMiddleware):
    """Finds out who is asking. Refusing is the guard's part."""

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = "needs_no_session"

    def __init__(self, web: Web) -> None:
        self._web = web

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Put the person and the session's id into the scope."""
        session_id = ASGIConnection[Any, Any, Any, Any](scope).cookies.get(cookie_name(self._web))
        person = None
        if session_id:
            renew = not scope["route_handler"].opt.get("keeps_no_session_alive", False)
            person = await sync_to_thread(find_person, self._web.engine, session_id, self._web.now_ms(), renew=renew)
        scope["user"], scope["auth"] = person, session_id if person else None
        await next_app(scope, receive, send)


def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse whoever the route is not for."""
    if handler.opt.get("public"):
        return
    if connection.user is None:
        raise NotAuthorizedException("Sign in first")
    if connection.user.role not in handler.opt.get("roles", ()):
        raise PermissionDeniedException("Your account does not open this page")


def actor_of(request: Asked) -> Actor:
    """Give who asks, as the audit log names them."""
    return Actor(request.user.id if request.user else None, name_of(request.auth) if request.auth else "")


def note(connection: Connection, request: Asked, act: Act, subject: object = "", **facts: object) -> None:
    """Write in the audit log what who asks has just changed; the last thing of a transaction."""
    note_it(connection, actor_of(request), act, subject, now_ms=request.app.state["web"].now_ms(), **facts)  # type: ignore[arg-type]


def cookie_name(web: Web) -> str:
    """Name the session's cookie; the prefix makes browsers bind it to this very host over HTTPS."""
    return "__Host-vidhuk" if web.is_secure else "vidhuk"


def session_cookie(web: Web, session_id: str) -> Cookie:
    """Give the cookie of a new session, or with an empty id the one that removes it."""
    return Cookie(
        key=cookie_name(web), value=session_id, httponly=True, samesite="lax", secure=web.is_secure, max_age=None if session_id else 0
    )
