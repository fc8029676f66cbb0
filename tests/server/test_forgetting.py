"""The keys of days: made, published, and erased with whatever names a ticket, so that no file has a byte of it."""

from __future__ import annotations

import shutil
import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec
import pytest
from nacl.signing import SigningKey
from sqlalchemy import text

from feedback.signed import open_signed
from feedback.tickets import DAY_KEY_PURPOSE, DayKey, ticket_token
from feedback.wire import SignedList, decode, hello_topic
from server.db import schema
from server.db.engine import open_engine, reading, writing
from server.fleet.day_keys import DayKeys, day_keys_of, gone_ms, token_of, wanted_days
from server.ingest.core import Ingest
from server.ingest.facts import TicketFacts, apply_queue_facts
from server.ingest.mqtt import day_keys_topic
from tests.server.kit import KIOSK, MORNING, OTHER, Log, deliver, make_ingest, reasons, rows, unseal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

    from tests.services import PostgresCluster

KYIV = ZoneInfo("Europe/Kyiv")
KEY = SigningKey(bytes(32))
HOUR = 3_600_000
DAY_MS = 24 * HOUR


def at(day: str, clock: str = "12:00") -> int:
    return round(datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=KYIV).timestamp() * 1000)


def make_keys(engine: Engine) -> DayKeys:
    return DayKeys(engine, signer=lambda data: KEY.sign(data).signature)


@pytest.mark.parametrize(
    ("day", "gone"),
    [
        ("2025-10-09", "2025-10-13T00:00"),
        ("2025-10-23", "2025-10-26T23:00"),  # the clocks go back on the 26th
        ("2026-03-26", "2026-03-30T01:00"),  # they go forward on the 29th
        ("2025-12-31", "2026-01-04T00:00"),
    ],
)
def test_a_day_is_gone_72_hours_after_it_ended(day: str, gone: str) -> None:
    moment = round(datetime.fromisoformat(gone).replace(tzinfo=KYIV).timestamp() * 1000)
    assert gone_ms(day, KYIV) == moment
    assert day in wanted_days(moment - 1, KYIV)
    assert day not in wanted_days(moment, KYIV)


def test_there_is_a_key_from_three_days_ago_to_a_week_ahead(engine: Engine) -> None:
    keys = make_keys(engine).current(at("2025-10-09"))
    first = datetime(2025, 10, 6, tzinfo=KYIV).date()
    assert [*keys] == [(first + timedelta(days=number)).isoformat() for number in range(11)]
    assert len({*keys.values()}) == 11
    assert {len(key) for key in keys.values()} == {32}
    later = make_keys(engine).current(at("2025-10-10", "00:00"))
    assert [*later][-1] == "2025-10-17"
    assert {day: later[day] for day in [*keys][1:]} == {day: keys[day] for day in [*keys][1:]}, "what is there stays"
    assert "2025-10-06" not in later


def test_all_workers_see_the_same_keys(engine: Engine) -> None:
    found: list[dict[str, bytes]] = []
    barrier = threading.Barrier(4)

    def worker() -> None:
        barrier.wait(30)
        found.append(make_keys(engine).current(MORNING))

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all(keys == found[0] for keys in found)


def opened(payload: bytes, kiosk: str) -> dict[str, str]:
    def check(data: bytes, signature: bytes) -> bool:
        return KEY.sign(data).signature == signature

    documents = decode(payload, SignedList).documents
    keys = [open_signed(document, DayKey, DAY_KEY_PURPOSE, kiosk=kiosk, check=check) for document in documents]
    return {key.day: key.key for key in keys}


def made(payload: bytes) -> dict[str, int]:
    keys = [msgspec.json.decode(document.document, type=DayKey) for document in decode(payload, SignedList).documents]
    return {key.day: key.made for key in keys}


def test_each_key_tells_when_it_was_made(engine: Engine) -> None:
    keys, now_ms = make_keys(engine), at("2025-10-09")
    ((_, _, payload), _) = keys.unpublished(now_ms, {})
    first = made(payload)
    assert {*first.values()} == {now_ms}
    ((_, _, payload), _) = keys.unpublished(now_ms + DAY_MS, {})
    assert made(payload) == {day: first.get(day, now_ms + DAY_MS) for day in wanted_days(now_ms + DAY_MS, KYIV)}


