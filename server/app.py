"""The composition root: the only module that knows which parts a server consists of, and in which order they start and stop."""

from __future__ import annotations

import logging
import os
import select
import signal
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

import sdnotify
from sqlalchemy import select as select_rows

from server.broker.files import Listener, hash_password, queue_user, worker_user
from server.broker.ports import bind
from server.broker.supervisor import Supervisor
from server.db.engine import open_engine, reading, writing
from server.db.migrate import migrate
from server.db.schema import users
from server.errors import PartFailedError
from server.fleet.day_keys import DayKeys
from server.fleet.enrolment import Enrolment
from server.fleet.notices import Notices
from server.fleet.renewals import Renewals
from server.ingest.core import Ingest
from server.ingest.mqtt import Address, MqttIngest
from server.integrity.nightly import Nightly
from server.integrity.roots import Roots
from server.keys import load_keys
from server.queue import keys as queue_keys
from server.registry.kiosks import password_hashes
from server.registry.settings import number_settings, remember_address, signed_settings
from server.tls import read_authority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import uvicorn
    from sqlalchemy import Engine

    from server.authority import Authority
    from server.config import Config
    from server.keys import Keys

log = logging.getLogger(__name__)
_TICK_S: Final = 1.0


class Part(Protocol):
    """Something that runs by itself between `start` and `stop`."""

    name: str

    def start(self) -> None:
        """Return when it runs."""

    def stop(self) -> None:
        """Return when it has ended."""

    def is_alive(self) -> bool:
        """Tell whether it still does its work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """What every part stands on."""

    config: Config
    engine: Engine
    keys: Keys

    @property
    def authority(self) -> Authority:
        """The server's own authority; made at the first use."""
        from server.authority import load_authority

        return load_authority(self.config.data_dir)

    @property
    def broker_ca(self) -> str:
        """The certificate of the authority that vouches for the broker (PEM); empty where it speaks no TLS.

        Raises:
            ConfigError: the file of another authority cannot be used.
        """
        broker = self.config.broker
        if not broker.tls:
            return ""
        return self.authority.pem if broker.ca is None else read_authority(broker.ca, setting="[broker] ca")


@contextmanager
def opened(config: Config) -> Iterator[Server]:
    """Open the data folder and the database, bringing both up to date."""
    config.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys = load_keys(config.data_dir)
    engine = open_engine(config.database_url.reveal())
    try:
        migrate(engine, time_zone=config.time_zone)
        with writing(engine) as connection:
            remember_address(connection, config.public_url, is_set=bool(config.web.public_url))
            number_settings(connection)
        yield Server(config=config, engine=engine, keys=keys)
    finally:
        engine.dispose()


def make_broker(server: Server) -> Supervisor:
    """Make the supervised broker."""

    def kiosks() -> Mapping[str, str]:
        with reading(server.engine) as connection:
            queues = {queue_user(name): hashed for name, hashed in queue_keys.password_hashes(connection).items()}
            return password_hashes(connection) | queues

    config, folder = server.config, server.config.data_dir / "broker"
    certificate = server.authority.certify(folder, config.certified_names)
    listener = Listener(config.broker.host, config.broker.port, certificate)
    return Supervisor(folder, listener, password=server.keys.broker_password, kiosks=kiosks)


def make_nightly(server: Server) -> Nightly:
    """Make the part that gives each day its root in the night after it."""
    return Nightly(make_roots(server), now_ms=now_ms)


def make_ingest(server: Server, *, worker: int | None = None) -> MqttIngest:
    """Make ingest; `worker` is its number among several that share the batches."""
    notices = Notices(server.engine, signer=server.keys.sign)
    ingest = Ingest(
        server.engine,
        settings=partial(signed_settings, signer=server.keys.sign),
        notices=notices,
        day_keys=DayKeys(server.engine, signer=server.keys.sign),
        unseal=server.keys.unseal,
    )
    broker = server.config.broker
    address = Address(
        host=broker.called_host,
        port=broker.port,
        ca=server.broker_ca,
        user=worker_user(worker),
        password=server.keys.broker_password,
        shared=worker is not None,
    )
    return MqttIngest(ingest, address, now_ms=now_ms)


