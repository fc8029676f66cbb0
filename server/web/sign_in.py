"""Coming in and going out: sign-in, invitations, sign-out, and the language of the pages."""

from __future__ import annotations

import logging
import re
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.exceptions import TooManyRequestsException
from litestar.params import Body, FromPath, FromQuery
from litestar.response import Redirect

from server.audit.acts import Act
from server.audit.log import NOBODY, Actor
from server.audit.log import note as note_it
from server.db.engine import reading, writing
from server.web import accounts, sessions
from server.web.access import FOR_ALL, FOR_EVERYBODY, Asked, note, session_cookie
from server.web.accounts import KEEPERS, LOGIN_LENGTHS, PASSWORD_LENGTH, READERS, InvitationError, LoginTakenError, Person, Wish
from server.web.context import TheWeb, Web
from server.web.language import LANGUAGES, N_
from server.web.rendering import LANGUAGE_COOKIE, language_of, page
from server.web.throttle import Throttle

log = logging.getLogger(__name__)

_YEAR_S: Final = 365 * 86_400
_OURS: Final = re.compile(r"/(?![/\\])[^\\\x00-\x1f]*")


class SignIn(msgspec.Struct, frozen=True):
    """The sign-in form."""

    login: str = ""
    password: str = ""
    next: str = ""


class Account(msgspec.Struct, frozen=True):
    """The invitation's form."""

    login: str = ""
    password: str = ""
    again: str = ""


class Choice(msgspec.Struct, frozen=True):
    """The language switch: which, and the page to return to."""

    language: str = ""
    back: str = ""


_Form = Body(media_type=RequestEncodingType.URL_ENCODED)


@get("/sign-in", opt=FOR_ALL, sync_to_thread=False, include_in_schema=False)
def show_sign_in(request: Asked, next: FromQuery[str] = "") -> Response[Any]:  # noqa: A002 - its name in the address
    """Ask for login and password."""
    if request.user:
        return _to(_first_page(request.user))
    return page(request, "sign-in.html", next=next, login="", problem=None, wait_s=0)


