"""What a visit waits for: that the store answers, that time passes, or that the visitor does something. Pure but for the clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kiosk.patience import Patience

if TYPE_CHECKING:
    from kiosk.clock import Clock

Step = Callable[[], None]


class Waiting:
    """One thing at a time is waited for, and each of the `for_…` takes the place of what was; only the store may answer late."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._alarm: tuple[int, Step] | None = None
        self._patience = Patience()
        self._awaited: int | None = None
        self._when_stored: dict[int, Step] = {}

    # --- the store --------------------------------------------------------------------------------------------------------

    @property
    def is_for_store(self) -> bool:
        """Whether the visit cannot go on before the store has answered."""
        return self._awaited is not None

    def for_store(self, token: int, then: Step, *, at_most_s: float, otherwise: Step) -> None:
        """Do `then` once the records of `token` are stored, `otherwise` where there was no answer in time."""
        self._awaited = token
        self.follow(token, then)
        self.for_time(at_most_s, lambda: self._give_up(otherwise))

    def follow(self, token: int, then: Step) -> None:
        """Do `then` once the records of `token` are stored, whatever the visit waits for then."""
        self._when_stored[token] = then

    def stored(self, token: int) -> None:
        """Do what was to follow."""
        if token == self._awaited:
            self._awaited = None
        then = self._when_stored.pop(token, None)
        if then is not None:
            then()

    def not_stored(self, token: int) -> bool:
        """Do nothing of it; tell whether nothing is awaited now, because it was this or nothing was before."""
        self._when_stored.pop(token, None)
        if self._awaited not in {token, None}:
            return False
        self._awaited = None
        return True

    def _give_up(self, otherwise: Step) -> None:
        if self._awaited is not None:  # it may still be stored; nothing comes of it then
            self._when_stored.pop(self._awaited, None)
        self._awaited = None
        otherwise()

    # --- time -------------------------------------------------------------------------------------------------------------

    def for_time(self, seconds: float, act: Step) -> None:
        """Do `act` in so many seconds."""
        self._patience.end()
        self._alarm = (self._now_ms() + round(seconds * 1000), act)

    def for_nobody(self) -> None:
        """Let the screen stand as long as nothing happens."""
        self._alarm = None
        self._patience.end()

    def tick(self, now_ms: int) -> bool:
        """Do what its time has come for; tell whether there was anything."""
        if self._alarm is None or now_ms < self._alarm[0]:
            return False
        _, act = self._alarm
        self._alarm = None
        act()
        return True

    # --- the visitor ------------------------------------------------------------------------------------------------------

    @property
    def is_for_visitor(self) -> bool:
        """Whether the screen closes by itself where nobody touches it."""
        return self._patience.is_running

    def left_s(self, now_ms: int) -> int | None:
        """Give the whole seconds until it does, rounded up, 0 or less when it is over; None where it stays."""
        return self._patience.left_s(now_ms)

    def for_visitor(self, seconds: float) -> None:
        """Let the screen close by itself in so many seconds."""
        self._alarm = None
        self._patience.begin(self._now_ms(), seconds)

    def for_visitor_again(self) -> None:
        """Let it wait for the visitor as long as it last did, from now on."""
        self._alarm = None
        self._patience.begin_again(self._now_ms())

    def _now_ms(self) -> int:
        return self._clock.moment().boottime_ms
