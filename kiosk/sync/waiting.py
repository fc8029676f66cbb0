"""Sync of a kiosk that belongs to no server yet: it lives, lets ui know that there is no way, and waits to be enrolled."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING

from kiosk.sync.deliver import POLL_S
from kiosk.sync.delivery import CONNECTED, FAULTS
from kiosk.sync.looking import faults_of_log, see_to_look

if TYPE_CHECKING:
    from collections.abc import Callable

    from kiosk.sync.delivery import Ledger
    from kiosk.sync.inbox import Inbox
    from kiosk.sync.outbox import Outbox

log = logging.getLogger(__name__)


class Waiting:
    """The loop until there is a server."""

    def __init__(self, inbox: Inbox, outbox: Outbox, ledger: Ledger, *, each_round: Callable[[], None]) -> None:
        self._inbox = inbox
        self._outbox = outbox
        self._ledger = ledger
        self._each_round = each_round
        self._stopped = False

    def run(self) -> None:
        """Wait until `stop`."""
        log.info("this kiosk is not enrolled: votes are kept until it is. Technician's menu, Enrol, or [enrolment] in kiosk.toml")
        while not self._stopped:
            with suppress(sqlite3.OperationalError):  # a full disk: the same again in the next round
                self._outbox.epochs()  # notices damage
                see_to_look(self._outbox, self._ledger)
                self._ledger.note(CONNECTED, "no")
                self._ledger.note(FAULTS, ",".join(faults_of_log(self._outbox)))
            self._each_round()
            self._inbox.wait(POLL_S)

    def stop(self) -> None:
        """End `run` soon; called from anywhere."""
        self._stopped = True
        self._inbox.post(_nothing)


def _nothing() -> None:
    """Only wake the loop."""
