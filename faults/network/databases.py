"""The server's database killed, locked for seconds, and cut off from ingest, while kiosks vote."""

from __future__ import annotations

from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

import psycopg
from sqlalchemy import select

from faults.network.centre import Centre
from faults.network.counting import count, round_of
from faults.network.postgres import postgres
from faults.table import Fault
from server.db.engine import reading
from server.db.schema import votes

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from faults.table import Row

NAME: Final = "PostgreSQL killed, locked and cut off"
KIOSKS: Final = 3
DRAIN_S: Final = 120.0


def run(rounds: int, done: Callable[[int], None]) -> Row:
    """Do one after the other; whatever a kiosk was told to be durable has to be there as soon as PostgreSQL is back."""
    url = postgres().new_database()
    lost = 0
    with Centre(database=url) as centre:
        centre.start(KIOSKS)
        for number in range(rounds):
            with round_of(NAME, number) as random:
                _vote_for(random.uniform(0.3, 1.2), centre, random)
                match number % 3:
                    case 0:
                        lost += _kill(centre, random)
                    case 1:
                        _lock(url, centre, random)
                    case 2:
                        _cut_off(url)
            done(number + 1)
        centre.drain(DRAIN_S)
        counted = count(centre)
        return counted._replace(lost=counted.lost + lost).row(NAME, rounds)


def _kill(centre: Centre, random: Random) -> int:
    """Kill it and give how many acknowledged votes it has forgotten."""
    postgres().kill()
    sleep(0.1)  # an acknowledgement that was on its way
    promised = {vote for kiosk in centre.kiosks for vote, is_acknowledged in kiosk.votes().items() if is_acknowledged}
    _vote_for(random.uniform(0, 0.5), centre, random)
    postgres().start()
    with reading(centre.engine) as connection:
        return len(promised - set(connection.execute(select(votes.c.id)).scalars()))


def _lock(url: str, centre: Centre, random: Random) -> None:
    with psycopg.connect(url) as held:
        held.execute("LOCK TABLE votes IN ACCESS EXCLUSIVE MODE")
        _vote_for(random.uniform(1, 3), centre, random)


def _cut_off(url: str) -> None:
    with psycopg.connect(url) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def _vote_for(seconds: float, centre: Centre, random: Random) -> None:
    until = monotonic() + seconds
    while monotonic() < until:
        random.choice(centre.kiosks).vote(random)
        sleep(random.uniform(0, 0.02))


FAULTS: Final = (Fault(name=NAME, test=3, usual=9, full=60, run=run),)
