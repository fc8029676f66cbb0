"""SIGKILL of Mosquitto, which keeps nothing, while kiosks vote."""

from __future__ import annotations

from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

from faults.network.centre import Centre
from faults.network.counting import count, round_of
from faults.table import Fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from faults.table import Row

NAME: Final = "broker killed, which keeps nothing"
KIOSKS: Final = 4
DRAIN_S: Final = 120.0


def run(rounds: int, done: Callable[[int], None]) -> Row:
    """Kill it at a random moment and start it a little later; visitors go on voting all the time."""
    with Centre() as centre:
        centre.start(KIOSKS)
        for number in range(rounds):
            with round_of(NAME, number) as random:
                _vote_for(random.uniform(0, 2.5), centre, random)
                centre.kill_broker()
                _vote_for(random.uniform(0, 0.5), centre, random)
                centre.start_broker()
            done(number + 1)
        centre.drain(DRAIN_S)
        return count(centre).row(NAME, rounds)


def _vote_for(seconds: float, centre: Centre, random: Random) -> None:
    until = monotonic() + seconds
    while monotonic() < until:
        random.choice(centre.kiosks).vote(random)
        sleep(random.uniform(0, 0.02))


FAULTS: Final = (Fault(name=NAME, test=3, usual=15, full=100, run=run),)
