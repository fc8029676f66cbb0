"""A scanner on a serial port: USB in CDC mode (/dev/ttyACM…), a USB converter, or RS-232."""

from __future__ import annotations

import os
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kiosk.hardware.code_reader import READ_S

if TYPE_CHECKING:
    from serial import Serial

_LOOK_S: Final = 0.5
_MOST: Final = 4096


def open_serial(port: str, baud: int) -> SerialLine:
    """Open a port for this process alone.

    Raises:
        OSError: it is not there, not allowed, or in use.
    """
    import serial  # a kiosk without a scanner does without

    try:
        return SerialLine(serial.Serial(port, baud, timeout=READ_S, exclusive=True), port)
    except termios.error as error:  # the device left while it was being set
        raise OSError(*error.args) from error


class SerialLine:
    """A `Line` on an open port, which it owns."""

    def __init__(self, connection: Serial, port: str) -> None:
        self._connection = connection
        self._port = port
        self._look_at_s = time.monotonic() + _LOOK_S

    def read(self) -> bytes:
        """Give what has come, after waiting for the first byte."""
        first: bytes = self._connection.read(1)
        if not first:
            self._look()
            return b""
        rest: bytes = self._connection.read(min(self._connection.in_waiting, _MOST))
        return first + rest

    def close(self) -> None:
        """Give the port back."""
        self._connection.close()

    def _look(self) -> None:
        """See that the name still leads to the device that is open: a driver may stay silent about one that was pulled out."""
        if time.monotonic() < self._look_at_s:
            return
        self._look_at_s = time.monotonic() + _LOOK_S
        if Path(self._port).stat().st_rdev != os.fstat(self._connection.fileno()).st_rdev:
            raise OSError(f"{self._port} is another device now")
