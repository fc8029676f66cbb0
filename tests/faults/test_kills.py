"""SIGKILL at random moments of random processes while visitors vote: what was thanked for is counted, and counted once."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from random import Random
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from sqlalchemy import select

from demo.desk_kiosk import undelivered
from demo.house import CENTRE, House, HouseError, wait_for
from feedback import settings as told
from feedback.settings import KioskSettings, Timing
from feedback.signed import sign
from feedback.wire import encode
from server.config import parse_config
from server.db.engine import open_engine
from server.db.schema import votes
from server.keys import load_keys
from tests.kiosk.support import FACES, ONE_QUESTION
from tests.visitor import Visitor

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.system, pytest.mark.window, pytest.mark.broker]

KIOSKS = ("exit-sample-1", "exit-sample-2")
OFFERED = tuple(choice.id for choice in FACES.choices)


@pytest.mark.parametrize(
    ("kills", "wanted"),
    [pytest.param(10, 60, id="some"), pytest.param(200, 2000, id="many", marks=pytest.mark.full)],
)
def test_nothing_is_lost_and_nothing_counted_twice(tmp_path: Path, kills: int, wanted: int, capsys: pytest.CaptureFixture[str]) -> None:
    with House(tmp_path) as house:
        house.server("registry", "load", str(CENTRE))
        for kiosk in KIOSKS:
            house.add_kiosk(kiosk, "center")
            hurry(house, kiosk)
        house.start_server("broker")
        house.start_server("ingest")
        for kiosk in KIOSKS:
            house.start_kiosk(kiosk)
        crowds = [Crowd(house, kiosk, wanted // len(KIOSKS)) for kiosk in KIOSKS]
        try:
            kill_at_random(house, kills)
        finally:
            thanked = sum(crowd.finish() for crowd in crowds)
        wait_for(lambda: not any(undelivered(house.kiosk_folder(kiosk)) for kiosk in KIOSKS), "everything acknowledged", 120)

        on_kiosks = set().union(*(stored(house, kiosk) for kiosk in KIOSKS))
        on_server = counted(house)
        house.server("rollups", "verify")
        with capsys.disabled():
            print(f"\n  {kills} kills, {thanked} thanked for, {len(on_kiosks)} on the kiosks, {len(on_server)} on the server")
        assert thanked >= wanted
        assert len(on_kiosks) >= thanked, "a vote was thanked for and is not on the kiosk"
        assert sorted(on_server) == sorted(on_kiosks)


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
        while self._thanked < self._wanted or not self._may_end.is_set():
            if self._may_end.is_set() and monotonic() > self._until:
                return
            with suppress(OSError, HouseError, ValueError):  # the window was killed under the finger
                self._visitor.sees("Ask")
                self._visitor.taps(self._random.choice(OFFERED))
                self._visitor.sees("Thanks")
                self._thanked += 1

    def finish(self) -> int:
        self._until = monotonic() + 60 + self._wanted
        self._may_end.set()
        self.join()
        return self._thanked


def kill_at_random(house: House, kills: int) -> None:
    random, pause = Random(2026), Event()
    restart = {"broker": lambda: house.start_server("broker"), "ingest": lambda: house.start_server("ingest")}
    for kiosk in KIOSKS:
        restart[f"ui-{kiosk}"] = lambda kiosk=kiosk: house.start_ui(kiosk)
        restart[f"sync-{kiosk}"] = lambda kiosk=kiosk: house.start_sync(kiosk)
    for _ in range(kills):
        pause.wait(random.uniform(0, 1.5))
        name = random.choice(sorted(restart))
        house.kill(name)
        restart[name]()


def hurry(house: House, kiosk: str) -> None:
    """Give a kiosk settings by which its thanks are short, signed by its server, so that two thousand visitors fit in minutes."""
    config = parse_config(house.server_toml.read_text(encoding="utf-8"), source="server.toml", data_dir=None)
    timing = Timing(thanks_s=0.2, repeat_s=0.1)
    settings = KioskSettings(version=1_000_000, kiosk=kiosk, centre="", questionnaire=ONE_QUESTION, timing=timing)
    folder = house.kiosk_folder(kiosk) / "accepted"
    folder.mkdir()
    (folder / "settings-1000000.json").write_bytes(encode(sign(settings, told.PURPOSE, load_keys(config.data_dir).sign)))
    (folder / "current").symlink_to("settings-1000000.json")


def stored(house: House, kiosk: str) -> set[UUID]:
    with closing(sqlite3.connect(house.kiosk_folder(kiosk) / "votes.db")) as db:
        return {UUID(row[0]) for row in db.execute("SELECT id FROM records WHERE kind = 'vote'")}


def counted(house: House) -> list[UUID]:
    config = parse_config(house.server_toml.read_text(encoding="utf-8"), source="server.toml", data_dir=None)
    engine = open_engine(config.database_url.reveal())
    try:
        with engine.connect() as connection:
            return list(connection.execute(select(votes.c.id)).scalars())
    finally:
        engine.dispose()
