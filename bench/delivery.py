"""How long a fresh vote takes from being read by sync until it is acknowledged, and how many bytes a vote costs on the wire."""

from __future__ import annotations

import os
import random
import re
import subprocess
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial, wraps
from pathlib import Path
from queue import SimpleQueue
from statistics import quantiles
from tempfile import TemporaryDirectory
from threading import Thread
from time import perf_counter, sleep
from typing import TYPE_CHECKING, Final

from bench.measure import Row, at_most, told
from demo.desk_kiosk import STAY_S, DeskKiosk, undelivered
from demo.history import a_visit
from demo.house import CENTRE, House, wait_for
from feedback.wire import MAX_RECORDS
from kiosk.compose_sync import Sync
from kiosk.config import parse
from kiosk.process import SOFTWARE
from kiosk.sync.deliver import Deliverer
from kiosk.sync.delivery import Ledger
from kiosk.sync.outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from demo.history import Visit
    from feedback.wire import Ack
    from kiosk.sync.outbox import Slice

KIOSK: Final = "exit-bench"
VISITS: Final = 400
PAUSE_S: Final = 0.05
BACKLOG: Final = 2_000
HALF_MS: Final = 5.0
MOST_MS: Final = 50.0


def measure() -> list[Row]:
    """Let a kiosk deliver visit by visit, as on an ordinary day, then a backlog."""
    chance = random.Random(5)
    with TemporaryDirectory(dir=".", prefix=".bench-") as name, House(Path(name).resolve()) as house:
        house.server("registry", "load", str(CENTRE))
        house.start_server("broker")
        house.start_server("ingest")
        toml = house.add_kiosk(KIOSK, "center")
        with DeskKiosk(toml, SOFTWARE) as desk, _watched() as (delays, marked), _sync(toml):
            desk.add([_just_now(chance)])
            _wait_until_delivered(house)
            delays.clear()
            marked.clear()
            before = _bytes_on_the_wire(house.broker_port)
            for _ in range(VISITS):
                known = len(marked)
                desk.add([_just_now(chance)])
                wait_for(partial(_is_longer, marked, known), "the acknowledgement")  # reads no database meanwhile
                sleep(chance.uniform(0, PAUSE_S))
            _wait_until_delivered(house)
            one_by_one = (_bytes_on_the_wire(house.broker_port) - before) / VISITS
            half, most = _percentiles(delays)
            half_marked, _ = _percentiles(marked)
            before = _bytes_on_the_wire(house.broker_port)
            desk.add(_just_now(chance) for _ in range(BACKLOG))
            _wait_until_delivered(house)
            as_backlog = (_bytes_on_the_wire(house.broker_port) - before) / BACKLOG
    return [
        at_most("vote read by sync → acknowledged, half of them within", "ms", (half, HALF_MS), "goal", 1.0),
        at_most("vote read by sync → acknowledged, 99 of 100 within", "ms", (most, MOST_MS), "goal", 1.0),
        told("vote read by sync → acknowledged, and that on the kiosk's disk, half of them within", half_marked, "ms"),
        told("vote and its visit's end on the wire, one by one, TLS, both ways", one_by_one, "bytes"),
        told("vote and its visit's end on the wire, in a backlog, TLS, both ways", as_backlog, "bytes"),
    ]


def _just_now(chance: random.Random) -> Visit:
    """Give a visit that has ended just now."""
    return a_visit(chance, datetime.now(UTC) - timedelta(seconds=STAY_S))


@contextmanager
def _watched() -> Iterator[tuple[list[float], list[float]]]:
    """Note, in seconds, how long after a batch was read its acknowledgement is there, and how long until that is on the disk."""
    read_at: dict[tuple[UUID, int], float] = {}
    delays, marked = list[float](), list[float]()
    slice_after, acknowledged, set_mark = Outbox.slice_after, Deliverer.acknowledged, Ledger.set_mark

    @wraps(slice_after)
    def reads(self: Outbox, epoch: UUID, seq: int, most: int = MAX_RECORDS) -> Slice | None:
        begun = perf_counter()
        part = slice_after(self, epoch, seq, most)
        if part is not None:
            read_at.setdefault((epoch, seq + len(part.bodies)), begun)
        return part

    @wraps(acknowledged)
    def hears(self: Deliverer, ack: Ack) -> None:
        if (ack.epoch, ack.seq) in read_at:
            delays.append(perf_counter() - read_at[ack.epoch, ack.seq])
        acknowledged(self, ack)

    @wraps(set_mark)
    def marks(self: Ledger, epoch: UUID, seq: int, head: str) -> None:
        set_mark(self, epoch, seq, head)
        marked.append(perf_counter() - read_at[epoch, seq])

    Outbox.slice_after, Deliverer.acknowledged, Ledger.set_mark = reads, hears, marks  # type: ignore[method-assign]
    try:
        yield delays, marked
    finally:
        Outbox.slice_after, Deliverer.acknowledged, Ledger.set_mark = slice_after, acknowledged, set_mark  # type: ignore[method-assign]


@contextmanager
def _sync(toml: Path) -> Iterator[None]:
    """Run a kiosk's delivery on a thread of its own."""
    started: SimpleQueue[Sync] = SimpleQueue()

    def run() -> None:
        with ExitStack() as stack:
            sync = Sync(parse(toml.read_text(encoding="utf-8"), toml.name), toml, stack, alive=lambda: None)
            started.put(sync)
            sync.run()

    thread = Thread(target=run, name="sync")
    thread.start()
    sync = started.get()
    try:
        yield
    finally:
        sync.stop()
        thread.join()


def _is_longer(delays: list[float], known: int) -> bool:
    return len(delays) > known


def _wait_until_delivered(house: House) -> None:
    wait_for(partial(_is_delivered, house), "everything acknowledged")


def _is_delivered(house: House) -> bool:
    return undelivered(house.kiosk_folder(KIOSK)) == 0


def _percentiles(delays: list[float]) -> tuple[float, float]:
    """Give the 50th and the 99th of a hundred parts, in ms."""
    parts = quantiles(delays, n=100)
    return parts[49] * 1000, parts[98] * 1000


def _bytes_on_the_wire(port: int) -> int:
    """Give what the kiosk's connection has sent and received, as the kernel counts it: TLS and MQTT, without TCP's and IP's headers."""
    command = ["ss", "-tinpH", "state", "established", f"( dport = :{port} )"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (connection,) = (line for line in said.replace("\n\t", " ").splitlines() if "bytes_sent" in line and f"pid={os.getpid()}," in line)
    return sum(int(number) for number in re.findall(r"bytes_(?:sent|received):(\d+)", connection))
