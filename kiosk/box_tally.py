"""What has been scanned from a pair of ticket boxes: which tickets count, and which were there before. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from feedback.ticket_code import clean, plain
from feedback.tickets import TicketToken

if TYPE_CHECKING:
    from kiosk.scans import Scanned


class Drop(msgspec.Struct, frozen=True):
    """A ticket that lay in a box, with the number of its visit. By each of `names` it would be known again; a desk card has none."""

    visit: UUID
    box: str
    names: frozenset[str]
    token: TicketToken | None = None


def names_of(code: str, scanned: Scanned) -> frozenset[str]:
    """Give that by which a ticket is known again while its box is counted.

    That is its token, and its code where there is no token yet. All cards of a desk bear the same code, so each counts.
    """
    if scanned.ticket.is_card:
        return frozenset()
    known = (f"code {plain(clean(code))}", f"token {scanned.token.token}" if scanned.token else "")
    return frozenset(filter(None, known))


class Tally:
    """The count of one sitting. A ticket counts once it is stored, and is known again as soon as it was scanned."""

    def __init__(self) -> None:
        self._counted: list[Drop] = []
        self._known: set[str] = set()
        self._refused: set[str] = set()
        self.repeated = 0
        """How many scans were of tickets that had been there before."""

    @property
    def foreign(self) -> int:
        """How many codes were no tickets for this kiosk, each once however often it was tried."""
        return len(self._refused)

    @property
    def last(self) -> Drop | None:
        """The ticket that was counted last."""
        return self._counted[-1] if self._counted else None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was scanned, or all of it was taken back."""
        return not (self._counted or self.repeated or self.foreign)

    def count(self, box: str) -> int:
        """Give how many tickets of a box count."""
        return sum(drop.box == box for drop in self._counted)

    def knows(self, names: frozenset[str]) -> bool:
        """Tell whether a ticket of these names was scanned before and was not taken back."""
        return not self._known.isdisjoint(names)

    def expect(self, drop: Drop) -> None:
        """Know a ticket that is being stored."""
        self._known |= drop.names

    def add(self, drop: Drop) -> None:
        """Count a ticket: it is stored."""
        self._counted.append(drop)

    def remove(self, drop: Drop) -> None:
        """Let a ticket be as if it had never been scanned: it was not stored, or it was taken back."""
        self._known -= drop.names
        if drop in self._counted:
            self._counted.remove(drop)

    def repeat(self) -> None:
        """Count a scan of a ticket that was there before."""
        self.repeated += 1

    def refuse(self, code: str) -> None:
        """Count a code that is no ticket for this kiosk."""
        self._refused.add(plain(clean(code)))
