"""What protects every answer and every form, whatever the page: response headers, and who may send a form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.exceptions import PermissionDeniedException
from litestar.middleware import ASGIMiddleware

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from litestar.types import ASGIApp, Message, Receive, Scope, Send

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_EVERYWHERE: Final = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not no-referrer: with that, browsers send «Origin: null» with our own forms.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_SAFE_METHODS: Final = {"GET", "HEAD", "OPTIONS"}


def protector(*, is_secure: bool) -> Callable[[Message, Scope], Awaitable[None]]:
    """Give the hook that puts the headers on every answer, errors included; pages are private unless they say otherwise."""
    headers = _EVERYWHERE | ({"strict-transport-security": "max-age=31536000"} if is_secure else {})

    async def protect(message: Message, scope: Scope) -> None:  # noqa: ARG001 - Litestar's signature
        if message["type"] != "http.response.start":
            return
        answer = MutableScopeHeaders.from_message(message)
        for name, value in headers.items():
            answer[name] = value
        if "cache-control" not in answer:
            answer["cache-control"] = "no-store"

    return protect


class OwnForms(ASGIMiddleware):
    """Refuses every change that does not come from our own pages (cross-site request forgery).

    Browsers name the page a form came from: by `Sec-Fetch-Site` where they trust the connection, by `Origin` always. A request
    with neither is no browser's form. Where a key opens a route and never a cookie, no browser can be misled.
    """

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = "takes_a_key"

    def __init__(self, public_url: str) -> None:
        self._public = urlsplit(public_url).netloc

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Let safe methods and our own forms pass."""
        if scope.get("method") not in _SAFE_METHODS and not self._is_own(Headers.from_scope(scope)):
            raise PermissionDeniedException("The form was sent from another site")
        await next_app(scope, receive, send)

    def _is_own(self, headers: Headers) -> bool:
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site == "same-origin"
        origin = urlsplit(headers.get("origin", "")).netloc
        return origin != "" and origin in {self._public, headers.get("host")}