def make_enrolment(server: Server) -> Enrolment:
    """Make what takes kiosks in."""
    return Enrolment(
        engine=server.engine,
        keys=server.keys,
        ca=server.broker_ca,
        host=server.config.advertised_host,
        port=server.config.broker.port,
        hash_password=hash_password,
    )


def make_renewals(server: Server) -> Renewals:
    """Make what gives kiosks new credentials."""
    return Renewals(server.keys.sign, hash_password)


def make_roots(server: Server) -> Roots:
    """Make what gives days their roots."""
    return Roots(server.engine, signer=server.keys.sign)


def is_new(server: Server) -> bool:
    """Tell whether nobody has an account yet."""
    with reading(server.engine) as connection:
        return connection.execute(select_rows(users.c.id).limit(1)).first() is None


class Pages:
    """The web pages, served by uvicorn in a thread."""

    name = "web"

    def __init__(self, server: Server) -> None:
        self._server = server
        self._uvicorn: uvicorn.Server | None = None
        self._thread = threading.Thread(target=self._serve, name="web")

    def start(self) -> None:
        """Take the port and serve.

        Raises:
            PortTakenError: another program listens there.
        """
        import uvicorn

        from server.web.app import create_web
        from server.web.enrol import Entry

        web = self._server.config.web
        self._socket = bind(web.host, web.port, setting="web.port")
        pages = create_web(
            self._server.engine,
            public_url=self._server.config.public_url,
            now_ms=now_ms,
            entry=Entry(make_enrolment(self._server), make_renewals(self._server)),
        )
        config = uvicorn.Config(pages, log_config=None, access_log=False, server_header=False, ws="none", timeout_graceful_shutdown=2)
        self._uvicorn = uvicorn.Server(config)
        self._thread.start()
        while self._thread.is_alive() and not self._uvicorn.started:
            time.sleep(0.02)
        if not self._uvicorn.started:
            raise PartFailedError("the pages do not come up; the reason is above")

    def stop(self) -> None:
        """Let running requests end, then close."""
        if self._uvicorn is not None:
            self._uvicorn.should_exit = True
            if self._thread.is_alive():
                self._thread.join()
            self._socket.close()

    def is_alive(self) -> bool:
        """Tell whether pages are served."""
        return self._thread.is_alive()

    def _serve(self) -> None:
        assert self._uvicorn is not None  # noqa: S101 - start() made it
        try:
            self._uvicorn.run(sockets=[self._socket])
        except Exception:  # the thread's outermost frame: the process ends, and its supervisor starts it again
            log.exception("the pages have failed")


def run_parts(parts: Sequence[Part], *, on_ready: Callable[[], None] = lambda: None) -> None:
    """Start parts in order, watch over them until SIGTERM or SIGINT, and stop them in reverse order.

    Raises:
        PartFailedError: one of them ended by itself.
    """
    notifier = sdnotify.SystemdNotifier()
    with ExitStack() as stack:
        stopped = stack.enter_context(_stop_signals())
        for part in parts:
            stack.callback(part.stop)
            part.start()
        notifier.notify("READY=1")
        on_ready()
        while not stopped(_TICK_S):
            for part in parts:
                if not part.is_alive():
                    raise PartFailedError(f"{part.name} has ended by itself; the reason is above")
            notifier.notify("WATCHDOG=1")
        log.info("stopping")
        notifier.notify("STOPPING=1")


@contextmanager
def _stop_signals() -> Iterator[Callable[[float], bool]]:
    """Give a function that waits for a stop signal. A pipe carries it: locks taken in a signal's function could block for ever."""
    read_end, write_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    previous = {number: signal.signal(number, lambda _number, _frame: None) for number in (signal.SIGTERM, signal.SIGINT)}
    signal.set_wakeup_fd(write_end)
    try:
        yield lambda within_s: bool(select.select([read_end], [], [], within_s)[0])
    finally:
        signal.set_wakeup_fd(-1)
        for number, action in previous.items():
            signal.signal(number, action)
        os.close(read_end)
        os.close(write_end)


def now_ms() -> int:
    """Give the time in milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000
