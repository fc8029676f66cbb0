"""A kiosk and a server whose disks fail now and then: they put off, try again and are started again, as in service."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from faults.storage.pair import Terminal
from kiosk.errors import StoreError
from server.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from faults.storage.pair import Server
    from feedback.wire import Ack

_TRIES: Final = 25
_TURNS: Final = 4


class StaysAwayError(RuntimeError):
    """A disk takes nothing, however often it is tried."""


def start(folder: Path, server: Server, random: Random) -> Terminal:
    """Start a kiosk, as often as it takes.

    Raises:
        StaysAwayError: it does not start.
    """
    for _ in range(_TRIES):
        with suppress(StoreError, sqlite3.Error, OSError):
            return Terminal(folder, server, random)
    raise StaysAwayError("the kiosk does not start")


def vote(terminal: Terminal) -> bool:
    """Let a visitor vote; whether they were thanked. After a failure the log is opened anew, as soon as that can be."""
    try:
        terminal.vote()
    except (StoreError, sqlite3.Error):
        restart(terminal)
        return False
    return True


def deliver(terminal: Terminal) -> None:
    """Take some turns. As its agent would, sync puts off what the disk does not take; the server answers when its database does.

    Raises:
        StaysAwayError: the server's database does not come back, or the kiosk does not start again.
    """
    terminal.deliverer.connected()
    for _ in range(_TURNS):
        try:
            terminal.do_chores()
            terminal.deliverer.step()
            for ack in _answers(terminal):
                terminal.deliverer.acknowledged(ack)
        except (sqlite3.OperationalError, StoreError, OSError):
            pass
        except sqlite3.Error:  # sync ends, and systemd starts it again
            restart(terminal)
            terminal.deliverer.connected()
        terminal.pass_s(3)


def restart(terminal: Terminal) -> None:
    """Switch a kiosk off and on, until its disk lets it.

    Raises:
        StaysAwayError: it does not start any more.
    """
    for _ in range(_TRIES):
        with suppress(StoreError, sqlite3.Error, OSError):
            terminal.switch_off()
            terminal.switch_on()
            return
    raise StaysAwayError("the kiosk does not start any more")


def _answers(terminal: Terminal) -> list[Ack]:
    sent = list(terminal.sent)
    for _ in range(_TRIES):
        with suppress(DatabaseUnavailableError):
            return terminal.carry()
        terminal.sent = list(sent)
    raise StaysAwayError("the database stays away")
