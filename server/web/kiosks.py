"""The pages about kiosks: how each is doing, and what its devices did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect

from feedback.questionnaire import choices_of
from feedback.records import NOT_TESTED
from server.audit.acts import Act
from server.db.engine import reading, writing
from server.fleet import clone_signs, command_words, commands
from server.fleet.renewals import credential_of
from server.ratings import devices
from server.ratings.kiosks import count_quarantined, list_kiosks
from server.ratings.pilots import pilot_counts
from server.ratings.queries import list_sites
from server.registry.questionnaires import find_version
from server.web.access import FOR_KEEPERS, FOR_TELLERS, Asked, note
from server.web.context import TheWeb, read_centre
from server.web.language import N_
from server.web.rendering import language_of, page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

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
    "log_unreadable": N_("a part of its vote store cannot be sent: restart it, then replace its memory card"),
    "buttons_missing": N_("its buttons cannot be reached"),
    "button_stuck": N_("a button is stuck or noisy, and is not listened to"),
    "lamps_missing": N_("its lamps cannot be reached"),
    "presence_missing": N_("the presence sensor cannot be reached"),
    "scanner_missing": N_("the ticket scanner is not connected"),
    "scanner_unreadable": N_("what the ticket scanner sends cannot be read: see its speed"),
    "printer_missing": N_("the slip printer is not connected"),
    "printer_failed": N_("the slip printer does not print"),
    "paper_end": N_("the slip printer has no paper"),
    "cover_open": N_("the cover of the slip printer is open"),
    "day_keys_refused": N_("it does not accept the keys for tickets from the server"),
    "commands_refused": N_("it does not accept the commands from the server"),
    "storage_failed": N_("its memory card does not take what is written"),
    "little_room": N_("there is little room left on its memory card"),
    "disk_full": N_("its memory card is full: delivered votes are deleted before their time"),
    "too_hot": N_("its computer is too hot"),
    "power_weak": N_("its power supply is too weak"),
    "clock_unset": N_("the network has not set its clock"),
    "screen_missing": N_("its screen could not be opened"),
    "touch_unfelt": N_("its screen does not feel every corner"),
    "press_unfelt": N_("a button does nothing when it is pressed"),
    "lamp_dark": N_("a lamp stays dark"),
    "code_unread": N_("the ticket scanner reads nothing"),
    "print_bad": N_("the slip printer prints badly"),
    "not_heard": N_("what it says cannot be heard"),
    "not_enrolled": N_("it belongs to no server yet"),
}
"""What kiosks say of themselves, for people; newer kiosks may say what is not here, and it is shown as they say it."""
SHOWING: Final = {
    "closed": N_("closed at this hour"),
    "maintenance": N_("maintenance"),
    "announcement": N_("shows an announcement"),
    "out_of_order": N_("out of order: it cannot store votes"),
}
"""Why a kiosk asks nothing just now; only the last one is a fault."""
DEVICES: Final = {
    "buttons": N_("Buttons"),
    "lamps": N_("Lamps"),
    "presence": N_("Presence sensor"),
    "scanner": N_("Ticket scanner"),
    "printer": N_("Slip printer"),
    "touch": N_("Screen and touch"),
    "speaker": N_("Loudspeaker"),
    "headphones": N_("Headphones"),
    "voice": N_("Voice"),
    "sound": N_("Sound"),
    "storage": N_("Storing votes"),
    "room": N_("Room on the memory card"),
    "temperature": N_("Temperature"),
    "power": N_("Power supply"),
    "clock": N_("Clock"),
}
"""What a kiosk has beside its screen, and what else its self-tests look at; what is not here is shown as the kiosk calls it."""


@get("/kiosks", opt=FOR_KEEPERS, sync_to_thread=True, include_in_schema=False)
def show_kiosks(request: Asked, web: TheWeb) -> Response[str]:
    """Show every kiosk."""
    with reading(web.engine) as connection:
        kiosks, strangers, centre = list_kiosks(connection), count_quarantined(connection, None), read_centre(connection)
        sites, copies = list_sites(connection), clone_signs.verdicts(connection, web.now_ms())
    found: dict[str, Any] = {
        "kiosks": kiosks,
        "strangers": strangers,
        "faults": FAULTS,
        "showing": SHOWING,
        "sites": sites,
        "copies": copies,
    }
    return page(request, "kiosks.html", **found, centre=centre, now_ms=web.now_ms())


@get("/kiosks/{kiosk_id:str}", opt=FOR_KEEPERS, sync_to_thread=True, include_in_schema=False)
def show_kiosk(request: Asked, web: TheWeb, kiosk_id: FromPath[str]) -> Response[str]:
    """Show what one kiosk's devices did, its last self-tests, and how many people came up to it."""
    with reading(web.engine) as connection:
        kiosk, centre = find_kiosk(connection, kiosk_id), read_centre(connection)
        found: dict[str, Any] = {
            "outages": devices.outages(connection, kiosk_id),
            "tests": devices.last_selftests(connection, kiosk_id),
            "days": devices.last_days(connection, kiosk_id, web.today(centre), centre.zone),
            "sent": commands.latest(connection, kiosk_id),
            "copy": clone_signs.verdicts(connection, web.now_ms()).get(kiosk_id),
            "credential": credential_of(connection, kiosk_id),
        }
    names: dict[str, Any] = {"faults": FAULTS, "devices": DEVICES, "showing": SHOWING, "untested": NOT_TESTED}
    return page(request, "kiosk.html", kiosk=kiosk, **found, **names, says=command_words, centre=centre, now_ms=web.now_ms())


