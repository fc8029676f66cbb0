"""What a scan gave, as the visit takes it, and the kind sentence where it gave nothing. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from feedback.tickets import Refusal, Ticket, TicketToken
from kiosk import texts

if TYPE_CHECKING:
    from feedback.settings import DeskOption, KioskSettings


class Scanned(msgspec.Struct, frozen=True):
    """A ticket or a desk card. `is_spent` where a vote was given here with the same `token`; without a token nobody can tell."""

    ticket: Ticket
    token: TicketToken | None = None
    is_spent: bool = False


def known_desk(settings: KioskSettings, desk: str | None) -> DeskOption | None:
    """Give the desk that a code names, as visitors know it."""
    own = () if settings.desk is None else (settings.desk,)
    return next((option for option in (*own, *settings.desks) if option.id == desk), None)


def told_by(ticket: Ticket, language: str) -> str:
    """Give the sentence that says what a ticket or a card tells: a scan is not anonymous, and nobody shall think so."""
    _ = texts.words_in(language)
    if ticket.is_card:
        return _("The card will tell only the desk.")
    return _("The ticket will tell only the desk, the service and the time.")


def forgotten(ticket: Ticket, language: str) -> str:
    """Give the sentence that says that a ticket or a card was not answered with, and is taken to be that of somebody who has left."""
    _ = texts.words_in(language)
    if ticket.is_card:
        return _("Your answer will be without the card. If it is yours, scan it again.")
    return _("Your answer will be without the ticket. If it is yours, scan it again.")


def refused(why: Refusal, language: str) -> str:
    """Give what a visitor is told whose code gave nothing: always that they can answer without."""
    _ = texts.words_in(language)
    return {
        Refusal.SPENT: _("This ticket has already given feedback. You can answer without a ticket."),
        Refusal.TOO_OLD: _("This ticket was issued too long ago. You can answer without a ticket."),
        Refusal.FOREIGN: _("This ticket is from another centre. You can answer without a ticket."),
        Refusal.FORGED: _("This ticket could not be confirmed. You can answer without a ticket."),
        Refusal.UNKNOWN: _("This code is not a ticket of this centre. You can answer without a ticket."),
    }[why]


def read_without_desk(language: str) -> str:
    """Give what a visitor is told on the question for the desk, whose ticket does not name it."""
    _ = texts.words_in(language)
    return _("Your ticket is read; it does not name the desk.")
