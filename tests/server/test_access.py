"""Who may say and hear what at the broker: every identity, every topic, every way; seen by what is delivered and what is not."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest

from feedback.wire import ROOT, SERVER_STATE_TOPIC
from server.broker.files import SERVER_USER, hash_password, queue_user, worker_user
from server.tls import believing
from tests.server.kit import KIOSK, OTHER
from tests.server.test_broker import PASSWORD, Broker
from tests.services import Station, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.broker, pytest.mark.usefixtures("mosquitto_program")]

UP: Final = ("batch", "diagnostics", "hello", "result", "state")
DOWN: Final = ("ack", "command", "daykeys", "notice", "renewal", "settings")
QUEUE: Final = queue_user("e-queue")
STRANGERS: Final = {"wrong password": (KIOSK, "two"), "unknown": ("exit-sample-9", "one"), "anonymous": ("", "")}
TICKETS: Final = f"{ROOT}/queue/e-queue/tickets"
TOPICS: Final = [
    *(f"{ROOT}/k/{kiosk}/{kind}" for kiosk in (KIOSK, OTHER, "exit-sample-9") for kind in (*UP, *DOWN, "else")),
    *(f"{ROOT}/queue/{name}/tickets" for name in ("e-queue", "other", KIOSK)),
    *(SERVER_STATE_TOPIC, f"{ROOT}/else", f"{ROOT}/k/{KIOSK}/batch/else", f"{ROOT}/k/{KIOSK}", "else", "$SYS/broker/clients/total"),
]
OURS: Final = {topic for topic in TOPICS if topic.startswith(ROOT)}
PASSWORDS: Final = {KIOSK: "one", OTHER: "two", QUEUE: "three", SERVER_USER: PASSWORD}
SAYS: Final = {
    KIOSK: {f"{ROOT}/k/{KIOSK}/{kind}" for kind in UP},
    OTHER: {f"{ROOT}/k/{OTHER}/{kind}" for kind in UP},
    QUEUE: {TICKETS},
    SERVER_USER: OURS,
}
HEARS: Final = {
    KIOSK: {f"{ROOT}/k/{KIOSK}/{kind}" for kind in DOWN} | {SERVER_STATE_TOPIC},
    OTHER: {f"{ROOT}/k/{OTHER}/{kind}" for kind in DOWN} | {SERVER_STATE_TOPIC},
    QUEUE: {SERVER_STATE_TOPIC},
    SERVER_USER: OURS,
}
WILDCARDS: Final = ("#", "+/#", f"{ROOT}/#", f"{ROOT}/k/+/batch", f"{ROOT}/k/+/#", "$SYS/#", f"$share/any/{ROOT}/k/+/batch")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    broker = Broker(tmp_path_factory.mktemp("access"))
    broker.kiosks = {name: hash_password(password) for name, password in PASSWORDS.items() if name != SERVER_USER} | {
        "#": hash_password("one"),
        "+": hash_password("one"),
    }
    broker.supervisor.start()
    yield broker
    broker.supervisor.stop()


@pytest.fixture
def watcher(broker: Broker) -> Iterator[Station]:
    """Another server, which hears everything that is delivered at all."""
    with broker.station(worker_user(1), PASSWORD) as watcher:
        watcher.subscribe(f"{ROOT}/#")
        yield watcher
    with broker.station(worker_user(1), PASSWORD) as cleaner:
        cleaner.publish_all(OURS, b"", retain=True)


def delivered(station: Station, payload: bytes) -> set[str]:
    return {topic for topic, content, _ in list(station.received) if content == payload}


@pytest.mark.parametrize("user", PASSWORDS)
def test_what_is_said_is_delivered_where_it_may_be_and_nowhere_else(broker: Broker, watcher: Station, user: str) -> None:
    with broker.station(user, PASSWORDS[user]) as speaker:
        speaker.publish_all(TOPICS, b"said")
        speaker.publish_all(TOPICS, b"retained", retain=True)
        speaker.publish(min(SAYS[user]), b"end")
        eventually(lambda: delivered(watcher, b"end"))
    assert delivered(watcher, b"said") == delivered(watcher, b"retained") == SAYS[user]
    with broker.station(worker_user(2), PASSWORD) as late:
        late.subscribe(f"{ROOT}/#")
        eventually(lambda: delivered(late, b"retained") | delivered(late, b"end"))
        late.publish(f"{ROOT}/late", b"here")
        eventually(lambda: delivered(late, b"here"))
        assert delivered(late, b"retained") == SAYS[user]


@pytest.mark.parametrize("user", PASSWORDS)
def test_what_is_heard_is_what_may_be(broker: Broker, watcher: Station, user: str) -> None:
    with broker.station(user, PASSWORDS[user]) as hearer:
        watcher.publish(f"{ROOT}/k/{OTHER}/batch", b"kept", retain=True)
        watcher.publish(SERVER_STATE_TOPIC, b"kept", retain=True)
        hearer.subscribe(*TOPICS, *WILDCARDS)
        watcher.publish_all(TOPICS, b"told")
        watcher.publish(SERVER_STATE_TOPIC, b"end")
        eventually(lambda: delivered(hearer, b"end"))
        assert delivered(hearer, b"told") == HEARS[user]
        assert delivered(hearer, b"kept") == {SERVER_STATE_TOPIC, f"{ROOT}/k/{OTHER}/batch"} & HEARS[user]


@pytest.mark.parametrize("user", [KIOSK, QUEUE])
def test_a_will_goes_where_its_owner_may_speak_and_nowhere_else(broker: Broker, watcher: Station, user: str) -> None:
    for topic in sorted(OURS - SAYS[user]) + sorted(SAYS[user]):  # the last ones come, and by then the others would have
        assert raw_connect(broker, user, PASSWORDS[user], will=topic).code == 0
    eventually(lambda: delivered(watcher, b"will") >= SAYS[user])
    assert delivered(watcher, b"will") == SAYS[user]


@pytest.mark.parametrize(("user", "password"), STRANGERS.values(), ids=STRANGERS)
def test_a_stranger_is_not_let_in_and_its_will_is_not_heard(broker: Broker, watcher: Station, user: str, password: str) -> None:
    for client_id in (KIOSK, "server", ""):
        assert raw_connect(broker, user, password, client_id=client_id, will=f"{ROOT}/k/{KIOSK}/state").code != 0
    watcher.publish(f"{ROOT}/late", b"here")
    eventually(lambda: delivered(watcher, b"here"))
    assert not delivered(watcher, b"will")


@pytest.mark.parametrize("user", ["#", "+"])
def test_a_name_that_is_a_wildcard_opens_nothing_even_where_it_is_a_user(broker: Broker, watcher: Station, user: str) -> None:
    with broker.station(user, "one") as odd, broker.station(worker_user(2), PASSWORD) as other:
        if odd.is_connected():
            odd.subscribe(*TOPICS, *WILDCARDS)
            odd.publish_all(TOPICS, b"said")
        other.subscribe(f"{ROOT}/#")
        watcher.publish_all([*TOPICS, SERVER_STATE_TOPIC], b"told")
        eventually(lambda: delivered(other, b"told") == OURS)
        assert not delivered(watcher, b"said")
        assert not delivered(odd, b"told") - {SERVER_STATE_TOPIC}


def test_nobody_takes_over_by_a_client_id(broker: Broker) -> None:
    with broker.station(KIOSK, "one") as kiosk, broker.server() as server:
        server.subscribe(f"{ROOT}/k/{KIOSK}/hello")
        assert raw_connect(broker, OTHER, "two", client_id=KIOSK).code == 0
        assert raw_connect(broker, OTHER, "two", client_id=SERVER_USER).code == 0
        kiosk.publish(f"{ROOT}/k/{KIOSK}/hello", b"still here")
        eventually(lambda: server.payloads(f"{ROOT}/k/{KIOSK}/hello") == [b"still here"])
        assert kiosk.connections == server.connections == 1


def test_a_removed_kiosk_is_cut_within_ten_seconds_and_nothing_of_it_is_left(broker: Broker, watcher: Station) -> None:
    own = f"{ROOT}/k/{OTHER}"
    with Station(broker.port, OTHER, "two", broker.ca, clean=False) as removed:  # a session that would outlive its connection
        eventually(removed.is_connected)
        removed.subscribe(f"{own}/ack")
        began = time.monotonic()
        broker.kiosks = {name: hashed for name, hashed in broker.kiosks.items() if name != OTHER}
        eventually(lambda: not removed.is_connected(), within_s=10)
        print(f"cut after {time.monotonic() - began:.1f} s")
        assert raw_connect(broker, OTHER, "two", will=f"{own}/state").code != 0
        assert raw_connect(broker, OTHER, "two", clean=False).code != 0
    watcher.publish(f"{own}/ack", b"secret of the next one")
    assert not delivered(watcher, b"will")
    broker.kiosks = broker.kiosks | {OTHER: hash_password("anew")}
    found: list[Answer] = []
    eventually(lambda: found.append(raw_connect(broker, OTHER, "anew")) or found[-1].code == 0)  # kiosks connect with a clean session
    assert not raw_connect(broker, OTHER, "anew", clean=False).had_session
    with broker.station(OTHER, "anew") as anew:
        watcher.publish(f"{own}/ack", b"not subscribed to")
        anew.subscribe(f"{own}/settings")
        watcher.publish(f"{own}/settings", b"told")
        eventually(lambda: delivered(anew, b"told"))
        assert anew.payloads(f"{own}/ack") == []
    broker.kiosks = broker.kiosks | {OTHER: hash_password("two")}


class Answer(NamedTuple):
    """What the broker says to a client: its return code, -1 where it hangs up, and whether it kept a session for it."""

    code: int
    had_session: bool


def raw_connect(  # noqa: PLR0913 - the fields of the packet
    broker: Broker,
    user: str,
    password: str,
    *,
    client_id: str | None = None,
    will: str = "",
    clean: bool = True,
) -> Answer:
    """Connect as a client of our own make would, and drop the line without a farewell."""

    def text(value: str | bytes) -> bytes:
        content = value.encode() if isinstance(value, str) else value
        return len(content).to_bytes(2, "big") + content

    def packet(kind: int, body: bytes) -> bytes:
        length, rest = b"", len(body)
        while rest >= 128:
            length, rest = length + bytes([rest % 128 | 128]), rest // 128
        return bytes([kind]) + length + bytes([rest]) + body

    flags = 0xC0 * bool(user) | 0x2C * bool(will) | 0x02 * clean
    said = text(user if client_id is None else client_id) + (text(will) + text(b"will") if will else b"")
    said += text(user) + text(password) if user else b""
    with (
        socket.create_connection(("127.0.0.1", broker.port), 5) as opened,
        believing(broker.ca).wrap_socket(opened, server_hostname="127.0.0.1") as line,
    ):
        line.sendall(packet(0x10, text("MQTT") + bytes([4, flags, 0, 20]) + said))
        answer = line.recv(4)
    return Answer(answer[3], had_session=answer[2] == 1) if len(answer) == 4 else Answer(-1, had_session=False)
