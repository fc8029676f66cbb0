"""The pages about kiosks: how each is doing, and what it sent that could not be taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from feedback.questionnaire import choices_of
from server.db.engine import reading
from server.ratings.kiosks import SHOWN, count_quarantined, list_kiosks, list_quarantined
from server.ratings.pilots import pilot_counts
from server.registry.questionnaires import find_version
from server.web.access import FOR_KEEPERS, Asked
from server.web.context import TheWeb, Web, read_centre
from server.web.language import N_
from server.web.rendering import language_of, page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from feedback.questionnaire import Questionnaire
    from server.ratings.kiosks import Kiosk

FAULTS: Final = {
    "votes_db_damaged": N_("the vote store was damaged and is set aside; voting goes on in a new one"),
    "server_refused": N_("the server does not accept what it sends: see the quarantine"),
    "settings_refused": N_("it does not accept the settings from the server"),
    "notice_refused": N_("it does not accept the announcements from the server"),
    "pictures_missing": N_("it cannot fetch its pictures"),
    "no_sound": N_("no sound comes out of it"),
    "no_voice": N_("recorded words are missing: some screens stay silent"),
    "log_forked": N_("its vote store is a copy of an older one; the votes are sent anew"),
}
"""What kiosks say of themselves, for people; newer kiosks may say what is not here, and it is shown as they say it."""
SHOWING: Final = {
    "closed": N_("closed at this hour"),
    "maintenance": N_("maintenance"),
    "announcement": N_("shows an announcement"),
    "out_of_order": N_("out of order: it cannot store votes"),
}
"""Why a kiosk asks nothing just now; only the last one is a fault."""
REASONS: Final = {
    "undecodable": N_("The message cannot be read"),
    "conflict": N_("Another record with the same number came first, and was kept"),
    "foreign": N_("It is another kiosk’s, or this kiosk is not registered"),
    "unknown_context": N_("The vote does not say by which questionnaire it was asked"),
    "unknown_desk": N_("The vote names a desk that is not in the registry"),
    "unknown_answer": N_("The answer is not one that its questionnaire offers"),
    "bad_box": N_("What the visitor wrote did not come whole"),
    "refused": N_("The database did not take the message"),
}
"""Why the server could not take a message."""


@get("/kiosks", opt=FOR_KEEPERS, sync_to_thread=True, include_in_schema=False)
def show_kiosks(request: Asked, web: TheWeb) -> Response[str]:
    """Show every kiosk."""
    with reading(web.engine) as connection:
        kiosks, strangers, centre = list_kiosks(connection), count_quarantined(connection, None), read_centre(connection)
    found: dict[str, Any] = {"kiosks": kiosks, "strangers": strangers, "faults": FAULTS, "showing": SHOWING}
    return page(request, "kiosks.html", **found, centre=centre, now_ms=web.now_ms())


@get("/pilot", opt=FOR_KEEPERS, sync_to_thread=True, include_in_schema=False)
def show_pilot(request: Asked, web: TheWeb) -> Response[str]:
    """Show what people answered to the questionnaires that are tried out."""
    with reading(web.engine) as connection:
        tried = pilot_counts(connection)
        asked = {(one.questionnaire, one.version): find_version(connection, one.questionnaire, one.version) for one in tried}
    return page(request, "pilot.html", tried=tried, asked=asked, words=_words_of(asked, language_of(request).code))


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
    found: dict[str, Any] = {"messages": shown, "count": count, "most": SHOWN, "reasons": REASONS}
    return page(request, "quarantine.html", kiosk=kiosk, **found, centre=centre, now_ms=web.now_ms())


def _words_of(asked: Mapping[tuple[str, int], Questionnaire | None], code: str) -> dict[tuple[str, int, str, str], str]:
    """Give the words of questions (with an empty choice) and of choices, in the reader's language where there are some."""
    words: dict[tuple[str, int, str, str], str] = {}
    for (id_, version), questionnaire in asked.items():
        for question in questionnaire.questions if questionnaire else ():
            texts = {"": question.text} | {choice.id: choice.words for choice in choices_of(question)}
            words |= {(id_, version, question.id, choice): text.get(code) or next(iter(text.values())) for choice, text in texts.items()}
    return words


def as_text(beginning: bytes) -> str:
    """Write bytes so that they can only be read: what is not plain text becomes an escape."""
    text = beginning.decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


ROUTES: Final = [show_kiosks, show_pilot, show_quarantine, show_strangers]
