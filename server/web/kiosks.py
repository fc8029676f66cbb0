"""The pages about kiosks: how each is doing, and what it sent that could not be taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from server.db.engine import reading
from server.ratings.kiosks import SHOWN, count_quarantined, list_kiosks, list_quarantined
from server.web.access import FOR_KEEPERS, Asked
from server.web.context import TheWeb, Web, read_centre
from server.web.rendering import page

if TYPE_CHECKING:
    from server.ratings.kiosks import Kiosk


@get("/kiosks", opt=FOR_KEEPERS, sync_to_thread=True, include_in_schema=False)
def show_kiosks(request: Asked, web: TheWeb) -> Response[str]:
    """Show every kiosk."""
    with reading(web.engine) as connection:
        kiosks, strangers, centre = list_kiosks(connection), count_quarantined(connection, None), read_centre(connection)
    return page(request, "kiosks.html", kiosks=kiosks, strangers=strangers, centre=centre, now_ms=web.now_ms())


@get("/kiosks/{kiosk_id:str}/quarantine", opt=FOR_KEEPERS, sync_to_thread=True, include_in_schema=False)
def show_quarantine(request: Asked, web: TheWeb, kiosk_id: FromPath[str]) -> Response[str]:
    """Show what a kiosk sent in vain."""
    with reading(web.engine) as connection:
        found = [kiosk for kiosk in list_kiosks(connection) if kiosk.id == kiosk_id]
    if not found:
        raise NotFoundException
    return _quarantine(request, web, found[0])


@get("/quarantine", opt=FOR_KEEPERS, sync_to_thread=True, include_in_schema=False)
def show_strangers(request: Asked, web: TheWeb) -> Response[str]:
    """Show what came from no known kiosk."""
    return _quarantine(request, web, None)


def _quarantine(request: Asked, web: Web, kiosk: Kiosk | None) -> Response[str]:
    kiosk_id = kiosk.id if kiosk else None
    with reading(web.engine) as connection:
        messages, count = list_quarantined(connection, kiosk_id), count_quarantined(connection, kiosk_id)
        centre = read_centre(connection)
    shown = [(message, as_text(message.beginning)) for message in messages]
    return page(request, "quarantine.html", kiosk=kiosk, messages=shown, count=count, most=SHOWN, centre=centre, now_ms=web.now_ms())


def as_text(beginning: bytes) -> str:
    """Write bytes so that they can only be read: what is not plain text becomes an escape."""
    text = beginning.decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


ROUTES: Final = [show_kiosks, show_quarantine, show_strangers]
