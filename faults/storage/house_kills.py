"""SIGKILL at random moments of random processes of a whole centre while visitors vote at real windows."""

from __future__ import annotations

import os
import signal
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING, Final, NamedTuple

from demo.desk_kiosk import undelivered
from demo.house import CENTRE, House, HouseError, wait_for
from faults.content import said_by, said_in_log, said_on_server
from faults.storage.tally import Tally
from faults.table import Fault
from feedback import settings as told
from feedback.settings import KioskSettings, Timing
from feedback.signed import sign
from feedback.wire import encode
from server.config import parse_config
from server.db.engine import open_engine
from server.keys import load_keys
from tests.kiosk.support import FACES, ONE_QUESTION
from tests.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable

    from faults.table import Row

NAME: Final = "SIGKILL: every process of a centre"
MOSQUITTO: Final = "mosquitto"
KIOSKS: Final = ("exit-sample-1", "exit-sample-2")
OFFERED: Final = tuple(choice.id for choice in FACES.choices)
_VOTES: Final = 3
"""So many visitors are thanked at each kiosk for each kill, at least."""
_LAST_VERSION: Final = 2**31 - 1
"""The server's own settings would outdo any other."""


class Thanked(NamedTuple):
    """Who was thanked at one kiosk: the votes, as lines that say what they say, and how many were thanked and had stored none."""

    votes: frozenset[str]
    for_nothing: int = 0


def kill(rounds: int, step: Callable[[int], None]) -> Row:
    """Kill so many processes, each started again at once, and compare in the end what is on the kiosks with what the server counts."""
    tally = Tally(NAME)
    with TemporaryDirectory(prefix="vidhuk-") as folder, House(Path(folder)) as house:
        house.server("registry", "load", str(CENTRE))
        for kiosk in KIOSKS:
            house.add_kiosk(kiosk, "center")
            hurry(house, kiosk)
        house.start_server("broker")
        house.start_server("ingest")
        house.start_server("web")
        for kiosk in KIOSKS:
            house.start_kiosk(kiosk)
        crowds = [Crowd(house, kiosk, rounds * _VOTES) for kiosk in KIOSKS]
        try:
            kill_at_random(house, rounds, tally.random(), step)
        finally:
            thanked = {kiosk: crowd.finish() for kiosk, crowd in zip(KIOSKS, crowds, strict=True)}
        tally.rounds = rounds - 1  # what follows counts one
        count(house, thanked, tally, least=rounds * _VOTES)
    return tally.row()


def count(house: House, thanked: dict[str, Thanked], tally: Tally, *, least: int) -> None:
    """Once all is delivered, compare the votes that were thanked for with those on each kiosk and those that the server counts."""
    few = {kiosk: len(found.votes) for kiosk, found in thanked.items() if len(found.votes) < least}
    problem = f"only so many were thanked, the kiosks do not go on: {few}" if few else ""
    try:
        wait_for(lambda: not any(undelivered(house.kiosk_folder(kiosk)) for kiosk in KIOSKS), "everything acknowledged", 120)
        house.server("rollups", "verify")
        house.check()
    except HouseError as error:
        problem = str(error)
    counted_by_server = counted(house)
    compare(thanked, {kiosk: stored(house, kiosk) for kiosk in thanked}, counted_by_server, tally, problem=problem)


def compare(thanked: dict[str, Thanked], on_kiosks: dict[str, set[str]], on_server: list[str], tally: Tally, *, problem: str = "") -> None:
    """Lost is a vote that was thanked for and is not on its own kiosk, or does not count; dropped is another one on one side only."""
    there = set(on_server)
    lost = {vote for kiosk, found in thanked.items() for vote in found.votes if vote not in on_kiosks[kiosk] or vote not in there}
    for_nothing = sum(found.for_nothing for found in thanked.values())
    tally.count(
        acknowledged=sum(len(found.votes) for found in thanked.values()) + for_nothing,
        lost=len(lost) + for_nothing,
        doubled=len(on_server) - len(there),
        dropped=len((set().union(*on_kiosks.values()) ^ there) - lost),
        problem=problem,
    )


