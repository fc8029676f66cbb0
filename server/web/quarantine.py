"""What kiosks sent that could not be taken: why, and the buttons by which it is taken in when the reason is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from litestar import Response, get, post
from litestar.params import FromPath

from server.db.engine import reading
from server.ingest.replay import NO_NUMBER, Replayed, replay, replay_all, waiting
from server.ratings.kiosks import SHOWN, count_quarantined, list_quarantined
from server.web.access import FOR_KEEPERS, FOR_TECHNICIANS, Asked, actor_of
from server.web.accounts import TECHNICIANS
from server.web.context import TheWeb, Web, read_centre
from server.web.kiosks import find_kiosk
from server.web.language import N_
from server.web.rendering import page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.ratings.kiosks import Kiosk

REASONS: Final = {
    "undecodable": N_("The message cannot be read"),
    "conflict": N_("Another record with the same number came first, and was kept"),
    "foreign": N_("It is another kiosk’s, or this kiosk is not registered"),
    "unknown_context": N_("The vote does not say by which questionnaire it was asked"),
    "unknown_desk": N_("The vote names a desk that is not in the registry"),
    "unknown_answer": N_("The answer is not one that its questionnaire offers"),
    "bad_box": N_("What the visitor wrote did not come whole"),
    "bad_ticket": N_("The ticket’s token did not come whole; the vote counts"),
    "refused": N_("The database did not take the message"),
    "gone": N_("Records that the kiosk had deleted before this database was restored without them"),
}
"""Why the server could not take a message."""


@get("/kiosks/{kiosk_id:str}/quarantine", opt=FOR_KEEPERS, sync_to_thread=True, include_in_schema=False)
def show_quarantine(request: Asked, web: TheWeb, kiosk_id: FromPath[str]) -> Response[str]:
    """Show what a kiosk sent in vain."""
    return _quarantine(request, web, _find(web, kiosk_id))


@get("/quarantine", opt=FOR_KEEPERS, sync_to_thread=True, include_in_schema=False)
def show_strangers(request: Asked, web: TheWeb) -> Response[str]:
    """Show what came from no known kiosk."""
    return _quarantine(request, web, None)


@post(
    "/kiosks/{kiosk_id:str}/quarantine/{number:int}/replay",
    opt=FOR_TECHNICIANS,
    sync_to_thread=True,
    include_in_schema=False,
    status_code=200,
)
def replay_one(request: Asked, web: TheWeb, kiosk_id: FromPath[str], number: FromPath[int]) -> Response[str]:
    """Take one message in, or say why not."""
    kiosk = _find(web, kiosk_id)
    if number not in waiting(web.engine, kiosk=kiosk.id):
        return _quarantine(request, web, kiosk, [Replayed(number=number, refused=NO_NUMBER)])
    return _quarantine(request, web, kiosk, [replay(web.engine, number, by=actor_of(request), now_ms=web.now_ms())])


@post("/kiosks/{kiosk_id:str}/quarantine/replay", opt=FOR_TECHNICIANS, sync_to_thread=True, include_in_schema=False, status_code=200)
def replay_those(request: Asked, web: TheWeb, kiosk_id: FromPath[str]) -> Response[str]:
    """Take in whatever of a kiosk can be taken now; of very many the oldest."""
    kiosk = _find(web, kiosk_id)
    numbers = waiting(web.engine, kiosk=kiosk.id)[:SHOWN]
    return _quarantine(request, web, kiosk, replay_all(web.engine, numbers, by=actor_of(request), now_ms=web.now_ms()))


def _find(web: Web, kiosk_id: str) -> Kiosk:
    with reading(web.engine) as connection:
        return find_kiosk(connection, kiosk_id)


def _quarantine(request: Asked, web: Web, kiosk: Kiosk | None, replayed: Sequence[Replayed] = ()) -> Response[str]:
    kiosk_id = kiosk.id if kiosk else None
    with reading(web.engine) as connection:
        messages, count = list_quarantined(connection, kiosk_id), count_quarantined(connection, kiosk_id)
        centre = read_centre(connection)
    found: dict[str, Any] = {
        "messages": [(message, as_text(message.beginning)) for message in messages],
        "count": count,
        "most": SHOWN,
        "reasons": REASONS,
        "replayed": replayed,
        "results": {one.number: one for one in replayed},
        "may_replay": kiosk is not None and request.user is not None and request.user.role in TECHNICIANS,
    }
    return page(request, "quarantine.html", kiosk=kiosk, **found, centre=centre, now_ms=web.now_ms())


def as_text(beginning: bytes) -> str:
    """Write bytes so that they can only be read: what is not plain text becomes an escape."""
    text = beginning.decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


ROUTES: Final = [show_quarantine, show_strangers, replay_one, replay_those]
