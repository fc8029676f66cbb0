"""Numbers for whoever watches over the server, as Prometheus would read them."""

from __future__ import annotations

import socket
import urllib.request
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from feedback.commands import CommandKind
from feedback.wire import State, batch_topic, encode, state_topic
from server.config import parse_config
from server.db.engine import open_engine, writing
from server.errors import ConfigError, PortTakenError
from server.fleet.commands import Wish, send
from server.ingest.core import Ingest
from server.ingest.quarantine import Reason
from server.ingest.tally import BatchOutcome, Tally
from server.metrics.meters import Endpoint
from tests.server.kit import KIOSK, MORNING, OTHER, Log, deliver, ids
from tests.services import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

Numbers = dict[tuple[str, str], float]


class Watcher:
    """An endpoint, and somebody who reads it."""

    def __init__(self) -> None:
        self.port = free_port()
        self.endpoint = Endpoint("127.0.0.1", self.port)

    def read(self) -> Numbers:
        """Each number by its name and the values of its labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            assert answer.headers["content-type"].startswith("text/plain")
            text = answer.read().decode()
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return {(sample.name, ",".join(sample.labels.values())): sample.value for sample in samples}


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    watcher = Watcher()
    yield watcher
    watcher.endpoint.stop()


def metered(engine: Engine) -> tuple[Ingest, list[Tally]]:
    tallies: list[Tally] = []
    return Ingest(engine, settings=lambda *_: None, meter=lambda tally, _seconds: tallies.append(tally)), tallies


def a_log() -> Log:
    log = Log()
    log.add_context()
    for number in range(3):
        log.add(log.vote(str(number)))
    return log


def test_every_transaction_is_counted_after_its_commit(engine: Engine) -> None:
    ingest, tallies = metered(engine)
    log = a_log()
    deliver(ingest, log)
    deliver(ingest, log)
    deliver(ingest, log, 3)
    ingest.handle(batch_topic(KIOSK), b"?", MORNING)
    log.add(log.vote("late"))
    deliver(ingest, log)
    counted = [(dict(tally.batches), tally.records, tally.again, tally.votes, dict(tally.quarantined)) for tally in tallies]
    assert counted == [
        ({BatchOutcome.NEW: 1}, 4, 0, 3, {}),
        ({BatchOutcome.AGAIN: 1}, 0, 4, 0, {}),
        ({BatchOutcome.AGAIN: 1}, 0, 2, 0, {}),
        ({BatchOutcome.UNREADABLE: 1}, 0, 0, 0, {"undecodable": 1}),
        ({BatchOutcome.NEW: 1}, 1, 4, 1, {}),
    ]
    assert tallies[0].sent_ms == [MORNING]


def test_a_gap_and_a_fork_are_told_apart(engine: Engine) -> None:
    ingest, tallies = metered(engine)
    log = a_log()
    deliver(ingest, log, 3)
    deliver(ingest, log)
    branch = Log(epoch=log.epoch)
    branch.bodies = log.bodies[:2]
    for number in range(3):
        branch.add(branch.vote(f"branch {number}"))
    deliver(ingest, branch, 3)
    assert [[*tally.batches] for tally in tallies] == [[BatchOutcome.GAP], [BatchOutcome.NEW], [BatchOutcome.FORKED]]
    assert (tallies[0].again, tallies[2].again, tallies[2].records) == (0, 0, 0)


def test_what_is_set_aside_is_counted(engine: Engine) -> None:
    ingest, tallies = metered(engine)
    log = a_log()
    log.add(log.vote("bad", answer="x" * 40))
    deliver(ingest, log)
    assert sum((tally.quarantined for tally in tallies), start=Tally().quarantined).total() == 1


def test_every_outcome_and_reason_begins_at_nought(watcher: Watcher) -> None:
    watcher.endpoint.meter()
    watcher.endpoint.start()
    told = {key: value for key, value in watcher.read().items() if key[0] in {"vidhuk_batches_total", "vidhuk_quarantined_total"}}
    outcomes = {("vidhuk_batches_total", str(outcome)): 0.0 for outcome in BatchOutcome}
    assert told == outcomes | {("vidhuk_quarantined_total", str(reason)): 0.0 for reason in Reason}


def test_an_ingest_tells_its_numbers(engine: Engine, watcher: Watcher) -> None:
    meter = watcher.endpoint.meter()
    meter.watch(inbox=lambda: 7, is_connected=lambda: True)
    watcher.endpoint.start()
    ingest = Ingest(engine, settings=lambda *_: None, meter=meter)
    log = a_log()
    deliver(ingest, log)
    deliver(ingest, log)
    ingest.handle(batch_topic(KIOSK), b"?", MORNING)
    numbers = watcher.read()
    expected = {
        ("vidhuk_batches_total", "new"): 1,
        ("vidhuk_batches_total", "again"): 1,
        ("vidhuk_batches_total", "unreadable"): 1,
        ("vidhuk_records_total", ""): 4,
        ("vidhuk_records_again_total", ""): 4,
        ("vidhuk_votes_total", ""): 3,
        ("vidhuk_quarantined_total", "undecodable"): 1,
        ("vidhuk_commit_seconds_count", ""): 3,
        ("vidhuk_delivery_seconds_count", ""): 1,
        ("vidhuk_inbox_messages", ""): 7,
        ("vidhuk_broker_connected", ""): 1,
    }
    assert {key: numbers.get(key) for key in expected} == expected
    assert watcher.endpoint.is_alive()


def test_the_fleet_tells_its_numbers_and_names_nobody(engine: Engine, watcher: Watcher) -> None:
    ingest, _ = metered(engine)
    state = State(online=True, session=ids("session"), outbox=42, faults=("paper_end", "no_sound"))
    ingest.handle(state_topic(KIOSK), encode(state), MORNING)
    ingest.handle(batch_topic(OTHER), b"?", MORNING)
    with writing(engine) as connection:
        send(connection, Wish(KIOSK, CommandKind.SELF_TEST, "olena"), MORNING)
    watcher.endpoint.watch_fleet(engine, lambda: MORNING + 5_000)
    watcher.endpoint.start()
    numbers = watcher.read()
    expected = {
        ("vidhuk_database_up", ""): 1,
        ("vidhuk_kiosks", ""): 2,
        ("vidhuk_kiosks_online", ""): 1,
        ("vidhuk_kiosk_online", KIOSK): 1,
        ("vidhuk_kiosk_outbox_records", KIOSK): 42,
        ("vidhuk_kiosk_faults", KIOSK): 2,
        ("vidhuk_kiosk_silent_seconds", KIOSK): 5,
        ("vidhuk_commands_waiting", ""): 1,
        ("vidhuk_quarantine_messages", ""): 1,
    }
    assert {key: numbers.get(key) for key in expected} == expected
    assert numbers["vidhuk_database_bytes", ""] > 100_000
    labels = {label for name, label in numbers if name.startswith("vidhuk_") and label}
    assert labels <= {KIOSK, OTHER}


def test_while_the_database_is_away_only_that_is_told(tmp_path: Path, watcher: Watcher) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    with writing(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE other (id INTEGER)")
    watcher.endpoint.watch_fleet(engine, lambda: MORNING)
    watcher.endpoint.start()
    numbers = watcher.read()
    engine.dispose()
    assert [(key, value) for key, value in numbers.items() if key[0].startswith("vidhuk_")] == [(("vidhuk_database_up", ""), 0)]


def test_a_taken_port_is_named_with_its_setting() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(PortTakenError, match=r"metrics\.port"):
            Endpoint("127.0.0.1", taken.getsockname()[1]).start()


@pytest.mark.parametrize("port", [-1, 65530])
def test_a_port_that_is_none_is_refused(port: int) -> None:
    with pytest.raises(ConfigError, match=r"metrics\.port"):
        parse_config(f"[metrics]\nport = {port}\n", source="x")


def test_without_a_port_nothing_listens() -> None:
    assert parse_config("", source="x").metrics.port == 0
