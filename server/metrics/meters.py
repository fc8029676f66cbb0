"""The numbers as Prometheus reads them, served on a port of their own. The Prometheus client's only home.

No number names a visitor, a desk or an answer; kiosks are named by their ids.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from server.broker.ports import bind
from server.db.engine import reading
from server.errors import DatabaseUnavailableError
from server.ingest.quarantine import Reason
from server.ingest.tally import BatchOutcome
from server.metrics.fleet import read_numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from threading import Thread
    from wsgiref.simple_server import WSGIServer

    from sqlalchemy import Engine

    from server.ingest.tally import Tally
    from server.metrics.fleet import FleetNumbers, KioskNumbers

_COMMIT_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_DELIVERY_S: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_OF_KIOSK: Final[dict[str, tuple[str, Callable[[KioskNumbers], float]]]] = {
    "online": ("Whether the kiosk is connected.", lambda kiosk: kiosk.online),
    "outbox_records": ("Records that the kiosk has not delivered, by its own last word.", lambda kiosk: kiosk.outbox),
    "faults": ("How much is wrong with the kiosk, by its own last word.", lambda kiosk: kiosk.faults),
    "silent_seconds": ("How old the kiosk's last word is.", lambda kiosk: kiosk.silent_s),
}


class Endpoint:
    """The port on which one process tells its numbers; a part of the server."""

    name = "metrics"

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._served: tuple[WSGIServer, Thread] | None = None

    def watch_fleet(self, engine: Engine, now_ms: Callable[[], int]) -> None:
        """Tell also how the kiosks and the database are."""
        self._registry.register(_Fleet(engine, now_ms))

    def meter(self) -> IngestMeter:
        """Give what counts what ingest does. One endpoint has one."""
        return IngestMeter(self._registry)

    def start(self) -> None:
        """Take the port and serve.

        Raises:
            PortTakenError: another program listens there.
        """
        bind(self._host, self._port, setting="metrics.port").close()
        self._served = start_http_server(self._port, self._host, self._registry)

    def stop(self) -> None:
        """Close the port."""
        if self._served is not None:
            server, thread = self._served
            server.shutdown()
            server.server_close()
            thread.join()

    def is_alive(self) -> bool:
        """Tell whether numbers are served."""
        return self._served is not None and self._served[1].is_alive()


class IngestMeter:
    """Counts what transactions took in; it is the `Meter` of an ingest."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._batches = Counter("vidhuk_batches", "Batches, by what became of them.", ["outcome"], registry=registry)
        self._records = Counter("vidhuk_records", "Records stored for the first time.", registry=registry)
        self._again = Counter("vidhuk_records_again", "Records that came again and were there.", registry=registry)
        self._votes = Counter("vidhuk_votes", "Votes stored for the first time.", registry=registry)
        self._quarantined = Counter("vidhuk_quarantined", "What could not be taken as it came, by reason.", ["reason"], registry=registry)
        for outcome in BatchOutcome:  # what was never told has no rate, and the first one of a kind would not be seen in it
            self._batches.labels(outcome)
        for reason in Reason:
            self._quarantined.labels(reason)
        self._commit = Histogram("vidhuk_commit_seconds", "A transaction with its commit.", buckets=_COMMIT_S, registry=registry)
        self._delivery = Histogram(
            "vidhuk_delivery_seconds", "From a kiosk's sending of a batch to the commit.", buckets=_DELIVERY_S, registry=registry
        )

    def __call__(self, tally: Tally, seconds: float) -> None:
        """Count a transaction that was committed just now."""
        for outcome, times in tally.batches.items():
            self._batches.labels(outcome).inc(times)
        for reason, times in tally.quarantined.items():
            self._quarantined.labels(reason).inc(times)
        self._records.inc(tally.records)
        self._again.inc(tally.again)
        self._votes.inc(tally.votes)
        self._commit.observe(seconds)
        for sent_ms in tally.sent_ms:
            self._delivery.observe(max(0.0, time.time() - sent_ms / 1000))

    def watch(self, *, inbox: Callable[[], int], is_connected: Callable[[], bool]) -> None:
        """Tell also how many messages wait, and whether the broker is there."""
        waiting = Gauge("vidhuk_inbox_messages", "Messages that wait to be taken in.", registry=self._registry)
        waiting.set_function(inbox)
        connected = Gauge("vidhuk_broker_connected", "Whether what kiosks send reaches this process.", registry=self._registry)
        connected.set_function(is_connected)


class _Fleet(Collector):
    """Asks the database whenever it is asked itself."""

    def __init__(self, engine: Engine, now_ms: Callable[[], int]) -> None:
        self._engine = engine
        self._now_ms = now_ms

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Give no names beforehand: that would ask the database before it is needed."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give the numbers; while the database is away, only that it is."""
        try:
            with reading(self._engine) as connection:
                numbers = read_numbers(connection, self._now_ms())
        except DatabaseUnavailableError:
            yield GaugeMetricFamily("vidhuk_database_up", "Whether the database answers.", value=0)
            return
        yield GaugeMetricFamily("vidhuk_database_up", "Whether the database answers.", value=1)
        yield from _families(numbers)


def _families(numbers: FleetNumbers) -> Iterator[GaugeMetricFamily]:
    yield GaugeMetricFamily("vidhuk_database_bytes", "Size of the database.", value=numbers.database_bytes)
    yield GaugeMetricFamily("vidhuk_kiosks", "Registered kiosks.", value=numbers.registered)
    yield GaugeMetricFamily("vidhuk_kiosks_online", "Kiosks that are connected.", value=sum(kiosk.online for kiosk in numbers.kiosks))
    yield GaugeMetricFamily("vidhuk_commands_waiting", "Commands that kiosks may still carry out.", value=numbers.waiting)
    yield GaugeMetricFamily("vidhuk_quarantine_messages", "Different messages in quarantine.", value=numbers.quarantined)
    for name, (meaning, number) in _OF_KIOSK.items():
        family = GaugeMetricFamily(f"vidhuk_kiosk_{name}", meaning, labels=["kiosk"])
        for kiosk in numbers.kiosks:
            family.add_metric([kiosk.kiosk], number(kiosk))
        yield family
