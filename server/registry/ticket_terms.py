"""What a registry file says about queue tickets and printed slips, and what kiosks are told of it. Pure."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

import msgspec

from feedback.configuration import suggest
from feedback.questionnaire import Texts
from feedback.settings import SlipWords
from feedback.ticket_types import Form
from feedback.tickets import TicketRules, ticket_faults

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

CHECK_PATH: Final = "/v"
"""Where the pages say whether a vote is stored, by the code on its slip."""
LONGEST_HOT_LINE: Final = 40
_LONGEST_SLUG: Final = 32
_UNNAMED: Final = "centre"
_LATIN: Final = (
    dict(zip("абвгґдезиійклмнопрстуф", "abvhgdezyiiklmnoprstuf", strict=True))
    | {"є": "ie", "ж": "zh", "ї": "i", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ю": "iu", "я": "ia"}
    | dict.fromkeys("ь'’\N{MODIFIER LETTER APOSTROPHE}", "")
)


class TicketTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is said about tickets, with the meanings of `TicketRules`."""

    centre: str | None = None
    forms: tuple[Form, ...] | None = None
    public_key: str | None = None
    desks: dict[str, str] | None = None
    services: dict[str, str] | None = None
    max_age_h: float | None = None


class SlipTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is said about slips: the centre's hot line, and a sentence."""

    hot_line: str | None = None
    note: Texts | None = None


def slug_of(name: str) -> str:
    """Write a centre's name as codes may name it: in Latin letters (Cabinet of Ministers, No. 55 of 2010), digits and hyphens."""
    latin = "".join(_LATIN.get(sign, sign) for sign in name.casefold())
    plain = unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode().lower()
    words = "".join(sign if sign.isalnum() else " " for sign in plain).split()
    return "-".join(words)[:_LONGEST_SLUG].rstrip("-") or _UNNAMED


def rules_of(terms: TicketTerms, *, scope: str, slug: str, zone: str) -> TicketRules:
    """Give the rules that the kiosks of a site are told; signed tickets and desk cards need no more than what is always known."""
    said = {name: value for name, value in msgspec.structs.asdict(terms).items() if value is not None}
    return TicketRules(**({"centre": slug} | said), scope=scope, time_zone=zone)


def slip_of(terms: SlipTerms, public_url: str) -> SlipWords:
    """Give the words that the slips of a site bear."""
    check_url = public_url + CHECK_PATH if public_url else ""
    return SlipWords(hot_line=terms.hot_line or "", note=terms.note or {}, check_url=check_url)


def faults(tickets: TicketTerms, slip: SlipTerms, *, desks: Collection[str], services: Collection[str]) -> Iterator[str]:
    """Give one sentence for each thing that is wrong; `desks` and `services` are the registry's keys."""
    yield from ticket_faults(rules_of(tickets, scope="any", slug=_UNNAMED, zone="UTC"))
    for what, said, known in (("desks", tickets.desks, desks), ("services", tickets.services, services)):
        for name, key in (said or {}).items():
            if key not in known:
                yield f"tickets: {what}: {name!r} stands for {key!r}, which is no key of {what}{suggest(key, known)}"
    if len(slip.hot_line or "") > LONGEST_HOT_LINE:
        yield f"slip: hot_line has {len(slip.hot_line or '')} characters; {LONGEST_HOT_LINE} are the most"
