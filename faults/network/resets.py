"""Connections that are reset in the middle of a packet, on both ways, between real kiosks and a real broker."""

from __future__ import annotations

from random import Random
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

from demo.house import HouseError
from faults.network.centre import Centre
from faults.network.counting import count, round_of
from faults.network.proxy import Proxy
from faults.table import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from faults.table import Row

NAME: Final = "connections reset in the middle of a packet"
KIOSKS: Final = 3
ROUND_S: Final = 1.0
MOST_BYTES: Final = 12_000
"""A connection begins with some 3 kB of settings, notice and day keys; a batch of a few votes has about 1 kB."""
DRAIN_S: Final = 120.0


def run(rounds: int, done: Callable[[int], None]) -> Row:
    """Let every connection end after a random number of bytes, in the end no more."""
    with Centre() as centre:
        centre.start()
        with Proxy("127.0.0.1", centre.port, Random(NAME)) as proxy:
            proxy.allow(MOST_BYTES)
            for kiosk in centre.add_kiosks(KIOSKS, port=proxy.port):
                kiosk.start_delivery()
            for number in range(rounds):
                with round_of(NAME, number) as random:
                    until = monotonic() + ROUND_S
                    while monotonic() < until:
                        random.choice(centre.kiosks).vote(random, random.randrange(1, 10))
                        sleep(random.uniform(0, 0.1))
                done(number + 1)
            resets = proxy.resets
            proxy.allow(0)
            centre.drain(DRAIN_S)
            if not resets:
                raise HouseError("no connection was reset")
            return count(centre).row(NAME, rounds)


FAULTS: Final = (Fault(name=NAME, test=3, usual=20, full=150, run=run),)
