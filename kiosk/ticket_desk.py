"""From a code to what it tells this kiosk: the rules of its settings, the day's key, and which tickets have voted here already."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from feedback.tickets import Refusal, Ticket, TicketToken, read, ticket_token
from kiosk.scans import Scanned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from feedback.records import Moment
    from feedback.settings import DeskOption, KioskSettings
    from feedback.tickets import TicketRules, Verify


class Keys(Protocol):
    """The keys from which tokens are made."""

    def key(self, day: str) -> bytes | None:
        """Give the key of a day (ISO), None where there is none."""


class TicketDesk:
    """Reads tickets. What is spent is kept here by days, and in votes.db, from which it is filled at the start."""

    def __init__(self, keys: Keys | None, *, verify: Verify) -> None:
        """`keys` is None where the kiosk is not enrolled; `verify` tells whether a signed ticket's signature is right."""
        self._keys = keys
        self._verify = verify
        self._spent: dict[str, set[str]] = {}

    def read(self, code: str, at: Moment, settings: KioskSettings) -> Scanned | Refusal | None:
        """Give what a code tells, or why it is no ticket here; None where this kiosk reads no tickets."""
        rules = settings.tickets
        if rules is None:
            return None
        outcome = read(code, rules, _desks(settings), at.wall_ms if at.trusted else None, self._verify)
        if isinstance(outcome, Refusal):
            return outcome
        token = self._token(outcome, rules, at)
        return Scanned(outcome, token, is_spent=token is not None and token.token in self._spent.get(token.day, ()))

    def spend(self, token: TicketToken) -> None:
        """Take note that this ticket has voted."""
        self._spent.setdefault(token.day, set()).add(token.token)

    def give_back(self, token: TicketToken) -> None:
        """Take note that the vote of this ticket was taken back."""
        self._spent.get(token.day, set()).discard(token.token)

    def remember(self, spent: Iterable[tuple[str, str]]) -> None:
        """Take note of day and token of tickets that have voted before the start."""
        for day, token in spent:
            self._spent.setdefault(day, set()).add(token)

    def forget(self, is_over: Callable[[str], bool]) -> None:
        """Forget the tickets of days whose life is over."""
        self._spent = {day: tokens for day, tokens in self._spent.items() if not is_over(day)}

    def _token(self, ticket: Ticket, rules: TicketRules, at: Moment) -> TicketToken | None:
        day = ticket.day or _today(rules, at)
        if ticket.number is None or day is None or self._keys is None:
            return None
        key = self._keys.key(day)
        return None if key is None else TicketToken(day, ticket_token(key, rules.scope, day, ticket.number), ticket.issued_ms)


def _desks(settings: KioskSettings) -> tuple[DeskOption, ...]:
    return settings.desks if settings.desk is None else (settings.desk, *settings.desks)


def _today(rules: TicketRules, at: Moment) -> str | None:
    """Give the day by the centre's clock; with a clock not trusted nobody knows it."""
    if not at.trusted:
        return None
    return datetime.fromtimestamp(at.wall_ms / 1000, UTC).astimezone(ZoneInfo(rules.time_zone)).date().isoformat()
