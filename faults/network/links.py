"""Kiosks in a network namespace whose link flaps, swallows everything, or is slow; `vidhuk-kiosk sync` runs there as a process."""

from __future__ import annotations

import logging
from contextlib import ExitStack, contextmanager
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

from demo.house import SCRIPTS, HouseError
from faults.network.centre import Centre
from faults.network.counting import count, round_of
from faults.network.spaces import Space
from faults.table import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from faults.table import Row

log = logging.getLogger(__name__)

FLAPPING: Final = "link down and up again"
HALF_OPEN: Final = "half-open connections: packets vanish, the broker is another one"
SLOW: Final = "64 kbit/s"
KIOSKS: Final = 3
DRAIN_S: Final = 120.0
LONG: Final = 6
LONG_S: Final = 50.0
"""Longer than a kiosk, which says something every 20 s, waits for an answer; each sixth swallowing is as long."""
SLOW_VOTES: Final = 400
SLOW_S: Final = 45.0
"""400 votes and as many ends of visits are three batches of 135 kB, 18 s of such a line."""


def flap(rounds: int, done: Callable[[int], None]) -> Row:
    """Take the link down for a moment, again and again, while visitors vote."""
    with _site(KIOSKS) as (centre, space):
        for number in range(rounds):
            with round_of(FLAPPING, number) as random:
                _vote_for(random.uniform(0.2, 1.5), centre, random)
                space.set_link("down")
                _vote_for(random.uniform(0.05, 2.0), centre, random)
                space.set_link("up")
                space.check()
            done(number + 1)
        centre.drain(DRAIN_S)
        return count(centre).row(FLAPPING, rounds)


def swallow(rounds: int, done: Callable[[int], None]) -> Row:
    """Let every packet vanish, replace the broker meanwhile, and heal: the kiosk's connection leads to nobody, and it was not told."""
    with _site(KIOSKS) as (centre, space):
        for number in range(rounds):
            with round_of(HALF_OPEN, number) as random:
                _vote_for(random.uniform(0.1, 0.5), centre, random)
                space.swallow()
                if number % LONG == LONG - 1:
                    _vote_for(LONG_S, centre, random)
                else:
                    centre.kill_broker()
                    centre.start_broker()
                    _vote_for(random.uniform(0.5, 4.0), centre, random)
                space.heal()
                space.check()
                if not centre.drain(DRAIN_S):
                    raise HouseError(f"not everything was delivered within {DRAIN_S:.0f} s after the packets arrived again")
            done(number + 1)
        return count(centre).row(HALF_OPEN, rounds)


def crawl(rounds: int, done: Callable[[int], None]) -> Row:
    """Let a backlog come over a line that needs eighteen seconds for it."""
    with _site(1) as (centre, space):
        with round_of(SLOW, -1) as random:
            centre.kiosks[0].vote(random)
        centre.drain(DRAIN_S)  # it has started and has its settings
        space.slow_down("64kbit")
        for number in range(rounds):
            with round_of(SLOW, number) as random:
                began = monotonic()
                centre.kiosks[0].vote(random, SLOW_VOTES)
                if not centre.drain(SLOW_S):
                    raise HouseError(f"{SLOW_VOTES} votes have not come within {SLOW_S:.0f} s")
                log.info("%d votes came in %.1f s", SLOW_VOTES, monotonic() - began)
                space.check()
            done(number + 1)
        return count(centre).row(SLOW, rounds)


@contextmanager
def _site(kiosks: int) -> Iterator[tuple[Centre, Space]]:
    """Give a running centre, and the space in which its kiosks deliver."""
    with ExitStack() as stack:
        space = stack.enter_context(Space())
        centre = stack.enter_context(Centre(host=space.our_end))
        stack.callback(space.stop_programs)
        centre.start()
        for kiosk in centre.add_kiosks(kiosks):
            space.start(centre.folder / f"{kiosk.id}.log", str(SCRIPTS / "vidhuk-kiosk"), "sync", "--config", str(kiosk.toml))
        yield centre, space


def _vote_for(seconds: float, centre: Centre, random: Random) -> None:
    until = monotonic() + seconds
    while monotonic() < until:
        random.choice(centre.kiosks).vote(random)
        sleep(random.uniform(0, 0.05))


FAULTS: Final = (
    Fault(name=FLAPPING, test=2, usual=12, full=80, run=flap),
    Fault(name=HALF_OPEN, test=1, usual=6, full=18, run=swallow),
    Fault(name=SLOW, test=1, usual=2, full=5, run=crawl),
)
