"""A kiosk that is removed while it is connected: the broker cuts it off, and what it had delivered stays."""

from __future__ import annotations

import logging
from time import monotonic
from typing import TYPE_CHECKING, Final

from demo.house import HouseError, wait_for
from faults.network.centre import Centre
from faults.network.counting import count, round_of
from faults.table import Fault
from server.app import now_ms
from server.db.engine import writing
from server.registry.kiosks import remove_kiosk
from tests.services import Station

if TYPE_CHECKING:
    from collections.abc import Callable

    from faults.table import Row

log = logging.getLogger(__name__)

NAME: Final = "a removed kiosk is cut off within 10 s"
WITHIN_S: Final = 10.0
DRAIN_S: Final = 60.0


def run(rounds: int, done: Callable[[int], None]) -> Row:
    """In each round let a kiosk deliver, take its credential to a connection that stays, and remove it; measure until it is cut off."""
    longest = 0.0
    with Centre() as centre:
        centre.start()
        for number in range(rounds):
            with round_of(NAME, number) as random:
                (kiosk,) = centre.add_kiosks(1)
                kiosk.start_delivery()
                kiosk.vote(random, 3)
                if not centre.drain(DRAIN_S, (kiosk,)):
                    raise HouseError("a kiosk that is not removed yet does not deliver")
                kiosk.stop_delivery()
                longest = max(longest, _cut_off(centre, kiosk.id, kiosk.credential))
            done(number + 1)
        log.info("the slowest was cut off after %.1f s", longest)
        return count(centre).row(NAME, rounds)


def _cut_off(centre: Centre, user: str, credential: str) -> float:
    """Remove a kiosk that is connected; give the seconds until it is cut off for good."""
    with Station(centre.port, user, credential, centre.server.broker_ca) as station:
        wait_for(station.is_connected, "the kiosk at the broker")
        began = monotonic()
        with writing(centre.engine) as connection:
            remove_kiosk(connection, user, now_ms=now_ms())
        wait_for(lambda: station.failure or monotonic() - began > WITHIN_S, "the cut", 2 * WITHIN_S)
        took = monotonic() - began
        if not station.failure or station.is_connected():
            raise HouseError(f"{user} was removed {took:.1f} s ago and is still let in")
    return took


FAULTS: Final = (Fault(name=NAME, test=1, usual=3, full=20, run=run),)