def test_a_key_is_newer_than_those_before_it_also_where_the_clock_was_ahead(engine: Engine) -> None:
    keys, now_ms = make_keys(engine), at("2025-10-09")
    ahead = keys.current(now_ms + 3 * DAY_MS)
    ((_, _, payload), _) = keys.unpublished(now_ms, {})
    told = made(payload)
    assert {day: told[day] - now_ms - 3 * DAY_MS for day in told} == {day: 0 if day in ahead else 1 for day in told}


def test_each_kiosk_is_told_when_it_connects_and_when_the_days_change(engine: Engine) -> None:
    keys = make_keys(engine)
    ingest = Ingest(engine, settings=lambda _connection, _kiosk: None, day_keys=keys)
    told = ingest.day_keys(MORNING, {})
    assert [kiosk for kiosk, _, _ in told] == [KIOSK, OTHER]
    current = {day: key.hex() for day, key in keys.current(MORNING).items()}
    assert all(opened(payload, kiosk) == current for kiosk, _, payload in told)
    published = {kiosk: digest for kiosk, digest, _ in told}
    assert ingest.day_keys(MORNING, published) == []
    assert [kiosk for kiosk, _, _ in ingest.day_keys(MORNING + DAY_MS, published)] == [KIOSK, OTHER]
    _ack, reply = ingest.handle(hello_topic(KIOSK), Log().hello(), MORNING + DAY_MS)
    assert (reply.topic, reply.retain) == (day_keys_topic(KIOSK), True)
    assert "2025-10-17" in opened(reply.payload, KIOSK)
    assert "2025-10-06" not in opened(reply.payload, KIOSK)


def test_a_token_needs_its_days_key(engine: Engine) -> None:
    keys = make_keys(engine).current(MORNING)
    with reading(engine) as connection:
        assert token_of(connection, "main", "2025-10-09", "а-012") == ticket_token(keys["2025-10-09"], "main", "2025-10-09", "А012")
        assert token_of(connection, "main", "2025-10-05", "А012") is None


# --- after 72 hours no file has a byte of it ----------------------------------------------------------------------------------


class Week:
    """Tickets of several days at a kiosk, and what the queue said of them: enough of them that tables have many pages."""

    DAYS = ("2025-10-07", "2025-10-08", "2025-10-09")

    def __init__(self, engine: Engine) -> None:
        self.keys = make_keys(engine).current(MORNING)
        self.tokens = {day: [ticket_token(self.keys[day], "main", day, f"А{number}") for number in range(150)] for day in self.DAYS}
        log = Log()
        log.add_context()
        for number in range(150):
            for day in self.DAYS:  # in turns, so that every page has some of each
                log.add(log.scan(f"{day} {number}", self.tokens[day][number], day=day))
                log.add(log.vote(f"{day} {number}"))
        for first in range(1, len(log.bodies) + 1, 200):
            deliver(make_ingest(engine), log, first, first + 199)
        with writing(engine) as connection:
            apply_queue_facts(connection, [TicketFacts(token, day, 1, 1) for day in self.DAYS for token in self.tokens[day][::2]])

    def names(self, day: str) -> list[bytes]:
        """Give everything that names a ticket of a day, as it could stand in a file."""
        key = self.keys[day]
        tokens = [form for token in self.tokens[day] for form in (token.encode(), token.upper().encode(), bytes.fromhex(token))]
        return [key, key.hex().encode(), key.hex().upper().encode(), *tokens]


