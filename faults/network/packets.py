"""Packets that are no MQTT at the broker, before and after a sound CONNECT: it stays up and goes on serving kiosks."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from demo.house import HouseError
from faults.network.centre import Centre
from faults.network.counting import count, round_of
from faults.table import Fault
from feedback import wire

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from faults.network.kiosk import VotingKiosk
    from faults.table import Row

NAME: Final = "malformed packets at the broker"
LEFT_OPEN: Final = 50
VOTE_EACH: Final = 100
DRAIN_S: Final = 60.0
CONNECT, PUBLISH, SUBSCRIBE = 0x10, 0x32, 0x82
_STRINGS: Final = (b"", b"#", b"+/#", b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"$SYS/#", b"a" * 65_535, b"/" * 300, "\u202e".encode())


def run(rounds: int, done: Callable[[int], None]) -> Row:
    """Send one on each of so many connections; some of them stay open, half a packet said."""
    with Centre() as centre:
        centre.start(2)
        (attacking,) = centre.add_kiosks(1)
        pid, left_open = centre.broker_pid, list[socket.socket]()
        for number in range(rounds):
            with round_of(NAME, number) as random:
                if number % VOTE_EACH == 0:
                    random.choice(centre.kiosks[:2]).vote(random)
                connection = _send(centre, _packets(random, attacking))
                if len(left_open) < LEFT_OPEN and random.random() < 0.1:  # noqa: PLR2004 - a few
                    left_open.append(connection)
                else:
                    _hear_out(connection)
            done(number + 1)
        if centre.broker_pid != pid:
            raise HouseError("the broker is another one: it has not survived")
        centre.drain(DRAIN_S)
        for connection in left_open:
            connection.close()
        return count(centre, flooding=attacking.id).row(NAME, rounds)


def _send(centre: Centre, packets: bytes) -> socket.socket:
    connection = centre.dial()
    with suppress(OSError):  # the broker has hung up already
        connection.sendall(packets)
    return connection


def _hear_out(connection: socket.socket) -> None:
    """Hang up, once the broker has read everything and does."""
    with connection, suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):
            pass


def _packets(random: Random, kiosk: VotingKiosk) -> bytes:
    """Give a broken CONNECT, or a sound one and something broken behind it."""
    body = _connect(kiosk.id.encode(), kiosk.credential.encode())
    login = _packet(CONNECT, body)
    if random.random() < 0.5:  # noqa: PLR2004 - heads or tails
        return login + _broken(random, kiosk)
    return random.choice(
        (
            random.randbytes(random.randrange(1, 300)),
            _packet(CONNECT, _flipped(random, body)),
            _packet(CONNECT, _connect(random.choice(_STRINGS), random.choice(_STRINGS), version=random.randrange(256))),
            login[: random.randrange(1, len(login))],
        )
    )


def _broken(random: Random, kiosk: VotingKiosk) -> bytes:
    topic = random.choice((*_STRINGS, wire.batch_topic(kiosk.id).encode()))
    payload = random.randbytes(random.choice((0, 100, wire.MAX_PACKET_BYTES)))
    return random.choice(
        (
            bytes([random.randrange(256)]) + random.randbytes(random.randrange(60)),
            _packet(PUBLISH | random.randrange(16), _string(topic) + random.randbytes(2) + payload),
            _packet(SUBSCRIBE, random.randbytes(2) + _string(topic) + bytes([random.randrange(256)])),
            bytes([PUBLISH]) + b"\xff" * 5,  # a length that does not end
            bytes([PUBLISH]) + b"\xff\xff\xff\x7f" + b"x",  # a quarter of a gigabyte is announced
        )
    )


def _connect(user: bytes, password: bytes, *, version: int = 4) -> bytes:
    return _string(b"MQTT") + bytes([version, 0xC2]) + (60).to_bytes(2, "big") + _string(user) + _string(user) + _string(password)


def _packet(kind: int, body: bytes) -> bytes:
    head, left = bytearray([kind & 0xFF]), len(body)
    while True:
        left, low = divmod(left, 128)
        head.append(low | (128 if left else 0))
        if not left:
            return bytes(head) + body


def _string(text: bytes) -> bytes:
    return len(text).to_bytes(2, "big") + text


def _flipped(random: Random, body: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(random.randrange(1, 8)):
        changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


FAULTS: Final = (Fault(name=NAME, test=500, usual=2000, full=10_000, run=run),)
