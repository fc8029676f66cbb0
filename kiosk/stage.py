"""What is before the visitor's eyes, since when, and whether a press can have been meant for it. Pure but for the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk.screens import RESTING, Ask, Comment, Contact, Desk, Screen, Thanks, changed

if TYPE_CHECKING:
    from collections.abc import Callable

    from feedback.records import Moment
    from kiosk.clock import Clock
    from kiosk.screens import Comfort


class Stage:
    """The present screen. Nothing counts on it before it is drawn."""

    def __init__(self, first: Screen, *, clock: Clock, show: Callable[[Screen], None]) -> None:
        """`show` is called with every new screen."""
        self.screen = first
        self._clock = clock
        self._show = show
        self._seen_ms: int | None = None
        self._beneath: Screen | None = None
        self._has_come_back = False

    # --- what is shown ----------------------------------------------------------------------------------------------------

    def show(self, screen: Screen) -> None:
        """Show another screen."""
        self._seen_ms = None
        self._beneath = None
        self._has_come_back = False
        self.update(screen)

    def update(self, screen: Screen) -> None:
        """Show a change on the same screen."""
        if screen != self.screen or self._seen_ms is None:
            self.screen = screen
            self._show(screen)

    def cover(self, screen: Screen) -> None:
        """Show another screen for a while, and keep the present one."""
        beneath = changed(self.screen, closes_in_s=None)
        self.show(screen)
        self._beneath = beneath

    def uncover(self, comfort: Comfort) -> None:
        """Go back to the screen that was covered."""
        self.show(changed(self.asking, comfort=comfort))
        self._has_come_back = True

    @property
    def asking(self) -> Screen:
        """What the visitor is busy with, even while it is covered."""
        return self.screen if self._beneath is None else self._beneath

    # --- what is seen -----------------------------------------------------------------------------------------------------

    def drawn(self, screen: Screen) -> bool:
        """Take note that `screen` can now be seen; tell whether it is the present one, and for the first time."""
        if screen != self.screen or self._seen_ms is not None:
            return False
        self._seen_ms = self._clock.moment().boottime_ms
        return True

    def could_be_seen(self, at: Moment, *, for_s: float = 0.0) -> bool:
        """Tell whether the screen had been seen at `at`, for so long."""
        return self._seen_ms is not None and at.boottime_ms >= self._seen_ms + for_s * 1000

    def left_of_s(self, seconds: float) -> float:
        """Give how long it takes until the screen has been seen for so many seconds."""
        if self._seen_ms is None:
            return seconds
        return max(0.0, seconds - (self._clock.moment().boottime_ms - self._seen_ms) / 1000)

    # --- what it takes ----------------------------------------------------------------------------------------------------

    @property
    def is_resting(self) -> bool:
        """Whether the screen waits for no visitor."""
        return isinstance(self.screen, RESTING)

    @property
    def is_taken(self) -> bool:
        """Whether nothing more is taken: the screen's answer is being stored, or everything is."""
        return is_answered(self.screen) or isinstance(self.screen, Thanks)

    @property
    def stood_there_before(self) -> bool:
        """Whether the visitor came to this screen, not it to the visitor: whoever presses at once has read it."""
        return isinstance(self.screen, Ask) and self.screen.first and not self._has_come_back


def is_answered(screen: Screen) -> bool:
    """Tell whether the screen's answer is being stored."""
    match screen:
        case Ask() | Comment() | Contact():
            return screen.stored
        case Desk():
            return screen.pressed is not None
        case _:
            return False
