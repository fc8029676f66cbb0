"""What a registry file says about a centre's or a site's kiosks: hours, look, shelter, timing, tickets, slips. Pure.

A site says only what differs there; the rest holds from the centre. The file writes hours by days and pictures by their names; what is
stored has whole weeks and pictures by their SHA-256.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from feedback.hours import DAY_MIN, Day, Hours
from feedback.questionnaire import Texts
from feedback.settings import Look, Theme, Timing
from server.registry.problems import N_, NO_DAY, Problem, is_day
from server.registry.ticket_terms import SlipTerms, TicketTerms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date

    from server.errors import ServerError

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOSED: Final = "closed"
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
    """Everything that may be said of a centre or of one of its sites. Days without opening are absent from `hours`.

    `days` are single days that are not as their week: `closed`, other hours, or a day of the week whose hours hold then.
    """

    hours: dict[str, str] | None = None
    days: dict[str, str] = {}
    shelter: Texts = {}
    look: LookTerms = LookTerms()
    timing: TimingTerms = TimingTerms()
    call_person: bool | None = None
    plan: str | None = None
    tickets: TicketTerms = TicketTerms()
    slip: SlipTerms = SlipTerms()


T = TypeVar("T", bound=msgspec.Struct)
AnyTerms = TypeVar("AnyTerms", bound=Terms)


def decode_terms(text: str) -> Terms:
    """Read terms as they are stored."""
    return msgspec.json.decode(text, type=Terms)


def encode_terms(terms: Terms, sha256_of: Callable[[str | None], str | None]) -> str:
    """Write terms for storing, pictures by what their names stand for."""
    plain = Terms(**{name: getattr(terms, name) for name in Terms.__struct_fields__})
    look = msgspec.structs.replace(terms.look, logo=sha256_of(terms.look.logo))
    return msgspec.json.encode(msgspec.structs.replace(plain, look=look, plan=sha256_of(terms.plan)), order="sorted").decode()


def with_pictures(terms: AnyTerms, names: Mapping[str, str | None]) -> AnyTerms:
    """Give the same terms with their pictures named as `names` says; one that is not there is none."""
    look = msgspec.structs.replace(terms.look, logo=names.get(terms.look.logo or ""))
    return msgspec.structs.replace(terms, look=look, plan=names.get(terms.plan or ""))


def merge(centre: Terms, site: Terms) -> Terms:
    """Give what holds at a site: its own word, else the centre's."""
    return Terms(
        hours=centre.hours if site.hours is None else site.hours,
        days=centre.days | site.days,
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


def opening(terms: Terms, day: date) -> Day | None:
    """Give when a day is open: as it says itself, else as its week; None where it is closed."""
    said = terms.days.get(day.isoformat(), DAYS[day.weekday()])
    if said not in DAYS:
        return _span(said)
    if terms.hours is None:
        return Day(0, DAY_MIN)
    return next((_span(span) for days, span in terms.hours.items() if DAYS.index(said) in (_days(days) or ())), None)


def terms_problems(terms: Terms) -> Iterator[Problem]:
    """Give what the types cannot refuse."""
    yield from _hours_problems(terms.hours or {})
    for day, said in terms.days.items():
        if not is_day(day):
            yield Problem(("days",), NO_DAY, {"day": day})
        elif said != CLOSED and said not in DAYS and _span(said) is None:
            says = N_("%(day)s: “%(said)s” is neither “closed” nor hours such as 09:00-14:00 nor a day of the week such as fri")
            yield Problem(("days", day), says, {"day": day, "said": said})
    if terms.look.accent is not None and not _COLOUR.fullmatch(terms.look.accent):
        yield Problem(("look", "accent"), N_("“%(colour)s” is no colour; write one such as #0B5FA5"), {"colour": terms.look.accent})
    for path, texts in ((("shelter",), terms.shelter), (("slip", "note"), terms.slip.note or {})):
        yield from (problem.within(*path) for problem in _texts_problems(texts))
    for name, seconds in msgspec.structs.asdict(terms.timing).items():
        if seconds is not None and not (0 if name in _MAY_BE_NOTHING else 1e-9) <= seconds <= LONGEST_S:
            yield Problem(("timing", name), N_("write more than 0 and at most 3600 seconds"))


def _texts_problems(texts: Texts) -> Iterator[Problem]:
    if texts and LANGUAGE not in texts:
        yield Problem((), N_("the Ukrainian text is missing: write it under uk"))
    for language, text in texts.items():
        if not text.strip() or len(text) > MAX_TEXT:
            yield Problem((language,), N_("this text has %(length)s characters; it may have 1 to 250"), {"length": str(len(text))})


def check_texts(texts: Texts, where: str, error: type[ServerError]) -> None:
    """Check a text in each language.

    Raises:
        error: Ukrainian is missing, or one is empty or too long.
    """
    if LANGUAGE not in texts:
        raise error(f"{where}: the Ukrainian text is missing: write it under {LANGUAGE}")
    for language, text in texts.items():
        if not text.strip() or len(text) > MAX_TEXT:
            raise error(f"{where}: the text under {language} has {len(text)} characters; it may have 1 to {MAX_TEXT}")


def _hours_problems(hours: Mapping[str, str]) -> Iterator[Problem]:
    seen: set[int] = set()
    for days, span in hours.items():
        numbers = _days(days)
        if numbers is None:
            near = next(iter(get_close_matches(days, DAYS, n=1)), "")
            yield Problem(
                ("hours", days),
                N_("“%(day)s” is no day of the week; write one such as mon, or several such as mon-fri"),
                {"day": days},
                near,
            )
            continue
        if _span(span) is None:
            yield Problem(
                ("hours", days), N_("“%(span)s” is no opening time; write it as 09:00-18:00, and leave closed days out"), {"span": span}
            )
        for number in numbers:
            if number in seen:
                yield Problem(("hours", days), N_("%(day)s stands there twice: each day opens once"), {"day": DAYS[number]})
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
