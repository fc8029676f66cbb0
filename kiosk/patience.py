"""How long a screen waits for a visitor, and when it says that it is about to close. Pure."""

from __future__ import annotations

import math


class Patience:
    """The closing time of the present screen, if it has one; times are CLOCK_BOOTTIME in milliseconds."""

    def __init__(self) -> None:
        self._closes_ms: int | None = None
        self._seconds = 0.0

    @property
    def is_running(self) -> bool:
        """Whether the screen closes by itself."""
        return self._closes_ms is not None

    def begin(self, now_ms: int, seconds: float) -> None:
        """Let the screen close in so many seconds."""
        self._seconds = seconds
        self._closes_ms = now_ms + round(seconds * 1000)

    def begin_again(self, now_ms: int) -> None:
        """Let it wait as long as it did, from now on."""
        self.begin(now_ms, self._seconds)

    def end(self) -> None:
        """Let it stay."""
        self._closes_ms = None

    def left_s(self, now_ms: int) -> int | None:
        """Give the whole seconds left, rounded up, 0 or less when it is over; None where it stays."""
        return None if self._closes_ms is None else math.ceil((self._closes_ms - now_ms) / 1000)
