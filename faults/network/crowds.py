"""More at once than usual: all kiosks connect in the same moment, ingest's inbox runs over, and one kiosk was away for three days."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from demo.house import HouseError, wait_for
from faults.network.centre import Centre
from faults.network.counting import count, round_of
from faults.table import Fault
from feedback import wire
from server.db.engine import reading
from server.db.schema import calls, votes
from tests.services import Station

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from faults.network.kiosk import VotingKiosk
    from faults.table import Row

log = logging.getLogger(__name__)

ALL_AT_ONCE: Final = "every kiosk reconnecting at once"
FULL_INBOX: Final = "ingest's inbox running over"
OFFLINE: Final = "72 hours offline with 10,000 votes"
TOGETHER: Final = 40
"""So many deliveries in one process: each has some ten files open, and `select` knows a thousand."""
BACKLOG: Final = 50
OFFLINE_VOTES: Final = 10_000
OFFLINE_CALLS: Final = 20
DRAIN_S: Final = 300.0
FLOOD: Final = 3000


def reconnect(rounds: int, done: Callable[[int], None]) -> Row:
    """Let so many kiosks, each with votes behind it, look for the broker until it comes."""
    with Centre() as centre, ExitStack() as stack:
        for number, kiosk in enumerate(centre.add_kiosks(rounds)):
            with round_of(ALL_AT_ONCE, number) as random:
                kiosk.vote(random, BACKLOG, ago=timedelta(hours=1))
                kiosk.close()  # nobody votes there any more, and this process has only so many files
        groups = [centre.kiosks[first : first + TOGETHER] for first in range(0, rounds, TOGETHER)]
        processes = [stack.enter_context(_delivering(group)) for group in groups]
        sleep(1.0)
        centre.start_broker()
        began = monotonic()
        sleep(1.0)  # the first kiosks speak to nobody
        centre.start_ingest()
        waiting, took = list(centre.kiosks), []
        while waiting and monotonic() - began < DRAIN_S:
            sleep(0.05)
            if codes := [code for process in processes if (code := process.poll()) is not None]:
                raise HouseError(f"deliveries have ended by themselves, with {codes}")
            still = [kiosk for kiosk in waiting if kiosk.undelivered()]
            took += [monotonic() - began] * (len(waiting) - len(still))
            waiting = still
            done(len(took))
        log.info("of %d kiosks 95 in 100 had everything acknowledged after %.1f s", rounds, took[len(took) * 95 // 100] if took else 0)
        return count(centre).row(ALL_AT_ONCE, rounds)


def overflow(rounds: int, done: Callable[[int], None]) -> Row:
    """Hold the database while one credential floods the server, until messages of kiosks find no place and have to come again."""
    with Centre() as centre, _turned_away() as turned_away:
        centre.start(3)
        voting = list(centre.kiosks)
        (flooding,) = centre.add_kiosks(1)
        for number in range(rounds):
            with round_of(FULL_INBOX, number) as random, _let_in(centre, flooding) as station, _held(centre):
                before = len(turned_away)
                for message in range(FLOOD):
                    station.publish_soon(wire.hello_topic(flooding.id), b"%d" % message)
                wait_for(lambda before=before: len(turned_away) > before, "an overflow")
                for kiosk in voting:
                    kiosk.vote(random, 10)
                wait_for(lambda before=before: any(topic.endswith("/batch") for topic in turned_away[before:]), "a batch without a place")
            done(number + 1)
        centre.drain(DRAIN_S)
        return count(centre, flooding=flooding.id).row(FULL_INBOX, rounds)


def offline(rounds: int, done: Callable[[int], None]) -> Row:
    """Let so many kiosks one after the other come back after three days; of their visitors' calls none may alert anybody."""
    with Centre() as centre:
        centre.start()
        for number in range(rounds):
            with round_of(OFFLINE, number) as random:
                (kiosk,) = centre.add_kiosks(1)
                for hours in range(1, OFFLINE_CALLS + 1):
                    kiosk.call(ago=timedelta(hours=hours))
                kiosk.vote(random, OFFLINE_VOTES, ago=timedelta(hours=72))
                wait_for(lambda kiosk=kiosk: _may_connect(centre, kiosk), "the new kiosk at the broker")
                began = monotonic()
                kiosk.start_delivery()
                if not centre.drain(DRAIN_S):
                    raise HouseError(f"a backlog of {OFFLINE_VOTES} votes has not arrived within {DRAIN_S:.0f} s")
                log.info("three days and %d votes arrived within %.1f s", OFFLINE_VOTES, monotonic() - began)
            done(number + 1)
        with reading(centre.engine) as connection:
            alerts = connection.execute(select(calls.c.live, func.count()).group_by(calls.c.live)).all()
            days = connection.scalar(select(func.count(votes.c.day.distinct())))
        if [tuple(row) for row in alerts] != [(False, OFFLINE_CALLS * rounds)] or (days or 0) < 3:  # noqa: PLR2004 - 72 hours touch four days
            raise HouseError(f"three days offline gave calls {alerts} on {days} days")
        return count(centre).row(OFFLINE, rounds)


@contextmanager
def _delivering(kiosks: Sequence[VotingKiosk]) -> Iterator[subprocess.Popen[bytes]]:
    """Run the deliveries of these kiosks in a process of their own."""
    command = [sys.executable, "-m", "faults.network.deliveries", *(str(kiosk.toml) for kiosk in kiosks)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:  # leaving it closes its input, by which it ends
        yield process


@contextmanager
def _turned_away() -> Iterator[list[str]]:
    """Give the topics of messages that found the inbox full, as ingest says them."""
    topics: list[str] = []

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "the inbox is full" in record.msg and isinstance(record.args, tuple):
                topics.append(str(record.args[0]))

    listening, heard = Listening(), logging.getLogger("server.ingest.mqtt")
    before = heard.level, heard.propagate
    heard.addHandler(listening)
    heard.setLevel(logging.WARNING)
    heard.propagate = False  # there are thousands
    try:
        yield topics
    finally:
        heard.removeHandler(listening)
        heard.setLevel(before[0])
        heard.propagate = before[1]


@contextmanager
def _held(centre: Centre) -> Iterator[None]:
    """Hold the SQLite database, so that nobody else can write."""
    with closing(sqlite3.connect(str(centre.engine.url.database), isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("ROLLBACK")


@contextmanager
def _let_in(centre: Centre, kiosk: VotingKiosk) -> Iterator[Station]:
    """Give a station with a kiosk's credential, as soon as the broker knows it."""
    wait_for(lambda: _may_connect(centre, kiosk), "the new kiosk at the broker")
    with Station(centre.port, kiosk.id, kiosk.credential, centre.server.broker_ca) as station:
        wait_for(station.is_connected, "a connection")
        yield station


def _may_connect(centre: Centre, kiosk: VotingKiosk) -> bool:
    with Station(centre.port, kiosk.id, kiosk.credential, centre.server.broker_ca) as station:
        wait_for(lambda: station.is_connected() or station.failure, "an answer of the broker")
        return station.is_connected()


FAULTS: Final = (
    Fault(name=ALL_AT_ONCE, test=10, usual=100, full=500, run=reconnect),
    Fault(name=FULL_INBOX, test=1, usual=3, full=15, run=overflow),
    Fault(name=OFFLINE, test=1, usual=1, full=4, run=offline),
)
