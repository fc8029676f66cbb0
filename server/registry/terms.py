"""What a registry file says about a centre's or a site's kiosks: hours, look, shelter, timing, tickets, slips. Pure.

A site says only what differs there; the rest holds from the centre. The file writes hours by days and pictures by their names; what is
stored has whole weeks and pictures by their SHA-256.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from feedback.configuration import suggest
from feedback.hours import DAY_MIN, Day, Hours
from feedback.questionnaire import Texts
from feedback.settings import Look, Theme, Timing
from server.errors import ConfigError, ServerError
from server.registry.ticket_terms import SlipTerms, TicketTerms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LANGUAGE: Final = "uk"
"""The language that every text must have."""
MAX_TEXT: Final = 250
"""As many characters as a 7-inch screen shows whole beside an air raid alert."""
LONGEST_S: Final = 3600.0
_SPAN: Final = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)\s*[-–]\s*([01]?\d|2[0-4]):([0-5]\d)")
_MAY_BE_NOTHING: Final = ("repeat_s", "warn_s", "same_press_s")
_COLOUR: Final = re.compile(r"#[0-9A-Fa-f]{6}")


class LookTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is said about the look; `logo` is a picture."""

    theme: Theme | None = None
    accent: str | None = None
    logo: str | None = None
    large: bool | None = None
    low: bool | None = None
    quiet: bool | None = None


class TimingTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is said about how long screens stay, in seconds."""

    desk_s: float | None = None
    thanks_s: float | None = None
    repeat_s: float | None = None
    answer_s: float | None = None
    writing_s: float | None = None
    warn_s: float | None = None
    call_s: float | None = None
    same_press_s: float | None = None


class Terms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that may be said of a centre or of one of its sites. Days without opening are absent from `hours`."""

    hours: dict[str, str] | None = None
    shelter: Texts = {}
    look: LookTerms = LookTerms()
    timing: TimingTerms = TimingTerms()
    call_person: bool | None = None
    plan: str | None = None
    tickets: TicketTerms = TicketTerms()
    slip: SlipTerms = SlipTerms()


T = TypeVar("T", bound=msgspec.Struct)


def decode_terms(text: str) -> Terms:
    """Read terms as they are stored."""
    return msgspec.json.decode(text, type=Terms)


def encode_terms(terms: Terms, pictures: Mapping[str, str]) -> str:
    """Write terms for storing, pictures by what their names stand for."""
    look = msgspec.structs.replace(terms.look, logo=pictures.get(terms.look.logo or ""))
    plain = Terms(**{name: getattr(terms, name) for name in Terms.__struct_fields__})
    stored = msgspec.structs.replace(plain, look=look, plan=pictures.get(terms.plan or ""))
    return msgspec.json.encode(stored, order="sorted").decode()


def merge(centre: Terms, site: Terms) -> Terms:
    """Give what holds at a site: its own word, else the centre's."""
    return Terms(
        hours=centre.hours if site.hours is None else site.hours,
        shelter=site.shelter or centre.shelter,
        look=_overlay(centre.look, site.look),
        timing=_overlay(centre.timing, site.timing),
        call_person=centre.call_person if site.call_person is None else site.call_person,
        plan=site.plan,
        tickets=_overlay(centre.tickets, site.tickets),
        slip=_overlay(centre.slip, site.slip),
    )


def look_of(terms: Terms) -> Look:
    """Give the look that kiosks are told."""
    return _overlay(Look(), terms.look)


def timing_of(terms: Terms) -> Timing:
    """Give the timing that kiosks are told."""
    return _overlay(Timing(), terms.timing)


def hours_of(terms: Terms, zone: str) -> Hours | None:
    """Give the week that kiosks are told; None is always open."""
    if terms.hours is None:
        return None
    week: list[Day | None] = [None] * len(DAYS)
    for days, span in terms.hours.items():
        for number in _days(days) or ():
            week[number] = _span(span)
    return Hours(zone, (week[0], week[1], week[2], week[3], week[4], week[5], week[6]))


def check_terms(terms: Terms, where: str) -> None:
    """Check what the types cannot.

    Raises:
        ConfigError: with the place and what to mend.
    """
    _check_hours(terms.hours or {}, f"{where}: hours")
    if terms.look.accent is not None and not _COLOUR.fullmatch(terms.look.accent):
        raise ConfigError(f"{where}: look: accent {terms.look.accent!r} is no colour; write one such as '#0B5FA5'")
    if terms.shelter:
        check_texts(terms.shelter, f"{where}: shelter")
    if terms.slip.note:
        check_texts(terms.slip.note, f"{where}: slip: note")
    for name, seconds in msgspec.structs.asdict(terms.timing).items():
        if seconds is not None and not (0 if name in _MAY_BE_NOTHING else 1e-9) <= seconds <= LONGEST_S:
            raise ConfigError(f"{where}: timing: {name} is {seconds:g} seconds; write more than 0 and at most {LONGEST_S:g}")


def check_texts(texts: Texts, where: str, error: type[ServerError] = ConfigError) -> None:
    """Check a text in each language.

    Raises:
        error: Ukrainian is missing, or one is empty or too long.
    """
    if LANGUAGE not in texts:
        raise error(f"{where}: the Ukrainian text is missing: write it under {LANGUAGE}")
    for language, text in texts.items():
        if not text.strip() or len(text) > MAX_TEXT:
            raise error(f"{where}: the text under {language} has {len(text)} characters; it may have 1 to {MAX_TEXT}")


def _check_hours(hours: Mapping[str, str], where: str) -> None:
    seen: set[int] = set()
    for days, span in hours.items():
        numbers = _days(days)
        if numbers is None:
            raise ConfigError(f"{where}: {days!r} is no day{suggest(days, DAYS)}; write one such as mon, or several such as mon-fri")
        if _span(span) is None:
            raise ConfigError(f"{where}: {days}: {span!r} is no opening time; write it as 09:00-18:00, and leave closed days out")
        for number in numbers:
            if number in seen:
                raise ConfigError(f"{where}: {DAYS[number]} stands there twice: each day opens once")
            seen.add(number)


def _days(text: str) -> range | None:
    first, _, last = text.partition("-")
    if first not in DAYS or (last or first) not in DAYS:
        return None
    numbers = range(DAYS.index(first), DAYS.index(last or first) + 1)
    return numbers or None


def _span(text: str) -> Day | None:
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        return None
    opens, closes = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    return Day(opens, closes) if opens < closes <= DAY_MIN else None


def _overlay(below: T, above: msgspec.Struct) -> T:
    return msgspec.structs.replace(below, **dict(_said(above)))


def _said(terms: msgspec.Struct) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in msgspec.structs.asdict(terms).items() if value is not None)
