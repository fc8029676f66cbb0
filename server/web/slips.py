"""The page on which anybody sees, by the code on their slip, that their vote is stored; and never what was answered, or where."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from feedback.codes import CodeError, code_of, id_of
from server.channels.slips import Standing, find_vote
from server.db.engine import reading
from server.web.access import FOR_ALL, Asked
from server.web.context import TheWeb, Web, read_centre
from server.web.rendering import page
from server.web.throttle import Throttle

if TYPE_CHECKING:
    from uuid import UUID

_LONGEST: Final = 100
_ABSENT: Final = "absent"
_TYPO: Final = "typo"


class Lookups(Throttle):
    """Slows whoever tries many codes that are not there; apart from sign-in, so that neither shuts the other's door."""


@get("/v", opt=FOR_ALL, sync_to_thread=False, include_in_schema=False)
def show_form(request: Asked, code: FromQuery[str] = "") -> Response[Any]:
    """Ask for a code, or lead to the address that a slip's QR would have led to."""
    if not code.strip():
        return page(request, "slip.html", code="", standing=None, day=None, wait_s=0)
    try:
        return Redirect(f"/v/{code_of(id_of(code))}", status_code=303)
    except CodeError:
        return _typo(request, code)


@get("/v/{code:str}", opt=FOR_ALL, sync_to_thread=True, include_in_schema=False)
def show_vote(request: Asked, web: TheWeb, lookups: NamedDependency[Lookups], code: FromPath[str]) -> Response[Any]:
    """Say whether the vote with this code is stored and counted, and since which day."""
    try:
        id_ = id_of(code)
    except CodeError:
        return _typo(request, code)
    address, now_ms = request.client.host if request.client else "", web.now_ms()
    written = code_of(id_)
    if wait_ms := lookups.wait_ms(address, written, now_ms):
        wait_s = -(-wait_ms // 1000)
        answer = page(request, "slip.html", status_code=HTTPStatus.TOO_MANY_REQUESTS, code=written, standing=None, day=None, wait_s=wait_s)
        answer.headers["retry-after"] = str(wait_s)
        return answer
    standing, day = _look_up(web, id_, now_ms)
    if standing == _ABSENT:
        lookups.failed(address, written, now_ms)
    status = HTTPStatus.NOT_FOUND if standing == _ABSENT else HTTPStatus.OK
    return page(request, "slip.html", status_code=status, code=written, standing=standing, day=day, wait_s=0)


def _look_up(web: Web, id_: UUID, now_ms: int) -> tuple[Standing | str, str | None]:
    with reading(web.engine) as connection:
        found, centre = find_vote(connection, id_, now_ms), read_centre(connection)
    if found is None:
        return _ABSENT, None
    return found.standing, centre.local(found.received_ms).date().isoformat()


def _typo(request: Asked, code: str) -> Response[str]:
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return page(request, "slip.html", status_code=status, code=code[:_LONGEST], standing=_TYPO, day=None, wait_s=0)


ROUTES: Final = [show_form, show_vote]
