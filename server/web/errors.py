"""What a refusal looks like: a page for people, a problem document (RFC 9457) for programs; never what went wrong inside."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from litestar import MediaType, Response
from litestar.response import Redirect

from server.web.language import N_
from server.web.rendering import language_of, page

if TYPE_CHECKING:
    from litestar import Request
    from litestar.exceptions import HTTPException, NotAuthorizedException

logger = logging.getLogger(__name__)

_WORDS: Final = {
    400: N_("The request could not be understood"),
    403: N_("Your account does not open this page"),
    404: N_("There is no such page"),
    405: N_("There is no such page"),
    413: N_("The request is too large"),
    500: N_("Something went wrong here. It has been written to the log; please try again"),
}


def refuse(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """Answer a request that is refused."""
    is_own_message = error.status_code == HTTPStatus.BAD_REQUEST and not error.extra
    return _answer(request, error.status_code, error.detail if is_own_message else None, error.headers)


def send_to_sign_in(request: Request[Any, Any, Any], error: NotAuthorizedException) -> Response[Any]:
    """Ask people to sign in, and bring them back afterwards; programs get a 401."""
    if _is_program(request):
        return _answer(request, error.status_code, "Sign in first", None)
    if request.method != "GET":
        return Redirect("/sign-in", status_code=303)
    query = f"?{request.url.query}" if request.url.query else ""
    return Redirect(f"/sign-in?next={quote(request.url.path + query, safe='')}", status_code=303)


def fail(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer after a fault of our own."""
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _answer(request, 500, None, None)


def _answer(request: Request[Any, Any, Any], status: int, detail: str | None, headers: dict[str, str] | None) -> Response[Any]:
    message = detail or _WORDS.get(status) or HTTPStatus(status).phrase
    if _is_program(request):
        problem = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": message}
        return Response(problem, status_code=status, media_type="application/problem+json", headers=headers)
    translated = language_of(request).words.gettext(message)
    answer = page(request, "error.html", status_code=status, message=translated)
    answer.headers.update(headers or {})
    return answer


def _is_program(request: Request[Any, Any, Any]) -> bool:
    accepted = request.headers.get("accept", "*/*")
    return request.url.path.startswith("/api/") or (MediaType.HTML not in accepted and "*/*" not in accepted)
