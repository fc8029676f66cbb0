"""Real services for tests: a PostgreSQL and a Mosquitto of their own, on free ports or sockets, gone with the test."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psycopg
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from server.authority import load_authority
from server.tls import believing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from paho.mqtt.reasoncodes import ReasonCode

    from server.authority import Certificate


def eventually(condition: Callable[[], object], *, within_s: float = 10.0) -> None:
    """Return as soon as the condition holds; fail when it does not in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {within_s} s: {condition}"
        time.sleep(0.01)


def free_port() -> int:
    """Give a TCP port on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def certified(folder: Path) -> tuple[str, Certificate]:
    """Give an authority of the test's own (PEM), and a certificate by it for this machine."""
    authority = load_authority(folder)
    return authority.pem, authority.certify(folder / "tls", ("127.0.0.1", "localhost"))


@dataclass
class PostgresCluster:
    """A running PostgreSQL that listens on a socket in `folder` only."""

    folder: Path
    made: int = 0

    def execute(self, statement: str) -> None:
        with psycopg.connect(f"host={self.folder} user=vidhuk dbname=postgres", autocommit=True) as connection:
            connection.execute(statement.encode())

    def create_database(self, *, template: str = "template0") -> str:
        self.made += 1
        name = f"test{self.made}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def url(self, name: str) -> str:
        return f"postgresql://vidhuk@/{name}?host={self.folder}"


def find_postgres() -> Path | None:
    """Give the folder of the newest installed PostgreSQL's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("postgres")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@contextmanager
def run_postgres(programs: Path, *, durable: bool = False) -> Iterator[PostgresCluster]:
    """Start a PostgreSQL in a folder of its own; root, which PostgreSQL refuses, lends it to the user postgres.

    Tests need no `durable` one: with the machine, they end too.
    """
    folder = Path(tempfile.mkdtemp(prefix="vidhuk-pg-"))  # short: a socket's path has at most 107 characters
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    data = str(folder / "data")
    initdb = [*_as_user(), str(programs / "initdb"), "-D", data, "-U", "vidhuk", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run(initdb, check=True, capture_output=True, cwd=folder)
    server = start_postgres(programs, folder, durable=durable)
    cluster = PostgresCluster(folder)
    try:
        eventually(lambda: accepts(cluster), within_s=30)
        yield cluster
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)
        shutil.rmtree(folder)


def start_postgres(programs: Path, folder: Path, *, durable: bool = False) -> subprocess.Popen[bytes]:
    """Start the PostgreSQL whose cluster is in `folder`; it takes a moment until it answers."""
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(folder),
        "fsync": "on" if durable else "off",
        "max_connections": "100",
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with (folder / "log").open("ab") as log:
        command = [*_as_user(), str(programs / "postgres"), "-D", str(folder / "data"), *options]
        return subprocess.Popen(command, stderr=log, stdout=log, cwd=folder)


def _as_user() -> list[str]:
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] if os.geteuid() == 0 else []


def accepts(cluster: PostgresCluster) -> bool:
    """Tell whether it answers."""
    try:
        cluster.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


class Station:
    """An MQTT client with an inbox, for tests that speak to a real broker."""

    def __init__(  # noqa: PLR0913 - what a client is
        self, port: int, user: str, password: str, ca: str, *, will: tuple[str, bytes] | None = None, clean: bool = True
    ) -> None:
        self.received: list[tuple[str, bytes, bool]] = []
        self.failure = ""
        self.connections = 0
        self.refusals = 0
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=user, clean_session=clean)
        self._client.username_pw_set(user, password)
        self._client.tls_set_context(believing(ca))
        self._client.on_message = lambda _client, _data, message: self.received.append(
            (message.topic, bytes(message.payload), message.retain)
        )
        self._client.on_connect = self._connected
        if will is not None:
            self._client.will_set(*will, qos=1, retain=True)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def is_connected(self) -> bool:
        return self._client.is_connected()

    def subscribe(self, *topics: str) -> None:
        granted: list[object] = []
        self._client.on_subscribe = lambda *arguments: granted.append(arguments)
        self._client.subscribe([(topic, 1) for topic in topics])
        eventually(lambda: granted)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish and wait for the broker's own acknowledgement, which it gives to what it denies too."""
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(10)

    def publish_all(self, topics: Iterable[str], payload: bytes, *, retain: bool = False) -> None:
        """Publish the same on each topic, in this order, and wait for the last."""
        for sent in [self._client.publish(topic, payload, qos=1, retain=retain) for topic in topics]:
            sent.wait_for_publish(10)

    def publish_soon(self, topic: str, payload: bytes) -> None:
        """Publish without waiting."""
        self._client.publish(topic, payload, qos=1)

    def payloads(self, topic: str) -> list[bytes]:
        return [payload for received, payload, _ in list(self.received) if received == topic]

    def _connected(self, _client: object, _data: object, _flags: object, reason: ReasonCode, _properties: object) -> None:
        self.failure = str(reason) if reason.is_failure else ""
        self.connections += not reason.is_failure
        self.refusals += reason.is_failure
