"""A real Mosquitto, configured and supervised as in production."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec
import pytest

from feedback.commands import Command, CommandKind, Outcome, Result
from feedback.configuration import Secret
from feedback.notice import AnnouncementKind, Notice
from feedback.records import Moment
from feedback.tickets import DayKey
from feedback.wire import (
    ROOT,
    SERVER_STATE_TOPIC,
    Ack,
    ServerState,
    Signed,
    SignedList,
    State,
    ack_topic,
    batch_topic,
    command_topic,
    day_keys_topic,
    decode,
    diagnostics_topic,
    encode,
    hello_topic,
    notice_topic,
    result_topic,
    settings_topic,
    state_topic,
)
from server.broker import files
from server.broker.files import SERVER_USER, Listener, hash_password
from server.broker.supervisor import Supervisor
from server.db import schema
from server.db.engine import reading, writing
from server.errors import BrokerError, DatabaseUnavailableError, PortTakenError
from server.fleet.announcements import Wish as Announcing
from server.fleet.announcements import announce, withdraw
from server.fleet.commands import Commands, latest, send
from server.fleet.commands import Wish as Asking
from server.fleet.day_keys import DayKeys
from server.fleet.notices import Notices
from server.ingest.core import Ingest
from server.ingest.mqtt import Address, MqttIngest
from server.ingest.tally import Tally, unmetered
from server.ratings import rollups
from server.registry.kiosks import Wish, add_kiosk, password_hashes, remove_kiosk
from server.tls import believing
from tests.server.kit import KIOSK, MORNING, OTHER, Log, reasons, rows
from tests.services import Station, certified, eventually, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from uuid import UUID

    from sqlalchemy import Engine

    from server.ingest.messages import Message, Reply
    from server.ingest.tally import Meter

pytestmark = [pytest.mark.broker, pytest.mark.usefixtures("mosquitto_program")]
PASSWORD = "the server's own"


class Broker:
    """A supervised Mosquitto whose kiosks are a plain dict: name → password."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.kiosks: dict[str, str] = {KIOSK: hash_password("one"), OTHER: hash_password("two")}
        self.ca, certificate = certified(folder)
        listener = Listener("127.0.0.1", self.port, certificate)
        self.supervisor = Supervisor(folder / "broker", listener, password=Secret(PASSWORD), kiosks=self.ask)

    def ask(self) -> Mapping[str, str]:
        return self.kiosks

    def server(self) -> Station:
        return self.station(SERVER_USER, PASSWORD)

    def station(self, user: str, password: str, *, will: tuple[str, bytes] | None = None) -> Station:
        station = Station(self.port, user, password, self.ca, will=will)
        eventually(lambda: station.is_connected() or station.failure)
        return station


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path)
    broker.supervisor.start()
    yield broker
    broker.supervisor.stop()


@contextmanager
def running_ingest(  # noqa: PLR0913 - what a test varies
    engine: Engine,
    broker: Broker,
    *,
    user: str = SERVER_USER,
    shared: bool = False,
    now_ms: Callable[[], int] = lambda: MORNING,
    meter: Meter = unmetered,
) -> Iterator[MqttIngest]:
    address = Address(host="127.0.0.1", port=broker.port, ca=broker.ca, user=user, password=Secret(PASSWORD), shared=shared)
    notices = Notices(engine, signer=lambda _: bytes(64))
    day_keys = DayKeys(engine, signer=lambda _: bytes(64))
    commands = Commands(engine, signer=lambda _: bytes(64))
    told = {"notices": notices, "day_keys": day_keys, "commands": commands}
    core = Ingest(engine, settings=lambda _connection, kiosk: f"settings of {kiosk}".encode(), meter=meter, **told)  # type: ignore[arg-type]
    ingest = MqttIngest(core, address, now_ms=now_ms)
    ingest.start()
    try:
        eventually(ingest.is_connected)
        yield ingest
    finally:
        ingest.stop()


def test_a_hash_is_what_mosquitto_itself_would_write() -> None:
    salt, expected = bytes(12), "$7$101$AAAAAAAAAAAAAAAA$"
    assert hash_password("x", salt=salt).startswith(expected)
    assert hash_password("x") != hash_password("x")


