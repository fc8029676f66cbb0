"""Queue tickets: the forms of their codes, what a code tells about a visit, and the token by which a ticket votes once. Pure."""

from __future__ import annotations

import hmac
from typing import Final

import msgspec

from feedback.ticket_code import normal_number
from feedback.ticket_faults import ticket_faults
from feedback.ticket_reading import Attempt, Explanation, explain, read
from feedback.ticket_signed import SignedTicket, card_code, signed_code
from feedback.ticket_types import FIELDS, MAX_CODE, Delimited, Form, Json, Refusal, Regex, Ticket, TicketRules, Url, Verify

__all__ = [
    "DAY_KEY_PURPOSE",
    "FIELDS",
    "KEYS_AHEAD",
    "MAX_CODE",
    "TOKEN_LIFE_H",
    "Attempt",
    "DayKey",
    "Delimited",
    "Explanation",
    "Form",
    "Json",
    "Refusal",
    "Regex",
    "SignedTicket",
    "Ticket",
    "TicketRules",
    "TicketToken",
    "Url",
    "Verify",
    "card_code",
    "explain",
    "normal_number",
    "read",
    "signed_code",
    "ticket_faults",
    "ticket_token",
]

DAY_KEY_PURPOSE: Final = "vidhuk day key 1"
TOKEN_LIFE_H: Final = 72
"""So many hours after its day ended a day's key, its tokens and whatever names its tickets are erased everywhere."""
KEYS_AHEAD: Final = 7
"""So many days ahead the server makes keys, for kiosks that will be offline, and no sooner: a signed key tells the time."""
_TOKEN_BYTES: Final = 16


class DayKey(msgspec.Struct, frozen=True):
    """The key of one day (ISO) for the tokens of its tickets, 32 bytes in hexadecimal.

    Each is signed by itself, so that one can be erased. `made` is when the server made it (ms), and higher than that of any other key that
    it has made for the day: the highest is the one that counts.
    """

    kiosk: str
    day: str
    key: str
    made: int


class TicketToken(msgspec.Struct, frozen=True):
    """What travels sealed beside a `TicketScan`: the ticket's day, its token (hex), and when it was issued where the code tells."""

    day: str
    token: str
    issued_ms: int | None = None


def ticket_token(key: bytes, scope: str, day: str, number: str) -> str:
    """Give the token (hex) of a ticket: HMAC-SHA-256 over site, day and number by the day's key, cut to 128 bits.

    Without the key nobody can find the number, not even by trying all of them.
    """
    said = "|".join((scope, day, normal_number(number))).encode()
    return hmac.digest(key, said, "sha256")[:_TOKEN_BYTES].hex()
