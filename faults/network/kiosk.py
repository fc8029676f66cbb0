"""A kiosk with simulated visitors whose store and whose delivery, on a thread of its own, are those of `vidhuk-kiosk`."""

from __future__ import annotations

import queue
import sqlite3
import threading
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from demo.desk_kiosk import DeskKiosk
from demo.history import HABITS, OFFERED, ZONE, Visit
from faults.content import said_in_log
from feedback.known_types import know_types
from kiosk.compose_sync import Sync
from kiosk.config import parse
from kiosk.process import SOFTWARE
from kiosk.store import FILE
from kiosk.sync.delivery import marks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from random import Random

    from faults.content import Said
    from kiosk.config import Config
    from kiosk.sync.agent import Agent
    from server.registry.kiosk_toml import KioskFile

_HABITS: Final = tuple(habit for habit in HABITS if habit.site == "center")


class VotingKiosk:
    """One kiosk. It votes on the thread that made it."""

    def __init__(self, folder: Path, file: KioskFile) -> None:
        know_types()
        folder.mkdir(parents=True)
        self.id = file.id
        self.credential = file.credential.reveal()
        self.folder = folder
        self.toml = folder / "kiosk.toml"
        self.toml.write_text(file.toml().replace("/var/lib/vidhuk-kiosk", str(folder)), encoding="utf-8")
        self._store = DeskKiosk(self.toml, SOFTWARE)
        self._delivery: threading.Thread | None = None
        self._sync: Sync | None = None
        self._failure: BaseException | None = None

    def vote(self, random: Random, count: int = 1, *, ago: timedelta = timedelta(0)) -> None:
        """Store so many votes, the first of them made so long `ago` and the others evenly since; all in one go."""
        now = datetime.now(ZONE)
        self._store.add(_visit(random, now - ago * (1 - number / count)) for number in range(count))

    def call(self, *, ago: timedelta) -> None:
        """Store that a visitor asked for a person to come."""
        self._store.call(datetime.now(ZONE) - ago)

    def start_delivery(self) -> None:
        """Start what `vidhuk-kiosk sync` is, on a thread."""
        ready: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._delivery = threading.Thread(target=self._deliver, args=(ready,), name=f"sync-{self.id}", daemon=True)
        self._delivery.start()
        ready.get()

    def _deliver(self, ready: queue.SimpleQueue[None]) -> None:
        try:
            with ExitStack() as stack:
                self._sync = Sync(self._config(), self.toml, stack, alive=_nobody_waits)
                ready.put(None)
                self._sync.run()
        except BaseException as error:  # noqa: BLE001 - said by `close`
            self._failure = error
            ready.put(None)

    @contextmanager
    def agent(self) -> Iterator[Agent]:
        """Give what `vidhuk-kiosk sync` leads everything through, put together and not running."""
        config = self._config()
        with ExitStack() as stack:
            yield Sync(config, self.toml, stack, alive=_nobody_waits).put_together(config, None, stack)

    def _config(self) -> Config:
        return parse(self.toml.read_text(encoding="utf-8"), self.toml.name)

    def ask_to_stop(self) -> None:
        """Let the delivery end soon."""
        sync, self._sync = self._sync, None
        if sync is not None:
            sync.stop()

    def stop_delivery(self) -> None:
        """End the delivery.

        Raises:
            BaseException: whatever has ended it before.
        """
        self.ask_to_stop()
        if self._delivery is not None:
            self._delivery.join()
        self._delivery = None
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """End everything."""
        try:
            self.stop_delivery()
        finally:
            self._store.__exit__()

    def obey(self) -> None:
        """Open a new epoch where delivery asks for one."""
        self._store.obey()

    def undelivered(self) -> int:
        """Give how many records the server is not known to have."""
        known = self._marks()
        query = "SELECT epochs.epoch, max(seq), count(*) FROM records JOIN epochs ON epochs.n = records.epoch GROUP BY epochs.n"
        return sum(min(count, max(0, last - known.get(UUID(epoch), 0))) for epoch, last, count in self._ask(query))

    def votes(self) -> dict[UUID, bool]:
        """Give every vote of the log, and whether it is acknowledged."""
        known = self._marks()
        query = "SELECT id, epochs.epoch, seq FROM records JOIN epochs ON epochs.n = records.epoch WHERE kind = 'vote'"
        return {UUID(record): seq <= known.get(UUID(epoch), 0) for record, epoch, seq in self._ask(query)}

    def said(self) -> dict[UUID, Said]:
        """Give what every vote of the log says."""
        with self._opened() as db:
            return said_in_log(db)

    def _marks(self) -> dict[UUID, int]:
        return marks(self.folder / "delivery.db")

    def _ask(self, query: str) -> list[Any]:
        with self._opened() as db:
            return db.execute(query).fetchall()

    def _opened(self) -> closing[sqlite3.Connection]:
        return closing(sqlite3.connect(f"{(self.folder / FILE).as_uri()}?mode=ro", uri=True, timeout=5))


def _nobody_waits() -> None:
    """No service manager waits for signs of life."""


def _visit(random: Random, at: datetime) -> Visit:
    habit = random.choice(_HABITS)
    language = random.choice(("uk", "uk", "uk", "en"))
    return Visit(at, habit, random.choice(OFFERED), random.choice(habit.services), language, repeat=False)
