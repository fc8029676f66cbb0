"""A kiosk's log on a small disk of its own that fills up: run as a program, it prints what came of every vote as JSON."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from queue import SimpleQueue

from kiosk.pruning import Pruner
from kiosk.recorder import Recorder
from kiosk.room import Room
from kiosk.salvage import open_store
from kiosk.store import FILE
from kiosk.sync import delivery
from kiosk.sync.outbox import Outbox
from tests.kiosk.support import FakeClock, counted_ids
from tests.kiosk.test_store import a_sealed, a_vote, assert_chained, boxes, logged, rows

BLOCK = 4096


class Ear:
    """Hears what became of each hand-over."""

    def __init__(self) -> None:
        self.answers: SimpleQueue[bool] = SimpleQueue()

    def committed(self, _token: int) -> None:
        self.answers.put(True)  # noqa: FBT003 - an answer is yes or no

    def failed(self, _token: int) -> None:
        self.answers.put(False)  # noqa: FBT003


class SmallDisk:
    """A log, its delivery, and something else that eats the disk."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir, self.ear, self.ids = data_dir, Ear(), counted_ids(5000)
        self.room = Room(data_dir)
        self.hog = data_dir / "hog"
        self.stored: list[str] = []
        self.open()

    def open(self) -> None:
        pruner = Pruner(self.data_dir, keep=timedelta(days=90), clock=FakeClock(), room=self.room)
        self.recorder = Recorder(lambda: open_store(self.data_dir, self.ids), lambda call: call(), lambda: None, pruner)
        self.recorder.listener = self.ear
        self.recorder.__enter__()
        self.ledger = delivery.open_ledger(self.data_dir / delivery.FILE)

    def close(self) -> None:
        self.recorder.__exit__()
        self.ledger.__exit__()

    def fill(self) -> None:
        """Let something else take all the room that is left."""
        for size in (BLOCK * 64, BLOCK):
            with suppress(OSError), self.hog.open("ab", buffering=0) as file:
                while file.write(b"x" * size):
                    pass

    def vote(self, most: int) -> list[bool]:
        """Visitors vote and write until one is not stored; give what became of each."""
        told: list[bool] = []
        for _ in range(most):
            record, box = a_sealed(b"own words " * 60)
            vote = a_vote()
            self.recorder.record(1, (vote, record), box)
            told.append(self.ear.answers.get(timeout=60))
            if not told[-1]:
                break
            self.stored += [str(vote.id), str(record.id)]
        return told

    def probe(self) -> bool:
        self.recorder.probe(self.ear.answers.put)
        return self.ear.answers.get(timeout=60)

    def deliver(self) -> int:
        """The server has everything; give how many that are."""
        with Outbox(self.data_dir) as outbox:
            (epoch,) = outbox.epochs()
            head = outbox.hash_at(epoch.id, epoch.last)
        assert head is not None
        self.ledger.set_mark(epoch.id, epoch.last, head.hex())
        return epoch.last

    def kept(self) -> list[str]:
        return [record for (record,) in rows(self.data_dir / FILE, "SELECT id FROM records ORDER BY n")]


def play(data_dir: Path) -> dict[str, object]:
    said: dict[str, object] = {}
    disk = SmallDisk(data_dir)
    said["while there is room"] = all(disk.vote(300))
    said["faults"] = disk.room.faults
    delivered = disk.deliver()
    disk.fill()
    said["with delivered records"] = (told := disk.vote(5000)).count(True)
    said["then"] = told[-1]
    said["faults when full"] = disk.room.faults
    said["probe when full"] = disk.probe()
    kept = disk.kept()
    said["undelivered are there"] = kept == disk.stored[-len(kept) :] and len(kept) >= len(disk.stored) - delivered
    said["delivered are gone"] = not set(disk.stored[:delivered]) & set(kept)
    disk.fill()
    disk.deliver()
    said["probe once they are delivered"] = disk.probe()
    said["votes once they are delivered"] = all(disk.vote(100))
    disk.close()
    disk.open()
    said["after a restart"] = disk.probe() and all(disk.vote(20))
    disk.hog.unlink()
    said["with room again"] = disk.probe() and all(disk.vote(300))
    said["faults at last"] = disk.room.faults
    disk.close()
    kept = disk.kept()
    said["at last"] = kept == disk.stored[-len(kept) :]
    said["boxes"] = len(boxes(data_dir / FILE)) == sum(kind == "sealed" for (kind,) in rows(data_dir / FILE, "SELECT kind FROM records"))
    assert_chained(data_dir / FILE)
    said["records"] = len(logged(data_dir / FILE))
    return said


if __name__ == "__main__":
    print(json.dumps(play(Path(sys.argv[1]))))