@pytest.fixture
def sqlite(tmp_path: Path, sqlite_template: Path) -> Iterator[Engine]:
    shutil.copy(sqlite_template, tmp_path / "vidhuk.db")
    engine = open_engine(f"sqlite:///{tmp_path / 'vidhuk.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def postgres(postgres_cluster: PostgresCluster, postgres_template: str) -> Iterator[Engine]:
    engine = open_engine(postgres_cluster.url(postgres_cluster.create_database(template=postgres_template)))
    yield engine
    engine.dispose()


def found_in(files: list[Path], names: list[bytes]) -> set[str]:
    return {path.name for path in files for said in [content(path)] if any(name in said for name in names)}


def content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # PostgreSQL has removed it meanwhile
        return b""


def flush(engine: Engine) -> None:
    """Let a PostgreSQL write what it has in memory, and look at its columns as it does by itself."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
        connection.execute(text("CHECKPOINT"))


def test_after_72_hours_no_file_of_sqlite_names_a_ticket(sqlite: Engine, tmp_path: Path) -> None:
    week = Week(sqlite)

    def files() -> list[Path]:
        return [path for path in tmp_path.rglob("*") if path.is_file()]

    assert all(found_in(files(), week.names(day)) for day in week.DAYS)
    keys = make_keys(sqlite)
    keys.current(at("2025-10-11", "00:00"))
    assert found_in(files(), week.names("2025-10-07")) == set()
    assert found_in(files(), week.names("2025-10-08")), "this day's 72 hours are not over"
    assert {row["day"] for row in rows(sqlite, schema.ticket_tokens)} == {"2025-10-08", "2025-10-09"}
    keys.current(at("2025-10-13", "00:00"))
    assert [found_in(files(), week.names(day)) for day in week.DAYS] == [set()] * 3
    assert (rows(sqlite, schema.ticket_tokens), rows(sqlite, schema.ticket_facts)) == ([], [])
    assert len(rows(sqlite, schema.votes)) == 450


def test_a_log_that_somebody_reads_is_emptied_as_soon_as_they_let_go(sqlite: Engine, tmp_path: Path) -> None:
    week = Week(sqlite)
    keys = make_keys(sqlite)
    with sqlite.connect() as reader:
        reader.execute(text("SELECT count(*) FROM ticket_tokens")).scalar_one()
        keys.current(at("2025-10-13"))
        assert found_in([*tmp_path.rglob("*.db*")], week.names("2025-10-09"))
    keys.current(at("2025-10-13"))
    assert found_in([*tmp_path.rglob("*.db*")], week.names("2025-10-09")) == set()


def test_a_process_that_was_killed_between_erasing_and_sweeping_is_made_good_by_the_next(sqlite: Engine, tmp_path: Path) -> None:
    week = Week(sqlite)
    with sqlite.connect() as reader:
        reader.execute(text("SELECT count(*) FROM ticket_tokens")).scalar_one()
        make_keys(sqlite).current(at("2025-10-13"))
    make_keys(sqlite).current(at("2025-10-13"))
    assert found_in([*tmp_path.rglob("*.db*")], week.names("2025-10-09")) == set()


@pytest.mark.postgres
def test_after_72_hours_no_relation_of_postgresql_names_a_ticket(postgres: Engine, postgres_cluster: PostgresCluster) -> None:
    week = Week(postgres)

    with postgres.connect() as connection:
        oid = connection.execute(text("SELECT oid FROM pg_database WHERE datname = current_database()")).scalar_one()

    def files() -> list[Path]:
        flush(postgres)
        return [path for path in (postgres_cluster.folder / "data" / "base" / str(oid)).rglob("*") if path.is_file()]

    assert all(found_in(files(), week.names(day)) for day in week.DAYS)
    with postgres.connect() as idle:  # an old look at the database keeps dead rows, which are gone all the same
        idle.execute(text("SELECT count(*) FROM votes")).scalar_one()
        make_keys(postgres).current(at("2025-10-11"))
        assert found_in(files(), week.names("2025-10-07")) == set()
        assert found_in(files(), week.names("2025-10-08")), "this day's 72 hours are not over"
    make_keys(postgres).current(at("2025-10-13"))
    assert [found_in(files(), week.names(day)) for day in week.DAYS] == [set()] * 3
    assert {row["flag"] for row in rows(postgres, schema.votes)} == {""}


def test_a_scan_that_comes_after_its_days_key_is_gone_leaves_no_token(engine: Engine) -> None:
    keys = make_keys(engine).current(MORNING)
    token = ticket_token(keys["2025-10-08"], "main", "2025-10-08", "А1")
    make_keys(engine).current(at("2025-10-12"))
    log = Log()
    log.add_context()
    log.add(log.vote("a"))
    log.add(log.scan("a", token, day="2025-10-08"))
    deliver(make_ingest(engine), log, received_ms=at("2025-10-12"))
    with writing(engine) as connection:
        apply_queue_facts(connection, [TicketFacts(token, "2025-10-08", 1)])
        assert "2025-10-08" not in day_keys_of(connection)
    assert (rows(engine, schema.ticket_tokens), rows(engine, schema.ticket_facts)) == ([], [])
    assert reasons(engine) == []
    assert [row["visit"] for row in rows(engine, schema.unsettled_visits)] == [log.vote("a").visit]
    assert [row["flag"] for row in rows(engine, schema.votes)] == [""]
    assert unseal(log.boxes[log.scan("a").id]) is not None
