"""A presence sensor on a keyboard: the key `p`, «з» on a Ukrainian layout, is somebody who comes up to the kiosk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kiosk.hardware.arrivals import Arrivals

if TYPE_CHECKING:
    from collections.abc import Callable

    from feedback.records import Moment
    from kiosk.clock import Clock

KEYS: Final = frozenset("pз")
ABSENT_S: Final = 10.0


class KeyboardPresence:
    """A `PresenceSensor`; whoever has the keyboard passes its keys to `key`.

    Somebody who comes again too soon has not left, as with a real one.
    """

    def __init__(self, clock: Clock, absent_s: float = ABSENT_S) -> None:
        self._clock = clock
        self._arrivals = Arrivals(absent_s)
        self._on_arrival: Callable[[Moment], None] | None = None

    def start(self, on_arrival: Callable[[Moment], None]) -> None:
        """Call `on_arrival(moment)` for each arrival from now on."""
        self._on_arrival = on_arrival

    def close(self) -> None:
        """Stop calling."""
        self._on_arrival = None

    def key(self, character: str) -> None:
        """Take a key that was pressed; other keys do nothing."""
        if self._on_arrival is None or character.lower() not in KEYS:
            return
        moment = self._clock.moment()
        if self._arrivals.notice(there=True, at_s=moment.boottime_ms / 1000):
            self._on_arrival(moment)
