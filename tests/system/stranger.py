"""A kiosk that somebody wrote who has read docs/protocol.md and nothing else: the standard library and an MQTT client."""

from __future__ import annotations

import hashlib
import json
import os
import queue
import random
import ssl
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

ROOT = "vidhuk/v1"
ANSWER_S, LONGEST_S = 2.0, 60.0


def uuid7() -> str:
    number = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    return str(uuid.UUID(int=number & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62))


@dataclass
class Log:
    """What a card holds: bodies in the order of their numbers, what of them is known to be delivered, and the server's generation."""

    epoch: str = field(default_factory=lambda: str(uuid.uuid4()))
    bodies: list[bytes] = field(default_factory=list)
    mark: int = 0
    head: str = ""
    generation: str | None = None
    past: list[str] = field(default_factory=list)

    def hash_at(self, seq: int) -> str | None:
        if not 0 <= seq <= len(self.bodies):
            return None
        value = hashlib.sha256(b"vidhuk chain 1\0" + uuid.UUID(self.epoch).bytes).digest()
        for number, body in enumerate(self.bodies[:seq], 1):
            value = hashlib.sha256(value + number.to_bytes(8, "big") + body).digest()
        return value.hex()


class Stranger:
    """One process of such a kiosk with a card in it; `hears` may drop what comes."""

    def __init__(self, kiosk: str, told: dict[str, Any], card: Log) -> None:
        self.kiosk, self.card, self.forks, self.sent = kiosk, card, 0, 0
        self.boot, self.session, self.context = str(uuid.uuid4()), str(uuid.uuid4()), random.getrandbits(48)
        self.hears = lambda _ack: True
        self.doubts = False
        self._add("context", self.context, self.boot, "stranger 1", "default", 1)
        self._inbox: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=kiosk)
        self._client.username_pw_set(kiosk, told["credential"])
        self._client.tls_set_context(ssl.create_default_context(cadata=told["ca"]))
        self._client.will_set(self._topic("state"), self._json(online=False, session=self.session, v=1), qos=1, retain=True)
        self._client.on_connect = self._connected
        self._client.on_message = lambda _client, _data, message: self._heard(message)
        self._client.connect(told["host"], told["port"], keepalive=20)
        self._client.loop_start()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def vote(self, answer: str) -> None:
        visit, repeat = uuid7(), False
        self._add("vote", visit, self.context, "service", answer, None, None, "kiosk", "touch", "uk", repeat)
        self._add("end", visit, self.context, "completed", 0)

    def deliver(self, within_s: float) -> None:
        """Send until everything is acknowledged."""
        until, tries, due = time.monotonic() + within_s, 0, 0.0
        while self.card.mark < len(self.card.bodies):
            assert time.monotonic() < until, f"{self.card.mark} of {len(self.card.bodies)} after {tries} tries"
            if time.monotonic() >= due:
                if self.doubts and tries:
                    self._say_hello()
                self._send()
                due = time.monotonic() + ANSWER_S + (random.uniform(0, min(LONGEST_S, ANSWER_S * 2**tries)) if tries else 0)
                tries += 1
            try:
                payload = self._inbox.get(timeout=max(0.0, min(due - time.monotonic(), 0.2)))[1]
            except queue.Empty:
                continue
            if self._take(json.loads(payload)):
                tries, due = 0, 0.0

    def _add(self, kind: str, *rest: Any) -> None:
        body = json.dumps([kind, uuid7(), self._moment(), *rest], separators=(",", ":"), ensure_ascii=False)
        self.card.bodies.append(body.encode())

    def _send(self) -> None:
        first, bodies = self.card.mark + 1, self.card.bodies[self.card.mark : self.card.mark + 3]
        said = self._json(epoch=self.card.epoch, first_seq=first, prev=self.card.hash_at(first - 1), now=self._now(), historical=False)
        payload = said[:-1] + b',"records":[' + b",".join(bodies) + b'],"v":1}'
        self._client.publish(self._topic("batch"), payload, qos=1)
        self.sent += 1

    def _take(self, ack: dict[str, Any]) -> bool:
        """Take an acknowledgement; tell whether there is something new to send."""
        card = self.card
        if ack["epoch"] != card.epoch or not self.hears(ack):
            return False
        if ack["generation"] in card.past:
            self.doubts = True
            return False
        own = card.hash_at(ack["seq"])
        if own != ack["head"]:
            agreed = card.mark if card.generation == ack["generation"] and card.hash_at(card.mark) == card.head else 0
            self.card = Log(bodies=card.bodies[agreed:], generation=card.generation, past=card.past)
            self.forks += 1
            return True
        if card.generation != ack["generation"]:
            card.past += [card.generation] if card.generation else []
            card.generation, card.mark = ack["generation"], 0
        self.doubts = ack["seq"] < card.mark
        if ack["seq"] <= card.mark:
            return False
        card.mark, card.head = ack["seq"], ack["head"]
        return True

    def _connected(self, client: Client, _data: object, _flags: object, _reason: object, _properties: object) -> None:
        client.subscribe([(self._topic("ack"), 1)])
        client.publish(self._topic("state"), self._json(online=True, session=self.session, v=1), qos=1, retain=True)
        self._say_hello()

    def _say_hello(self) -> None:
        self.doubts, card = False, self.card
        where = {"epoch": card.epoch, "seq": len(card.bodies), "acked": card.mark, "oldest": 1}
        hello = self._json(**where, now=self._now(), software="stranger 1", generation=card.generation, v=1)
        self._client.publish(self._topic("hello"), hello, qos=1)

    def _heard(self, message: MQTTMessage) -> None:
        self._inbox.put((message.topic, bytes(message.payload)))

    def _topic(self, kind: str) -> str:
        return f"{ROOT}/k/{self.kiosk}/{kind}"

    def _moment(self) -> list[Any]:
        return [time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000, time.time_ns() // 1_000_000, True]

    def _now(self) -> dict[str, Any]:
        return {"boot_id": self.boot, "at": self._moment()}

    @staticmethod
    def _json(**fields: Any) -> bytes:
        return json.dumps(fields, separators=(",", ":")).encode()
