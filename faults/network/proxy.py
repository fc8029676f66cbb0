"""A TCP proxy before the broker that ends connections in the middle of a packet."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Self

from demo.house import free_port

if TYPE_CHECKING:
    from random import Random

_PIECE: Final = 4096
_HARD: Final = struct.pack("ii", 1, 0)
"""SO_LINGER of no seconds: closing sends a reset, and what was not sent yet never is."""


class Proxy:
    """Carries connections to `host` and `port`, each until a random number of bytes has gone through it."""

    def __init__(self, host: str, port: int, random: Random) -> None:
        self._upstream = (host, port)
        self._random = random
        self._listening = socket.create_server(("127.0.0.1", free_port()))
        self.port = int(self._listening.getsockname()[1])
        self._most = 0
        self._open: list[socket.socket] = []
        self.resets = 0
        """How many connections it has ended."""

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for end in self._open:
            _reset(end)

    def allow(self, most: int) -> None:
        """From the next connection on, let at most so many bytes through a connection; 0 lets everything through."""
        self._most = most

    def _accept(self) -> None:
        while True:
            try:
                kiosk, _ = self._listening.accept()
                broker = socket.create_connection(self._upstream, timeout=5)
            except OSError:
                if self._listening.fileno() == -1:
                    return
                continue
            broker.settimeout(None)
            self._open += [kiosk, broker]
            left = [self._random.randrange(1, self._most)] if self._most else []
            for here, there in ((kiosk, broker), (broker, kiosk)):
                threading.Thread(target=self._carry, args=(here, there, left), name="proxy", daemon=True).start()

    def _carry(self, here: socket.socket, there: socket.socket, left: list[int]) -> None:
        """Carry bytes one way; `left` is what both ways of the connection together may still carry, empty for everything."""
        with suppress(OSError):
            while piece := here.recv(_PIECE):
                there.sendall(piece[: left[0]] if left else piece)
                if left:
                    left[0] = max(0, left[0] - len(piece))
                    if not left[0]:
                        self.resets += 1
                        break
        _reset(here)
        _reset(there)


def _reset(end: socket.socket) -> None:
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _HARD)
        end.shutdown(socket.SHUT_RD)  # wakes who reads from it; writes nothing, for a reset is to be the last
    with suppress(OSError):
        end.close()