def test_only_known_users_with_their_password_may_connect(broker: Broker) -> None:
    for user, password in ((KIOSK, "two"), ("stranger-1", "one"), ("", ""), ("#", "one")):
        with broker.station(user, password) as station:
            assert not station.is_connected()
            assert station.failure


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_older_tls_and_none_at_all_are_not_spoken(broker: Broker) -> None:
    asking = believing(broker.ca)
    asking.minimum_version, asking.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, ssl.TLSVersion.TLSv1_1
    asking.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", broker.port)) as opened, pytest.raises(ssl.SSLError, match="alert protocol version"):
        asking.wrap_socket(opened, server_hostname="127.0.0.1")
    with socket.create_connection(("127.0.0.1", broker.port)) as plain, suppress(ConnectionResetError):
        plain.sendall(bytes.fromhex("100c00044d5154540402003c0000"))
        assert not plain.recv(100).startswith(b"\x20"), "no CONNACK in the clear"


def test_a_kiosk_says_only_what_is_its_own(broker: Broker) -> None:
    with broker.server() as server, broker.station(KIOSK, "one") as kiosk:
        server.subscribe("#")
        own = [topic(KIOSK) for topic in (batch_topic, hello_topic, state_topic, result_topic, diagnostics_topic)]
        denied = [
            topic(OTHER) for topic in (batch_topic, hello_topic, state_topic, ack_topic, settings_topic, result_topic, diagnostics_topic)
        ]
        denied += [topic(KIOSK) for topic in (ack_topic, settings_topic, notice_topic, day_keys_topic, command_topic)]
        denied += [SERVER_STATE_TOPIC, "else"]
        for topic in [*denied, *own]:
            kiosk.publish(topic, b"x")
        eventually(lambda: len(server.received) >= len(own))
        assert [topic for topic, _, _ in server.received] == own


def test_a_kiosk_hears_only_what_is_its_own(broker: Broker) -> None:
    with broker.server() as server, broker.station(KIOSK, "one") as kiosk:
        kiosk.subscribe("#", "vidhuk/v1/k/+/batch", ack_topic(OTHER))
        denied = [topic(OTHER) for topic in (batch_topic, ack_topic, settings_topic, state_topic, day_keys_topic, command_topic)] + [
            batch_topic(KIOSK),
            "vidhuk/v1/else",
        ]
        own = [topic(KIOSK) for topic in (ack_topic, settings_topic, notice_topic, day_keys_topic, command_topic)] + [SERVER_STATE_TOPIC]
        for topic in [*denied, *own]:
            server.publish(topic, b"x")
        eventually(lambda: len(kiosk.received) >= len(own))
        assert {topic for topic, _, _ in kiosk.received} == set(own)


def test_an_added_kiosk_is_let_in_and_a_removed_one_is_cut(broker: Broker) -> None:
    broker.kiosks = {**broker.kiosks, "new-kiosk-1": hash_password("three")}
    eventually(lambda: "new-kiosk-1" in (broker.supervisor._folder / "passwords").read_text())

    def let_in() -> bool:
        with broker.station("new-kiosk-1", "three") as station:
            return station.is_connected()

    eventually(let_in)
    with broker.station("new-kiosk-1", "three") as new, broker.station(KIOSK, "one") as old:
        broker.kiosks = {KIOSK: broker.kiosks[KIOSK]}
        eventually(lambda: not new.is_connected())
        assert old.is_connected()


def test_who_gets_the_name_of_a_removed_one_gets_nothing_of_its_session(broker: Broker) -> None:
    others = broker.kiosks
    broker.kiosks = {**others, "new-kiosk-1": hash_password("three")}
    with Station(broker.port, "new-kiosk-1", "three", broker.ca, clean=False) as removed:
        eventually(removed.is_connected)
        removed.subscribe(ack_topic("new-kiosk-1"))
        broker.kiosks = others
        eventually(lambda: removed.failure)
    with broker.server() as server:
        eventually(lambda: "new-kiosk-1" not in (broker.supervisor._folder / "passwords").read_text())
        server.publish(ack_topic("new-kiosk-1"), b"for the removed one")
        broker.kiosks = {**others, "new-kiosk-1": hash_password("four")}
        with Station(broker.port, "new-kiosk-1", "four", broker.ca, clean=False) as added:
            eventually(added.is_connected)
            added.subscribe(SERVER_STATE_TOPIC)
            server.publish(SERVER_STATE_TOPIC, b"for all")
            eventually(lambda: added.received)
            assert [payload for _, payload, _ in added.received] == [b"for all"]


