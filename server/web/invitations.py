"""Invitations for kiosks: made here and shown once, as text and as a QR to scan; and new credentials for kiosks that are there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body, FromPath, FromQuery
from litestar.response import Redirect
from markupsafe import Markup

from feedback.claims import qr_text
from server.audit.acts import Act
from server.config import is_loopback
from server.db.engine import reading, writing
from server.errors import RegistryError
from server.fleet import claims
from server.fleet.claims import NewClaim, Standing
from server.ratings.kiosks import list_kiosks
from server.ratings.queries import list_desks, list_sites
from server.registry.kiosks import Wish
from server.reports import qr
from server.web.access import FOR_TECHNICIANS, Asked, note
from server.web.context import TheWeb, Web, read_centre
from server.web.enrol import Entry, TheEntry
from server.web.language import N_
from server.web.rendering import page

if TYPE_CHECKING:
    from sqlalchemy import Connection

STANDINGS: Final = {
    Standing.OPEN: N_("open"),
    Standing.USED: N_("used"),
    Standing.EXPIRED: N_("expired"),
    Standing.WITHDRAWN: N_("withdrawn"),
}
DAY_MS: Final = 86_400_000
MOST_DAYS: Final = claims.LONGEST_MS // DAY_MS
_LONGEST_NAME: Final = 64
_DAYS: Final = re.compile(r"[0-9]{1,2}")


class Inviting(msgspec.Struct, frozen=True):
    """The form: a new kiosk, or which one enrols `again`. `place` is a key of a site, where it is at a desk with the desk’s behind it."""

    name: str = ""
    place: str = ""
    days: str = "7"
    again: str = ""


_Form = Body(media_type=RequestEncodingType.URL_ENCODED)


@get("/kiosk-invitations", opt=FOR_TECHNICIANS, sync_to_thread=True, include_in_schema=False)
def show_invitations(request: Asked, web: TheWeb, kiosk: FromQuery[str] = "") -> Response[str]:
    """Show the invitations, and the form for another one."""
    return _list(request, web, Inviting(again=kiosk))


@post("/kiosk-invitations", opt=FOR_TECHNICIANS, sync_to_thread=True, include_in_schema=False)
def invite(request: Asked, web: TheWeb, entry: TheEntry, data: Annotated[Inviting, _Form]) -> Response[Any]:
    """Make an invitation and show it, for the only time."""
    name = " ".join(data.name.split())
    problem = _what_is_wrong(data, name)
    if problem is not None:
        return _list(request, web, data, problem)
    try:
        with writing(web.engine) as connection:
            made = _make(connection, entry, data, name, web.now_ms())
            note(connection, request, Act.KIOSK_INVITED, made.kiosk)
    except RegistryError:
        problem = N_("There is no such kiosk any more") if data.again else N_("There is such a kiosk already; choose another name")
        return _list(request, web, data, problem)
    return _show(request, web, made, is_again=bool(data.again))


@post("/kiosk-invitations/{number:int}/withdraw", opt=FOR_TECHNICIANS, sync_to_thread=True, include_in_schema=False)
def withdraw(request: Asked, web: TheWeb, number: FromPath[int]) -> Response[Any]:
    """Take an invitation back; one that has been used meanwhile stays used."""
    try:
        with writing(web.engine) as connection:
            claims.withdraw(connection, number, web.now_ms())
            note(connection, request, Act.KIOSK_INVITATION_WITHDRAWN, number)
    except RegistryError as error:
        raise NotFoundException from error
    return Redirect("/kiosk-invitations", status_code=303)


@post("/kiosks/{kiosk_id:str}/credential", opt=FOR_TECHNICIANS, sync_to_thread=True, include_in_schema=False)
def renew(request: Asked, web: TheWeb, entry: TheEntry, kiosk_id: FromPath[str]) -> Response[Any]:
    """Give a kiosk a new credential."""
    try:
        with writing(web.engine) as connection:
            entry.renewals.renew(connection, kiosk_id, web.now_ms())
            note(connection, request, Act.CREDENTIAL_RENEWED, kiosk_id)
    except RegistryError as error:
        raise NotFoundException from error
    return Redirect(f"/kiosks/{kiosk_id}", status_code=303)


def _make(connection: Connection, entry: Entry, data: Inviting, name: str, now_ms: int) -> NewClaim:
    inviter, within_ms = entry.enrolment.inviter, int(data.days) * DAY_MS
    if data.again:
        return inviter.invite_again(connection, data.again, within_ms=within_ms, now_ms=now_ms)
    site, _, desk = data.place.partition(" ")
    return inviter.invite(connection, Wish(name=name, site=site, desk=desk or None), within_ms=within_ms, now_ms=now_ms)


def _what_is_wrong(data: Inviting, name: str) -> str | None:
    if not (_DAYS.fullmatch(data.days) and 1 <= int(data.days) <= MOST_DAYS):
        return N_("Write for how many days it is valid: 1 to 90")
    if data.again:
        return None
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        return N_("Give the kiosk a name of up to 64 characters")
    return None if data.place else N_("Choose where the kiosk will stand")


def _list(request: Asked, web: Web, form: Inviting, problem: str | None = None) -> Response[str]:
    now_ms = web.now_ms()
    with reading(web.engine) as connection:
        found: dict[str, Any] = {
            "invitations": claims.list_claims(connection, now_ms),
            "kiosks": list_kiosks(connection),
            "places": _places(connection),
            "centre": read_centre(connection),
        }
    status = 200 if problem is None else 422
    names: dict[str, Any] = {"standings": STANDINGS, "most": MOST_DAYS}
    return page(request, "kiosk-invitations.html", status_code=status, form=form, problem=problem, **names, **found)


def _places(connection: Connection) -> list[tuple[str, str, str | None]]:
    """Give what can be chosen: the value, the site's name, and the desk's number, None for the site itself."""
    chosen: list[tuple[str, str, str | None]] = []
    for site in list_sites(connection):
        chosen.append((site.key, site.name, None))
        chosen += [(f"{site.key} {desk.key}", site.name, desk.number) for desk in list_desks(connection, site.id)]
    return chosen


def _show(request: Asked, web: Web, made: NewClaim, *, is_again: bool) -> Response[str]:
    with reading(web.engine) as connection:
        centre = read_centre(connection)
    host = web.public_url.partition("://")[2].partition("/")[0].rpartition(":")[0] or web.public_url.partition("://")[2]
    drawn = Markup(qr.svg(qr_text(made.claim, web.public_url)))  # noqa: S704 - made by us, of our own code and address
    known: dict[str, Any] = {"code": made.claim.code, "qr": drawn, "server": web.public_url, "near": is_loopback(host)}
    return page(request, "kiosk-invitation.html", made=made, again=is_again, centre=centre, **known)


ROUTES: Final = [show_invitations, invite, withdraw, renew]
