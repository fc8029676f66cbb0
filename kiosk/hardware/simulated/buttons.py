"""A button panel on a keyboard: 1 to 4 are the faces from best to worst, 5 is «складно відповісти»."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feedback.questionnaire import ANSWERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from feedback.records import Moment
    from kiosk.clock import Clock


class KeyboardButtons:
    """A `ButtonPanel` whose buttons are keys; whoever has the keyboard passes them to `key`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._on_press: Callable[[str, Moment], None] | None = None

    def start(self, on_press: Callable[[str, Moment], None]) -> None:
        """Call `on_press(answer, moment)` for each key of a button from now on."""
        self._on_press = on_press

    def close(self) -> None:
        """Stop calling."""
        self._on_press = None

    def key(self, character: str) -> None:
        """Take a key that was pressed; keys that are no button do nothing."""
        if self._on_press and character in list("12345"):
            self._on_press(ANSWERS[int(character) - 1], self._clock.moment())
