"""What a kiosk has beside its screen. The protocols are written by those who use them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from feedback.records import Moment
    from kiosk.errors import Fault
    from kiosk.slip import Slip


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


class Device(StrEnum):
    """A device that can fail by itself while the others work."""

    BUTTONS = "buttons"
    LAMPS = "lamps"
    PRESENCE = "presence"
    SCANNER = "scanner"
    PRINTER = "printer"


class Status(StrEnum):
    """What the status lamp tells staff."""

    WORKING = "working"
    OFFLINE = "offline"
    FAULT = "fault"


class Health(Protocol):
    """Takes what a device says about itself whenever that changes, from any thread: a fault, or None where it is well."""

    def __call__(self, device: Device, fault: Fault | None) -> None:
        """Take note."""


class Lamps(Protocol):
    """The lamps of a kiosk. Nothing that they show depends on which answer was given."""

    def invite(self, faces: int) -> None:
        """Light the lamps of the first so many faces; none where buttons answer nothing just now."""

    def confirm(self) -> None:
        """Let all lamps of faces say for a moment that a press was taken."""

    def call(self, *, lit: bool) -> None:
        """Show that somebody has called for a person, or that nobody has."""

    def status(self, status: Status) -> None:
        """Show how the kiosk is."""

    def close(self) -> None:
        """Put all lamps out; MAY be called more than once."""


class PresenceSensor(Protocol):
    """Notices that somebody comes up to the kiosk."""

    def start(self, on_arrival: Callable[[Moment], None]) -> None:
        """Call `on_arrival(moment)` for each arrival from now on, from any thread."""

    def close(self) -> None:
        """Stop calling; MAY be called more than once."""


class TicketScanner(Protocol):
    """Reads codes from paper and telephones."""

    def start(self, on_code: Callable[[str, Moment], None]) -> None:
        """Call `on_code(code, moment)` for each code read from now on, from any thread."""

    def close(self) -> None:
        """Stop calling and let go of the device; MAY be called more than once."""


class SlipPrinter(Protocol):
    """Prints slips, on a thread of its own: nobody waits for it."""

    def print(self, slip: Slip) -> None:
        """Print a slip soon, or never: one that could not be printed while its visitor stood there is dropped."""

    def test(self, language: str, answer: Callable[[Fault | None], None]) -> None:
        """Print a test strip now; `answer` is told, from any thread, what kept the printer from it, None where it is printed."""

    def close(self) -> None:
        """Let go of the device; MAY be called more than once."""
