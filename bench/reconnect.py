"""How long a million votes take when five hundred kiosks come back at once: each with the real delivery, through a real broker."""

from __future__ import annotations

import random
import selectors
import socket
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from bench.bare import BareSqlite, stored_rows
from bench.measure import Row, at_least, told
from bench.sender import CENTRE, START_MS, Sender
from demo.house import House
from feedback import wire
from kiosk.clock import SystemClock
from kiosk.sync import deliver
from kiosk.sync.outbox import Epoch
from kiosk.tls import believing
from server.authority import load_authority
from server.broker.files import hash_password
from server.config import parse_config
from server.db.engine import open_engine, reading, writing
from server.registry.kiosks import Wish, add_kiosk

if TYPE_CHECKING:
    from ssl import SSLContext
    from uuid import UUID

    from sqlalchemy import Engine

    from feedback.configuration import Secret
    from kiosk.sync.outbox import Slice

KIOSKS: Final = 500
BATCHES: Final = 8
EACH: Final = 251  # one record of each kiosk is a context: 2,007 votes
VOTES: Final = KIOSKS * (BATCHES * EACH - 1)
PATIENCE_S: Final = 1_800


def measure() -> list[Row]:
    """Let the kiosks deliver, see that every vote is there, and insert as many rows bare."""
    with TemporaryDirectory(dir=".", prefix=".bench-") as name, House(Path(name).resolve()) as house:
        (house.folder / "centre.yaml").write_text(CENTRE)
        house.server("registry", "load", str(house.folder / "centre.yaml"))
        config = parse_config(house.server_toml.read_text(), source="server.toml")
        engine = open_engine(config.database_url.reveal())
        backlogs = {name: Backlog(Sender(EACH)) for name in (f"bench-kiosk-{number}" for number in range(1, KIOSKS + 1))}
        credentials = _register(engine, backlogs)
        house.start_server("broker")
        house.start_server("ingest")
        seconds = Fleet(house.broker_port, believing(load_authority(config.data_dir).pem), credentials, backlogs).deliver()
        house.check()
        _see_that_all_is_there(engine)
        rows = stored_rows(engine, EACH)
        engine.dispose()
        bare = BareSqlite(house.folder / "bare.db")
        start = perf_counter()
        inserted = bare.insert(rows, VOTES // EACH)
        measured = VOTES / seconds, inserted / (perf_counter() - start)
        bare.close()
    title = f"{VOTES:,} votes of {KIOSKS} kiosks that come back at once"
    return [at_least(title, "votes/s", measured, "bare WAL+FULL insert", 0.4), told(f"{title}: all acknowledged after", seconds, "s")]


class Backlog:
    """What one kiosk has to deliver, in memory, in place of its votes.db and its delivery.db."""

    wants_look = is_unreadable = False
    fork = look = None

    def __init__(self, sender: Sender) -> None:
        self._slices: dict[int, Slice] = {part.first_seq - 1: part for part in sender.slices(BATCHES)}
        self._heads = {seq: part.prev for seq, part in self._slices.items()} | {sender.seq: sender.head}
        self._epoch = Epoch(sender.epoch, 1, sender.seq)
        self._mark = 0
        self.generation: str | None = None

    @property
    def is_delivered(self) -> bool:
        """Whether the server has acknowledged everything."""
        return self._mark == self._epoch.last

    def epochs(self) -> list[Epoch]:  # noqa: D102 - as in `Outbox`, and what follows as there and in `Ledger`
        return [self._epoch]

    def hash_at(self, _epoch: UUID, seq: int) -> bytes | None:  # noqa: D102
        return self._heads.get(seq)

    def slice_after(self, _epoch: UUID, seq: int, _most: int) -> Slice | None:  # noqa: D102
        return self._slices.get(seq)

    def mark(self, _epoch: UUID) -> int:  # noqa: D102
        return self._mark

    def head(self, _epoch: UUID) -> str | None:  # noqa: D102
        return self._heads[self._mark].hex()

    def set_mark(self, _epoch: UUID, seq: int, _head: str) -> None:  # noqa: D102
        self._mark = seq

    def begin_generation(self, generation: str) -> None:  # noqa: D102
        self.generation = generation

    def is_past(self, _generation: str) -> bool:  # noqa: D102
        return False

    def left(self) -> set[UUID]:  # noqa: D102
        return set()

    def want_look(self, _wanted: bool) -> None:  # noqa: D102, FBT001
        pass


class Fleet:
    """All kiosks on one thread: each a real `Deliverer` on an MQTT connection of its own."""

    def __init__(self, port: int, tls: SSLContext, credentials: dict[str, Secret], backlogs: dict[str, Backlog]) -> None:
        self._port = port
        self._tls = tls
        self._credentials = credentials
        self._backlogs = backlogs
        self._selector = selectors.DefaultSelector()
        self._clients: dict[str, Client] = {}
        self._deliverers: dict[str, Any] = {}
        self._due: dict[str, float] = {}

    def deliver(self) -> float:
        """Connect and deliver everything; give the seconds that it took."""
        start = monotonic()
        for kiosk in self._backlogs:
            self._connect(kiosk)
        while not all(backlog.is_delivered for backlog in self._backlogs.values()):
            self._turn()
            if monotonic() - start > PATIENCE_S:
                raise RuntimeError(f"{sum(not backlog.is_delivered for backlog in self._backlogs.values())} kiosks are not through")
        seconds = monotonic() - start
        for client in self._clients.values():
            client.disconnect()
        return seconds

    def _connect(self, kiosk: str) -> None:
        client = Client(CallbackAPIVersion.VERSION2, client_id=kiosk)
        client.username_pw_set(kiosk, self._credentials[kiosk].reveal())
        client.tls_set_context(self._tls)
        client.on_socket_open = lambda _client, _data, opened: opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.on_connect = lambda client, *_: client.subscribe([(wire.ack_topic(kiosk), 1)])
        client.on_subscribe = lambda *_: self._deliverers[kiosk].connected()
        client.on_message = lambda _client, _data, message: self._deliverers[kiosk].acknowledged(wire.decode(message.payload, wire.Ack))
        backlog = self._backlogs[kiosk]
        self._deliverers[kiosk] = deliver.Deliverer(
            deliver.Sender(kiosk, "bench"),
            outbox=backlog,
            ledger=backlog,
            transport=_Transport(client),
            clock=SystemClock(),
            new_epoch=uuid4,
            spread=partial(random.uniform, 0.0),
        )
        client.connect("127.0.0.1", self._port, keepalive=120)
        self._clients[kiosk] = client
        self._due[kiosk] = 0.0
        self._selector.register(client.socket(), selectors.EVENT_READ, kiosk)

    def _turn(self) -> None:
        ready = {key.data for key, _ in self._selector.select(timeout=0.05)}
        now = monotonic()
        for kiosk, client in self._clients.items():
            if kiosk in ready:
                client.loop_read()
            if kiosk in ready or now >= self._due[kiosk]:
                self._due[kiosk] = now + self._deliverers[kiosk].step()
            if client.want_write():
                client.loop_write()


class _Transport:
    """A client as the way to the server."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self._client.publish(topic, payload, qos=1, retain=retain)


def _register(engine: Engine, kiosks: dict[str, Backlog]) -> dict[str, Secret]:
    with writing(engine) as connection:
        return {
            name: add_kiosk(connection, Wish(name=name, site="s", desk=None), hash_password=hash_password, now_ms=START_MS).credential
            for name in kiosks
        }


def _see_that_all_is_there(engine: Engine) -> None:
    with reading(engine) as connection:
        stored = connection.exec_driver_sql("SELECT count(*) FROM votes").scalar_one()
        counted = connection.exec_driver_sql("SELECT sum(good) FROM rollup_day").scalar_one()
        quarantined = connection.exec_driver_sql("SELECT count(*) FROM quarantine").scalar_one()
    if (stored, counted, quarantined) != (VOTES, VOTES, 0):
        raise RuntimeError(f"{stored:,} votes stored, {counted:,} counted, {quarantined} in quarantine, of {VOTES:,}")
