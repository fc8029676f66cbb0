"""Two workers that share the batches, and a parrot at the broker that says every batch again, so that both have it at the same time."""

from __future__ import annotations

from contextlib import contextmanager
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

import psycopg

from demo.house import HouseError, wait_for
from faults.network.centre import Centre
from faults.network.counting import count, round_of
from faults.network.postgres import postgres
from faults.table import Fault
from feedback.wire import ROOT
from server.broker.files import worker_user
from tests.services import Station

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from faults.table import Row

NAME: Final = "each batch at two workers at once, PostgreSQL"
KIOSKS: Final = 4
HELD_S: Final = 0.3
DRAIN_S: Final = 60.0


class Parrot:
    """Hears every batch and says it twice more."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._heard = 0
        self._said: set[bytes] = set()
        station.subscribe(f"{ROOT}/k/+/batch")

    def speak(self) -> None:
        """Say what is new, but not what it has said itself."""
        new = self._station.received[self._heard :]
        self._heard += len(new)
        for topic, payload, _ in new:
            if payload not in self._said:
                self._said.add(payload)
                self._station.publish_soon(topic, payload)
                self._station.publish_soon(topic, payload)

    @property
    def said(self) -> int:
        """How many batches it has said again."""
        return len(self._said)


def run(rounds: int, done: Callable[[int], None]) -> Row:
    """Let kiosks vote and the parrot speak while both workers wait, and then let both go on."""
    url = postgres().new_database()
    with Centre(database=url) as centre:
        kiosks = centre.add_kiosks(KIOSKS)
        centre.start_broker()
        for worker in (1, 2):
            centre.start_ingest(worker=worker)
        with Station(centre.port, worker_user(9), centre.server.keys.broker_password.reveal(), centre.server.broker_ca) as station:
            wait_for(station.is_connected, "the parrot")
            parrot = Parrot(station)
            for kiosk in kiosks:
                kiosk.start_delivery()
            for number in range(rounds):
                with round_of(NAME, number) as random:
                    with _both_waiting(url):
                        for kiosk in kiosks:
                            kiosk.vote(random, random.randrange(1, 5))
                        _speak_for(HELD_S, parrot)
                    _speak_for(random.uniform(0, 0.1), parrot)
                done(number + 1)
            centre.drain(DRAIN_S)
            if not parrot.said:
                raise HouseError("the parrot has heard no batch")
        return count(centre).row(NAME, rounds)


@contextmanager
def _both_waiting(url: str) -> Iterator[None]:
    """Keep from the workers what each batch asks first, so that two that have the same one go on in the same moment."""
    with psycopg.connect(url) as held:
        held.execute("LOCK TABLE chains IN ACCESS EXCLUSIVE MODE")
        yield


def _speak_for(seconds: float, parrot: Parrot) -> None:
    until = monotonic() + seconds
    while monotonic() < until:
        parrot.speak()
        sleep(0.005)


FAULTS: Final = (Fault(name=NAME, test=3, usual=20, full=150, run=run),)
