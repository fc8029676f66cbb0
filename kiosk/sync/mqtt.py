"""The only module that knows paho. One connection after another, each with a client, a session and a will of its own.

A client of its own for each connection, because paho keeps what was not sent and would send it again, late, on the next.
"""

from __future__ import annotations

import logging
import queue
import select
import socket
import ssl
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol, Self
from uuid import uuid4

from paho.mqtt.client import Client, MQTTMessage, MQTTMessageInfo, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from feedback import wire
from kiosk.tls import believing

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from kiosk.config import Server
    from kiosk.sync.renewals import Credentials

log = logging.getLogger(__name__)

KEEP_ALIVE_S: Final = 20
CONNECT_S: Final = 5
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
FAREWELL_S: Final = 1.0
LOOK_S: Final = 1.0
_OWN_TOPICS: Final = (wire.ack_topic, wire.settings_topic, wire.notice_topic, wire.day_keys_topic, wire.command_topic, wire.renewal_topic)


class Listener(Protocol):
    """Who hears what the connection has to say; called on the thread that `post` leads to."""

    def connected(self, session: UUID) -> None:
        """A connection is there, and its subscriptions are on their way."""

    def disconnected(self) -> None:
        """It is gone."""

    def received(self, topic: str, payload: bytes) -> None:
        """A message came."""


class MqttTransport:
    """A `Transport` over MQTT 3.1.1 that connects by itself, again and again."""

    def __init__(  # noqa: PLR0913 - everything that a connection needs
        self,
        server: Server,
        kiosk: str,
        *,
        listener: Listener,
        post: Callable[[Callable[[], None]], None],
        spread: Callable[[float], float],
        credentials: Credentials,
    ) -> None:
        """`credentials` gives that by which to sign in, and hears where it is refused."""
        self._server = server
        self._kiosk = kiosk
        self._listener = listener
        self._post = post
        self._spread = spread
        self._credentials = credentials
        self._has_another = False
        self._client: Client | None = None
        self._session = uuid4()
        self._batch: MQTTMessageInfo | None = None
        self._stopped = threading.Event()
        self._was_connected = False
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        client = self._client
        if client is not None and client.is_connected():
            farewell = client.publish(wire.state_topic(self._kiosk), _offline(self._session), qos=1, retain=True)
            with suppress(RuntimeError):  # the connection ends in this very moment; its will says the same
                farewell.wait_for_publish(FAREWELL_S)
        if client is not None:
            client.disconnect()
        self._thread.join(timeout=CONNECT_S + 1)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Send a message if connected; else let it be.

        So is a batch while the one before it has not wholly reached the broker: on a slow line its copies would hold up what follows.
        """
        client, is_batch = self._client, topic == wire.batch_topic(self._kiosk)
        if client is None or not client.is_connected() or (is_batch and self._is_busy()):
            return
        sent = client.publish(topic, payload, qos=1, retain=retain)
        if is_batch:
            self._batch = sent

    def _is_busy(self) -> bool:
        return self._batch is not None and self._batch.rc == MQTTErrorCode.MQTT_ERR_SUCCESS and not self._batch.is_published()

    def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._stopped.is_set():
            self._was_connected = self._has_another = False
            try:
                self._connect_once()
            except OSError as error:
                log.info("no connection to %s:%s: %s", self._server.host, self._server.port, error)
            except Exception:  # the thread's outermost frame: the kiosk goes on trying whatever a broker sends
                log.exception("the connection stumbled")
            pause_s = FIRST_PAUSE_S if self._was_connected else min(LONGEST_PAUSE_S, pause_s * 2)
            if not self._has_another:
                self._stopped.wait(self._spread(pause_s))

    def _connect_once(self) -> None:
        self._session, self._batch = uuid4(), None
        client = _client(self._server, self._kiosk, self._kiosk, self._credentials.current)
        client.will_set(wire.state_topic(self._kiosk), _offline(self._session), qos=1, retain=True)
        client.on_socket_open = _without_delay
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        with _Wire(client) as wire_to_broker:
            client.connect(self._server.host, self._server.port, keepalive=KEEP_ALIVE_S)
            self._client = client
            wire_to_broker.serve()

    def _on_connect(self, client: Client, _userdata: object, _flags: object, reason: object, _properties: object) -> None:
        if getattr(reason, "is_failure", False):
            log.warning("the broker refuses this kiosk: %s", reason)
            self._has_another = self._credentials.refused()
            client.disconnect()
            return
        topics = (*(topic(self._kiosk) for topic in _OWN_TOPICS), wire.SERVER_STATE_TOPIC)
        client.subscribe([(topic, 1) for topic in topics])
        self._was_connected = True
        session = self._session
        self._post(lambda: self._listener.connected(session))

    def _on_disconnect(self, _client: Client, _userdata: object, _flags: object, reason: object, _properties: object) -> None:
        log.info("disconnected: %s", reason)
        self._post(self._listener.disconnected)

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        topic, payload = message.topic, bytes(message.payload)
        self._post(lambda: self._listener.received(topic, payload))


class _Wire:
    """Reads and writes a client's connection on one thread: TLS before Python 3.13 has no lock of its own.

    paho's own loops either write on the thread that publishes too, or notice what is to be written up to a second late.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._inside, self._outside = socket.socketpair()
        self._inside.settimeout(0)
        self._outside.settimeout(0)
        client.on_socket_register_write = self._wake

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._inside.close()
        self._outside.close()

    def serve(self) -> None:
        """Work until the connection ends."""
        client = self._client
        while (connection := client.socket()) is not None:
            has_read_ahead = isinstance(connection, ssl.SSLSocket) and connection.pending() > 0
            to_write = [connection] if client.want_write() else []
            ready, writable, _ = select.select([connection, self._inside], to_write, [], 0 if has_read_ahead else LOOK_S)
            is_woken = self._inside in ready
            if is_woken:
                with suppress(BlockingIOError):
                    self._inside.recv(4096)
            if has_read_ahead or connection in ready:
                client.loop_read()
            if writable or (is_woken and not to_write and client.want_write()):
                client.loop_write()
            client.loop_misc()

    def _wake(self, _client: Client, _userdata: object, _socket: object) -> None:
        with suppress(OSError):  # enough is said already, or the connection is over
            self._outside.send(b"\0")