class Crowd(Thread):
    """Visitors who vote one after another at one kiosk, whatever happens to it."""

    def __init__(self, house: House, kiosk: str, wanted: int) -> None:
        super().__init__(name=f"crowd-{kiosk}")
        self._house, self._kiosk = house, kiosk
        self._visitor = Visitor(house, kiosk)
        self._wanted = wanted
        self._random = Random(kiosk)
        self._may_end = Event()
        self._thanked: set[str] = set()
        self._for_nothing = 0
        self._until = 0.0
        self.start()

    def run(self) -> None:
        """Vote until there are enough and nothing is killed any more."""
        while len(self._thanked) < self._wanted or not self._may_end.is_set():
            if self._may_end.is_set() and monotonic() > self._until:
                return
            with suppress(OSError, HouseError, ValueError, KeyError):  # the window was killed under the finger
                self._vote(self._random.choice(OFFERED))

    def _vote(self, answer: str) -> None:
        """Vote, and note which vote it was that the thanks was for: the newest one now, which was not there before the tap."""
        self._visitor.sees("Ask")
        before = newest(self._house, self._kiosk)
        self._visitor.taps(answer)
        self._visitor.sees("Thanks")
        now = newest(self._house, self._kiosk)
        if now is None or now == before or now[1] != answer:
            self._for_nothing += 1
        else:
            self._thanked.add(now[0])

    def finish(self) -> Thanked:
        """Give who was thanked, once there are enough."""
        self._until = monotonic() + 120 + 4 * self._wanted
        self._may_end.set()
        self.join()
        return Thanked(frozenset(self._thanked), self._for_nothing)


def kill_at_random(house: House, kills: int, random: Random, step: Callable[[int], None]) -> None:
    """Kill and start again, each process once before any comes a second time."""
    pause = Event()
    again = restarts(house)
    left: list[str] = []
    for done in range(1, kills + 1):
        left = left or random.sample(sorted(again), len(again))
        name = left.pop()
        pause.wait(random.uniform(0, 1.5))
        if name == MOSQUITTO:
            kill_mosquitto(house)
        else:
            house.kill(name)
        again[name]()
        step(done)


def restarts(house: House) -> dict[str, Callable[[], None]]:
    """Give every process of the centre, and how it is started again where nothing of the centre does so."""
    again: dict[str, Callable[[], None]] = {MOSQUITTO: lambda: None}  # its supervisor does
    for part in ("broker", "ingest", "web"):
        again[part] = lambda part=part: house.start_server(part)
    for kiosk in KIOSKS:
        again[f"ui-{kiosk}"] = lambda kiosk=kiosk: house.start_ui(kiosk)
        again[f"sync-{kiosk}"] = lambda kiosk=kiosk: house.start_sync(kiosk)
    return again


def kill_mosquitto(house: House) -> None:
    """SIGKILL Mosquitto, once its supervisor has one."""
    broker = house.running["broker"].pid
    wait_for(lambda: children(broker), "Mosquitto")
    for child in children(broker):
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def children(pid: int) -> list[int]:
    """Give the processes that a process has started."""
    return [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]


def newest(house: House, kiosk: str) -> tuple[str, str] | None:
    """Give the newest vote on a kiosk, as a line, and its answer; None where there is none, as before the log is made."""
    path = house.kiosk_folder(kiosk) / "votes.db"
    if not path.exists():
        return None
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=20)) as db:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'records'").fetchone():
            return None
        bodies = [body for (body,) in db.execute("SELECT body FROM records WHERE kind = 'vote' ORDER BY n DESC LIMIT 1")]
    return next(((said.line(vote), said.answer) for vote, said in said_by(bodies, {}).items()), None)


def hurry(house: House, kiosk: str) -> None:
    """Give a kiosk settings by which its thanks are short, signed by its server, so that two thousand visitors fit in minutes."""
    config = parse_config(house.server_toml.read_text(encoding="utf-8"), source="server.toml", data_dir=None)
    timing = Timing(thanks_s=0.2, repeat_s=0.1)
    settings = KioskSettings(version=_LAST_VERSION, kiosk=kiosk, centre="", questionnaire=ONE_QUESTION, timing=timing)
    folder = house.kiosk_folder(kiosk) / "accepted"
    folder.mkdir()
    (folder / f"settings-{_LAST_VERSION}.json").write_bytes(encode(sign(settings, told.PURPOSE, load_keys(config.data_dir).sign)))
    (folder / "current").symlink_to(f"settings-{_LAST_VERSION}.json")


def stored(house: House, kiosk: str) -> set[str]:
    """Give the votes on a kiosk, as lines that say what they say."""
    with closing(sqlite3.connect(house.kiosk_folder(kiosk) / "votes.db")) as db:
        return {said.line(vote) for vote, said in said_in_log(db).items()}


def counted(house: House) -> list[str]:
    """Give the votes that the server counts, as lines that say what they say."""
    config = parse_config(house.server_toml.read_text(encoding="utf-8"), source="server.toml", data_dir=None)
    engine = open_engine(config.database_url.reveal())
    try:
        with engine.connect() as connection:
            return [said.line(vote) for vote, said in said_on_server(connection.exec_driver_sql).items()]
    finally:
        engine.dispose()


FAULTS: Final = (Fault(name=NAME, test=3, usual=16, full=64, run=kill),)
