"""What visitors are told: announcements in place of the question, and «ви сказали — ми зробили»."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body, FromPath
from litestar.response import Redirect

from feedback.notice import AnnouncementKind
from server.audit.acts import Act
from server.db.engine import reading, writing
from server.errors import RegistryError
from server.fleet import announcements
from server.fleet.announcements import DEFAULTS, Wish
from server.ratings.queries import list_sites
from server.registry.terms import MAX_TEXT
from server.web.access import FOR_TELLERS, Asked, note
from server.web.context import TheWeb, Web, read_centre
from server.web.language import N_
from server.web.rendering import page

KINDS: Final = {
    AnnouncementKind.AIR_RAID: N_("Air raid alert"),
    AnnouncementKind.MAINTENANCE: N_("Maintenance"),
    AnnouncementKind.INFORMATION: N_("Information"),
}


class Announcing(msgspec.Struct, frozen=True):
    """The announcement's form."""

    kind: str = ""
    site: str = ""
    minutes: str = ""
    uk: str = ""
    en: str = ""


class Sentence(msgspec.Struct, frozen=True):
    """The form of a sentence «ви сказали — ми зробили»."""

    uk: str = ""
    en: str = ""


_Form = Body(media_type=RequestEncodingType.URL_ENCODED)
_EMPTY: Final = Announcing()


@get("/announcements", opt=FOR_TELLERS, sync_to_thread=True, include_in_schema=False)
def show_announcements(request: Asked, web: TheWeb) -> Response[str]:
    """Show what kiosks announce, and the buttons that begin and end it."""
    return _announcements(request, web, _EMPTY)


@post("/announcements", opt=FOR_TELLERS, sync_to_thread=True, include_in_schema=False)
def announce(request: Asked, web: TheWeb, data: Annotated[Announcing, _Form]) -> Response[Any]:
    """Make an announcement."""
    texts = _texts(data.uk, data.en)
    problem = _what_is_wrong(data, texts)
    if problem is not None:
        return _announcements(request, web, data, problem)
    minutes = int(data.minutes) if data.minutes else None
    wish = Wish(
        kind=AnnouncementKind(data.kind),
        texts=texts,
        site=data.site or None,
        minutes=minutes,
        made_by=request.user.id if request.user else None,
    )
    try:
        with writing(web.engine) as connection:
            number = announcements.announce(connection, wish, web.now_ms())
            note(connection, request, Act.ANNOUNCED, number, kind=wish.kind, site=wish.site, minutes=minutes)
    except RegistryError as error:
        raise NotFoundException from error
    return Redirect("/announcements", status_code=303)


@post("/announcements/{number:int}/withdraw", opt=FOR_TELLERS, sync_to_thread=True, include_in_schema=False)
def withdraw(request: Asked, web: TheWeb, number: FromPath[int]) -> Response[Any]:
    """Take an announcement back."""
    try:
        with writing(web.engine) as connection:
            announcements.withdraw(connection, number, web.now_ms())
            note(connection, request, Act.ANNOUNCEMENT_WITHDRAWN, number)
    except RegistryError as error:
        raise NotFoundException from error
    return Redirect("/announcements", status_code=303)


@get("/done", opt=FOR_TELLERS, sync_to_thread=True, include_in_schema=False)
def show_deeds(request: Asked, web: TheWeb) -> Response[str]:
    """Show the sentences «ви сказали — ми зробили»."""
    return _deeds(request, web, Sentence())


@post("/done", opt=FOR_TELLERS, sync_to_thread=True, include_in_schema=False)
def add_deed(request: Asked, web: TheWeb, data: Annotated[Sentence, _Form]) -> Response[Any]:
    """Add a sentence; kiosks show it from now on."""
    texts = _texts(data.uk, data.en)
    problem = _wrong_words(texts)
    if problem is not None:
        return _deeds(request, web, data, problem)
    with writing(web.engine) as connection:
        number = announcements.add_deed(connection, texts, web.now_ms(), made_by=request.user.id if request.user else None)
        note(connection, request, Act.SENTENCE_ADDED, number)
    return Redirect("/done", status_code=303)


def _announcements(request: Asked, web: Web, form: Announcing, problem: str | None = None) -> Response[str]:
    now_ms = web.now_ms()
    with reading(web.engine) as connection:
        found: dict[str, Any] = {
            "active": announcements.active(connection, now_ms),
            "past": [one for one in announcements.latest(connection) if not one.is_active(now_ms)],
            "sites": list_sites(connection),
            "centre": read_centre(connection),
        }
    sites = found["sites"]
    found["places"] = [("", ""), *((site.key, site.name) for site in sites if len(sites) > 1)]
    status = 200 if problem is None else 422
    return page(request, "announcements.html", status_code=status, kinds=KINDS, form=form, problem=problem, longest=MAX_TEXT, **found)


def _deeds(request: Asked, web: Web, form: Sentence, problem: str | None = None) -> Response[str]:
    with reading(web.engine) as connection:
        deeds, centre = announcements.list_deeds(connection), read_centre(connection)
    status = 200 if problem is None else 422
    return page(request, "done.html", status_code=status, deeds=deeds, centre=centre, form=form, problem=problem, longest=MAX_TEXT)


def _texts(uk: str, en: str) -> dict[str, str]:
    return {language: text.strip() for language, text in (("uk", uk), ("en", en)) if text.strip()}


def _what_is_wrong(data: Announcing, texts: dict[str, str]) -> str | None:
    if data.kind not in set(AnnouncementKind):
        return N_("Choose what is announced")
    if data.minutes and not (data.minutes.isascii() and data.minutes.isdigit() and 1 <= int(data.minutes[:9]) <= announcements.YEAR_MIN):
        return N_("Write the time in whole minutes, or leave it empty")
    if not texts and AnnouncementKind(data.kind) in DEFAULTS:
        return None
    return _wrong_words(texts)


def _wrong_words(texts: dict[str, str]) -> str | None:
    if "uk" not in texts:
        return N_("Write the Ukrainian words")
    if any(len(text) > MAX_TEXT for text in texts.values()):
        return N_("The words are too long: 250 characters at most")
    return None


ROUTES: Final = [show_announcements, announce, withdraw, show_deeds, add_deed]
