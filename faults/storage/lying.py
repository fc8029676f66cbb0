"""A card that says that it has written and has not: what that costs is counted, and nothing of it may hide or spread.

No program can keep a vote that the card has thrown away. What is claimed is that the kiosk starts and goes on by itself from every
state of its card, and that the server keeps all it ever had and takes all that comes after, whatever numbers it has.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from faults.content import vote_of
from faults.storage.crashes import Program, cuts
from faults.storage.pair import NeverSettledError, Server, Terminal
from faults.storage.recording import in_silence, scratch
from faults.storage.tally import Tally
from faults.storage.visits import MORNING_MS, Visits
from faults.storage.vote_crashes import OFTEN, VISITS, open_again
from faults.table import Fault
from kiosk.errors import StoreError
from kiosk.salvage import ASIDE
from kiosk.sync import delivery

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random
    from uuid import UUID

    from faults.storage.crashes import Cut
    from faults.table import Row

_NAME: Final = "card that ignores every fifth wait, power cut"
_LIES: Final = 0.2
_SIGNS: Final = (ASIDE, "*-damaged")
"""What the kiosk leaves where it found its log, or what it had delivered, damaged."""
_DELIVERED: Final = 20
"""Every so many rounds the kiosk had delivered before the cut, and delivers after it."""


def lie(rounds: int, step: Callable[[int], None]) -> Row:
    """Cut the power of a card that lies."""
    tally = Tally(_NAME, detected=0)
    random = tally.random()
    program = Program(("faults.storage.at_the_kiosk", "{folder}", "{seed}", VISITS, OFTEN))
    next_vote = Visits(random)
    with in_silence():
        for cut in cuts(program, rounds, tally, lies=_LIES):
            if tally.rounds % _DELIVERED:
                there, problem = open_again(cut.folder, next_vote.next(rich=False))
                tally.count(acknowledged=len(cut.said), problem=problem)
                tally.count_only(lost=len(set(cut.said) - set(there)))
            else:
                _deliver_around(cut, random, tally)
            tally.detect(any(any(cut.folder.glob(pattern)) for pattern in _SIGNS))
            step(tally.rounds)
    return tally.row()


def _deliver_around(cut: Cut, random: Random, tally: Tally) -> None:
    """Let the kiosk deliver what it had some time before the cut, and go on with what its card has after it."""
    thanked = {vote_of(line) for line in cut.said}
    with scratch() as folder, Server(folder, MORNING_MS + 86_400_000) as server:
        had = _delivered_before(cut, folder / "before", server, random)
        for part in ("", "-wal"):
            if (folder / "before" / (delivery.FILE + part)).exists():
                shutil.copyfile(folder / "before" / (delivery.FILE + part), cut.folder / (delivery.FILE + part))
        try:
            terminal = Terminal(cut.folder, server, random)
            terminal.vote(random.randint(1, 3))
            terminal.settle()
        except (StoreError, NeverSettledError) as error:
            tally.count(acknowledged=len(thanked), problem=str(error))
            return
        there, stored, counted = terminal.logged(), server.stored(), server.votes()
        terminal.switch_off()
    tally.count(
        acknowledged=len(thanked),
        lost=len(had - stored),
        dropped=len((there | terminal.thanked.keys()) - stored),
        doubled=len(counted) - len(set(counted)),
    )
    tally.count_only(lost=len(thanked - there - stored))


def _delivered_before(cut: Cut, folder: Path, server: Server, random: Random) -> set[UUID]:
    folder.mkdir()
    cut.show_earlier(folder)
    terminal = Terminal(folder, server, random)
    terminal.settle()
    terminal.switch_off()
    return server.stored()


FAULTS: Final = (Fault(name=_NAME, test=150, usual=1000, full=6000, run=lie),)
