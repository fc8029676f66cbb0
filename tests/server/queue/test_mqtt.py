"""Tickets pushed through a real Mosquitto: each key writes to its own topic, and nothing else."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec
import pytest

from feedback.wire import ROOT, batch_topic
from server.broker import files
from server.broker.files import hash_password, queue_user
from server.db import schema
from server.db.engine import writing
from server.queue import keys
from server.queue.push import topic
from tests.server.kit import KIOSK, MORNING, make_ingest, reasons, rows
from tests.server.test_broker import Broker, running_ingest
from tests.services import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

pytestmark = [pytest.mark.broker, pytest.mark.usefixtures("mosquitto_program")]
TICKET = {"number": "А-1", "issued": "09.10.2025 10:00", "called": "09.10.2025 10:07", "started": "09.10.2025 10:08", "desk": "1"}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path)
    broker.supervisor.start()
    yield broker
    broker.supervisor.stop()


def add_key(engine: Engine, broker: Broker, name: str = "e-queue") -> str:
    with writing(engine) as connection:
        key = keys.add_key(connection, name, "main", hash_password=hash_password, now_ms=MORNING).reveal()
        hashes = keys.password_hashes(connection)
    broker.kiosks = {**broker.kiosks, **{queue_user(one): hashed for one, hashed in hashes.items()}}
    eventually(lambda: queue_user(name) in (broker.supervisor._folder / "passwords").read_text())
    return key


def connected(broker: Broker, name: str, key: str) -> bool:
    with broker.station(queue_user(name), key) as station:
        return station.is_connected()


def test_a_queue_pushes_its_tickets_and_a_bad_push_is_refused_and_remembered(engine: Engine, broker: Broker) -> None:
    key = add_key(engine, broker)
    eventually(lambda: connected(broker, "e-queue", key))
    with running_ingest(engine, broker), broker.station(queue_user("e-queue"), key) as queue:
        queue.publish(topic("e-queue"), msgspec.json.encode([TICKET]))
        eventually(lambda: rows(engine, schema.queue_hours))
        queue.publish(topic("e-queue"), msgspec.json.encode([{**TICKET, "started": "09.10.2025 10:18"}]))
        queue.publish(topic("e-queue"), b"\xff[")
        eventually(lambda: rows(engine, schema.queue_keys)[0]["refused"] == 2)
        queue.publish(topic("e-queue"), msgspec.json.encode([{**TICKET, "ended": "09.10.2025 10:20"}]))
        eventually(lambda: rows(engine, schema.queue_hours)[0]["service_s"] == 720)
    assert rows(engine, schema.queue_hours)[0]["served"] == 1
    assert rows(engine, schema.queue_keys)[0]["taken"] == 2
    assert reasons(engine) == [], "a push holds numbers of tickets and is kept nowhere"


def test_a_queue_may_write_its_own_topic_and_nothing_else(engine: Engine, broker: Broker) -> None:
    key = add_key(engine, broker)
    add_key(engine, broker, "other")
    eventually(lambda: connected(broker, "e-queue", key))
    with broker.server() as server, broker.station(queue_user("e-queue"), key) as queue, broker.station(KIOSK, "one") as kiosk:
        server.subscribe("#")
        queue.subscribe("#", topic("e-queue"), topic("other"))
        for wrong in (topic("other"), batch_topic(KIOSK), f"{ROOT}/k/e-queue/batch", "else"):
            queue.publish(wrong, b"x")
        kiosk.publish(topic("e-queue"), b"x")
        queue.publish(topic("e-queue"), b"own")
        eventually(lambda: server.payloads(topic("e-queue")))
        assert [received[:2] for received in server.received] == [(topic("e-queue"), b"own")]
        server.publish(topic("other"), b"x")
        server.publish(files.ROOT + "/server/state", b"last")
        eventually(lambda: queue.received)
        assert {received[0] for received in queue.received} <= {f"{ROOT}/server/state"}


def test_a_push_that_cannot_be_stored_is_named_and_never_quarantined(
    engine: Engine, broker: Broker, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_key(engine, broker)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("А-1 is a number")

    monkeypatch.setattr("server.queue.push.place_of", fail)
    with caplog.at_level(logging.ERROR):
        assert make_ingest(engine).handle(topic("e-queue"), msgspec.json.encode([TICKET]), MORNING) == []
    assert "RuntimeError" in caplog.text
    assert "А-1" not in caplog.text
    assert reasons(engine) == []
    assert make_ingest(engine).handle(f"{ROOT}/queue/No Key/tickets", b"[]", MORNING) == []
    assert reasons(engine) == []
