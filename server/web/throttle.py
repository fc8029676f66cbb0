"""Slows guessing of passwords without locking anybody out: the wait never exceeds a minute, and refusals do not lengthen it.

Failures are counted per address and login, and per address over all logins. They live in memory: a restart forgets them, and
that costs an attacker more time than it gives.
"""

from __future__ import annotations

from threading import Lock
from typing import Final

LONGEST_WAIT_MS: Final = 60_000
_FREE_FOR_LOGIN: Final = 5
_FREE_FOR_ADDRESS: Final = 30
_FORGET_MS: Final = 3_600_000
_KEPT: Final = 20_000

_Key = tuple[str, str]


class Throttle:
    """Counts failures and says how long the next try has to wait."""

    def __init__(self) -> None:
        self._failures: dict[_Key, tuple[int, int]] = {}  # how many, when the last was
        self._lock = Lock()

    def wait_ms(self, address: str, login: str, now_ms: int) -> int:
        """Give how long this address must wait before it may try this login; 0 if it may now."""
        with self._lock:
            return max(
                self._wait((address, login), _FREE_FOR_LOGIN, now_ms),
                self._wait((address, ""), _FREE_FOR_ADDRESS, now_ms),
            )

    def failed(self, address: str, login: str, now_ms: int) -> None:
        """Count a wrong login or password."""
        with self._lock:
            for key in ((address, login), (address, "")):
                count, last_ms = self._failures.pop(key, (0, now_ms))
                self._failures[key] = (1 if now_ms - last_ms > _FORGET_MS else count + 1, now_ms)
            while len(self._failures) > _KEPT:
                self._failures.pop(next(iter(self._failures)))

    def succeeded(self, address: str, login: str) -> None:
        """Forget this person's failures; those of the address over other logins stay."""
        with self._lock:
            self._failures.pop((address, login), None)

    def _wait(self, key: _Key, free: int, now_ms: int) -> int:
        count, last_ms = self._failures.get(key, (0, 0))
        if count < free:
            return 0
        return max(0, last_ms + min(1000 << min(count - free, 6), LONGEST_WAIT_MS) - now_ms)
