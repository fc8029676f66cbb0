"""The MQTT adapter and the sync process against a real broker."""

from __future__ import annotations

import os
import queue
import shutil
import signal
import socket
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from paho.mqtt.client import Client, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from feedback import wire
from feedback.records import decode_body, genesis, link
from feedback.tickets import KEYS_AHEAD
from kiosk import accepted, facts, salvage
from kiosk.day_keys import DayKeys
from kiosk.store import FILE, Store
from kiosk.sync.mqtt import MqttTransport
from kiosk.sync.renewals import Credentials
from kiosk.tls import believing
from tests.kiosk.support import KIOSK, kiosk_toml, running, settings_of, wait_until
from tests.kiosk.test_assets import LOGO, Shelf, naming, sha
from tests.kiosk.test_day_keys import key_of, listed
from tests.kiosk.test_store import a_sealed, a_vote, new_id
from tests.kiosk.test_sync_settings import KEY, PUBLIC, enrolled, notice_of, signed, signed_notice
from tests.services import certified, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from uuid import UUID

pytestmark = pytest.mark.broker


class Broker:
    def __init__(self, folder: Path) -> None:
        program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
        assert program, "these tests need the package mosquitto"
        self.port = free_port()
        config = folder / "mosquitto.conf"
        user = "user root\n" if os.geteuid() == 0 else ""
        self.ca, files = certified(folder)
        tls = f"certfile {files.certificate}\nkeyfile {files.key}\n"
        config.write_text(f"listener {self.port}\n{tls}allow_anonymous true\npersistence false\nset_tcp_nodelay true\n{user}")
        self._command = [program, "-c", str(config)]
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._answers)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path)
    yield broker
    broker.kill()


