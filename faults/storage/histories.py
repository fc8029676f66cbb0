"""Old copies that come back: the card of a kiosk, a clone of it beside the first, the database of the server.

Each round is a history drawn at random, with messages that are lost and doubled on the way. In the end everything that any of the
copies had from then on is on the server, once, what parted from the server's chain has a chain of its own, and `verify` finds nothing.
"""

from __future__ import annotations

import shutil
from functools import partial
from typing import TYPE_CHECKING, Final

from faults.storage.pair import NeverSettledError, Server, Terminal
from faults.storage.recording import in_silence, scratch
from faults.storage.tally import Tally
from faults.storage.visits import MORNING_MS, Visits
from faults.table import Fault
from kiosk.errors import StoreError
from kiosk.sync import delivery
from server.backup.dump import dump
from server.backup.restore import restore
from server.db.engine import open_engine
from server.ingest.quarantine import Reason
from tests.server.kit import KIOSK, OTHER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random
    from uuid import UUID

    from faults.table import Row

    _History = Callable[[Path, Server, Random], tuple[set[UUID], str]]

_REAL_BACKUPS: Final = 0.15
"""So many of the copies of the server are backups as the command makes them; the others are plain copies of its file."""


def wander(terminal: Terminal, random: Random, steps: int) -> None:
    """Let an ordinary day go by, on which messages and answers are lost, doubled and late, and the power goes now and then."""
    for _ in range(steps):
        match random.choice(("vote", "vote", "settle", "step", "lose", "double", "wait", "restart")):
            case "vote":
                terminal.vote(random.randint(1, 4))
            case "settle":
                terminal.settle()
            case "step":
                terminal.deliverer.connected()
                terminal.deliverer.step()
                terminal.carry()
            case "lose":
                terminal.sent.clear()
            case "double":
                terminal.deliverer.step()
                terminal.sent *= 2
                for ack in terminal.carry():
                    terminal.deliverer.acknowledged(ack)
            case "wait":
                terminal.pass_s(random.randint(1, 100))
            case "restart":
                restart(terminal)


def restart(terminal: Terminal) -> None:
    """Switch a kiosk off and on."""
    terminal.switch_off()
    terminal.visits.reboot()
    terminal.switch_on()


def restore_card(folder: Path, server: Server, random: Random) -> tuple[set[UUID], str]:
    """Put an old copy of a card back, whole or only the votes; give the votes that must be there, and what is wrong."""
    terminal = Terminal(folder / "card", server, random)
    wander(terminal, random, random.randint(2, 8))
    terminal.switch_off()
    shutil.copytree(folder / "card", folder / "old")
    terminal.switch_on()
    wander(terminal, random, random.randint(1, 8))
    epoch, had = terminal.store.epoch, server.stored()
    terminal.switch_off()
    if random.random() < 0.5:  # noqa: PLR2004 - delivery.db is the newer one
        for path in (folder / "card").glob(f"{delivery.FILE}*"):
            shutil.copyfile(path, folder / "old" / path.name)
    shutil.rmtree(folder / "card")
    (folder / "old").rename(folder / "card")
    terminal.visits.reboot()
    terminal.switch_on()
    kept = terminal.logged()
    is_behind = not had <= {*terminal.logged(None)}
    terminal.vote(random.randint(1, 4))
    later = terminal.logged() - kept
    wander(terminal, random, random.randint(0, 4))
    terminal.settle()
    wanted = (terminal.thanked.keys() & had) | terminal.logged() | kept
    forked = terminal.store.epoch != epoch
    terminal.switch_off()
    return wanted, "a fork was not seen" if is_behind and later and not forked else ""


def clone_card(folder: Path, server: Server, random: Random) -> tuple[set[UUID], str]:
    """Let two copies of one card vote in turn; give the votes that must be there, and what is wrong."""
    first = Terminal(folder / "card", server, random)
    wander(first, random, random.randint(1, 6))
    first.switch_off()
    shutil.copytree(folder / "card", folder / "clone")
    first.visits.reboot()
    first.switch_on()
    second = Terminal(folder / "clone", server, random, Visits(random, wall_ms=server.now_ms))
    for _ in range(random.randint(2, 6)):
        wander(random.choice((first, second)), random, random.randint(1, 3))
    first.vote()
    second.vote()
    for terminal in (first, second, first, second):
        terminal.settle()
    wanted = first.logged() | second.logged()
    is_one = first.store.epoch == second.store.epoch
    first.switch_off()
    second.switch_off()
    return wanted, "two cards go on with one chain" if is_one else ""


def restore_server(folder: Path, server: Server, random: Random) -> tuple[set[UUID], str]:
    """Put an old copy of the server's database back; give the votes that must be there, and what is wrong."""
    terminal = Terminal(folder / "card", server, random)
    for _ in range(random.randint(1, 3)):
        wander(terminal, random, random.randint(1, 6))
        put_back = _back_up(folder, server) if random.random() < _REAL_BACKUPS else _copy(folder, server)
        wander(terminal, random, random.randint(1, 6))
        terminal.settle()
        server.engine.dispose()
        put_back()
        server.restart()
        if random.random() < 0.5:  # noqa: PLR2004
            terminal.vote(random.randint(1, 3))
        terminal.settle()
        terminal.settle()  # the first hello may only have told the server that it is an older copy of itself
    terminal.switch_off()
    return set(terminal.thanked), ""


