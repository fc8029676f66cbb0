"""How long 72 hours offline take to drain, ten thousand votes of one kiosk, and whether its screen is as quick meanwhile as at rest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import TYPE_CHECKING, Final

from bench.kiosk import ONE_QUESTION
from bench.measure import Row, at_most
from demo.desk_kiosk import DeskKiosk, accept, undelivered
from demo.history import a_visit
from demo.house import CENTRE, House, wait_for
from feedback import settings as told
from feedback.questionnaire_file import parse
from kiosk.process import SOFTWARE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.history import Visit

ROUNDS: Final = 4
VOTES: Final = 10_000
HOURS: Final = 72
PRESSES: Final = 24
AT_REST: Final = 12
GOAL_S: Final = 300
NEWEST: Final = 2
"""How many records may wait when the backlog counts as drained: those of the visit that goes on under the finger."""


def measure() -> list[Row]:
    """Let kiosks drain one after another, each under a finger that goes on pressing."""
    at_rest: list[float] = []
    meanwhile: list[float] = []
    seconds: list[float] = []
    with TemporaryDirectory(dir=".", prefix=".bench-") as name, House(Path(name).resolve()) as house:
        house.server("registry", "load", str(CENTRE))
        house.start_server("broker")
        house.start_server("ingest")
        for part in house.running.values():  # in a centre these run on another machine
            os.setpriority(os.PRIO_PROCESS, part.pid, 19)
        for number in range(ROUNDS):
            took, presses = _drain(house, f"exit-bench-{number}")
            seconds.append(took)
            at_rest += presses[0]
            meanwhile += presses[1]
    title = f"{VOTES:,} votes of {HOURS} h offline drain"
    frames = median(meanwhile) * 1000, median(at_rest) * 1000
    return [
        at_most(title, "s", (max(seconds), GOAL_S), "five minutes", 1.0),
        at_most(f"press → frame meanwhile ({len(meanwhile)} presses)", "ms", frames, "at rest", 1.2),
    ]


def _drain(house: House, kiosk: str) -> tuple[float, tuple[list[float], list[float]]]:
    """Fill a kiosk, press at rest, let it deliver and go on pressing; give the seconds that took and how long frames took in both times."""
    toml = house.add_kiosk(kiosk, "center")
    accept(house, _short_visits(kiosk))
    with DeskKiosk(toml, SOFTWARE) as desk:
        desk.add(_backlog())
    command = [sys.executable, "-m", "bench.pressing", "ours", str(toml), str(PRESSES), "0.1"]
    surroundings = os.environ | {"SDL_VIDEODRIVER": "offscreen", "SDL_AUDIODRIVER": "dummy"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=surroundings) as window:
        assert window.stdout is not None
        json.loads(window.stdout.readline())
        sleep(AT_REST * 0.8)
        begun = perf_counter()
        house.start_sync(kiosk)
        wait_for(partial(_is_drained, house, kiosk), f"{kiosk} delivers", GOAL_S)
        ended = perf_counter()
        measured = json.loads(window.stdout.readline())
    house.kill(f"sync-{kiosk}")
    frames = [(begun <= pressed <= ended, frame) for pressed, frame in measured["presses"]]
    return ended - begun, ([frame for during, frame in frames if not during], [frame for during, frame in frames if during])


def _is_drained(house: House, kiosk: str) -> bool:
    return undelivered(house.kiosk_folder(kiosk)) <= NEWEST


def _backlog() -> Iterator[Visit]:
    random = Random(72)
    now = datetime.now(UTC)
    for number in range(VOTES, 0, -1):
        yield a_visit(random, now - timedelta(hours=HOURS) * number / VOTES)


def _short_visits(kiosk: str) -> told.KioskSettings:
    timing = told.Timing(thanks_s=0.3, repeat_s=0.1)
    asked = parse(ONE_QUESTION, "bench.yaml")
    return told.KioskSettings(version=1_000_000, kiosk=kiosk, centre="ЦНАП Зразкове", questionnaire=asked, timing=timing)
