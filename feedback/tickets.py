"""Queue tickets: the forms of their codes, what a code tells about a visit, and the token by which a ticket votes once. Pure."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from enum import StrEnum
from typing import Final

import msgspec

DAY_KEY_PURPOSE: Final = "vidhuk day key 1"
TOKEN_LIFE_H: Final = 72
"""So many hours after its day ended a day's key, its tokens and whatever names its tickets are erased everywhere."""
MAX_CODE: Final = 512
"""The longest code, in characters."""
_TOKEN_BYTES: Final = 16
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_LOOK_ALIKE: Final = str.maketrans("АВСЕНІКМОРТХ", "ABCEHIKMOPTX")


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """What one code tells. `desk` and `service` are registry keys, None where the code does not tell.

    `number` and `day` (ISO, by the centre's clock) make the token; a desk card (K3) has no number and is never spent. `issued_ms` is
    1970 UTC. `form` is the name of the form that matched.
    """

    form: str
    number: str | None = None
    day: str | None = None
    desk: str | None = None
    service: str | None = None
    issued_ms: int | None = None
    is_card: bool = False


class Refusal(StrEnum):
    """Why a code is no ticket for this kiosk. The visitor can always vote without."""

    UNKNOWN = "unknown"
    FOREIGN = "foreign"
    FORGED = "forged"
    TOO_OLD = "too_old"
    SPENT = "spent"


class Regex(msgspec.Struct, frozen=True, kw_only=True, tag="regex", tag_field="kind"):
    """The whole code matches `pattern`, whose named groups are fields."""

    name: str
    pattern: str


class Delimited(msgspec.Struct, frozen=True, kw_only=True, tag="delimited", tag_field="kind"):
    """The code is `fields` in their order between separators; an empty name passes over one."""

    name: str
    separator: str
    fields: tuple[str, ...]


class Json(msgspec.Struct, frozen=True, kw_only=True, tag="json", tag_field="kind"):
    """The code is a JSON object; `fields` gives the place of each field in it, as in "ticket.number"."""

    name: str
    fields: dict[str, str]


class Url(msgspec.Struct, frozen=True, kw_only=True, tag="url", tag_field="kind"):
    """The code is an address below `prefix`.

    `fields` gives each field's query parameter, or "1", "2", … for a part of the path after the prefix.
    """

    name: str
    prefix: str
    fields: dict[str, str]


Form = Regex | Delimited | Json | Url
FIELDS: Final = ("number", "day", "desk", "service", "issued", "centre")
"""What a form can find in a code. `day` and `issued` are ISO 8601 or DD.MM.YYYY; `issued` may also be seconds since 1970."""


class TicketRules(msgspec.Struct, frozen=True, kw_only=True):
    """How this kiosk reads tickets: `forms` are tried in their order, after signed tickets and desk cards, which need no form.

    `scope` is the site's key: numbers repeat at other sites. `centre` is what signed tickets and cards call the centre; `public_key` (hex)
    verifies signed tickets. `desks` and `services` give registry keys by what codes call them; a desk is also known by its number and its
    key. A ticket issued more than `max_age_h` ago is too old.
    """

    scope: str
    centre: str
    time_zone: str
    forms: tuple[Form, ...] = ()
    public_key: str | None = None
    desks: dict[str, str] = {}
    services: dict[str, str] = {}
    max_age_h: float = 24.0


class DayKey(msgspec.Struct, frozen=True):
    """The key of one day (ISO) for the tokens of its tickets, 32 bytes in hexadecimal.

    Each is signed by itself, so that one can be erased.
    """

    kiosk: str
    day: str
    key: str


class TicketToken(msgspec.Struct, frozen=True):
    """What travels sealed beside a `TicketScan`: the ticket's day, its token (hex), and when it was issued where the code tells."""

    day: str
    token: str
    issued_ms: int | None = None


def normal_number(number: str) -> str:
    """Give a ticket's number as tokens are made from it: letters and digits in capitals, Cyrillic letters that look Latin made Latin."""
    kept = "".join(sign for sign in unicodedata.normalize("NFKC", number).upper() if sign.isalnum())
    return kept.translate(_LOOK_ALIKE)


def ticket_token(key: bytes, scope: str, day: str, number: str) -> str:
    """Give the token (hex) of a ticket: HMAC-SHA-256 over site, day and number by the day's key, cut to 128 bits.

    Without the key nobody can find the number, not even by trying all of them.
    """
    said = "|".join((scope, day, normal_number(number))).encode()
    return hmac.new(key, said, hashlib.sha256).digest()[:_TOKEN_BYTES].hex()


def card_code(centre: str, desk: str) -> str:
    """Give the code of a desk card; `desk` is the desk's key in the registry.

    Raises:
        ValueError: they are more than small Latin letters, digits and hyphens.
    """
    if not (_SLUG.fullmatch(centre) and _SLUG.fullmatch(desk)):
        raise ValueError(f"centre {centre!r} and desk {desk!r} must be small Latin letters, digits and hyphens, 32 at most")
    return f"VD1:{centre}:{desk}"
