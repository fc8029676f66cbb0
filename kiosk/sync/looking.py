"""Has ui look through a log that sync cannot read, and hears what it has found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk.errors import Fault
from kiosk.facts import LOOKED_FACT

if TYPE_CHECKING:
    from kiosk.sync.delivery import Ledger
    from kiosk.sync.outbox import Outbox


def see_to_look(outbox: Outbox, ledger: Ledger) -> None:
    """Take ui's answer to the look that it was asked for, then ask for one, or no longer."""
    asked = ledger.look
    if asked is not None and outbox.fact(LOOKED_FACT) == str(asked):
        outbox.found_sound()
    ledger.want_look(outbox.wants_look)


def faults_of_log(outbox: Outbox) -> tuple[Fault, ...]:
    """Give what is wrong with the log though ui has found it sound."""
    return (Fault.LOG_UNREADABLE,) if outbox.is_unreadable else ()
