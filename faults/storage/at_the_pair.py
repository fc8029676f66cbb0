"""A program: visitors vote, and what they leave is delivered to a server in the same process, whatever the disk says meanwhile.

`python -m faults.storage.at_the_pair FOLDER SEED VISITS` prints the votes that were thanked for. It fails where the rest is not delivered in
the end: whatever was wrong with the disk before is over by then.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

from faults.storage.pair import Server, Terminal
from faults.storage.visits import MORNING_MS
from kiosk.errors import StoreError
from server.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from feedback.wire import Ack

_TRIES: Final = 60


def main() -> None:
    """Vote and deliver."""
    folder, seed, count = sys.argv[1:]
    random = Random(seed)  # noqa: S311
    with Server(Path(folder), MORNING_MS + 86_400_000) as server:
        terminal = start(Path(folder) / "card", server, random)
        for _ in range(int(count)):
            vote(terminal)
            deliver(terminal)
        terminal.settle()
        terminal.switch_off()


def start(folder: Path, server: Server, random: Random) -> Terminal:
    """Start the kiosk, as often as it takes."""
    for _ in range(_TRIES):
        with suppress(StoreError, sqlite3.Error, OSError):
            return Terminal(folder, server, random)
    raise SystemExit("the kiosk does not start")


def vote(terminal: Terminal) -> None:
    """Let a visitor vote, who is thanked once the vote is stored; else the log is opened anew for the next."""
    before = set(terminal.thanked)
    try:
        terminal.vote()
    except StoreError:
        restart(terminal)
    for id_ in terminal.thanked.keys() - before:
        print(id_.hex, flush=True)


def deliver(terminal: Terminal) -> None:
    """Take some turns. As its agent would, sync puts off what the disk does not take; the server answers when its database does."""
    terminal.deliverer.connected()
    for _ in range(4):
        try:
            terminal.do_chores()
            terminal.deliverer.step()
            for ack in answers(terminal):
                terminal.deliverer.acknowledged(ack)
        except (sqlite3.OperationalError, OSError):
            pass
        except sqlite3.Error:  # sync ends, and systemd starts it again
            restart(terminal)
            terminal.deliverer.connected()
        terminal.pass_s(3)


def answers(terminal: Terminal) -> list[Ack]:
    """Bring what was sent to the server; while its database is away it is tried again."""
    sent = list(terminal.sent)
    for _ in range(_TRIES):
        with suppress(DatabaseUnavailableError):
            return terminal.carry()
        terminal.sent = list(sent)
    raise SystemExit("the database stays away")


def restart(terminal: Terminal) -> None:
    """Switch the kiosk off and on, until its disk lets it."""
    for _ in range(_TRIES):
        with suppress(StoreError, sqlite3.Error, OSError):
            terminal.switch_off()
            terminal.switch_on()
            return
    raise SystemExit("the kiosk does not start any more")


if __name__ == "__main__":
    main()
