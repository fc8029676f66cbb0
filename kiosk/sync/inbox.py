"""The one place where sync waits: for calls posted by other threads, for ui's wake-up, or for time to pass."""

from __future__ import annotations

import queue
import select
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable


class Inbox:
    """Any thread, and a signal, may `post`; one thread waits."""

    def __init__(self, woken_by: socket.socket) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._woken_by = woken_by
        self._inside, self._outside = socket.socketpair()
        self._inside.settimeout(0)
        self._outside.settimeout(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for end in (self._inside, self._outside, self._woken_by):
            end.close()

    def post(self, call: Callable[[], None]) -> None:
        """Have `call` done by the thread that waits."""
        self._calls.put(call)
        with suppress(BlockingIOError):
            self._outside.send(b"\0")

    def wait(self, seconds: float) -> None:
        """Wait until something comes, at most so long, and do what was posted."""
        ready, _, _ = select.select([self._inside, self._woken_by], [], [], max(0.0, seconds))
        for end in ready:
            with suppress(BlockingIOError):
                while end.recv(4096):
                    pass
        while True:
            try:
                call = self._calls.get_nowait()
            except queue.Empty:
                return
            call()