@post("/kiosks/{kiosk_id:str}/seen-to", opt=FOR_TELLERS, sync_to_thread=True, include_in_schema=False)
def acknowledge_copy(request: Asked, web: TheWeb, kiosk_id: FromPath[str]) -> Redirect:
    """Take somebody's word that a copied or restored kiosk has been seen to."""
    with writing(web.engine) as connection:
        find_kiosk(connection, kiosk_id)
        clone_signs.acknowledge(connection, kiosk_id)
        note(connection, request, Act.KIOSK_SEEN_TO, kiosk_id)
    return Redirect(f"/kiosks/{kiosk_id}", status_code=303)


@get("/pilot", opt=FOR_KEEPERS, sync_to_thread=True, include_in_schema=False)
def show_pilot(request: Asked, web: TheWeb) -> Response[str]:
    """Show what people answered to the questionnaires that are tried out."""
    with reading(web.engine) as connection:
        tried = pilot_counts(connection)
        asked = {(one.questionnaire, one.version): find_version(connection, one.questionnaire, one.version) for one in tried}
    return page(request, "pilot.html", tried=tried, asked=asked, words=_words_of(asked, language_of(request).code))


def find_kiosk(connection: Connection, kiosk_id: str) -> Kiosk:
    """Give a kiosk by its id.

    Raises:
        NotFoundException: there is none.
    """
    for kiosk in list_kiosks(connection):
        if kiosk.id == kiosk_id:
            return kiosk
    raise NotFoundException


def _words_of(asked: Mapping[tuple[str, int], Questionnaire | None], code: str) -> dict[tuple[str, int, str, str], str]:
    """Give the words of questions (with an empty choice) and of choices, in the reader's language where there are some."""
    words: dict[tuple[str, int, str, str], str] = {}
    for (id_, version), questionnaire in asked.items():
        for question in questionnaire.questions if questionnaire else ():
            texts = {"": question.text} | {choice.id: choice.words for choice in choices_of(question)}
            words |= {(id_, version, question.id, choice): text.get(code) or next(iter(text.values())) for choice, text in texts.items()}
    return words


ROUTES: Final = [show_kiosks, show_kiosk, acknowledge_copy, show_pilot]
