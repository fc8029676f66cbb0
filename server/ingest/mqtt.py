"""Carries messages between the broker and `Ingest`. The only module of the server that knows paho.

The network thread only puts what came into the inbox. One worker takes everything that waits, commits it as one group, and
publishes the replies. While the database is away it keeps trying; kiosks send again whatever finds the inbox full.
"""

from __future__ import annotations

import hashlib
import logging
import queue
import socket
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from feedback.wire import (
    ROOT,
    SERVER_STATE_TOPIC,
    ServerState,
    command_topic,
    day_keys_topic,
    encode,
    notice_topic,
    renewal_topic,
    settings_topic,
)
from server.errors import DatabaseUnavailableError
from server.ingest.messages import Message, Reply, take_back
from server.tls import believing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from feedback.configuration import Secret
    from server.ingest.core import Ingest

log = logging.getLogger(__name__)
_INBOX: Final = 1000
_GROUP_MESSAGES: Final = 256
_GROUP_BYTES: Final = 512 * 1024
_WATCH_S: Final = 1.0
_LONGEST_WAIT_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the broker is and who we are to it. `shared` workers divide the batches among themselves.

    `ca` is the authority that vouches for the broker (PEM), and no other is believed; where it is empty the broker speaks no TLS.
    """

    host: str
    port: int
    ca: str
    user: str
    password: Secret
    shared: bool = False


class _Connected:
    """Stands in the inbox where a connection began."""


class MqttIngest:
    """A running connection to the broker."""

    name = "ingest"

    def __init__(self, ingest: Ingest, address: Address, *, now_ms: Callable[[], int]) -> None:
        self._ingest = ingest
        self._address = address
        self._now_ms = now_ms
        self._inbox: queue.Queue[Message | _Connected] = queue.Queue()
        self._published: dict[str, int] = {}
        self._told: dict[str, int] = {}
        self._keyed: dict[str, bytes] = {}
        self._asked: dict[str, bytes] = {}
        self._renewed: dict[str, int] = {}
        self._stop = threading.Event()
        self._worker = threading.Thread(target=self._work, name="ingest")
        self._generation = ""
        self._subscribed = False
        self._client = self._make_client()

    def start(self) -> None:
        """Begin to connect, and go on connecting whenever the broker is away."""
        self._generation = self._ingest.generation()
        if not self._address.shared:
            self._client.will_set(SERVER_STATE_TOPIC, self._state(online=False), qos=1, retain=True)
        self._client.connect_async(self._address.host, self._address.port, keepalive=30)
        self._client.loop_start()
        self._worker.start()

    def stop(self) -> None:
        """Say good-bye and end both threads."""
        self._stop.set()
        if self._worker.is_alive():
            self._worker.join()
        if self._client.is_connected() and not self._address.shared:
            self._client.publish(SERVER_STATE_TOPIC, self._state(online=False), qos=1, retain=True).wait_for_publish(2.0)
        self._client.disconnect()
        self._client.loop_stop()

    def is_alive(self) -> bool:
        """Tell whether both threads still do their work: a network thread that ended would leave a server that hears nothing."""
        network = f"paho-mqtt-client-{self._address.user}"
        return self._worker.is_alive() and any(thread.name == network for thread in threading.enumerate())

    def waiting(self) -> int:
        """Give how many messages wait to be taken in."""
        return self._inbox.qsize()

    def is_connected(self) -> bool:
        """Tell whether what kiosks send reaches us."""
        return self._client.is_connected() and self._subscribed

    def _make_client(self) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, client_id=self._address.user)
        client.username_pw_set(self._address.user, self._address.password.reveal())
        if self._address.ca:
            client.tls_set_context(believing(self._address.ca))
        client.reconnect_delay_set(1, 8)
        client.on_socket_open = _send_at_once
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        return client

    def _state(self, *, online: bool) -> bytes:
        return encode(ServerState(online=online, generation=self._generation))

    def _on_connect(self, client: Client, _userdata: object, _flags: object, reason: Any, _properties: object) -> None:  # noqa: ANN401
        if reason.is_failure:
            log.error("the broker at %s:%d refuses us: %s", self._address.host, self._address.port, reason)
            return
        log.info("connected to the broker at %s:%d", self._address.host, self._address.port)
        self._inbox.put(_Connected())
        among = f"$share/{_group(self._address.password)}/" if self._address.shared else ""
        # States go to every worker: a shared subscription brings no retained message, and storing a state twice does no harm.
        divided = [f"{among}{ROOT}/k/+/{kind}" for kind in ("batch", "hello", "result", "diagnostics")]
        topics = (*divided, f"{ROOT}/k/+/state", f"{among}{ROOT}/queue/+/tickets")
        client.subscribe([(topic, 1) for topic in topics])

    def _on_connect_fail(self, _client: Client, _userdata: object) -> None:
        log.warning("no connection to the broker at %s:%d: %s", self._address.host, self._address.port, sys.exc_info()[1])

    def _on_subscribe(self, _client: Client, _userdata: object, _mid: int, _reasons: object, _properties: object) -> None:
        self._subscribed = True

    def _on_disconnect(self, _client: Client, _userdata: object, _flags: object, reason: Any, _properties: object) -> None:  # noqa: ANN401
        self._subscribed = False
        if not self._stop.is_set():
            log.warning("the broker is gone (%s); connecting again", reason)

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        if self._inbox.qsize() >= _INBOX:
            log.warning("the inbox is full: a message on %s is left to be sent again", message.topic)
        else:
            self._inbox.put(Message(message.topic, bytes(message.payload), self._now_ms()))

    def _work(self) -> None:
        watched = 0.0
        try:
            while not self._stop.is_set():
                self._take_group()
                if time.monotonic() - watched >= _WATCH_S:
                    self._until_available(self._publish_settings)
                    self._until_available(self._publish_notices)
                    self._until_available(self._publish_day_keys)
                    self._until_available(self._publish_commands)
                    self._until_available(self._publish_renewals)
                    watched = time.monotonic()
        except Exception:  # the thread's outermost frame: the process ends, and its supervisor starts it again
            log.exception("ingest has failed")

    def _take_group(self) -> None:
        try:
            entry = self._inbox.get(timeout=_WATCH_S / 2)
        except queue.Empty:
            return
        group: list[Message] = []
        size = 0
        while isinstance(entry, Message):
            group.append(entry)
            size += len(entry.payload)
            if len(group) >= _GROUP_MESSAGES or size >= _GROUP_BYTES or self._inbox.empty():
                break
            entry = self._inbox.get()
        if group:
            self._until_available(lambda: self._answer(group))
        if isinstance(entry, _Connected):
            self._until_available(self._begin_connection)

    def _answer(self, group: Sequence[Message]) -> None:
        for reply in self._ingest.handle_group(group):
            self._publish(reply)

    def _begin_connection(self) -> None:
        self._ingest.forget_presence(self._now_ms())
        self._generation = self._ingest.generation()
        self._publish(Reply(SERVER_STATE_TOPIC, self._state(online=True), retain=True))
        self._published, self._told, self._keyed, self._asked, self._renewed = {}, {}, {}, {}, {}
        self._publish_settings()
        self._publish_notices()
        self._publish_day_keys()
        self._publish_commands()
        self._publish_renewals()

    def _publish_settings(self) -> None:
        """Publish the settings of each kiosk that are not at the broker yet; take back those of kiosks that are gone."""
        if not self._client.is_connected():
            return
        versions = self._ingest.settings_versions()
        for kiosk in self._published.keys() - versions.keys():
            for reply in take_back(kiosk):
                self._publish(reply)
            for known in (self._told, self._keyed, self._asked, self._renewed):
                known.pop(kiosk, None)
        for kiosk, version in versions.items():
            settings = self._ingest.settings(kiosk) if self._published.get(kiosk) != version else None
            if settings is not None:
                self._publish(Reply(settings_topic(kiosk), settings, retain=True))
        self._published = versions

    def _publish_notices(self) -> None:
        """Publish what each kiosk's visitors are told wherever that has changed."""
        if not self._client.is_connected():
            return
        for kiosk, number, notice in self._ingest.notices(self._now_ms(), self._told):
            self._publish(Reply(notice_topic(kiosk), notice, retain=True))
            self._told[kiosk] = number

    def _publish_day_keys(self) -> None:
        """Publish the keys of days wherever they have changed; what is due is erased also while the broker is away."""
        published = self._ingest.day_keys(self._now_ms(), self._keyed)
        if not self._client.is_connected():
            return
        for kiosk, digest, keys in published:
            self._publish(Reply(day_keys_topic(kiosk), keys, retain=True))
            self._keyed[kiosk] = digest

    def _publish_commands(self) -> None:
        """Publish what each kiosk is asked to do wherever that has changed."""
        if not self._client.is_connected():
            return
        for kiosk, digest, listed in self._ingest.commands(self._now_ms(), self._asked):
            self._publish(Reply(command_topic(kiosk), listed, retain=True))
            self._asked[kiosk] = digest

    def _publish_renewals(self) -> None:
        """Publish what kiosks are told of new credentials, and take it back once it is over."""
        if not self._client.is_connected():
            return
        for current in self._ingest.renewals(self._renewed):
            self._publish(Reply(renewal_topic(current.kiosk), current.payload, retain=True))
            self._renewed[current.kiosk] = current.number

    def _publish(self, reply: Reply) -> None:
        self._client.publish(reply.topic, reply.payload, qos=reply.qos, retain=reply.retain)

    def _until_available(self, act: Callable[[], None]) -> None:
        wait_s = 0.1
        while not self._stop.is_set():
            try:
                act()
            except DatabaseUnavailableError as error:
                log.warning("%s; again in %.1f s", error, wait_s)
                self._stop.wait(wait_s)
                wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
            else:
                return


def _group(password: Secret) -> str:
    """Give the group of the workers, which nobody else can name: who joins it takes batches away, even where they are not handed out."""
    return f"ingest-{hashlib.sha256(password.reveal().encode()).hexdigest()[:16]}"


def _send_at_once(_client: Client, _userdata: object, sock: Any) -> None:  # noqa: ANN401 - paho's own socket type
    """Without this every acknowledgement waits 40 ms for the other side's delayed TCP acknowledgement."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
