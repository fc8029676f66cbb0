"""A server with its database, broker and ingest, put together as `vidhuk-server` puts them together, and kiosks that deliver to it."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, Self

from demo.house import CENTRE, free_port, wait_for
from faults.network.kiosk import VotingKiosk
from server.app import make_broker, make_ingest, now_ms, opened
from server.broker.files import hash_password
from server.config import parse_config
from server.db.engine import writing
from server.ingest.store import read_server
from server.registry.file import parse_registry
from server.registry.kiosk_toml import KioskFile
from server.registry.kiosks import Wish, add_kiosk
from server.registry.load import load_registry
from server.tls import believing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from server.broker.supervisor import Supervisor
    from server.ingest.mqtt import MqttIngest

SITE: Final = "center"


class Centre:
    """One centre in a folder of its own, gone with it. Nothing runs before it is started."""

    def __init__(self, *, database: str = "", host: str = "127.0.0.1") -> None:
        """`database` is an address, a SQLite file where it is empty; the broker listens at `host`."""
        self._database, self._host = database, host
        self._stack = ExitStack()
        self._ingests: list[MqttIngest] = []
        self._broker: Supervisor | None = None
        self.kiosks: list[VotingKiosk] = []
        self.port = _quiet_port()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            # In this folder: a machine's temporary one may be in memory, where no kiosk keeps votes.
            self.folder = Path(stack.enter_context(TemporaryDirectory(dir=".", prefix=".faults-"))).absolute()
            database = f'database = "{self._database}"\n' if self._database else ""
            text = f'data_dir = "{self.folder / "server"}"\n{database}[broker]\nhost = "{self._host}"\nport = {self.port}\n'
            self.server = stack.enter_context(opened(parse_config(text, source="faults")))
            self.engine = self.server.engine
            with writing(self.engine) as connection:
                load_registry(connection, parse_registry(CENTRE.read_text(encoding="utf-8"), source=CENTRE.name), now_ms=now_ms())
                self.generation = read_server(connection)[0]
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        with self._stack as stack:  # whatever one of them raises, all are ended
            stack.callback(self.stop_broker)
            stack.callback(self.stop_ingest)
            for kiosk in self.kiosks:
                stack.callback(kiosk.close)
            for kiosk in self.kiosks:
                kiosk.ask_to_stop()

    def start(self, kiosks: int = 0) -> None:
        """Start broker and ingest, and so many kiosks with their delivery."""
        added = self.add_kiosks(kiosks)
        self.start_broker()
        self.start_ingest()
        for kiosk in added:
            kiosk.start_delivery()

    def add_kiosks(self, count: int, *, host: str = "", port: int = 0) -> list[VotingKiosk]:
        """Add kiosks that reach the broker at `host` and `port`, or where it is."""
        with writing(self.engine) as connection:
            files = [self._enrol(connection, f"kiosk-{len(self.kiosks) + number:04}", host, port) for number in range(count)]
        added = [VotingKiosk(self.folder / "kiosks" / file.id, file) for file in files]
        self.kiosks += added
        return added

    def _enrol(self, connection: Connection, name: str, host: str, port: int) -> KioskFile:
        new = add_kiosk(connection, Wish(name=name, site=SITE, desk=None), hash_password=hash_password, now_ms=now_ms())
        keys = self.server.keys
        return KioskFile(
            id=new.id,
            hardware="simulated",
            host=host or self._host,
            port=port or self.port,
            credential=new.credential,
            signing_key=keys.signing_public,
            sealing_key=keys.sealing_public,
            ca=self.server.broker_ca,
        )

    def start_broker(self) -> None:
        """Start the broker; a new supervisor has no pauses behind it yet."""
        self._broker = make_broker(self.server)
        self._broker.start()

    def stop_broker(self) -> None:
        """End the broker as its supervisor would."""
        if self._broker is not None:
            self._broker.stop()
        self._broker = None

    def kill_broker(self) -> None:
        """SIGKILL Mosquitto, and keep its supervisor from starting it again."""
        pid = self.broker_pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        self.stop_broker()

    @property
    def broker_pid(self) -> int | None:
        """The number of Mosquitto's process, None while there is none."""
        return self._broker.pid if self._broker is not None else None

    def dial(self) -> socket.socket:
        """Open a connection to the broker on which nothing was said yet but TLS's own words."""
        connection = socket.create_connection((self._host, self.port), timeout=5)
        return believing(self.server.broker_ca).wrap_socket(connection, server_hostname=self._host)

    def start_ingest(self, *, worker: int | None = None) -> MqttIngest:
        """Start an ingest, or a numbered `worker` of several, and wait until it hears the kiosks."""
        ingest = make_ingest(self.server, worker=worker)
        self._ingests.append(ingest)
        ingest.start()
        wait_for(ingest.is_connected, "ingest")
        return ingest

    def stop_ingest(self) -> None:
        """End every ingest."""
        while self._ingests:
            self._ingests.pop().stop()

    def drain(self, within_s: float, kiosks: Sequence[VotingKiosk] = ()) -> bool:
        """Wait until all records of these kiosks, or of all, are acknowledged; whether it was in time."""
        try:
            wait_for(lambda: not any(kiosk.undelivered() for kiosk in kiosks or self.kiosks), "everything acknowledged", within_s)
        except RuntimeError:
            return False
        return True


def _quiet_port() -> int:
    """Give a port from which no connection of this machine starts: who calls such a one while nobody listens can reach itself."""
    first = 20_000 + os.getpid() % 5_000
    return next(port for port in range(first, 32_000) if free_port(port) == port)
