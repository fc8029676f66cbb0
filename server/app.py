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
from typing import TYPE_CHECKING, Any, Final, Protocol

import sdnotify
from sqlalchemy import select as select_rows

from feedback.known_types import know_types
from server.backup.begun import require_whole
from server.backup.kept_list import KeptList
from server.backup.trying import clear_left
from server.broker.files import Listener, hash_password, queue_user, worker_user
from server.broker.kept import KeptFiles, Place
from server.broker.ports import bind
from server.broker.supervisor import Supervisor
from server.db.engine import open_engine, reading, writing
from server.db.founded import is_used
from server.db.migrate import migrate
from server.db.schema import users
from server.errors import PartFailedError
from server.fleet.commands import Commands
from server.fleet.day_keys import DayKeys
from server.fleet.enrolment import Enrolment
from server.fleet.notices import Notices
from server.fleet.renewals import Renewals
from server.ingest.core import Ingest
from server.ingest.mqtt import Address, MqttIngest
from server.ingest.tally import unmetered
from server.integrity.nightly import Nightly
from server.integrity.roots import Roots
from server.keys import load_keys
from server.misuse.nightly import Judging
from server.queue import keys as queue_keys
from server.registry.kiosks import password_hashes
from server.registry.settings import number_settings, remember_address, signed_settings
from server.tls import check_pair, read_authority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import uvicorn
    from sqlalchemy import Engine

    from server.authority import Authority
    from server.config import Config
    from server.keys import Keys
    from server.metrics.meters import Endpoint

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
    """Open the data folder and the database, bringing both up to date.

    Raises:
        BackupError: a restore into this folder was cut short, or what a killed backup has left there cannot be cleared.
    """
    require_whole(config.data_dir)
    config.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    clear_left(config.data_dir)
    engine = open_engine(config.database_url.reveal())
    try:
        migrate(engine, time_zone=config.time_zone)
        with reading(engine) as connection:
            keys = load_keys(config.data_dir, is_used=is_used(connection))
        with writing(engine) as connection:
            remember_address(connection, config.public_url, is_set=bool(config.web.public_url))
            number_settings(connection, now_ms=now_ms())
        yield Server(config=config, engine=engine, keys=keys)
    finally:
        engine.dispose()


def broker_parts(server: Server) -> list[Part]:
    """Make what has to run here for the broker: Mosquitto itself, or what keeps the files of somebody else's; nothing for any other."""
    config = server.config
    if config.broker.supervised:
        return [make_broker(server)]
    if config.broker.files is None:
        return []
    place, users = broker_place(config, config.broker.files), partial(broker_users, server)
    return [KeptFiles(place, server.authority, password=server.keys.broker_password, users=users)]


def make_broker(server: Server) -> Supervisor:
    """Make what keeps a Mosquitto of our own running."""
    config = server.config
    folder = config.data_dir / "broker"
    listener = Listener(config.broker.host, config.broker.port, server.authority.certify(folder, config.certified_names))
    return Supervisor(folder, listener, password=server.keys.broker_password, kiosks=partial(broker_users, server))


def broker_users(server: Server) -> dict[str, str]:
    """Give who may connect to the broker beside the server, with the hashes of their passwords."""
    with reading(server.engine) as connection:
        queues = {queue_user(name): hashed for name, hashed in queue_keys.password_hashes(connection).items()}
        return password_hashes(connection) | queues


def broker_place(config: Config, folder: Path) -> Place:
    """Say where the files of somebody else's Mosquitto are, and where it listens."""
    return Place(folder=folder.absolute(), host=config.broker.host, port=config.broker.port, names=config.certified_names)


def make_nightly(server: Server) -> Nightly:
    """Make the part that gives each day its root in the night after it."""
    return Nightly(make_roots(server), now_ms=now_ms)


def make_judging(server: Server) -> Judging:
    """Make the part that looks for misuse in the votes of each day in the night after it."""
    return Judging(server.engine, now_ms=now_ms)


def make_kept_list(server: Server) -> KeptList:
    """Make the part that keeps the list for restores current in the data folder."""
    return KeptList(server.engine, server.config.data_dir, server.keys.signing_public, now_ms=now_ms)


def make_metrics(server: Server, *, fleet: bool, number: int = 0) -> list[Endpoint]:
    """Make the part that tells numbers, or nothing where none are wanted; `number` is added to the port, one for each process.

    `fleet` is whether it tells how the kiosks are, which one of the processes does.
    """
    wanted = server.config.metrics
    if wanted.port == 0:
        return []
    from server.metrics.meters import Endpoint

    endpoint = Endpoint(wanted.host, wanted.port + number)
    if fleet:
        endpoint.watch_fleet(server.engine, now_ms)
    return [endpoint]


def make_ingest(server: Server, *, worker: int | None = None, metrics: Sequence[Endpoint] = ()) -> MqttIngest:
    """Make ingest; `worker` is its number among several that share the batches, `metrics` tells its numbers."""
    meter = metrics[0].meter() if metrics else None
    notices = Notices(server.engine, signer=server.keys.sign)
    ingest = Ingest(
        server.engine,
        settings=partial(signed_settings, signer=server.keys.sign),
        notices=notices,
        day_keys=DayKeys(server.engine, signer=server.keys.sign),
        commands=Commands(server.engine, signer=server.keys.sign),
        unseal=server.keys.unseal,
        meter=meter or unmetered,
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
    running = MqttIngest(ingest, address, now_ms=now_ms)
    if meter is not None:
        meter.watch(inbox=running.waiting, is_connected=running.is_connected)
    return running


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
            ConfigError: the files of its certificate cannot be used.
        """
        import uvicorn

        from server.web.app import create_web
        from server.web.enrol import Entry

        web, tls = self._server.config.web, self._tls()
        self._socket = bind(web.host, web.port, setting="web.port")
        pages = create_web(
            self._server.engine,
            public_url=self._server.config.public_url,
            now_ms=now_ms,
            entry=Entry(make_enrolment(self._server), make_renewals(self._server)),
        )
        config = uvicorn.Config(
            pages, log_config=None, access_log=False, server_header=False, ws="none", timeout_graceful_shutdown=2, **tls
        )
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

    def _tls(self) -> dict[str, Any]:
        config = self._server.config
        if not config.web.is_https:
            return {}
        if config.web.certificate is not None and config.web.key is not None:
            from server.authority import Certificate

            files = check_pair(Certificate(certificate=config.web.certificate, key=config.web.key))
        else:
            files = self._server.authority.certify(config.data_dir / "web", config.certified_names)
        return {"ssl_certfile": files.certificate, "ssl_keyfile": files.key}

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
    know_types()
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
