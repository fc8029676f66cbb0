"""A full card whose server has lost everything: the whole log is chained anew where there is no room for it twice. Only root can do it."""

from __future__ import annotations

import os
from datetime import timedelta
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, Self

from faults.storage.full_disk import fill, small_disk
from faults.storage.pair import NeverSettledError, Server, Terminal
from faults.storage.recording import in_silence, scratch
from faults.storage.tally import Tally
from faults.storage.visits import MORNING_MS
from faults.table import Fault
from kiosk.pruning import Pruner
from kiosk.recorder import Recorder
from kiosk.room import Room
from kiosk.salvage import open_store
from kiosk.sync import delivery
from server.ingest.quarantine import Reason

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

    from faults.table import Row

NAME: Final = "full card, and the server has lost everything"
_VISITS: Final = 4000
"""So many visits make a log that has no room in the journal."""
_AT_ONCE: Final = 200
_DISK_KB: Final = 12 * 1024
_VOTES_TO_FULL: Final = 1000
_LEAST_KB: Final = 0
_MOST_KB: Final = 200


class FullCard(Terminal):
    """A kiosk whose log is kept by the thread that keeps it in service, and which deletes what is delivered when the card is full."""

    def __init__(self, folder: Path, server: Server, random: Random) -> None:
        super().__init__(folder, server, random)
        self._answers: SimpleQueue[bool] = SimpleQueue()
        self._room = Room(folder)
        pruner = Pruner(folder, keep=timedelta(days=90), clock=self.visits, room=self._room)
        self._recorder = Recorder(lambda: open_store(folder, self.visits.new_uuid), lambda call: call(), lambda: None, pruner)
        self._recorder.listener = self
        self.refused = self.meanwhile = 0
        """How many votes were not stored, and how many were while the log was chained anew."""

    def __enter__(self) -> Self:
        self._recorder.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._recorder.__exit__()
        self.switch_off()

    def committed(self, _token: int) -> None:
        """The vote is on the disk."""
        self._answers.put(True)  # noqa: FBT003 - an answer is yes or no

    def failed(self, _token: int) -> None:
        """It is not."""
        self._answers.put(False)  # noqa: FBT003

    def fill_up(self, disk: Path, left_kb: int) -> None:
        """Have a long log, all of it said to be delivered, and a disk on which so much is left."""
        self._room.keep()
        for _ in range(_VISITS // _AT_ONCE):
            made = [self.visits.next(rich=False) for _ in range(_AT_ONCE)]
            self.store.append([record for visit in made for record in visit.records])
        self.store.fold()
        (epoch,) = self._outbox.epochs()
        head = self._outbox.hash_at(epoch.id, epoch.last)
        assert head is not None
        self.ledger.begin_generation("of another database")
        self.ledger.set_mark(epoch.id, epoch.last, head.hex())
        fill(disk / "ballast", left_kb)

    def vote(self, count: int = 1) -> None:
        """Let so many visitors vote."""
        for _ in range(count):
            visit = self.visits.next(rich=False)
            self._recorder.record(1, visit.records)
            if self._answers.get():
                self.thanked[visit.vote.id] = self.server.now_ms
            else:
                self.refused += 1

    def vote_and_see(self) -> bool:
        """Let one visitor vote; tell whether something is deleted by now."""
        self.vote()
        return any(epoch.pruned for epoch in self._outbox.epochs())

    def do_chores(self) -> None:
        """Do as ui does what delivery asks for, while visitors vote."""
        fork = delivery.requested_fork(self.folder / delivery.FILE)
        if fork is not None:
            self._recorder.rechain(fork.epoch, fork.after_seq, fork.into)
            self.vote()
            self.meanwhile += 1


def fork_full_cards(rounds: int, step: Callable[[int], None]) -> Row:
    """Let a server that has nothing ask for a log on a full card; compare what is in the log in the end with what counts."""
    tally = Tally(NAME)
    with in_silence():
        for number in range(rounds):
            random = tally.random(number)
            with scratch() as folder, small_disk(folder, _DISK_KB) as disk, Server(folder, MORNING_MS + 86_400_000) as server:
                with FullCard(disk / "card", server, random) as card:
                    card.fill_up(disk, random.randint(_LEAST_KB, _MOST_KB))
                    problem = _live(card, random)
                    wanted = card.thanked.keys() | card.logged()
                counted = server.votes()
                problem = problem or server.problem(expected=(Reason.GONE.value,))
            missing = wanted - set(counted)
            tally.count(acknowledged=len(wanted), lost=len(missing), doubled=len(counted) - len(set(counted)), problem=problem)
            step(tally.rounds)
    return tally.row()


def _live(card: FullCard, random: Random) -> str:
    """Vote until something is deleted, and deliver; say what is wrong."""
    if not any(card.vote_and_see() for _ in range(_VOTES_TO_FULL)):
        return "the card is never full"
    card.vote(random.randint(0, 60))
    try:
        card.settle()
    except NeverSettledError as error:
        return str(error)
    card.vote(2)
    card.settle()
    if card.refused:
        return f"{card.refused} votes were not stored"
    return "" if card.meanwhile > 1 else "nothing was chained anew in steps"


FAULTS: Final = (Fault(name=NAME, test=1, usual=4, full=60, run=fork_full_cards),) if os.geteuid() == 0 else ()
