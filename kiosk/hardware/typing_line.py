"""A scanner that acts as a keyboard: read beside the screen, and grabbed, so that nothing it types reaches the window."""

from __future__ import annotations

import select
from typing import TYPE_CHECKING, Protocol

from kiosk.hardware.code_reader import READ_S
from kiosk.hardware.typed_codes import TypedCodes

if TYPE_CHECKING:
    from collections.abc import Iterable


class KeyEvent(Protocol):
    """One event, as evdev gives it."""

    type: int
    code: int
    value: int

    def timestamp(self) -> float:
        """Give its time in seconds."""


class KeyDevice(Protocol):
    """What is used of evdev's InputDevice."""

    fd: int

    def grab(self) -> None:
        """Let nobody else have its events."""

    def read(self) -> Iterable[KeyEvent]:
        """Give the events that have come."""

    def close(self) -> None:
        """Let go of it."""


def open_keyboard(path: str) -> TypingLine:
    """Open a scanner that types and keep what it types from everybody else.

    Raises:
        OSError: it is not there, not allowed, somebody else has grabbed it, or evdev is not installed.
    """
    try:
        from evdev import InputDevice
    except ImportError as error:
        raise OSError("a scanner of kind keyboard needs evdev: install Debian's package python3-evdev, or vidhuk[wedge]") from error
    return TypingLine(InputDevice(path))


class TypingLine:
    """A `Line` on a keyboard, which it owns."""

    def __init__(self, device: KeyDevice) -> None:
        """Raise OSError where somebody else has grabbed the device."""
        self._device = device
        self._codes = TypedCodes()
        try:
            device.grab()
        except OSError:
            device.close()
            raise

    def read(self) -> bytes:
        """Give the codes that were typed, as a serial scanner would send them."""
        if not select.select([self._device.fd], [], [], READ_S)[0]:
            return b""
        try:
            events = list(self._device.read())
        except BlockingIOError:
            return b""
        return b"".join(self._codes.take(event.timestamp(), event.type, event.code, event.value) for event in events)

    def close(self) -> None:
        """Give the keyboard back."""
        self._device.close()
