"""What the tests of tickets share: a centre, its key, and one reading of the clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from feedback.settings import DeskOption
from feedback.tickets import Delimited, Json, Refusal, Regex, SignedTicket, Ticket, TicketRules, Url, read, signed_code

if TYPE_CHECKING:
    from feedback.tickets import Form

KEY = SigningKey(bytes(range(32)))
PUBLIC = KEY.verify_key.encode().hex()
NOW_MS = round(datetime(2026, 11, 24, 10, 0, tzinfo=UTC).timestamp() * 1000)  # noon in Kyiv
DESKS = (DeskOption("center-1", "1", "Реєстрація"), DeskOption("center-12", "12"), DeskOption("center-a", "А3"))
PLAIN = Regex(name="plain", pattern=r"(?P<number>[A-Z]-?[0-9]{3})")
SEMICOLONS = Delimited(name="semicolons", separator=";", fields=("number", "day", "desk", "service"))
OBJECT = Json(name="object", fields={"number": "ticket.number", "issued": "ticket.at", "centre": "branch"})
ADDRESS = Url(name="address", prefix="https://queue.example/t", fields={"desk": "1", "number": "2", "day": "d"})


def rules(*forms: Form, **more: Any) -> TicketRules:
    values: dict[str, Any] = {
        "scope": "center",
        "centre": "sample",
        "time_zone": "Europe/Kyiv",
        "forms": forms,
        "public_key": PUBLIC,
        "desks": {"W7": "center-1", "far": "north-1"},
        "services": {"ID-17": "residence"},
    }
    return TicketRules(**(values | more))


def verify(public_key: str, message: bytes, signature: bytes) -> bool:
    try:
        VerifyKey(bytes.fromhex(public_key)).verify(message, signature)
    except (BadSignatureError, ValueError):
        return False
    return True


def sign(message: bytes) -> bytes:
    return KEY.sign(message).signature


def signed(**changes: Any) -> str:
    values: dict[str, Any] = {"centre": "sample", "day": "2026-11-24", "number": "A045", "nonce": "9QdZ1fC2"}
    return signed_code(SignedTicket(**(values | changes)), sign)


def said(code: str, *forms: Form, now_ms: int | None = NOW_MS, **more: Any) -> Ticket | Refusal:
    return read(code, rules(*forms, **more), DESKS, now_ms, verify)
