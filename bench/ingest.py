"""How much ingest costs over a bare insert of the same rows and indexes, with the same durability, on SQLite and on PostgreSQL."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from bench.bare import BarePostgres, BareSqlite, stored_rows
from bench.measure import Row, at_least, rates
from bench.sender import CENTRE, RECEIVED_MS, START_MS, Sender
from feedback.wire import Ack, batch_topic, decode
from server.db.engine import open_engine, reading, writing
from server.db.migrate import migrate
from server.ingest.core import Ingest
from server.registry.file import parse_registry
from server.registry.kiosks import Wish, add_kiosk
from server.registry.load import load_registry
from tests.services import find_postgres, run_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

KIOSK: Final = "bench-kiosk-1"
BATCHES: Final = 40
EACH: Final = 50
ROUNDS: Final = 5


def measure() -> list[Row]:
    """Take batches of fifty in, from bytes to the acknowledgement."""
    with TemporaryDirectory(dir=".", prefix=".bench-") as name:
        folder = Path(name)
        on_sqlite = _compare(f"sqlite:///{folder / 'server.db'}", BareSqlite(folder / "bare.db"))
    with _postgres() as (url, bare_url):
        on_postgres = _compare(url, BarePostgres(bare_url))
    title = f"votes taken in, batches of {EACH}"
    return [
        at_least(f"{title}, SQLite", "votes/s", on_sqlite, "bare WAL+FULL insert", 0.4),
        at_least(f"{title}, PostgreSQL", "votes/s", on_postgres, "bare unnest insert", 0.55),
    ]


def _compare(url: str, bare: BareSqlite | BarePostgres) -> tuple[float, float]:
    engine = open_engine(url)
    _found(engine)
    ingest, sender = Ingest(engine, settings=lambda _connection, _kiosk: None), Sender(EACH)
    _take(ingest, list(sender.batches(2)))
    rows = stored_rows(engine, EACH)
    prepared = iter([list(sender.batches(BATCHES)) for _ in range(ROUNDS)])
    measured = rates(lambda: _take(ingest, next(prepared)), lambda: bare.insert(rows, BATCHES), rounds=ROUNDS)
    with reading(engine) as connection:
        taken = connection.exec_driver_sql("SELECT count(*) FROM votes").scalar_one()
    bare.close()
    engine.dispose()
    if taken != (ROUNDS * BATCHES + 2) * EACH - 1:
        raise RuntimeError(f"ingest took {taken} votes")
    return measured


def _found(engine: Engine) -> None:
    """Make a centre with one kiosk."""
    migrate(engine, time_zone="Europe/Kyiv")
    with writing(engine) as connection:
        load_registry(connection, parse_registry(CENTRE, source="bench"), now_ms=START_MS)
        add_kiosk(connection, Wish(name=KIOSK, site="s", desk=None), hash_password=lambda _: "", now_ms=START_MS)


def _take(ingest: Ingest, batches: list[bytes]) -> int:
    for payload in batches:
        (reply,) = ingest.handle(batch_topic(KIOSK), payload, RECEIVED_MS)
        if decode(reply.payload, Ack).error:
            raise RuntimeError("a batch was refused")
    return len(batches) * EACH


@contextmanager
def _postgres() -> Iterator[tuple[str, str]]:
    """Run a PostgreSQL that really writes to the disk; give two empty databases of it."""
    programs = find_postgres()
    if programs is None:
        raise RuntimeError("PostgreSQL is not installed")
    with run_postgres(programs, durable=True) as cluster:
        yield cluster.url(cluster.create_database()), cluster.url(cluster.create_database())
