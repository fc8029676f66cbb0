"""From a code to a ticket: signed tickets and desk cards first, then the forms of the rules in their order. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from feedback import ticket_code, ticket_signed, ticket_times
from feedback.ticket_code import normal_number
from feedback.ticket_matching import MismatchError, find
from feedback.ticket_places import desk_of, service_of
from feedback.ticket_types import MAX_CODE, Refusal, Ticket

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from feedback.settings import DeskOption
    from feedback.ticket_times import Issued
    from feedback.ticket_types import TicketRules, Verify

SIGNED: Final = "signed"
CARD: Final = "card"
BUILT_IN: Final = (SIGNED, CARD)
"""The names of the forms that need no rule."""
MAX_NUMBER: Final = 40
_AHEAD_MS: Final = 24 * 3_600_000
_H_MS: Final = 3_600_000


class Attempt(msgspec.Struct, frozen=True):
    """What one form made of a code: `outcome` is None where it did not match. `found` are the fields as the code writes them.

    `says` has one sentence for each thing that a person setting this up should know; why it did not match is the first.
    """

    form: str
    outcome: Ticket | Refusal | None
    found: dict[str, str]
    says: tuple[str, ...] = ()


class Explanation(msgspec.Struct, frozen=True):
    """How a code was read: as it was cleaned, by which form (None if by none), to what end, and what every form made of it."""

    code: str
    form: str | None
    outcome: Ticket | Refusal
    attempts: tuple[Attempt, ...]


def read(code: str, rules: TicketRules, desks: Sequence[DeskOption], now_ms: int | None, verify: Verify) -> Ticket | Refusal:
    """Give the ticket that a code is, or why it is none for this kiosk. Any text can be read; nothing is raised.

    `desks` are those of the site. `now_ms` is 1970 UTC, None where the kiosk does not trust its clock: then nothing is too old.
    `verify(public_key_hex, message, signature)` says whether an Ed25519 signature is right.
    """
    reader = _Reader(rules, desks, now_ms, verify)
    return next((attempt.outcome for attempt in reader.attempts(code) if attempt.outcome is not None), Refusal.UNKNOWN)


def explain(code: str, rules: TicketRules, desks: Sequence[DeskOption], now_ms: int | None, verify: Verify) -> Explanation:
    """Tell how `read` comes to its result, with what every form makes of the code, those after the first that matched too."""
    attempts = tuple(_Reader(rules, desks, now_ms, verify).attempts(code))
    by = next((attempt for attempt in attempts if attempt.outcome is not None), None)
    outcome = (by and by.outcome) or Refusal.UNKNOWN
    return Explanation(ticket_code.clean(code), by.form if by else None, outcome, attempts)


class _Reader:
    def __init__(self, rules: TicketRules, desks: Sequence[DeskOption], now_ms: int | None, verify: Verify) -> None:
        self._rules = rules
        self._desks = desks
        self._now_ms = now_ms
        self._verify = verify

    def attempts(self, code: str) -> Iterator[Attempt]:
        clean = ticket_code.clean(code)
        plain = ticket_code.plain(clean)
        if not plain or len(clean) > MAX_CODE:
            why = f"the code has {len(clean)} characters; 1 to {MAX_CODE} are read"
            yield from (Attempt(form, None, {}, (why,)) for form in (*BUILT_IN, *(form.name for form in self._rules.forms)))
            return
        built_in = plain.startswith((ticket_signed.TICKET, ticket_signed.CARD))
        yield self._signed(plain)
        yield self._card(plain)
        for form in self._rules.forms:
            if built_in:
                yield Attempt(form.name, None, {}, ("codes that begin with VT1. or VD1: are left to the forms of Vidhuk itself",))
                continue
            try:
                yield self._meaning(form.name, find(form, clean))
            except MismatchError as error:
                yield Attempt(form.name, None, {}, (str(error),))

    def _signed(self, code: str) -> Attempt:
        if not code.startswith(ticket_signed.TICKET):
            return Attempt(SIGNED, None, {}, (f"the code does not begin with {ticket_signed.TICKET}",))
        parts = ticket_signed.taken_apart(code)
        found = _fields_of(parts.ticket if parts else None)
        refused = self._objection(parts)
        if refused is not None:
            return Attempt(SIGNED, refused[0], found, (refused[1],))
        try:
            return self._meaning(SIGNED, found)
        except MismatchError as error:
            return Attempt(SIGNED, Refusal.UNKNOWN, found, (str(error),))

    def _objection(self, parts: ticket_signed.Envelope | None) -> tuple[Refusal, str] | None:
        if parts is None:
            return Refusal.UNKNOWN, "it is cut or damaged: there are no three parts, of which the last has 86 signs"
        if parts.ticket is not None and not self._is_here(parts.ticket.centre):
            return Refusal.FOREIGN, self._foreign(parts.ticket.centre)
        if self._rules.public_key is None:
            return Refusal.UNKNOWN, "this kiosk has no public key by which to verify it"
        if not self._verify(self._rules.public_key, parts.message, parts.signature):
            return Refusal.FORGED, "its signature is not by this centre's key"
        if parts.ticket is None:
            return Refusal.UNKNOWN, "its signature is right, but what is signed is no ticket as docs/tickets.md describes it"
        return None

    def _card(self, code: str) -> Attempt:
        if not code.startswith(ticket_signed.CARD):
            return Attempt(CARD, None, {}, (f"the code does not begin with {ticket_signed.CARD}",))
        centre, _, desk = code.removeprefix(ticket_signed.CARD).partition(":")
        found = {"centre": centre, "desk": desk}
        if not self._is_here(centre):
            return Attempt(CARD, Refusal.FOREIGN, found, (self._foreign(centre),))
        if all(option.id != desk for option in self._desks):
            return Attempt(CARD, Refusal.FOREIGN, found, (f"desk {desk!r} is none of this site",))
        return Attempt(CARD, Ticket(form=CARD, desk=desk, is_card=True), found)

    def _meaning(self, form: str, found: dict[str, str]) -> Attempt:
        if "centre" in found and not self._is_here(found["centre"]):
            return Attempt(form, Refusal.FOREIGN, found, (self._foreign(found["centre"]),))
        number = _number_of(found)
        when = self._when(found)
        desk, about_desk = desk_of(found.get("desk"), self._rules.desks, self._desks)
        service, about_service = service_of(found.get("service"), self._rules.services, is_key=form == SIGNED)
        says = tuple(filter(None, (about_desk, about_service)))
        if desk is not None and all(option.id != desk for option in self._desks):
            return Attempt(form, Refusal.FOREIGN, found, (f"desk {desk!r} is none of this site",))
        if number is None and desk is None and service is None:
            raise MismatchError("; ".join(("it has no number, and no desk or service that is known", *says)))
        if when is not None and self._is_too_old(when):
            return Attempt(form, Refusal.TOO_OLD, found, (f"it was issued more than {self._rules.max_age_h:g} hours ago",))
        ticket = Ticket(
            form=form,
            number=number,
            day=when.day if when else None,
            desk=desk,
            service=service,
            issued_ms=when.ms if when else None,
            is_card=number is None and desk is not None,
        )
        return Attempt(form, ticket, found, says)

    def _is_here(self, centre: str) -> bool:
        return centre.casefold() in (self._rules.centre.casefold(), self._rules.scope.casefold())

    def _foreign(self, centre: str) -> str:
        return f"centre {centre!r} is neither {self._rules.centre!r} nor its site {self._rules.scope!r}"

    def _when(self, found: dict[str, str]) -> Issued | None:
        try:
            when = ticket_times.issued(found.get("day"), found.get("issued"), self._rules.time_zone)
        except ValueError as error:
            raise MismatchError(str(error)) from error
        if when and self._now_ms is not None and ticket_times.first_ms(when, self._rules.time_zone) > self._now_ms + _AHEAD_MS:
            raise MismatchError(f"day {when.day} is still to come")
        return when

    def _is_too_old(self, when: Issued) -> bool:
        if self._now_ms is None:
            return False
        return self._now_ms - ticket_times.latest_ms(when, self._rules.time_zone) > self._rules.max_age_h * _H_MS


def _fields_of(ticket: ticket_signed.SignedTicket | None) -> dict[str, str]:
    said = {} if ticket is None else msgspec.structs.asdict(ticket)
    cleaned = {field: ticket_code.printable(str(value)).strip() for field, value in said.items() if value is not None}
    return {field: text for field, text in cleaned.items() if text}


def _number_of(found: dict[str, str]) -> str | None:
    number = found.get("number")
    if number is None:
        return None
    if len(number) > MAX_NUMBER or not normal_number(number):
        raise MismatchError(f"{number[:MAX_NUMBER]!r} is no ticket number: 1 to {MAX_NUMBER} characters, a letter or a digit among them")
    return number