def change_generations(folder: Path, server: Server, random: Random) -> tuple[set[UUID], str]:
    """Put the database back under a connection that does not end, or to an earlier generation, mostly for a kiosk that has forked."""
    terminal = Terminal(folder / "card", server, random)
    wander(terminal, random, random.randint(1, 4))
    if random.random() < 0.7:  # noqa: PLR2004
        terminal.settle()
        terminal.switch_off()
        shutil.copytree(folder / "card", folder / "old")
        terminal.switch_on()
        terminal.vote(random.randint(1, 3))
        terminal.settle()
        terminal.switch_off()
        shutil.rmtree(folder / "card")
        (folder / "old").rename(folder / "card")
        terminal.switch_on()
        terminal.vote(random.randint(1, 3))
        terminal.settle()
    for _ in range(random.randint(1, 3)):
        put_back = _copy(folder, server)
        if random.random() < 0.5:  # noqa: PLR2004
            server.begin_generation()
        wander(terminal, random, random.randint(1, 4))
        terminal.settle()
        server.engine.dispose()
        put_back()
        server.restart()
        if random.random() < 0.3:  # noqa: PLR2004
            server.begin_generation()
        terminal.vote(random.randint(1, 3))
        terminal.settle(anew=random.random() < 0.5)  # noqa: PLR2004
    terminal.settle()
    terminal.switch_off()
    return terminal.logged() | (terminal.thanked.keys() & set(server.votes())), ""


def change_id(folder: Path, server: Server, random: Random) -> tuple[set[UUID], str]:
    """Enrol a kiosk under another id, and back; give the votes that must be there, and what is wrong."""
    terminal = Terminal(folder / "card", server, random)
    for kiosk in (OTHER, KIOSK, OTHER)[: random.randint(1, 3)]:
        wander(terminal, random, random.randint(1, 8))
        terminal.sent.clear()
        terminal.begin_as(kiosk)
        if random.random() < 0.5:  # noqa: PLR2004
            terminal.vote(random.randint(1, 3))
    wander(terminal, random, random.randint(0, 4))
    terminal.vote()
    terminal.settle()
    terminal.switch_off()
    return set(terminal.thanked), ""


def _copy(folder: Path, server: Server) -> Callable[[], object]:
    server.restart()  # which empties the journal into the file
    copy = folder / "old.db"
    shutil.copyfile(server.path, copy)

    def put_back() -> None:
        for path in server.path.parent.glob(f"{server.path.name}*"):
            path.unlink()
        shutil.copyfile(copy, server.path)

    return put_back


def _back_up(folder: Path, server: Server) -> Callable[[], object]:
    frames: list[bytes] = []
    dump(server.engine, {}, frames.append, now_ms=server.now_ms, on_rows=lambda _done, _total: None)

    def put_back() -> None:
        for path in folder.glob(f"{server.path.name}*"):
            path.unlink()
        engine = open_engine(f"sqlite:///{server.path}")
        restore(engine, frames)
        engine.dispose()

    return put_back


def live(name: str, history: _History, expected: tuple[str, ...], rounds: int, step: Callable[[int], None]) -> Row:
    """Go through so many histories, and compare what must be there with what counts; `expected` are reasons to keep it in quarantine."""
    tally = Tally(name)
    with in_silence():
        for number in range(rounds):
            with scratch() as folder, Server(folder, MORNING_MS + 86_400_000) as server:
                (folder / "card").mkdir()
                try:
                    wanted, problem = history(folder, server, tally.random(number))
                except (StoreError, NeverSettledError) as error:
                    tally.count(acknowledged=0, problem=str(error))
                    continue
                counted = server.votes()
                tally.count(
                    acknowledged=len(wanted),
                    lost=len(wanted - set(counted)),
                    doubled=len(counted) - len(set(counted) & wanted),
                    problem=problem or server.problem(expected=expected),
                )
            step(tally.rounds)
    return tally.row()


def _fault(  # noqa: PLR0913 - a row and how often it is tried
    name: str, history: _History, *, test: int, usual: int, full: int, expected: tuple[str, ...] = ()
) -> Fault:
    return Fault(name=name, test=test, usual=usual, full=full, run=partial(live, name, history, expected))


# What was delivered under the id of before and not acknowledged comes again, and counts where it was first.
_TWICE: Final = (Reason.FOREIGN.value,)
FAULTS: Final = (
    _fault("old card restored", restore_card, test=12, usual=80, full=400),
    _fault("card cloned", clone_card, test=12, usual=80, full=400),
    _fault("server's backup restored", restore_server, test=8, usual=40, full=200),
    _fault("database put back to another generation", change_generations, test=6, usual=40, full=200),
    _fault("another id with delivered contexts", change_id, test=6, usual=40, full=200, expected=_TWICE),
)
