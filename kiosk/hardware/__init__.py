"""What a kiosk has beside its screen. The protocols are written by those who use them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from feedback.records import Moment


class PanelButton(StrEnum):
    """A button that a person can feel. What a press of it means on the present screen is the visitor's business, not the panel's.

    The five buttons under the faces are named by their places from the left; a separate navigation keypad has the others.
    """

    FACE_1 = "face:1"
    FACE_2 = "face:2"
    FACE_3 = "face:3"
    FACE_4 = "face:4"
    FACE_5 = "face:5"
    PREVIOUS = "previous"
    NEXT = "next"
    SELECT = "select"
    REPEAT = "repeat"
    SKIP = "skip"
    HELP = "help"


FACE_BUTTONS: Final = (PanelButton.FACE_1, PanelButton.FACE_2, PanelButton.FACE_3, PanelButton.FACE_4, PanelButton.FACE_5)


class ButtonPanel(Protocol):
    """The buttons of a kiosk: the five under the faces, a navigation keypad, or both."""

    def start(self, on_press: Callable[[PanelButton, Moment], None]) -> None:
        """Call `on_press(button, moment)` for each press from now on, from any thread."""

    def close(self) -> None:
        """Stop calling; MAY be called more than once."""
