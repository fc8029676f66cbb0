"""Buttons on a keyboard: 1 to 5 are the five under the faces, letters are a navigation keypad, on a Latin or a Ukrainian layout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kiosk.hardware import FACE_BUTTONS, PanelButton

if TYPE_CHECKING:
    from collections.abc import Callable

    from feedback.records import Moment
    from kiosk.clock import Clock

_KEYPAD: Final = {
    PanelButton.PREVIOUS: "aф",
    PanelButton.NEXT: "dв",
    PanelButton.SELECT: "sі\r\n",
    PanelButton.REPEAT: "rк",
    PanelButton.SKIP: "xч",
    PanelButton.HELP: "hр",
}
KEYS: Final[dict[str, PanelButton]] = {
    **{str(place): button for place, button in enumerate(FACE_BUTTONS, 1)},
    **{key: button for button, keys in _KEYPAD.items() for key in keys},
}
"""Which key is which button."""


class KeyboardButtons:
    """A `ButtonPanel` whose buttons are keys; whoever has the keyboard passes them to `key`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._on_press: Callable[[PanelButton, Moment], None] | None = None

    def start(self, on_press: Callable[[PanelButton, Moment], None]) -> None:
        """Call `on_press(button, moment)` for each key of a button from now on."""
        self._on_press = on_press

    def close(self) -> None:
        """Stop calling."""
        self._on_press = None

    def key(self, character: str) -> None:
        """Take a key that was pressed; keys that are no button do nothing."""
        button = KEYS.get(character.lower())
        if self._on_press and button:
            self._on_press(button, self._clock.moment())
