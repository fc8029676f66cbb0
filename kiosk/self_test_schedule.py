"""The self-test that the kiosk makes by itself (C9): once after each start and once a day at a quiet hour, while nobody is served.

It shows, prints, plays and lights nothing: it writes a small fact to the log, reads the computer, and takes the devices' own word.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from kiosk.clock import id_maker
from kiosk.resting import ZONE
from kiosk.self_test import Results, of_devices, of_readings, of_store, record_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import time

    from feedback.records import Moment
    from kiosk.clock import Clock
    from kiosk.devices import Keep
    from kiosk.errors import Fault
    from kiosk.technician.readings import Outlets, Readings

START_S: Final = 300.0
"""After the start: by then the devices have been looked for, and the network has set the clock."""
APART_S: Final = 3600.0
"""No two self-tests are nearer to each other, whatever the clock does."""
DAY_S: Final = 86_400.0


class Times:
    """When a self-test is due. It goes by CLOCK_BOOTTIME, and by the wall clock only as far as that is trusted."""

    def __init__(self, at: time, start: Moment, *, start_s: float = START_S) -> None:
        """`at` is the time of the day on the centre's wall."""
        self._at = at
        self._due_ms = start.boottime_ms + round(start_s * 1000)
        self._last_ms: int | None = None

    def is_due(self, now: Moment) -> bool:
        """Tell whether one is due."""
        if self._last_ms is None:
            return now.boottime_ms >= self._due_ms
        since_ms = now.boottime_ms - self._last_ms
        if since_ms < APART_S * 1000:
            return False
        if not now.trusted:
            return since_ms >= DAY_S * 1000
        return since_ms > self._since_the_hour_ms(now)

    def begun(self, now: Moment) -> None:
        """Take note that one has begun."""
        self._last_ms = now.boottime_ms

    def _since_the_hour_ms(self, now: Moment) -> int:
        """Give how long ago the hour struck last."""
        there = datetime.fromtimestamp(now.wall_ms / 1000, UTC).astimezone(ZoneInfo(ZONE))
        struck = datetime.combine(there.date(), self._at, there.tzinfo)
        if struck > there:
            struck = datetime.combine(there.date() - timedelta(days=1), self._at, there.tzinfo)
        return round((there.astimezone(UTC) - struck.astimezone(UTC)).total_seconds() * 1000)


class SelfTests:
    """Makes them. All of it is on the main thread but what is handed to `run`."""

    def __init__(  # noqa: PLR0913 - its whole world is injected
        self,
        times: Times,
        outlets: Outlets,
        *,
        clock: Clock,
        is_free: Callable[[], bool],
        sound: Callable[[], Mapping[str, Fault | None]],
        keep: Keep,
        post: Callable[[Callable[[], None]], None],
        run: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        """`is_free` is whether no technician is at work, `post` has a call done on the main thread, `run` work on another one."""
        self._times = times
        self._outlets = outlets
        self._clock = clock
        self._is_free = is_free
        self._sound = sound
        self._keep = keep
        self._new_id = id_maker(clock)
        self._run = run or on_a_thread
        self._post = post

    def tick(self) -> None:
        """Let time pass; to be called about once a second."""
        now = self._clock.moment()
        if self._times.is_due(now) and self._outlets.at_rest() and self._is_free():
            self._begin(_nobody)

    def ordered(self, heard: Callable[[Results], None]) -> None:
        """Make one now, because somebody asks for it; `heard` is told, on the main thread, what it found."""
        self._begin(heard)

    def attended(self, results: Mapping[str, str]) -> None:
        """Put on record what a technician has tested."""
        self._keep(record_of(self._new_id(), self._clock.moment(), results, attended=True))

    def _begin(self, heard: Callable[[Results], None]) -> None:
        self._times.begun(self._clock.moment())
        self._outlets.probe_store(lambda takes: self._run(lambda: self._read(heard, takes=takes)))

    def _read(self, heard: Callable[[Results], None], *, takes: bool) -> None:
        readings = self._outlets.read()
        self._post(lambda: self._finish(readings, heard, takes=takes))

    def _finish(self, readings: Readings, heard: Callable[[Results], None], *, takes: bool) -> None:
        told = of_devices(self._outlets.devices()) | of_devices(self._sound())
        now = self._clock.moment()
        found = of_store(takes=takes) | of_readings(readings, now) | told
        self._keep(record_of(self._new_id(), now, found, attended=False))
        heard(found)


def _nobody(_found: Results) -> None:
    """Nobody asked for it."""


def on_a_thread(work: Callable[[], None]) -> None:
    """Have work done on a thread of its own."""
    threading.Thread(target=work, name="self-test", daemon=True).start()