def knock(server: Server, kiosk: str) -> str | None:
    """Connect once to see whether the broker takes this kiosk's credential; give its reason where it does not.

    A broker that names clients by their users, as the one of `vidhuk-server` does, takes this for the kiosk itself, and throws out
    whoever is connected as that. MUST NOT be called while sync is connected.

    Raises:
        OSError: there is no broker, or it does not answer.
    """
    answers: queue.SimpleQueue[str | OSError | None] = queue.SimpleQueue()
    client = _client(server, kiosk, f"{kiosk}-check", server.credential.reveal())
    client.on_connect = lambda _client, _data, _flags, reason, _more: answers.put(str(reason) if reason.is_failure else None)
    client.on_disconnect = lambda *_: answers.put(ConnectionError("it hangs up"))
    client.connect(server.host, server.port, keepalive=KEEP_ALIVE_S)
    client.loop_start()
    try:
        answer = answers.get(timeout=CONNECT_S)
    except queue.Empty:
        answer = TimeoutError("it takes the connection and does not answer")
    finally:
        client.disconnect()
        client.loop_stop()
    if isinstance(answer, OSError):
        raise answer
    return answer


def greet(server: Server, within_s: float) -> None:
    """Open a connection, see by TLS that it leads to the server, and say nothing on it.

    Raises:
        OSError: there is nobody, or it is somebody else (`kiosk.tls.trouble_of` tells).
    """
    with socket.create_connection((server.host, server.port), within_s) as opened:
        if server.ca:
            believing(server.ca).wrap_socket(opened, server_hostname=server.host).close()


def _client(server: Server, kiosk: str, client_id: str, credential: str) -> Client:
    client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=True, protocol=MQTTv311, reconnect_on_failure=False)
    client.connect_timeout = CONNECT_S
    client.username_pw_set(kiosk, credential)
    if server.ca:
        client.tls_set_context(believing(server.ca))
    return client


def _offline(session: UUID) -> bytes:
    return wire.encode(wire.State(online=False, session=session))


def _without_delay(_client: Client, _userdata: object, opened: object) -> None:
    """Each acknowledgement would else wait 40 ms for Nagle's algorithm."""
    if isinstance(opened, socket.socket):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
