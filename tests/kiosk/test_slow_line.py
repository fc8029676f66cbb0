"""A broker at the end of a slow line: what has been sent takes long to get there."""

from __future__ import annotations

import queue
import socket
import threading
from typing import TYPE_CHECKING, Self

import pytest

from feedback import wire
from feedback.configuration import Secret
from kiosk.config import Server
from kiosk.sync.mqtt import MqttTransport
from kiosk.sync.renewals import Credentials
from tests.kiosk.support import KIOSK, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from uuid import UUID

BATCH = wire.batch_topic(KIOSK)
HELLO = wire.hello_topic(KIOSK)
CONNACK = bytes([0x20, 2, 0, 0])


class SlowBroker:
    """Lets one client in at a time, and acknowledges what it sends only when told to."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.heard = b""
        self._client: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self.hang_up()
        self._thread.join()
        self._listening.close()

    def count(self, payload: bytes) -> int:
        return self.heard.count(payload)

    def acknowledge(self, message_id: int) -> None:
        assert self._client
        self._client.sendall(bytes([0x40, 2]) + message_id.to_bytes(2, "big"))

    def hang_up(self) -> None:
        if self._client is not None:
            self._client.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:  # it was told to end
                return
            with client:
                self._client = client
                client.sendall(CONNACK)
                while piece := client.recv(65536):
                    self.heard += piece
                self._client = None


class Listener:
    def __init__(self) -> None:
        self.connections = 0

    def connected(self, session: UUID) -> None:
        self.connections += 1

    def disconnected(self) -> None: ...

    def received(self, topic: str, payload: bytes) -> None: ...


@pytest.fixture
def broker() -> Iterator[SlowBroker]:
    with SlowBroker() as broker:
        yield broker


def test_a_batch_that_has_not_arrived_yet_is_not_sent_behind_itself(broker: SlowBroker, tmp_path: Path) -> None:
    calls, listener = queue.SimpleQueue[object](), Listener()
    server = Server("127.0.0.1", broker.port, Secret("credential"), "", "")

    def post(call: object) -> None:
        calls.put(call)
        call()  # type: ignore[operator]

    written = Credentials(tmp_path, None, server.credential.reveal())
    with MqttTransport(server, KIOSK, listener=listener, post=post, spread=lambda _: 0.0, credentials=written) as transport:
        wait_until(lambda: listener.connections == 1)
        transport.publish(BATCH, b"first")
        wait_until(lambda: broker.count(b"first") == 1)
        transport.publish(BATCH, b"second")
        transport.publish(HELLO, b"greeting")
        wait_until(lambda: broker.count(b"greeting") == 1)
        assert broker.count(b"second") == 0
        broker.acknowledge(2)  # the subscription was the first

        def publish_again() -> bool:
            transport.publish(BATCH, b"third")
            return broker.count(b"third") > 0

        wait_until(publish_again)
        broker.hang_up()
        wait_until(lambda: listener.connections == 2)
        transport.publish(BATCH, b"fourth")  # the third, which nobody acknowledged, belongs to a connection that is gone
        wait_until(lambda: broker.count(b"fourth") == 1)
