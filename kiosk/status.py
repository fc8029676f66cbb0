"""What the status lamp tells staff: that something is wrong, that votes have no way to the server, or that all is well. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kiosk.hardware import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kiosk.errors import Fault

OFFLINE_S: Final = 60.0
"""Networks stumble: so long without a way to the server are no reason to tell anybody."""
LOOK_S: Final = 5.0


class StatusWatch:
    """Looks at the connection every few seconds, and tells the status where it has changed."""

    def __init__(self, is_connected: Callable[[], bool] | None, tell: Callable[[Status], None]) -> None:
        """`is_connected` is None where nobody misses a connection."""
        self._is_connected = is_connected
        self._tell = tell
        self._told: Status | None = None
        self._connected_ms: int | None = None
        self._looked_ms: int | None = None

    def look(self, now_ms: int, faults: Iterable[Fault], *, stores: bool) -> None:
        """Tell how the kiosk is at `now_ms` (CLOCK_BOOTTIME); `stores` is whether votes can be stored."""
        status = self._status(now_ms, wrong=not stores or any(True for _ in faults))
        if status is not self._told:
            self._told = status
            self._tell(status)

    def _status(self, now_ms: int, *, wrong: bool) -> Status:
        offline_s = self._offline_s(now_ms)
        if wrong:
            return Status.FAULT
        return Status.OFFLINE if offline_s >= OFFLINE_S else Status.WORKING

    def _offline_s(self, now_ms: int) -> float:
        if self._is_connected is None:
            return 0.0
        if self._connected_ms is None:
            self._connected_ms = now_ms
        if self._looked_ms is None or now_ms - self._looked_ms >= LOOK_S * 1000:
            self._looked_ms = now_ms
            if self._is_connected():
                self._connected_ms = now_ms
        return (now_ms - self._connected_ms) / 1000
