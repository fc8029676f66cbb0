"""A program: visitors vote at a kiosk without a screen, and each vote is printed, with what it says, where the screen would thank for it.

`python -m faults.storage.at_the_kiosk FOLDER SEED VISITS [PRAGMA=VALUE …]`; pragmas weaken what the log promises. It fails where the last
vote was not stored: whatever was wrong with the disk before is over by then.
"""

from __future__ import annotations

import sys
from pathlib import Path
from queue import SimpleQueue
from random import Random
from typing import TYPE_CHECKING, Final

from faults.content import said_by
from faults.storage.visits import OVER, Visits
from feedback.records import encode_body
from kiosk import rechaining, store_file
from kiosk.recorder import Recorder
from kiosk.salvage import open_store
from kiosk.set_aside import SetAside
from kiosk.sync.outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from faults.storage.visits import Visit

_MORE: Final = 60
"""So many more may come until a disk that refused takes something again."""
_CHORE: Final = 4
"""After so many visits something else is done with the log."""


class Thanks:
    """Hears what became of records, and prints the votes that are stored; one that is not is not thanked for."""

    def __init__(self) -> None:
        self.calls: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._votes: dict[int, Visit] = {}
        self.answered = 0
        self.was_stored = False

    def await_vote(self, token: int, visit: Visit) -> None:
        """Say which visit's vote a token stands for."""
        self._votes[token] = visit

    def committed(self, token: int) -> None:
        """The vote is on the disk: thank for it."""
        visit = self._votes.pop(token)
        said = said_by(map(encode_body, visit.records), visit.boxes)
        print(said[visit.vote.id].line(visit.vote.id), flush=True)
        self.answered, self.was_stored = token, True

    def failed(self, token: int) -> None:
        """It is not."""
        self._votes.pop(token)
        self.answered, self.was_stored = token, False


def main() -> None:
    """Let the visitors come."""
    folder, seed, count, *promises = sys.argv[1:]
    for promise in promises:
        name, _, value = promise.partition("=")
        store_file.PRAGMAS[name] = int(value) if value.isdecimal() else value
    rechaining.STEP = 2  # so that the power goes between two steps too
    if not vote_at(Path(folder), Random(seed), int(count)):
        raise SystemExit("the last vote was not stored")


def vote_at(folder: Path, random: Random, count: int) -> bool:
    """Store so many visits one after another, with a restart of the log in their midst, and on until one is stored; whether one is."""
    visits, thanks = Visits(random), Thanks()
    more = range(count + 1, count + _MORE)
    for part in (range(1, count // 2 + 1), range(count // 2 + 1, count + 1), more):
        with Recorder(lambda: open_store(folder, visits.new_uuid), thanks.calls.put, lambda: None) as recorder:
            recorder.listener = thanks
            for token in part:
                if part is more and thanks.was_stored:
                    break
                visit = visits.next()
                store_visit(recorder, thanks, token, visit)
                if token % _CHORE == 0:
                    _do_chore(recorder, folder, token // _CHORE, visits)
    return thanks.was_stored


def store_visit(recorder: Recorder, thanks: Thanks, token: int, visit: Visit) -> None:
    """Hand over what a visit has left, and wait until it is answered."""
    thanks.await_vote(token, visit)
    recorder.record(token, visit.records, visit.boxes, visit.tickets)
    while thanks.answered != token:
        thanks.calls.get()()


def _do_chore(recorder: Recorder, folder: Path, number: int, visits: Visits) -> None:
    match number % 3:
        case 0:
            recorder.note("settings_version", str(number))
        case 1:
            recorder.forget_tickets(lambda day: day == OVER, SetAside(folder))
        case 2:
            with Outbox(folder) as outbox:
                for epoch in outbox.epochs()[-1:]:
                    recorder.rechain(epoch.id, epoch.last - min(epoch.last, 5), visits.new_uuid())


if __name__ == "__main__":
    main()
