"""What is known of queue tickets: the forms of their codes, the rules of one kiosk, and what a code tells about a visit."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final

import msgspec

MAX_CODE: Final = 512
"""The longest code, in characters."""
Verify = Callable[[str, bytes, bytes], bool]
"""Says whether the Ed25519 signature (third) over the message (second) is by the public key (first, hexadecimal)."""


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
"""What a form can find in a code. `day` and `issued` are ISO 8601, DD.MM.YYYY or seconds since 1970; `issued` may be a time beside `day`.

`centre` is that of the rules or the site's key; anything else makes the ticket foreign.
"""


class TicketRules(msgspec.Struct, frozen=True, kw_only=True):
    """How this kiosk reads tickets: `forms` are tried in their order, after signed tickets and desk cards, which need no form.

    `scope` is the site's key: numbers repeat at other sites. `centre` is what signed tickets and cards call the centre; `public_key` (hex)
    verifies signed tickets. `desks` and `services` give registry keys by what codes call them; a desk is also known by its number and its
    key, a service by its key where it is among the values. A ticket issued more than `max_age_h` ago is too old.
    """

    scope: str
    centre: str
    time_zone: str
    forms: tuple[Form, ...] = ()
    public_key: str | None = None
    desks: dict[str, str] = {}
    services: dict[str, str] = {}
    max_age_h: float = 24.0
