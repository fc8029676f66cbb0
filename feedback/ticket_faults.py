"""What can be wrong with the rules by which a kiosk reads tickets, for whoever writes them and the kiosk that takes them. Pure."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from feedback.configuration import suggest
from feedback.ticket_patterns import pattern_fault
from feedback.ticket_reading import BUILT_IN
from feedback.ticket_signed import CENTRE
from feedback.ticket_types import FIELDS, Delimited, Json, Regex, TicketRules, Url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from feedback.ticket_types import Form

MAX_FORMS: Final = 20
MAX_NAMES: Final = 2000
MAX_TEXT: Final = 200
MAX_AGE_H: Final = 72.0
_KEY: Final = re.compile(r"[0-9a-f]{64}")
_NEEDED: Final = ("number", "desk", "service")


def ticket_faults(rules: TicketRules) -> Iterator[str]:
    """Give one sentence for each thing that is wrong with these rules; none where kiosks can read by them."""
    if not 0 < len(rules.scope) <= MAX_TEXT:
        yield f"tickets: scope {rules.scope[:40]!r} is no key of a site"
    if not CENTRE.fullmatch(rules.centre):
        yield f"tickets: centre {rules.centre[:40]!r} must be small Latin letters, digits and hyphens, 32 at most"
    if not _is_zone(rules.time_zone):
        yield f"tickets: time_zone {rules.time_zone[:60]!r} is no time zone such as Europe/Kyiv"
    if rules.public_key is not None and not _KEY.fullmatch(rules.public_key):
        yield "tickets: public_key must be 64 small hexadecimal digits, an Ed25519 public key"
    if not 0 < rules.max_age_h <= MAX_AGE_H:
        yield f"tickets: max_age_h {rules.max_age_h:g} must be more than 0 and at most {MAX_AGE_H:g}; then its day key is erased"
    for what, names in (("desks", rules.desks), ("services", rules.services)):
        if len(names) > MAX_NAMES or any(not 0 < len(text) <= MAX_TEXT for text in chain(names, names.values())):
            yield f"tickets: {what} must be {MAX_NAMES} names at most, each with 1 to {MAX_TEXT} characters"
    yield from _forms_faults(rules.forms)


def _forms_faults(forms: tuple[Form, ...]) -> Iterator[str]:
    if len(forms) > MAX_FORMS:
        yield f"tickets: {len(forms)} forms are more than {MAX_FORMS}"
    seen = set(BUILT_IN)
    for form in forms:
        name = form.name[:40]
        if not 0 < len(form.name) <= MAX_TEXT or form.name in seen:
            yield f"tickets: form {name!r} needs a name of its own, which no other form has"
        seen.add(form.name)
        yield from (f"tickets: form {name!r}: {fault}" for fault in _form_faults(form))


def _form_faults(form: Form) -> Iterator[str]:
    match form:
        case Regex(pattern=pattern):
            fault = pattern_fault(pattern)
            if fault is not None:
                yield fault
        case Delimited(separator=separator, fields=fields):
            if not 0 < len(separator) <= MAX_TEXT:
                yield "its separator is empty or too long"
            yield from _field_faults([field for field in fields if field])
        case Json(fields=places) | Url(fields=places):
            yield from _field_faults(places)
            if any(not 0 < len(place) <= MAX_TEXT for place in places.values()):
                yield "every field needs a place, such as number or ticket.number"
    if isinstance(form, Url) and not (0 < len(form.prefix) <= MAX_TEXT and "://" in form.prefix and not set(form.prefix) & set("?#")):
        yield f"its prefix {form.prefix[:60]!r} must be the beginning of an address, such as https://queue.example/t, without ? and #"


def _field_faults(fields: Iterable[str]) -> Iterator[str]:
    named = list(fields)
    for field in named:
        if field not in FIELDS:
            yield f"{field[:40]!r} is no field{suggest(field, FIELDS) or '; the fields are ' + ', '.join(FIELDS)}"
    if len(set(named)) < len(named):
        yield "a field is named twice"
    if not set(named) & set(_NEEDED):
        yield "it needs number, desk or service among its fields"


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