def test_a_killed_mosquitto_is_started_again(broker: Broker) -> None:
    before = broker.supervisor.pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    eventually(lambda: broker.supervisor.pid not in {None, before})
    eventually(broker.supervisor.listens)
    with broker.server() as server:
        assert server.is_connected()


def test_files_are_for_this_user_only(broker: Broker) -> None:
    folder = broker.supervisor._folder
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_mosquitto_dies_with_a_server_that_is_killed(tmp_path: Path) -> None:
    port = free_port()
    program = f"""
import time
from pathlib import Path
from server.authority import load_authority
from server.broker.files import Listener
from server.broker.supervisor import Supervisor
from feedback.configuration import Secret
folder = Path({str(tmp_path)!r})
listener = Listener("127.0.0.1", {port}, load_authority(folder).certify(folder, ["127.0.0.1"]))
broker = Supervisor(folder, listener, password=Secret("x"), kiosks=dict)
broker.start()
print(broker.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        pid = int(server.stdout.readline())
        server.kill()
    eventually(lambda: not _runs(pid))


def _runs(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123 - a zombie nobody waits for has ended too
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_taken_port_is_named_with_its_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.broker.supervisor._PORT_WAIT_S", 0.0)
    broker = Broker(tmp_path)
    with socket.create_server(("127.0.0.1", broker.port)), pytest.raises(PortTakenError, match=rf"port {broker.port} .*broker\.port"):
        broker.supervisor.start()


def test_one_folder_has_one_broker(broker: Broker, tmp_path: Path) -> None:
    second = Broker(tmp_path)
    with pytest.raises(BrokerError, match="another vidhuk-server runs the broker"):
        second.supervisor.start()
    second.supervisor.stop()
    assert broker.supervisor.listens()


def test_without_mosquitto_the_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_arguments, **_options: None)
    with pytest.raises(BrokerError, match="install the package mosquitto"):
        Broker(tmp_path).supervisor.start()


def test_a_vote_is_acknowledged_through_a_real_broker(engine: Engine, broker: Broker) -> None:
    log = Log()
    log.add_context()
    log.add(log.vote("a"))
    state = State(online=True, session=uuid4())
    will = (state_topic(KIOSK), encode(State(online=False, session=state.session)))
    with running_ingest(engine, broker) as ingest, broker.station(KIOSK, "one", will=will) as kiosk:
        kiosk.subscribe(ack_topic(KIOSK), settings_topic(KIOSK), SERVER_STATE_TOPIC)
        kiosk.publish(state_topic(KIOSK), encode(state), retain=True)
        kiosk.publish(hello_topic(KIOSK), log.hello())
        kiosk.publish(batch_topic(KIOSK), log.batch())
        eventually(lambda: len(kiosk.payloads(ack_topic(KIOSK))) == 2)
        assert [decode(payload, Ack).seq for payload in kiosk.payloads(ack_topic(KIOSK))] == [0, 2]
        assert f"settings of {KIOSK}".encode() in kiosk.payloads(settings_topic(KIOSK))
        eventually(lambda: rows(engine, schema.kiosk_states)[0]["online"])
        opened = ingest._client.socket()
        assert opened is not None
        assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), "else every acknowledgement waits 40 ms"
        assert [decode(payload, ServerState).online for payload in kiosk.payloads(SERVER_STATE_TOPIC)] == [True]
    assert len(rows(engine, schema.votes)) == 1


def test_a_kiosk_is_told_of_an_air_raid_and_of_its_end_within_two_seconds(engine: Engine, broker: Broker) -> None:
    def told(kiosk: Station) -> list[int]:
        documents = [decode(payload, Signed).document for payload in kiosk.payloads(notice_topic(KIOSK))]
        return [len(msgspec.json.decode(document, type=Notice).announcements) for document in documents]

    with running_ingest(engine, broker), broker.station(KIOSK, "one") as kiosk:
        kiosk.subscribe(notice_topic(KIOSK))
        eventually(lambda: told(kiosk) == [0])
        with writing(engine) as connection:
            number = announce(connection, Announcing(kind=AnnouncementKind.AIR_RAID), MORNING)
        eventually(lambda: told(kiosk) == [0, 1], within_s=2)
        with writing(engine) as connection:
            withdraw(connection, number, MORNING)
        eventually(lambda: told(kiosk) == [0, 1, 0], within_s=2)


def test_a_kiosk_is_told_the_keys_of_days_when_it_connects_and_when_a_day_has_passed(engine: Engine, broker: Broker) -> None:
    def told(kiosk: Station) -> list[list[str]]:
        lists = [decode(payload, SignedList).documents for payload in kiosk.payloads(day_keys_topic(KIOSK))]
        return [[msgspec.json.decode(one.document, type=DayKey).day for one in documents] for documents in lists]

    clock = [MORNING]
    with running_ingest(engine, broker, now_ms=lambda: clock[0]):
        eventually(lambda: rows(engine, schema.day_keys))
        with broker.station(KIOSK, "one") as kiosk:
            kiosk.subscribe(day_keys_topic(KIOSK))
            eventually(lambda: told(kiosk))
            assert (told(kiosk)[0][0], told(kiosk)[0][-1]) == ("2025-10-06", "2025-10-16")
            clock[0] += 86_400_000
            eventually(lambda: told(kiosk)[-1][0] == "2025-10-07", within_s=3)
            assert len(told(kiosk)) == 2, "only what has changed is published"
            assert {row["day"] for row in rows(engine, schema.day_keys)} == {*told(kiosk)[-1]}


def test_a_command_waits_at_the_broker_for_its_kiosk_until_that_has_answered(engine: Engine, broker: Broker) -> None:
    def asked(kiosk: Station) -> list[UUID]:
        lists = [decode(payload, SignedList) for payload in kiosk.payloads(command_topic(KIOSK))]
        return [msgspec.json.decode(one.document, type=Command).id for one in lists[-1].documents] if lists else []

    with running_ingest(engine, broker):
        with writing(engine) as connection:
            sent = send(connection, Asking(KIOSK, CommandKind.SELF_TEST, "olena"), MORNING)
        with broker.station(files.worker_user(9), PASSWORD) as watcher:
            watcher.subscribe(command_topic(KIOSK))
            eventually(lambda: asked(watcher) == [sent.id])
    with broker.station(KIOSK, "one") as kiosk, running_ingest(engine, broker):
        kiosk.subscribe(command_topic(KIOSK))
        eventually(lambda: asked(kiosk) == [sent.id])
        kiosk.publish(result_topic(KIOSK), encode(Result(sent.id, Outcome.DONE, Moment(1, MORNING, trusted=True))))
        eventually(lambda: asked(kiosk) == [])
        with reading(engine) as connection:
            assert latest(connection, KIOSK)[0].outcome == "done"
        with broker.station(OTHER, "two") as other:
            other.subscribe(command_topic(KIOSK), command_topic(OTHER))
            eventually(lambda: other.payloads(command_topic(OTHER)))
            assert other.payloads(command_topic(KIOSK)) == []


def test_garbage_is_quarantined_and_acknowledged(engine: Engine, broker: Broker) -> None:
    with running_ingest(engine, broker), broker.station(KIOSK, "one") as kiosk:
        kiosk.subscribe(ack_topic(KIOSK))
        kiosk.publish(batch_topic(KIOSK), b"\xff garbage")
        eventually(lambda: kiosk.payloads(ack_topic(KIOSK)))
        assert decode(kiosk.payloads(ack_topic(KIOSK))[0], Ack).error == "undecodable"
    assert reasons(engine) == [("undecodable", 1)]


def test_everything_goes_on_after_mosquitto_is_killed(engine: Engine, broker: Broker) -> None:
    log = Log()
    log.add_context()
    with running_ingest(engine, broker) as ingest, broker.station(KIOSK, "one") as kiosk:
        assert broker.supervisor.pid is not None
        os.kill(broker.supervisor.pid, signal.SIGKILL)
        eventually(lambda: not ingest.is_connected())
        eventually(lambda: ingest.is_connected() and kiosk.is_connected())
        kiosk.subscribe(ack_topic(KIOSK), settings_topic(KIOSK))
        kiosk.publish(batch_topic(KIOSK), log.batch())
        eventually(lambda: kiosk.payloads(ack_topic(KIOSK)))
        eventually(lambda: kiosk.payloads(settings_topic(KIOSK)))


class BusyIngest(Ingest):
    """Finds the database away for a while."""

    refusals = 3

    def handle_group(self, messages: Sequence[Message]) -> list[Reply]:
        if self.refusals:
            self.refusals -= 1
            raise DatabaseUnavailableError("away")
        return super().handle_group(messages)


def test_what_came_while_the_database_was_away_is_taken_in_later(engine: Engine, broker: Broker) -> None:
    log = Log()
    log.add_context()
    busy = BusyIngest(engine, settings=lambda _connection, _kiosk: None)
    address = Address(host="127.0.0.1", port=broker.port, ca=broker.ca, user=SERVER_USER, password=Secret(PASSWORD))
    ingest = MqttIngest(busy, address, now_ms=lambda: MORNING)
    ingest.start()
    eventually(ingest.is_connected)
    with broker.station(KIOSK, "one") as kiosk:
        kiosk.subscribe(ack_topic(KIOSK))
        kiosk.publish(batch_topic(KIOSK), log.batch())
        eventually(lambda: kiosk.payloads(ack_topic(KIOSK)))
    ingest.stop()
    assert busy.refusals == 0
    assert len(rows(engine, schema.records)) == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_ingest_whose_network_thread_ended_is_not_alive(engine: Engine, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(MqttIngest, "_on_message", explode)
    with running_ingest(engine, broker) as ingest, broker.station(KIOSK, "one") as kiosk:
        assert ingest.is_alive()
        kiosk.publish(batch_topic(KIOSK), b"?")
        eventually(lambda: not ingest.is_alive())


def test_the_server_says_when_it_goes(engine: Engine, broker: Broker) -> None:
    with broker.station(KIOSK, "one") as kiosk:
        kiosk.subscribe(SERVER_STATE_TOPIC)
        with running_ingest(engine, broker):
            eventually(lambda: kiosk.payloads(SERVER_STATE_TOPIC))
        eventually(lambda: len(kiosk.payloads(SERVER_STATE_TOPIC)) == 2)
        assert [decode(payload, ServerState).online for payload in kiosk.payloads(SERVER_STATE_TOPIC)] == [True, False]


def test_a_kiosk_that_is_removed_is_cut_and_forgotten_by_the_broker(engine: Engine, broker: Broker) -> None:
    def ask() -> Mapping[str, str]:
        with reading(engine) as connection:
            return password_hashes(connection)

    with writing(engine) as connection:
        new = add_kiosk(connection, Wish(name="new-kiosk-1", site="main", desk=None), hash_password=hash_password, now_ms=MORNING)
    broker.supervisor._ask_kiosks = ask
    with running_ingest(engine, broker), broker.station(files.worker_user(9), PASSWORD) as watcher:
        watcher.subscribe(settings_topic(new.id), notice_topic(new.id), day_keys_topic(new.id))
        up = [topic(new.id) for topic in (batch_topic, hello_topic, result_topic, diagnostics_topic, state_topic)]
        eventually(lambda: watcher.payloads(settings_topic(new.id)))
        with broker.station(new.id, new.credential.reveal()) as kiosk:
            eventually(kiosk.is_connected)
            kiosk.publish_all(up, b"?", retain=True)
            with writing(engine) as connection:
                remove_kiosk(connection, new.id, now_ms=MORNING)
            eventually(lambda: not kiosk.is_connected())
            eventually(lambda: watcher.payloads(settings_topic(new.id))[-1] == b"")
            eventually(lambda: watcher.payloads(notice_topic(new.id))[-1] == b"")
            eventually(lambda: watcher.payloads(day_keys_topic(new.id))[-1] == b"")
        eventually(lambda: not retained(broker, new.id))


def retained(broker: Broker, kiosk: str) -> set[str]:
    """Give the topics on which the broker keeps something of a kiosk."""
    with broker.station(files.worker_user(8), PASSWORD) as late:
        late.subscribe(f"{ROOT}/k/{kiosk}/#", SERVER_STATE_TOPIC)
        eventually(lambda: late.payloads(SERVER_STATE_TOPIC))
        return {topic for topic, payload, _ in late.received if payload and topic != SERVER_STATE_TOPIC}


def test_what_is_retained_of_a_kiosk_is_cleared_though_it_was_removed_while_nobody_listened(engine: Engine, broker: Broker) -> None:
    broker.kiosks = {"gone-kiosk-1": hash_password("one")}
    topics = [topic("gone-kiosk-1") for topic in (settings_topic, notice_topic, day_keys_topic, state_topic)]
    with broker.server() as server:
        server.publish_all(topics, encode(State(online=False, session=uuid4())), retain=True)
    with running_ingest(engine, broker), broker.station(files.worker_user(9), PASSWORD) as watcher:
        watcher.subscribe(*topics)
        eventually(lambda: all(b"" in watcher.payloads(topic) or not watcher.payloads(topic) for topic in topics))
    with broker.station(files.worker_user(8), PASSWORD) as late:
        late.subscribe(*topics, SERVER_STATE_TOPIC)
        eventually(lambda: late.payloads(SERVER_STATE_TOPIC))
        assert {topic for topic, _, _ in late.received} == {SERVER_STATE_TOPIC}


@pytest.mark.parametrize("make_engine", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_several_workers_share_the_batches(engine: Engine, broker: Broker) -> None:
    log = Log()
    log.add_context()
    for number in range(40):
        log.add(log.vote(str(number)))
    workers = (files.worker_user(1), files.worker_user(2))
    with (
        running_ingest(engine, broker, user=workers[0], shared=True),
        running_ingest(engine, broker, user=workers[1], shared=True),
        broker.station(KIOSK, "one") as kiosk,
    ):
        kiosk.subscribe(ack_topic(KIOSK))
        for seq in range(1, 42):
            kiosk.publish(batch_topic(KIOSK), log.batch(seq, seq))
            eventually(lambda seq=seq: len(kiosk.payloads(ack_topic(KIOSK))) == seq)
        assert [decode(payload, Ack).seq for payload in kiosk.payloads(ack_topic(KIOSK))] == list(range(1, 42))
    assert len(rows(engine, schema.votes)) == 40


@pytest.mark.parametrize("make_engine", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_a_batch_that_reaches_two_workers_counts_once(engine: Engine, broker: Broker) -> None:
    """A kiosk that has no answer sends the same again, and the broker gives it to whichever worker is next."""

    def acks_of(station: Station, log: Log) -> list[Ack]:
        return [decode(payload, Ack) for payload in station.payloads(ack_topic(log.kiosk))]

    logs = [Log(kiosk) for kiosk in (KIOSK, OTHER)]
    for log in logs:
        log.add_context()
        for number in range(30):
            log.add(log.vote(str(number)))
    times = 6
    first: list[Tally] = []
    second: list[Tally] = []
    with (
        running_ingest(engine, broker, user=files.worker_user(1), shared=True, meter=lambda tally, _: first.append(tally)),
        running_ingest(engine, broker, user=files.worker_user(2), shared=True, meter=lambda tally, _: second.append(tally)),
        broker.station(KIOSK, "one") as one,
        broker.station(OTHER, "two") as other,
    ):
        kiosks = list(zip(logs, (one, other), strict=True))
        for log, station in kiosks:
            station.subscribe(ack_topic(log.kiosk))
        for start in (1, 11, 21):  # pieces that overlap; of six copies in a row each worker is given three
            for log, station in kiosks:
                for _ in range(times):
                    station.publish(batch_topic(log.kiosk), log.batch(start, min(start + 14, 31)))
        for log, station in kiosks:
            eventually(lambda log=log, station=station: len(acks_of(station, log)) == 3 * times, within_s=60)
            assert max(ack.seq for ack in acks_of(station, log)) == 31
            assert all((ack.head, ack.error) == (log.hash_at(ack.seq).hex(), None) for ack in acks_of(station, log))
    shares = [sum(sum(tally.batches.values()) for tally in worker) for worker in (first, second)]
    assert sum(shares) == 2 * 3 * times
    assert min(shares) >= times, "both had their share of the same batches"
    assert [sum(tally.votes for tally in (*first, *second)), sum(tally.records for tally in (*first, *second))] == [60, 62]
    assert len(rows(engine, schema.records)) == 62
    assert len(rows(engine, schema.votes)) == 60
    assert sum(int(str(row["good"])) for row in rows(engine, schema.rollup_day)) == 60
    assert reasons(engine) == []
    with reading(engine) as connection:
        assert rollups.verify(connection) == []
