"""How much an import of the queue's tickets costs, from the file's bytes to the commit, over a bare insert of the rows it leaves."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from os import urandom
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from sqlalchemy.schema import CreateIndex, CreateTable

from bench.measure import Row, at_least, rates
from server.db.engine import open_engine, writing
from server.db.migrate import migrate
from server.db.schema import queue_tickets
from server.queue.importing import Said, plan_import, read_file, run
from server.registry.file import parse_registry
from server.registry.load import load_registry

if TYPE_CHECKING:
    from sqlalchemy import Engine

TICKETS: Final = 50_000
CENTRE: Final = (
    "format: 1\ncentre: C\nsites: [{key: s, name: S}]\ndesks: [{key: d, site: s, number: 1}]\nservices: [{key: p, name: Паспорт}]\n"
)
HEADER: Final = "Талон;Час видачі;Час виклику;Початок обслуговування;Завершення;Вікно;Послуга;Адміністратор;Телефон"
NOW: Final = datetime(2025, 10, 9, 16, tzinfo=UTC)


def measure() -> list[Row]:
    """Import 50,000 tickets of one day, each time another day's numbers, and insert as many rows bare."""
    with TemporaryDirectory(dir=".", prefix=".bench-") as name:
        folder = Path(name)
        engine = open_engine(f"sqlite:///{folder / 'server.db'}")
        migrate(engine, time_zone="Europe/Kyiv")
        with writing(engine) as connection:
            load_registry(connection, parse_registry(CENTRE, source="bench"), now_ms=round(NOW.timestamp() * 1000))
        prepared = iter([_export(letter) for letter in "АБВГДЕ"])
        _import(engine, next(prepared))
        rows = _stored_rows(folder / "server.db")
        bare = _bare_database(folder / "bare.db")
        measured = rates(lambda: _import(engine, next(prepared)), lambda: _insert(bare, rows), rounds=3)
        bare.close()
        engine.dispose()
    return [at_least(f"tickets imported from CSV, {TICKETS:,} at once, SQLite", "tickets/s", measured, "bare WAL+FULL insert", 0.03)]


def _export(letter: str) -> bytes:
    lines = [HEADER]
    begin = NOW - timedelta(hours=9)
    for number in range(TICKETS):
        times = [begin + timedelta(seconds=number % 25_000 + past) for past in (0, 420, 450, 990)]
        written = ";".join(f"{at:%d.%m.%Y} {at.hour + 3:02}:{at:%M:%S}" for at in times)
        lines.append(f"{letter}-{number:05};{written};1;Паспорт;Коваль М.;+380440000000")
    return "\n".join(lines).encode("cp1251")


def _import(engine: Engine, content: bytes) -> int:
    with writing(engine) as connection:
        plan = plan_import(connection, "s", read_file("bench.csv", content), Said())
        report = run(connection, plan, now_ms=round(NOW.timestamp() * 1000), keep=True)
    if report.taken.added != TICKETS:
        raise RuntimeError(f"{report.taken.added} tickets were imported: {report.reading.problems[:3]}")
    return TICKETS


def _stored_rows(path: Path) -> list[tuple[object, ...]]:
    with sqlite3.connect(path) as db:
        rows = db.execute("SELECT * FROM queue_tickets").fetchall()
    db.close()
    return rows


def _bare_database(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = wal")
    db.execute("PRAGMA synchronous = full")
    db.execute(str(CreateTable(queue_tickets).compile()))
    for index in queue_tickets.indexes:
        db.execute(str(CreateIndex(index).compile()))
    return db


def _insert(bare: sqlite3.Connection, rows: list[tuple[object, ...]]) -> int:
    bare.execute("BEGIN IMMEDIATE")
    marks = ", ".join("?" * len(rows[0]))
    bare.executemany(f"INSERT INTO queue_tickets VALUES ({marks})", [(urandom(16).hex(), *row[1:]) for row in rows])
    bare.execute("COMMIT")
    return len(rows)