@post("/sign-in", opt=FOR_ALL, sync_to_thread=True, include_in_schema=False)
def sign_in(request: Asked, web: TheWeb, throttle: NamedDependency[Throttle], data: Annotated[SignIn, _Form]) -> Response[Any]:
    """Start a session with a new id, or say the same for a wrong login and a wrong password."""
    login, now_ms, address = accounts.normal_login(data.login), web.now_ms(), request.client.host if request.client else ""
    known = {"next": data.next, "login": data.login}
    if wait_ms := throttle.wait_ms(address, login, now_ms):
        wait_s = -(-wait_ms // 1000)
        answer = page(request, "sign-in.html", status_code=TooManyRequestsException.status_code, problem=None, wait_s=wait_s, **known)
        answer.headers["retry-after"] = str(wait_s)
        return answer
    with reading(web.engine) as connection:
        person = accounts.check_password(connection, login, data.password)
    if person is None:
        throttle.failed(address, login, now_ms)
        _note_failure(web, login, address)
        problem = N_("The login or the password is not right")
        return page(request, "sign-in.html", status_code=422, problem=problem, wait_s=0, **known)
    throttle.succeeded(address, login)
    return _let_in(request, web, person, data.next)


@get("/invitation/{token:str}", opt=FOR_ALL, sync_to_thread=True, include_in_schema=False)
def show_invitation(request: Asked, web: TheWeb, token: FromPath[str]) -> Response[Any]:
    """Let an invited person choose login and password."""
    with reading(web.engine) as connection:
        if not accounts.is_open(connection, token, web.now_ms()):
            return page(request, "invitation-closed.html", status_code=410)
    return page(request, "invitation.html", login="", problem=None, shortest=PASSWORD_LENGTH)


@post("/invitation/{token:str}", opt=FOR_ALL, sync_to_thread=True, include_in_schema=False)
def accept_invitation(request: Asked, web: TheWeb, token: FromPath[str], data: Annotated[Account, _Form]) -> Response[Any]:
    """Make the account and sign in."""
    wish = Wish(accounts.normal_login(data.login), data.password, language_of(request).code)
    problem = _what_is_wrong(wish, data.again)
    if problem is None:
        try:
            person = accounts.accept_invitation(web.engine, token, wish, web.now_ms())
            return _let_in(request, web, person, "")
        except InvitationError:
            return page(request, "invitation-closed.html", status_code=410)
        except LoginTakenError:
            problem = N_("This login is taken; please choose another one")
    return page(request, "invitation.html", status_code=422, login=data.login, problem=problem, shortest=PASSWORD_LENGTH)


@post("/sign-out", opt=FOR_EVERYBODY, sync_to_thread=True, include_in_schema=False)
def sign_out(request: Asked, web: TheWeb) -> Response[Any]:
    """End the session."""
    _end_session(request, web)
    return _to("/sign-in", session_cookie(web, ""))


@post("/language", opt=FOR_ALL, sync_to_thread=True, include_in_schema=False)
def set_language(request: Asked, web: TheWeb, data: Annotated[Choice, _Form]) -> Response[Any]:
    """Remember the language: with the account of who is signed in, and in this browser."""
    if data.language not in LANGUAGES:
        return _to("/")
    if request.user:
        with writing(web.engine) as connection:
            accounts.set_language(connection, request.user, data.language)
            note(connection, request, Act.LANGUAGE_SET, data.language)
    cookie = Cookie(key=LANGUAGE_COOKIE, value=data.language, max_age=_YEAR_S, samesite="lax", httponly=True, secure=web.is_secure)
    return _to(data.back if _OURS.fullmatch(data.back) else "/", cookie)


def _what_is_wrong(wish: Wish, again: str) -> str | None:
    if len(wish.login) not in LOGIN_LENGTHS or not wish.login.isprintable() or " " in wish.login:
        return N_("Choose a login of 3 to 64 characters without spaces")
    if len(wish.password) < PASSWORD_LENGTH:
        return N_("The password is too short: at least 12 characters, for instance three or four words")
    if wish.login in wish.password.casefold():
        return N_("The password must not contain the login")
    if wish.password != again:
        return N_("The two passwords differ")
    return None


def _let_in(request: Asked, web: Web, person: Person, wanted: str) -> Response[Any]:
    _end_session(request, web)
    with writing(web.engine) as connection:
        session_id = sessions.open_session(connection, person, web.now_ms(), _place(request))
        note_it(connection, Actor(person.id, sessions.name_of(session_id)), Act.SIGNED_IN, now_ms=web.now_ms())
    return _to(wanted if _OURS.fullmatch(wanted) else _first_page(person), session_cookie(web, session_id))


def _place(request: Asked) -> sessions.Place:
    device = sessions.device_of(request.headers.get("user-agent", ""))
    return sessions.Place(device, request.client.host if request.client else "")


def _note_failure(web: Web, login: str, address: str) -> None:
    """Write a failure down by the account's number: what was typed may be a password, and the address is not to be kept for ever."""
    with writing(web.engine) as connection:
        note_it(connection, NOBODY, Act.SIGN_IN_FAILED, accounts.number_of(connection, login) or "", now_ms=web.now_ms())
    log.warning("a sign-in from %s has failed", address)


def _end_session(request: Asked, web: Web) -> None:
    if request.auth:
        with writing(web.engine) as connection:
            sessions.close_session(connection, request.auth)
            note(connection, request, Act.SIGNED_OUT)


def _first_page(person: Person) -> str:
    return "/" if person.role in READERS else "/kiosks" if person.role in KEEPERS else "/calls"


def _to(address: str, *cookies: Cookie) -> Response[Any]:
    return Redirect(address, status_code=303, cookies=list(cookies))


ROUTES: Final = [show_sign_in, sign_in, show_invitation, accept_invitation, sign_out, set_language]
