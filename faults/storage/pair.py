"""A kiosk and its server in one process: the real log, delivery, ingest and database, with a way between them that we own."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache
from typing import TYPE_CHECKING, Final, Self
from uuid import UUID, uuid4

from sqlalchemy import func, select, update

from faults.content import altered, said_by, said_on_server
from faults.storage.recording import scratch
from faults.storage.visits import Visits
from feedback import wire
from feedback.records import encode_body
from kiosk.errors import StoreDamagedError
from kiosk.facts import LOOKED_FACT
from kiosk.salvage import open_store
from kiosk.store import FILE
from kiosk.sync import delivery
from kiosk.sync.deliver import Deliverer, Sender
from kiosk.sync.moving import begin_as
from kiosk.sync.outbox import Outbox
from server.db.engine import open_engine, reading, writing
from server.db.migrate import migrate
from server.db.schema import quarantine, records, votes
from server.db.schema import server as centres
from server.ingest.core import Ingest
from server.integrity.verifying import verify
from server.ratings import rollups
from tests.server.kit import CENTRE, KIOSK, load_centre

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from faults.content import Said
    from kiosk.store import Store

_TURNS: Final = 400


class NeverSettledError(RuntimeError):
    """What there was to deliver was not delivered, however long it took."""


class Server:
    """Ingest on a database of its own, and the time, which is right."""

    def __init__(self, folder: Path, now_ms: int) -> None:
        self.path = folder / "server.db"
        self.now_ms = now_ms
        self.cast: dict[UUID, Said] = {}
        """What the votes said that were thanked for while this server was there."""
        if not self.path.exists():
            self.path.write_bytes(template())
        self._open()

    def _open(self) -> None:
        self.engine = open_engine(f"sqlite:///{self.path}")
        self._ingest = Ingest(self.engine, settings=lambda _connection, _kiosk: None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.dispose()

    def pass_ms(self, ms: int) -> None:
        """Let time pass."""
        self.now_ms += ms

    def restart(self) -> None:
        """Close the database and open it again."""
        self.engine.dispose()
        self._open()

    def begin_generation(self) -> None:
        """Let the database be in a new generation, as when it comes back from a backup."""
        with writing(self.engine) as connection:
            connection.execute(update(centres).values(generation=str(uuid4())))

    def receive(self, topic: str, payload: bytes) -> list[wire.Ack]:
        """Take a message in, and give what is to be told to the kiosk."""
        replies = self._ingest.handle(topic, payload, self.now_ms)
        return [wire.decode(reply.payload, wire.Ack) for reply in replies if reply.topic.endswith("/ack")]

    def stored(self) -> set[UUID]:
        """Give the ids of all records."""
        with reading(self.engine) as connection:
            return set(connection.execute(select(records.c.id)).scalars())

    def votes(self) -> list[UUID]:
        """Give the ids of the votes that count, each as often as it does; one that says anything else than was cast is not that vote."""
        with reading(self.engine) as connection:
            other = altered(self.cast, said_on_server(connection.exec_driver_sql))
            return [vote for vote in connection.execute(select(votes.c.id)).scalars() if vote not in other]

    def lines(self) -> list[str]:
        """Give the votes that count, as lines that say what they say."""
        with reading(self.engine) as connection:
            return [said.line(vote) for vote, said in said_on_server(connection.exec_driver_sql).items()]

    def problem(self, *, expected: tuple[str, ...] = ()) -> str:
        """Say what must not be: something in quarantine but for `expected` reasons, sums that are not those of the votes, a false alarm."""
        with reading(self.engine) as connection:
            unexpected = quarantine.c.reason.not_in(expected)
            kept = connection.execute(select(func.count()).select_from(quarantine).where(unexpected)).scalar_one()
            wrong = rollups.verify(connection)
            alarms = [] if kept or wrong else verify(connection, lambda _data, _signature: True)
        if alarms:
            return f"`verify` finds what nobody did: {alarms[0].where}: {alarms[0].what}"
        return f"{kept} in quarantine" if kept else f"wrong sums: {wrong[0]}" if wrong else ""


class Terminal:
    """A kiosk without a screen. What it sends waits in `sent` until somebody carries it."""

    def __init__(self, folder: Path, server: Server, random: Random, visits: Visits | None = None) -> None:
        self.folder = folder
        self.server = server
        self.visits = visits or Visits(random, wall_ms=server.now_ms)
        self.sent: list[tuple[str, bytes]] = []
        self.thanked: dict[UUID, int] = {}
        """The votes that were thanked for, and the true time (ms) of each."""
        self._random = random
        self._kiosk = KIOSK
        self.switch_on()

    def switch_on(self) -> None:
        """Start both programs."""
        self.store: Store = open_store(self.folder, self.visits.new_uuid)
        try:
            self.ledger = delivery.open_ledger(self.folder / delivery.FILE)
        except BaseException:
            self.store.close()
            raise
        self._outbox = Outbox(self.folder)
        self.begin_as(self._kiosk)

    def begin_as(self, kiosk: str) -> None:
        """Deliver under this id from now on."""
        self._kiosk = kiosk
        begin_as(kiosk, self.ledger, self._outbox, self.visits.new_uuid)
        self.deliverer = Deliverer(
            Sender(kiosk, "vidhuk"),
            outbox=self._outbox,
            ledger=self.ledger,
            transport=self,
            clock=self.visits,
            new_epoch=self.visits.new_uuid,
            spread=lambda longest: self._random.uniform(0, longest),
        )

    def switch_off(self) -> None:
        """End both, as when the power goes."""
        self.sent.clear()
        self.store.close()
        self._outbox.__exit__()
        self.ledger.__exit__()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:  # noqa: ARG002 - as `Transport` says
        """Keep a message until it is carried."""
        self.sent.append((topic, payload))

    def vote(self, count: int = 1) -> None:
        """Let so many visitors vote."""
        for _ in range(count):
            before_ms = self.visits.boottime_ms
            visit = self.visits.next(rich=False, words=True)
            self.server.now_ms += self.visits.boottime_ms - before_ms
            self.server.cast |= said_by(map(encode_body, visit.records), visit.boxes)
            try:
                self.store.append(visit.records, visit.boxes)
            except BaseException:
                self.visits.lose()
                raise
            self.thanked[visit.vote.id] = self.server.now_ms

    def pass_s(self, seconds: float) -> None:
        """Let time pass, here and at the server."""
        for clock in (self.visits, self.server):
            clock.pass_ms(round(seconds * 1000))

    def do_chores(self) -> None:
        """Do as ui does what delivery asks for."""
        path = self.folder / delivery.FILE
        look = delivery.wanted_look(path)
        if look is not None:
            try:
                self.store.check()
            except StoreDamagedError:
                self.store.close()
                self.store = open_store(self.folder, self.visits.new_uuid)
            self.store.note(LOOKED_FACT, str(look))
        fork = delivery.requested_fork(path)
        if fork is not None:
            self.store.rechain_some(fork.epoch, fork.after_seq, fork.into)
        else:  # what a power cut has left, where nobody asks for it any more
            self.store.finish_rechaining()

    def carry(self) -> list[wire.Ack]:
        """Bring what was sent to the server; give its answers."""
        sent, self.sent = self.sent, []
        return [ack for topic, payload in sent for ack in self.server.receive(topic, payload)]

    def settle(self, *, anew: bool = True) -> None:
        """Let both programs work until everything is delivered, over a connection that begins `anew` or has never ended.

        Raises:
            NeverSettledError: it never is.
        """
        if anew:
            self.deliverer.connected()
        for _ in range(_TURNS):
            self.do_chores()
            self.deliverer.step()
            if not self.sent and not self.deliverer.depth() and self.ledger.fork is None:
                return
            for ack in self.carry():
                self.deliverer.acknowledged(ack)
            self.pass_s(1)
        raise NeverSettledError(f"{self.deliverer.depth()} records are left after {_TURNS} turns")

    def logged(self, kind: str | None = "vote") -> set[UUID]:
        """Give the ids of the records of a kind in the log, or of all."""
        with closing(sqlite3.connect(self.folder / FILE)) as db:
            return {UUID(name) for name, of in db.execute("SELECT id, kind FROM records") if kind in (None, of)}


@cache
def template() -> bytes:
    """Give a database that holds the sample centre and no vote; made once in a process."""
    with scratch() as folder:
        engine = open_engine(f"sqlite:///{folder}/template.db")
        migrate(engine)
        with writing(engine) as connection:
            load_centre(connection, CENTRE)
        engine.dispose()  # the last connection to close empties the log into the file
        return (folder / "template.db").read_bytes()
