"""How much ingest costs over a bare insert of the same rows and indexes, with the same durability."""

from __future__ import annotations

import sqlite3
from os import urandom
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid4

import msgspec
from sqlalchemy.schema import CreateIndex, CreateTable

from bench.measure import Row, at_least, rates
from feedback.records import AnyRecord, Channel, Context, Input, Moment, Vote, chain, encode_body, genesis, new_id
from feedback.wire import Ack, Batch, Now, batch_topic, decode, encode
from server.db.engine import open_engine, reading, writing
from server.db.migrate import migrate
from server.db.schema import records, votes
from server.ingest.core import Ingest
from server.registry.file import parse_registry
from server.registry.kiosks import Wish, add_kiosk
from server.registry.load import load_registry

if TYPE_CHECKING:
    from collections.abc import Iterator

KIOSK: Final = "bench-kiosk-1"
BATCHES: Final = 40
EACH: Final = 50
CENTRE: Final = "format: 1\ncentre: C\nsites: [{key: s, name: S}]\ndesks: [{key: d, site: s, number: 1}]\n"
START_MS: Final = 1_760_000_000_000
RECEIVED_MS: Final = START_MS + 10**9


class Sender:
    """A kiosk that makes votes and batches out of nothing."""

    def __init__(self) -> None:
        self.epoch, self.boot = uuid4(), uuid4()
        self.seq, self.head = 0, genesis(self.epoch)
        self._made = 0

    def batches(self, count: int) -> Iterator[bytes]:
        """Give `count` encoded batches of `EACH` votes that continue the chain."""
        for _ in range(count):
            bodies = [encode_body(self._record()) for _ in range(EACH)]
            now = Now(self.boot, Moment(RECEIVED_MS - START_MS, RECEIVED_MS, trusted=True))
            yield encode(Batch(self.epoch, self.seq + 1, self.head.hex(), now, historical=True, records=[msgspec.Raw(b) for b in bodies]))
            self.head = chain(self.head, self.seq + 1, bodies)[-1]
            self.seq += EACH

    def _record(self) -> AnyRecord:
        self._made += 1
        at = Moment(self._made * 1000, START_MS + self._made * 1000, trusted=True)
        number = new_id(at.wall_ms, urandom(10))
        if self._made == 1:
            return Context(number, at, 1, self.boot, "bench", "default", 1)
        return Vote(number, at, uuid4(), 1, "service", "good", "d", None, Channel.KIOSK, Input.TOUCH, "uk", repeat=False)


def measure() -> list[Row]:
    """Take batches of fifty in, from bytes to the acknowledgement."""
    with TemporaryDirectory(dir=".", prefix=".bench-") as name:
        folder = Path(name)
        engine = open_engine(f"sqlite:///{folder / 'server.db'}")
        migrate(engine, time_zone="Europe/Kyiv")
        with writing(engine) as connection:
            load_registry(connection, parse_registry(CENTRE, source="bench"))
            add_kiosk(connection, Wish(name=KIOSK, site="s", desk=None), hash_password=lambda _: "", now_ms=START_MS)
        ingest, sender = Ingest(engine, settings=lambda _connection, _kiosk: None), Sender()
        _take(ingest, list(sender.batches(1)))
        rows = _stored_rows(folder / "server.db")
        bare = _bare_database(folder / "bare.db")
        prepared = iter([list(sender.batches(BATCHES)) for _ in range(5)])
        measured = rates(lambda: _take(ingest, next(prepared)), lambda: _insert(bare, rows))
        bare.close()
        with reading(engine) as connection:
            taken = connection.exec_driver_sql("SELECT count(*) FROM votes").scalar_one()
        engine.dispose()
    if taken != (5 * BATCHES + 1) * EACH - 1:
        raise RuntimeError(f"ingest took {taken} votes")
    return [at_least("votes taken in, batches of 50, SQLite", "votes/s", measured, "bare WAL+FULL insert", 0.4)]


def _take(ingest: Ingest, batches: list[bytes]) -> int:
    for payload in batches:
        (reply,) = ingest.handle(batch_topic(KIOSK), payload, RECEIVED_MS)
        if decode(reply.payload, Ack).error:
            raise RuntimeError("a batch was refused")
    return len(batches) * EACH


def _stored_rows(path: Path) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    with sqlite3.connect(path) as db:
        kept = db.execute("SELECT id, kiosk, epoch, seq, kind, body, received_ms FROM records WHERE kind = 'vote'").fetchall()
        counted = db.execute("SELECT * FROM votes").fetchall()
    db.close()
    return kept, counted


def _bare_database(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = wal")
    db.execute("PRAGMA synchronous = full")
    for table in (records, votes):
        db.execute(str(CreateTable(table).compile()).replace("BIGINT NOT NULL, \n\tid", "INTEGER, \n\tid", 1))
        for index in table.indexes:
            db.execute(str(CreateIndex(index).compile()))
    return db


def _insert(bare: sqlite3.Connection, rows: tuple[list[tuple[object, ...]], list[tuple[object, ...]]]) -> int:
    kept, counted = rows
    for _ in range(BATCHES):
        bare.execute("BEGIN IMMEDIATE")
        bare.executemany(
            "INSERT INTO records (id, kiosk, epoch, seq, kind, body, received_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(UUID(int=int.from_bytes(urandom(16))).hex, *row[1:]) for row in kept],
        )
        bare.executemany(
            f"INSERT INTO votes VALUES ({', '.join('?' * len(counted[0]))})",
            [(UUID(int=int.from_bytes(urandom(16))).hex, *row[1:]) for row in counted],
        )
        bare.execute("COMMIT")
    return BATCHES * len(counted)
