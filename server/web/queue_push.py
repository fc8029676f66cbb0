"""The address to which a queue system pushes its tickets, by its key."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from litestar import Request, Response, post
from litestar.background_tasks import BackgroundTask
from litestar.concurrency import sync_to_thread
from litestar.exceptions import ClientException, HTTPException, NotAuthorizedException
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Components, SecurityScheme
from litestar.params import Body

from server.db.engine import reading, writing
from server.queue import keys
from server.queue.problems import TOO_MANY_BYTES, WHOLE, RefusedError
from server.queue.problems import Problem as Refusal
from server.queue.push import MAX_BYTES, Accepted, PushedTicket, Wrong, count, no_list, push
from server.web.access import BY_KEY
from server.web.context import TheWeb, Web

if TYPE_CHECKING:
    from litestar.connection import ASGIConnection
    from litestar.handlers import BaseRouteHandler

_BEARER: Final = "Bearer "
COMPONENTS: Final = Components(
    security_schemes={"queueKey": SecurityScheme(type="http", scheme="bearer", description="The key that `queue key add` printed.")}
)


class Problem(msgspec.Struct, frozen=True):
    """A problem document (RFC 9457); `wrong` names each ticket that cannot be taken."""

    title: str
    status: int
    detail: str
    wrong: list[Wrong] = []
    type: str = "about:blank"


async def guard_key(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Let in whoever names a key of ours, before anything of the body is read.

    Raises:
        NotAuthorizedException: there is no key, or none of ours.
    """
    given = connection.headers.get("authorization", "")
    name = None
    if given.startswith(_BEARER):
        name = await sync_to_thread(_find, connection.app.state["web"], given.removeprefix(_BEARER))
    if name is None:
        raise NotAuthorizedException
    connection.scope["user"] = name


def refuse_stranger(_request: Request[Any, Any, Any], _error: HTTPException) -> Response[Any]:
    """Ask for the key."""
    answer = _problem(HTTPStatus.UNAUTHORIZED, "name the key of this queue system: Authorization: Bearer KEY")
    answer.headers["www-authenticate"] = "Bearer"
    return answer


def refuse_form(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """Say what is wrong with a body that is no list of tickets or too large, and count the refusal with the key."""
    if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        problem = Refusal(WHOLE, TOO_MANY_BYTES, {"count": request.headers.get("content-length", "?"), "most": str(MAX_BYTES)})
        return _counted(request, problem, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, problem.text)
    extra = error.extra if isinstance(error.extra, list) else []
    said = "; ".join(" ".join(filter(None, (one.get("key"), one.get("message")))) for one in extra if isinstance(one, dict))
    return _counted(request, no_list(said), HTTPStatus.BAD_REQUEST, said or "the body is not a JSON list of tickets")


def _counted(request: Request[Any, Any, Any], problem: Refusal, status: HTTPStatus, detail: str) -> Response[Any]:
    answer = _problem(status, detail)
    answer.background = BackgroundTask(_count_refusal, request.app.state["web"], str(request.scope["user"]), problem)
    return answer


def _count_refusal(web: Web, name: str, problem: Refusal) -> None:
    with writing(web.engine) as connection:
        keys.count_push(connection, name, tickets=0, problem=problem, now_ms=web.now_ms())


@post(
    "/api/queue/tickets",
    opt=BY_KEY,
    sync_to_thread=True,
    status_code=HTTPStatus.OK,
    tags=["queue"],
    security=[{"queueKey": []}],
    request_max_body_size=MAX_BYTES,
    guards=[guard_key],
    exception_handlers={ClientException: refuse_form, NotAuthorizedException: refuse_stranger},
    responses={
        HTTPStatus.BAD_REQUEST: ResponseSpec(Problem, media_type="application/problem+json", description="Not a list of tickets"),
        HTTPStatus.UNAUTHORIZED: ResponseSpec(Problem, media_type="application/problem+json", description="No key, or none of ours"),
        HTTPStatus.UNPROCESSABLE_ENTITY: ResponseSpec(
            Problem, media_type="application/problem+json", description="A ticket cannot be taken, and so none was"
        ),
    },
    raises=[],
)
def push_tickets(request: Request[Any, Any, Any], web: TheWeb, data: Annotated[list[PushedTicket], Body()]) -> Response[Accepted | Problem]:
    """Take what a queue system says of tickets, up to 1,000 at once, wholly or not at all. Saying it again changes nothing."""
    name, now_ms = str(request.scope["user"]), web.now_ms()
    with writing(web.engine) as connection:
        answer = count(connection, name, lambda: push(connection, name, data, now_ms), now_ms)
    if isinstance(answer, RefusedError):
        wrong = [Wrong(problem.line, problem.text) for problem in answer.problems if problem.line != WHOLE]
        return _problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(answer), wrong)
    return Response(answer)


def _find(web: Web, key: str) -> str | None:
    with reading(web.engine) as connection:
        return keys.name_of(connection, key)


def _problem(status: HTTPStatus, detail: str, wrong: list[Wrong] | None = None) -> Response[Any]:
    return Response(Problem(status.phrase, status, detail, wrong or []), status_code=status, media_type="application/problem+json")


ROUTES: Final = [push_tickets]