class ServerEnd:
    """The server's place at the broker: stores batches by id and acknowledges them."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.records: dict[UUID, bytes] = {}
        self.boxes: dict[UUID, bytes] = {}
        self.arrived = 0
        self.marks: dict[UUID, tuple[int, bytes]] = {}
        self.states: list[wire.State] = []
        self.hellos: list[wire.Hello] = []
        self.connect()

    def connect(self) -> None:
        self.client = Client(CallbackAPIVersion.VERSION2, client_id="server", protocol=MQTTv311)
        self.client.on_message = self._on_message
        self.client.on_connect = lambda client, *_: client.subscribe(
            [(f"{wire.ROOT}/k/+/{kind}", 1) for kind in ("batch", "hello", "state")]
        )
        self.client.tls_set_context(believing(self.broker.ca))
        self.client.connect("127.0.0.1", self.broker.port)
        self.client.loop_start()

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def send(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self.client.publish(topic, payload, qos=1, retain=retain)

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        kind = message.topic.rsplit("/", 1)[1]
        if kind == "state":
            self.states.append(wire.decode(message.payload, wire.State))
        elif kind == "hello":
            self.hellos.append(wire.decode(message.payload, wire.Hello))
        else:
            self._store(wire.decode(message.payload, wire.Batch))

    def _store(self, batch: wire.Batch) -> None:
        self.boxes |= batch.sealed
        seq, head = self.marks.get(batch.epoch, (0, genesis(batch.epoch)))
        for number, body in enumerate(batch.bodies, batch.first_seq):
            self.arrived += decode_body(body).id not in self.records
            self.records.setdefault(decode_body(body).id, body)
            if number == seq + 1:
                seq, head = number, link(head, number, body)
        self.marks[batch.epoch] = seq, head
        self.send(wire.ack_topic(KIOSK), wire.encode(wire.Ack(batch.epoch, seq, head.hex(), "g1")))


@pytest.fixture
def server(broker: Broker) -> Iterator[ServerEnd]:
    server = ServerEnd(broker)
    yield server
    server.close()


class Ear:
    def __init__(self) -> None:
        self.sessions: list[UUID] = []
        self.losses = 0
        self.heard: list[tuple[str, bytes]] = []

    def connected(self, session: UUID) -> None:
        self.sessions.append(session)

    def disconnected(self) -> None:
        self.losses += 1

    def received(self, topic: str, payload: bytes) -> None:
        self.heard.append((topic, payload))


def test_the_adapter_connects_again_with_a_new_session_and_sends_nothing_late(broker: Broker, data_dir: Path) -> None:
    config, ear = enrolled(data_dir, broker.port, broker.ca), Ear()
    assert config.server is not None
    calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

    def drained(holds: Callable[[], object]) -> bool:
        while not calls.empty():
            calls.get()()
        return bool(holds())

    written = Credentials(data_dir, None, config.server.credential.reveal())
    with MqttTransport(config.server, KIOSK, listener=ear, post=calls.put, spread=lambda _longest: 0.05, credentials=written) as transport:
        wait_until(lambda: drained(lambda: len(ear.sessions) == 1))
        client = transport._client
        assert client is not None
        opened = client.socket()
        assert opened is not None
        assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        broker.kill()
        wait_until(lambda: drained(lambda: ear.losses))
        transport.publish(wire.hello_topic(KIOSK), b"while disconnected")
        broker.start()
        server = ServerEnd(broker)
        late: list[bytes] = []
        server.client.on_message = lambda _c, _u, message: late.append(message.payload)
        wait_until(lambda: drained(lambda: len(set(ear.sessions)) == 2))
        wait_until(server.client.is_connected)

        def comes_through() -> bool:
            server.send(wire.ack_topic(KIOSK), b"ack")
            transport.publish(wire.hello_topic(KIOSK), b"now")
            return drained(lambda: ear.heard) and b"now" in late

        wait_until(comes_through)
        assert (wire.ack_topic(KIOSK), b"ack") in ear.heard
        assert b"while disconnected" not in late
        server.close()


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")  # paho forgets to close it
@pytest.mark.parametrize("change", ["another authority", "another name"])
def test_the_adapter_says_nothing_to_a_stranger(broker: Broker, data_dir: Path, change: str) -> None:
    other, _ = certified(data_dir / "other")
    config, ear = enrolled(data_dir, broker.port, other if change == "another authority" else broker.ca), Ear()
    assert config.server is not None
    server = config.server if change == "another authority" else msgspec.structs.replace(config.server, host="127.0.0.2")
    tried: list[float] = []

    def soon(longest: float) -> float:
        tried.append(longest)
        return 0.01

    written = Credentials(data_dir, None, server.credential.reveal())
    with MqttTransport(server, KIOSK, listener=ear, post=lambda call: call(), spread=soon, credentials=written):
        wait_until(lambda: len(tried) > 2)
    assert ear.sessions == []


@pytest.fixture
def config(data_dir: Path, broker: Broker) -> Path:
    path = data_dir.parent / "kiosk.toml"
    path.write_text(kiosk_toml(data_dir, port=broker.port, ca=broker.ca, signing_key=KEY.verify_key.encode().hex()))
    return path


def test_sync_delivers_what_is_stored_and_reports_its_state(config: Path, data_dir: Path, server: ServerEnd) -> None:
    with Store(data_dir / FILE, new_id) as store, running("sync", config) as sync:
        store.append([a_vote() for _ in range(900)])
        wait_until(lambda: len(server.records) == 900)
        wait_until(lambda: server.states and server.states[-1].outbox == 0)
        assert server.states[-1].online
        assert (server.hellos[0].seq, server.hellos[0].acked) in {(900, 0), (0, 0)}
        store.append([a_vote()])
        wait_until(lambda: len(server.records) == 901)
        sync.send_signal(signal.SIGTERM)
        assert sync.wait(timeout=20) == 0
        wait_until(lambda: not server.states[-1].online)
        assert server.states[-1].session == server.states[-2].session


def test_a_killed_sync_is_known_to_be_gone_and_goes_on_where_it_was(config: Path, data_dir: Path, server: ServerEnd) -> None:
    with Store(data_dir / FILE, new_id) as store:
        for count in (1, 2, 3):
            store.append([a_vote() for _ in range(10)])
            with running("sync", config) as sync:
                wait_until(lambda count=count: len(server.records) == 10 * count)
                sync.kill()
                sync.wait()
            wait_until(lambda: server.states and not server.states[-1].online)
    assert server.arrived == 30


def test_sync_survives_its_broker_and_delivers_what_came_meanwhile(config: Path, data_dir: Path, broker: Broker) -> None:
    server = ServerEnd(broker)
    with Store(data_dir / FILE, new_id) as store, running("sync", config):
        store.append([a_vote()])
        wait_until(lambda: len(server.records) == 1)
        broker.kill()
        store.append([a_vote() for _ in range(5)])
        broker.start()
        wait_until(lambda: len(server.records) == 6, seconds=30)
    server.close()


def test_sync_accepts_signed_settings_and_says_what_is_wrong(config: Path, data_dir: Path, server: ServerEnd) -> None:
    (data_dir / salvage.ASIDE.replace("*", "1")).touch()
    with Store(data_dir / FILE, new_id) as store, running("sync", config):
        server.send(wire.settings_topic(KIOSK), signed(settings_of(version=7, desks=3)), retain=True)
        wait_until(lambda: accepted.name_of_current(data_dir) == "settings-7.json")
        server.send(wire.settings_topic(KIOSK), b"garbage", retain=True)
        wait_until(lambda: server.states and server.states[-1].faults == ("votes_db_damaged", "settings_refused"))
        assert server.states[-1].settings == 0, "accepted is not yet in use"
        assert "malformed" in server.states[-1].refused
        store.note(facts.SETTINGS_FACT, "7")
        wait_until(lambda: server.states[-1].settings == 7)
        server.send(wire.settings_topic(KIOSK), signed(settings_of(version=7, desks=3)), retain=True)
        wait_until(lambda: (server.states[-1].faults, server.states[-1].refused) == (("votes_db_damaged",), ""))


def test_sync_keeps_the_notice_and_fetches_the_pictures(config: Path, data_dir: Path, server: ServerEnd) -> None:
    with Shelf().open() as url, running("sync", config):
        server.send(wire.notice_topic(KIOSK), signed_notice(notice_of(3)), retain=True)
        server.send(wire.settings_topic(KIOSK), signed(naming(url, logo=LOGO)), retain=True)
        wait_until(lambda: accepted.read_notice(data_dir, KIOSK, PUBLIC) == notice_of(3))
        wait_until(lambda: accepted.asset(data_dir, sha(LOGO)))
        server.send(wire.notice_topic(KIOSK), b"garbage", retain=True)
        wait_until(lambda: server.states and server.states[-1].faults == ("notice_refused",))
        assert accepted.read_notice(data_dir, KIOSK, PUBLIC) == notice_of(3)


def test_sync_keeps_the_keys_of_days_and_erases_those_of_days_that_are_over(config: Path, data_dir: Path, server: ServerEnd) -> None:
    topic = wire.day_keys_topic(KIOSK)
    keys, today = DayKeys(data_dir, KIOSK, PUBLIC), datetime.now(UTC).date()
    older, newer, newest = ((today + timedelta(days=days)).isoformat() for days in (0, 1, KEYS_AHEAD + 4))
    server.send(topic, listed(key_of(older), key_of(newer)), retain=True)
    with running("sync", config):
        wait_until(lambda: keys.key(newer) and keys.key(older))
        assert keys.key(older) == bytes.fromhex(key_of(older).key)
        server.send(topic, listed(key_of(newest)), retain=True)  # the server makes it only when the oldest of these is over
        wait_until(lambda: keys.key(older) is None and keys.key(newest))
        server.send(topic, b"garbage", retain=True)
        wait_until(lambda: server.states and server.states[-1].faults == ("day_keys_refused",))
        assert keys.key(newer)


def test_sync_reports_what_ui_shows_and_lacks(config: Path, data_dir: Path, server: ServerEnd) -> None:
    with Store(data_dir / FILE, new_id) as store, running("sync", config):
        wait_until(lambda: server.states and server.states[-1].online)
        for showing, faults, reported in (
            ("closed", "no_sound", ("closed", ("no_sound",))),
            ("out_of_order", "no_voice gremlins no_sound", ("out_of_order", ("no_sound", "no_voice"))),
            ("dancing", "", ("", ())),
        ):
            store.note(facts.SHOWING_FACT, showing)
            store.note(facts.UI_FAULTS_FACT, faults)
            wait_until(lambda reported=reported: (server.states[-1].showing, server.states[-1].faults) == reported)


def test_words_cross_sealed_and_sync_writes_them_nowhere(config: Path, data_dir: Path, server: ServerEnd) -> None:
    record, box = a_sealed(b"a box that only the server opens")
    with Store(data_dir / FILE, new_id) as store, running("sync", config):
        store.append([a_vote(), record], box)
        wait_until(lambda: server.boxes == box)
    written = [path for path in (*data_dir.rglob("*"), *data_dir.parent.glob("*.log")) if path.is_file()]
    assert {path.name.removesuffix("-wal") for path in written if b"only the server opens" in path.read_bytes()} == {FILE}


def test_a_pause_of_the_server_is_kept_and_ended(config: Path, data_dir: Path, server: ServerEnd) -> None:
    paused = wire.ServerState(online=False, generation="g1")
    server.send(wire.SERVER_STATE_TOPIC, wire.encode(paused), retain=True)
    with Store(data_dir / FILE, new_id) as store, running("sync", config):
        wait_until(lambda: server.states)
        store.append([a_vote()])
        wait_until(lambda: server.states[-1].outbox == 1)
        server.send(wire.SERVER_STATE_TOPIC, wire.encode(msgspec.structs.replace(paused, online=True)), retain=True)
        wait_until(lambda: len(server.records) == 1)
