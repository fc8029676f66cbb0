"""The two codes that Vidhuk itself defines: signed tickets, `VT1.…`, and desk cards, `VD1:…`. See docs/tickets.md. Pure."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Final

import msgspec

from feedback.ticket_types import MAX_CODE

if TYPE_CHECKING:
    from collections.abc import Callable

TICKET: Final = "VT1."
CARD: Final = "VD1:"
CENTRE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
"""What a centre may be called in codes: short, and without a colon."""
DESK: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
"""A desk's key in the registry."""
_SIGNED: Final = re.compile(r"(VT1\.[A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{86})")


class SignedTicket(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a signed ticket says. `day` is ISO by the centre's clock, `issued` seconds since 1970, and `nonce` differs on each paper.

    `desk` and `service` are registry keys, or what the rules' `desks` and `services` translate.
    """

    centre: str
    day: str
    number: str
    nonce: str
    service: str | None = None
    desk: str | None = None
    issued: int | None = None


class Envelope(msgspec.Struct, frozen=True):
    """A signed code taken apart: the bytes that are signed, the signature, and the ticket where the bytes hold one."""

    message: bytes
    signature: bytes
    ticket: SignedTicket | None


def signed_code(ticket: SignedTicket, sign: Callable[[bytes], bytes]) -> str:
    """Give the code of a signed ticket; `sign` gives the Ed25519 signature (64 bytes) over the bytes it is handed.

    Raises:
        ValueError: the code would be longer than scanners are read.
    """
    message = TICKET + _text(msgspec.json.encode(ticket))
    code = f"{message}.{_text(sign(message.encode()))}"
    if len(code) > MAX_CODE:
        raise ValueError(f"the code would have {len(code)} characters; {MAX_CODE} are the most")
    return code


def card_code(centre: str, desk: str) -> str:
    """Give the code of a desk card; `desk` is the desk's key in the registry.

    Raises:
        ValueError: they are not what `CENTRE` and `DESK` allow.
    """
    if not (CENTRE.fullmatch(centre) and DESK.fullmatch(desk)):
        raise ValueError(f"centre {centre!r} and desk {desk!r} must be small Latin letters, digits and hyphens, 32 at most")
    return f"{CARD}{centre}:{desk}"


def taken_apart(code: str) -> Envelope | None:
    """Take a code that begins with `TICKET` apart; None where it is cut or damaged. Nothing is verified."""
    match = _SIGNED.fullmatch(code)
    if match is None:
        return None
    try:
        ticket = msgspec.json.decode(_bytes(match[1].removeprefix(TICKET)), type=SignedTicket)
    except (ValueError, msgspec.DecodeError, RecursionError):
        ticket = None
    return Envelope(match[1].encode(), _bytes(match[2]), ticket)


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
