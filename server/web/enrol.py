"""The address at which kiosks enrol. What is said there is sealed and signed, so that nobody on the way learns or forges anything."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import RawBody

from feedback.claims import ServerIdentity
from feedback.enrolment import MAX_BYTES, PATH, Refused, Sealed, decode
from feedback.wire import WireError
from server.web.access import BY_KEY, FILES
from server.web.context import TheWeb
from server.web.throttle import Throttle

if TYPE_CHECKING:
    from server.fleet.enrolment import Enrolment
    from server.fleet.renewals import Renewals

log = logging.getLogger(__name__)

_STATUS: Final = {
    Refused.UNKNOWN: HTTPStatus.NOT_FOUND,
    Refused.USED: HTTPStatus.CONFLICT,
    Refused.EXPIRED: HTTPStatus.GONE,
    Refused.WITHDRAWN: HTTPStatus.GONE,
    Refused.TAKEN: HTTPStatus.CONFLICT,
}


class Entry:
    """How kiosks come in, and how their credentials change."""

    def __init__(self, enrolment: Enrolment, renewals: Renewals) -> None:
        self.enrolment = enrolment
        self.renewals = renewals


class Guesses(Throttle):
    """Slows whoever tries many claims that are not there. A claim that is there never waits: others behind the same address may guess."""


TheEntry = NamedDependency[Entry]


@get(PATH, opt=FILES, sync_to_thread=False, include_in_schema=False)
def show_identity(entry: TheEntry) -> Response[ServerIdentity]:
    """Show by what this server is known."""
    return Response(entry.enrolment.identity)


@post(PATH, opt=BY_KEY, sync_to_thread=True, include_in_schema=False, request_max_body_size=MAX_BYTES, status_code=HTTPStatus.OK)
def enrol(request: Request[Any, Any, Any], web: TheWeb, entry: TheEntry, guesses: NamedDependency[Guesses], body: RawBody) -> Response[Any]:
    """Take a kiosk in by its claim."""
    address, now_ms = request.client.host if request.client else "", web.now_ms()
    try:
        asked = entry.enrolment.read(decode(body, Sealed).box)
    except WireError as error:
        guesses.failed(address, "", now_ms)
        return _plain(HTTPStatus.BAD_REQUEST, error.reason)
    answer = entry.enrolment.answer(asked, now_ms)
    if answer.refused is Refused.UNKNOWN:
        if wait_ms := guesses.wait_ms(address, "", now_ms):
            refusal = _plain(HTTPStatus.TOO_MANY_REQUESTS, "too many claims that are not there")
            refusal.headers["retry-after"] = str(-(-wait_ms // 1000))
            return refusal
        guesses.failed(address, "", now_ms)
        log.warning("a claim that is not there, from %s", address)
    status = HTTPStatus.OK if answer.refused is None else _STATUS[answer.refused]
    return Response(msgspec.json.encode(Sealed(answer.box)), status_code=status, media_type=MediaType.JSON)


def _plain(status: HTTPStatus, why: str) -> Response[Any]:
    return Response(f"{why}\n", status_code=status, media_type=MediaType.TEXT)


ROUTES: Final = [show_identity, enrol]
