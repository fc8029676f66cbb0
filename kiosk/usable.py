"""Whether what the server signed can be used: a mistake in it must be refused here, for on the screen it would stop the kiosk. Pure."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import msgspec

from feedback.hours import DAY_MIN, Day, Hours
from feedback.questionnaire import QuestionnaireError
from feedback.questionnaire_file import validate
from feedback.tickets import ticket_faults

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from feedback.commands import Command
    from feedback.notice import Notice
    from feedback.settings import DeskOption, KioskSettings, Timing
    from feedback.tickets import DayKey

ASSET: Final = re.compile(r"[0-9a-f]{64}")
_KEY: Final = re.compile(r"[0-9a-f]{64}")
_MADE_LIMIT: Final = 2**63
_ACCENT: Final = re.compile(r"#[0-9A-Fa-f]{6}")
_ASSETS_URL: Final = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?")
_MONTH: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_MAY_BE_NOTHING: Final = {"repeat_s", "warn_s", "same_press_s"}

LONGEST_S: Final = 3600.0
LATEST_MS: Final = 1 << 48
"""Far beyond any time that is meant."""
MAX_DESKS: Final = 1000
MAX_ID: Final = 100
MAX_NAME: Final = 200
MAX_TEXT: Final = 1000


class UnusableError(ValueError):
    """What is wrong, in one sentence."""


def check_settings(settings: KioskSettings) -> None:
    """See that the kiosk can work by these settings.

    Raises:
        UnusableError: it cannot.
    """
    if settings.version < 1:
        raise UnusableError(f"version {settings.version}; versions of settings are counted from 1")
    _check_length("centre", settings.centre, MAX_NAME)
    _check_texts("shelter", settings.shelter)
    _check_questionnaires(settings)
    _check_desks(settings)
    _check_timing(settings.timing)
    if settings.hours is not None:
        _check_hours(settings.hours)
    if settings.look.accent is not None and not _ACCENT.fullmatch(settings.look.accent):
        raise UnusableError(f"look.accent {settings.look.accent[:20]!r} is no colour such as #1A5FB4")
    _check_pictures(settings)
    for fault in ticket_faults(settings.tickets) if settings.tickets else ():
        raise UnusableError(fault)


def check_notice(notice: Notice) -> None:
    """See that the kiosk can show this notice.

    Raises:
        UnusableError: it cannot.
    """
    if notice.number < 1 or notice.answered < 0:
        raise UnusableError(f"number {notice.number}, answered {notice.answered}; notices are counted from 1, people from 0")
    if notice.month and not _MONTH.fullmatch(notice.month):
        raise UnusableError(f"month {notice.month[:20]!r} is no month such as 2026-11")
    _check_texts("done", notice.done)
    for announcement in notice.announcements:
        _check_texts(f"announcement {announcement.id[:40]!r}", announcement.text)


def check_command(command: Command) -> None:
    """See that the times of a command are some, and its kind a name.

    Raises:
        UnusableError: they are not.
    """
    if not 0 < command.issued_ms <= command.expires_ms < LATEST_MS:
        raise UnusableError(f"the command is of {command.issued_ms} until {command.expires_ms}, which are no times")
    _check_length("kind", command.kind, MAX_ID)


def check_day_key(key: DayKey) -> None:
    """See that tokens can be made by this key, and that its day can name a file.

    Raises:
        UnusableError: it cannot.
    """
    try:
        day = date.fromisoformat(key.day)
    except ValueError as error:
        raise UnusableError(f"day {key.day[:20]!r} is no day such as 2026-11-24") from error
    if day.isoformat() != key.day:
        raise UnusableError(f"day {key.day[:20]!r} is no day such as 2026-11-24")
    if not _KEY.fullmatch(key.key):
        raise UnusableError(f"the key of {key.day} is not 64 small hexadecimal digits")
    if not 0 <= key.made < _MADE_LIMIT:
        raise UnusableError(f"the key of {key.day} was made at no time")


def _check_questionnaires(settings: KioskSettings) -> None:
    known: set[str] = set()
    for questionnaire in (settings.questionnaire, *settings.questionnaires):
        try:
            validate(questionnaire, f"questionnaire {questionnaire.id!r}")
        except QuestionnaireError as error:
            raise UnusableError(str(error)) from error
        if questionnaire.id in known:
            raise UnusableError(f"questionnaire {questionnaire.id!r} is there twice")
        known.add(questionnaire.id)
    for route in settings.routes:
        if route.questionnaire not in known:
            raise UnusableError(f"a route leads to questionnaire {route.questionnaire!r}, which is not there")


def _check_desks(settings: KioskSettings) -> None:
    if len(settings.desks) > MAX_DESKS:
        raise UnusableError(f"{len(settings.desks)} desks are more than {MAX_DESKS}")
    ids = [desk.id for desk in settings.desks]
    twice = sorted({id_ for id_ in ids if ids.count(id_) > 1})
    if twice:
        raise UnusableError(f"desk {twice[0]!r} is there twice")
    for desk in _desks(settings):
        where = f"desk {desk.id[:40]!r}"
        if not desk.id or not desk.number:
            raise UnusableError(f"{where} needs an id and a number")
        for text, longest in ((desk.id, MAX_ID), (desk.number, MAX_ID), (desk.name, MAX_NAME)):
            _check_length(where, text, longest)
        if desk.place is not None and not all(0 <= share <= 1 for share in desk.place):
            raise UnusableError(f"{where} stands outside the floor plan: {desk.place}")


def _check_timing(timing: Timing) -> None:
    for name, seconds in msgspec.structs.asdict(timing).items():
        if not 0 <= seconds <= LONGEST_S or (seconds == 0 and name not in _MAY_BE_NOTHING):
            raise UnusableError(f"timing.{name} is {seconds} s; it must be more than 0 and at most {LONGEST_S:.0f}")


def _check_hours(hours: Hours) -> None:
    try:
        ZoneInfo(hours.zone)
    except (KeyError, ValueError, OSError) as error:
        raise UnusableError(f"hours.zone {hours.zone[:60]!r} is no time zone that this kiosk knows, such as Europe/Kyiv") from error
    for day in filter(None, hours.week):
        if not _is_sane(day):
            raise UnusableError(
                f"hours from minute {day.opens_min} to {day.closes_min}; a day opens before it closes, within 0 to {DAY_MIN}"
            )


def _is_sane(day: Day) -> bool:
    return 0 <= day.opens_min < day.closes_min <= DAY_MIN


def _check_pictures(settings: KioskSettings) -> None:
    named: Iterable[str | None] = (settings.look.logo, settings.plan, *(desk.photo for desk in _desks(settings)))
    for asset in named:
        if asset is not None and not ASSET.fullmatch(asset):
            raise UnusableError(f"picture {asset[:70]!r} is not named by a SHA-256 in small hexadecimal digits")
    if settings.assets_url is not None and not _ASSETS_URL.fullmatch(settings.assets_url):
        raise UnusableError(f"assets_url {settings.assets_url[:100]!r} is no address that begins with http:// or https://")


def _desks(settings: KioskSettings) -> tuple[DeskOption, ...]:
    return settings.desks if settings.desk is None else (settings.desk, *settings.desks)


def _check_texts(where: str, texts: Mapping[str, str]) -> None:
    for text in texts.values():
        _check_length(where, text, MAX_TEXT)


def _check_length(where: str, text: str, longest: int) -> None:
    if len(text) > longest:
        raise UnusableError(f"{where}: a text of {len(text)} characters is longer than {longest}")
