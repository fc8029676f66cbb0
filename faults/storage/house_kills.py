"""SIGKILL at random moments of random processes of a whole centre while visitors vote at real windows."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING, Final

from demo.desk_kiosk import undelivered
from demo.house import CENTRE, House, HouseError, wait_for
from faults.content import said_in_log, said_on_server
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

NAME: Final = "SIGKILL: window, sync, broker, ingest"
KIOSKS: Final = ("exit-sample-1", "exit-sample-2")
OFFERED: Final = tuple(choice.id for choice in FACES.choices)
_VOTES: Final = 3
"""So many visitors are thanked at each kiosk for each kill, at least."""


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
        for kiosk in KIOSKS:
            house.start_kiosk(kiosk)
        crowds = [Crowd(house, kiosk, rounds * _VOTES) for kiosk in KIOSKS]
        try:
            kill_at_random(house, rounds, tally.random(), step)
        finally:
            thanked = sum(crowd.finish() for crowd in crowds)
        _compare(house, thanked, rounds, tally)
    return tally.row()


def _compare(house: House, thanked: int, kills: int, tally: Tally) -> None:
    problem = "" if thanked >= kills * _VOTES * len(KIOSKS) else f"only {thanked} were thanked: the kiosks do not go on"
    try:
        wait_for(lambda: not any(undelivered(house.kiosk_folder(kiosk)) for kiosk in KIOSKS), "everything acknowledged", 120)
        house.server("rollups", "verify")
    except HouseError as error:
        problem = str(error)
    on_kiosks = set().union(*(stored(house, kiosk) for kiosk in KIOSKS))
    on_server = counted(house)
    tally.count(
        acknowledged=thanked,
        lost=max(0, thanked - len(on_kiosks)),
        doubled=len(on_server) - len(set(on_server)),
        dropped=len(on_kiosks ^ set(on_server)),
        problem=problem,
    )
    tally.rounds = kills


class Crowd(Thread):
    """Visitors who vote one after another at one kiosk, whatever happens to it."""

    def __init__(self, house: House, kiosk: str, wanted: int) -> None:
        super().__init__(name=f"crowd-{kiosk}")
        self._visitor = Visitor(house, kiosk)
        self._wanted = wanted
        self._random = Random(kiosk)
        self._may_end = Event()
        self._thanked = 0
        self._until = 0.0
        self.start()

    def run(self) -> None:
        """Vote until there are enough and nothing is killed any more."""
        while self._thanked < self._wanted or not self._may_end.is_set():
            if self._may_end.is_set() and monotonic() > self._until:
                return
            with suppress(OSError, HouseError, ValueError):  # the window was killed under the finger
                self._visitor.sees("Ask")
                self._visitor.taps(self._random.choice(OFFERED))
                self._visitor.sees("Thanks")
                self._thanked += 1

    def finish(self) -> int:
        """Give how many were thanked, once there are enough."""
        self._until = monotonic() + 120 + 4 * self._wanted
        self._may_end.set()
        self.join()
        return self._thanked


def kill_at_random(house: House, kills: int, random: Random, step: Callable[[int], None]) -> None:
    """Kill and start again."""
    pause = Event()
    restart = {"broker": lambda: house.start_server("broker"), "ingest": lambda: house.start_server("ingest")}
    for kiosk in KIOSKS:
        restart[f"ui-{kiosk}"] = lambda kiosk=kiosk: house.start_ui(kiosk)
        restart[f"sync-{kiosk}"] = lambda kiosk=kiosk: house.start_sync(kiosk)
    for done in range(1, kills + 1):
        pause.wait(random.uniform(0, 1.5))
        name = random.choice(sorted(restart))
        house.kill(name)
        restart[name]()
        step(done)


def hurry(house: House, kiosk: str) -> None:
    """Give a kiosk settings by which its thanks are short, signed by its server, so that two thousand visitors fit in minutes."""
    config = parse_config(house.server_toml.read_text(encoding="utf-8"), source="server.toml", data_dir=None)
    timing = Timing(thanks_s=0.2, repeat_s=0.1)
    settings = KioskSettings(version=1_000_000, kiosk=kiosk, centre="", questionnaire=ONE_QUESTION, timing=timing)
    folder = house.kiosk_folder(kiosk) / "accepted"
    folder.mkdir()
    (folder / "settings-1000000.json").write_bytes(encode(sign(settings, told.PURPOSE, load_keys(config.data_dir).sign)))
    (folder / "current").symlink_to("settings-1000000.json")


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


FAULTS: Final = (Fault(name=NAME, test=3, usual=12, full=60, run=kill),)
