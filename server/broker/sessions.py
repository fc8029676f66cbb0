"""Ends sessions of those who may no longer connect: the broker would keep each for an hour, for whoever has such a name next."""

from __future__ import annotations

import socket
import ssl
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.broker.files import Listener

_CONNECT: Final = 0x10
_FLAGS: Final = 0xC2
"""Name, password, and a session that begins anew."""
_KEEP_ALIVE_S: Final = 10
_LET_IN: Final = b"\x20\x02\x00\x00"
_DISCONNECT: Final = b"\xe0\x00"
_AGAIN_S: Final = 0.05


def end_sessions(listener: Listener, users: Sequence[str], password: str, *, within_s: float) -> list[str]:
    """Begin a session of each user anew, which ends the one before, and leave it; give those whom the broker does not let in in time.

    The broker may read the password only now: it is asked again until it knows it.
    """
    until = time.monotonic() + within_s
    left = list(users)
    while left and time.monotonic() < until:
        user = left.pop(0)
        if not _begin_anew(listener, user, password):
            left.append(user)  # behind the others, which the broker may know already
            time.sleep(_AGAIN_S)
    return left


def _begin_anew(listener: Listener, user: str, password: str) -> bool:
    body = _text("MQTT") + bytes([4, _FLAGS]) + _KEEP_ALIVE_S.to_bytes(2, "big") + _text(user) + _text(user) + _text(password)
    with (
        suppress(OSError),
        socket.create_connection(listener.reached_at, timeout=1) as plain,
        _trusting(listener).wrap_socket(plain) as broker,
    ):
        broker.sendall(bytes([_CONNECT]) + _length(len(body)) + body)
        if broker.recv(len(_LET_IN)) == _LET_IN:
            broker.sendall(_DISCONNECT)
            return True
    return False


def _trusting(listener: Listener) -> ssl.SSLContext:
    """Trust the broker's own certificate alone, whatever names are in it: it is called by its address here."""
    context = ssl.create_default_context(cafile=str(listener.certificate.certificate))
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _length(number: int) -> bytes:
    head = bytearray()
    while True:
        number, low = divmod(number, 128)
        head.append(low | (128 if number else 0))
        if not number:
            return bytes(head)


def _text(text: str) -> bytes:
    return len(text.encode()).to_bytes(2, "big") + text.encode()
