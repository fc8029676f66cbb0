"""The ways to a printer: USB by pyusb, a serial line by pyserial. Everything that goes wrong on them is an OSError.

python-escpos has both too, but takes every USB printer to have the same endpoints, waits for ever, and resets the device when it opens it.
"""

from __future__ import annotations

import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from kiosk.config_devices import Printer

WRITE_S: Final = 5.0
"""A printer that takes nothing for so long has stopped."""
FORGET: Final = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
"""DLE DC4 8, in real time: forget what has been sent and is not printed yet."""
_CHUNK: Final = 1024
_READ_S: Final = 0.05
_STATUS: Final = b"\x10\x04"
_FIXED: Final = (0b1001_0011, 0b0001_0010)
"""The bits that are the same in every answer to DLE EOT, and how they stand."""
_PRINTER_CLASS: Final = 7


class Port(Protocol):
    """The line to one printer that is there. Every method raises OSError where it is there no longer, or has stopped."""

    def write(self, octets: bytes) -> None:
        """Send all of it; returns when the printer has taken it, which is before it is on the paper."""

    def ask(self, which: int, within_s: float) -> int | None:
        """Give the printer's answer to DLE EOT `which`, its real-time status; None where it does not answer in time."""

    def check(self) -> None:
        """See that the printer is still connected, without sending it anything that could be printed."""

    def close(self) -> None:
        """Let go of the device; MAY be called more than once, and raises nothing."""


def open_port(printer: Printer) -> Port:
    """Open the line to the configured printer.

    Raises:
        OSError: it is not there, or may not be opened.
    """
    if printer.kind == "serial":
        return SerialPort(printer.port, printer.baud)
    return UsbPort(int(printer.vendor, 16) if printer.vendor else None, int(printer.product, 16) if printer.product else None)


def question(which: int) -> bytes:
    """Give what asks a printer for its real-time status."""
    return _STATUS + bytes([which])


def answer_in(octets: bytes) -> int | None:
    """Give the latest answer to DLE EOT among what a printer has said, None where there is none."""
    mask, fixed = _FIXED
    return next((octet for octet in reversed(octets) if octet & mask == fixed), None)


def wait_for_answer(read: Callable[[], bytes], within_s: float) -> int | None:
    """Read until there is an answer or the time is over; `read` itself waits a little."""
    until = time.monotonic() + within_s
    while True:
        answer = answer_in(read())
        if answer is not None or time.monotonic() >= until:
            return answer


class SerialPort:
    """A printer on a serial line, at 8N1 without handshake."""

    def __init__(self, path: str, baud: int) -> None:
        """Open the line.

        Raises:
            OSError: it is not there, or somebody else has it.
        """
        import serial

        self._path = Path(path)
        try:
            self._line = serial.Serial(path, baud, timeout=_READ_S, write_timeout=WRITE_S, exclusive=True)
        except termios.error as error:  # it went while it was opened
            raise OSError(str(error)) from error

    def write(self, octets: bytes) -> None:
        """Send all of it."""
        for at in range(0, len(octets), _CHUNK):
            self._line.write(octets[at : at + _CHUNK])

    def ask(self, which: int, within_s: float) -> int | None:
        """Ask for a real-time status."""
        self._line.read(self._line.in_waiting)  # what it has said before
        self._line.write(question(which))
        return wait_for_answer(lambda: bytes(self._line.read(1)), within_s)

    def check(self) -> None:
        """See that the line is still there."""
        self._line.in_waiting  # noqa: B018 - it asks the kernel, which says when the line is gone
        if not self._path.exists():
            raise OSError(f"{self._path} is gone")

    def close(self) -> None:
        """Let go of the line."""
        _quietly(self._line.close)


class UsbPort:
    """A printer on USB: the one with these numbers, else the first that says that it is a printer."""

    def __init__(self, vendor: int | None, product: int | None, backend: object = None) -> None:
        """Find the printer and claim it; `backend` is pyusb's, by default the system's libusb.

        Raises:
            OSError: it is not there, or may not be used.
        """
        self._device, interface = _find(vendor, product, backend)
        self._number = interface.bInterfaceNumber
        self._out, self._in = _endpoints(interface)
        self._claim()

    def write(self, octets: bytes) -> None:
        """Send all of it."""
        rest = octets
        while rest:
            taken = self._out.write(rest[:_CHUNK], _ms(WRITE_S))
            if not taken:
                raise OSError("the printer takes nothing")
            rest = rest[taken:]

    def ask(self, which: int, within_s: float) -> int | None:
        """Ask for a real-time status; None from a printer that cannot answer."""
        if self._in is None:
            return None
        self._read()  # what it has said before
        self._out.write(question(which), _ms(within_s))
        return wait_for_answer(self._read, within_s)

    def check(self) -> None:
        """See that the device is still connected."""
        import usb.control

        usb.control.get_status(self._device)

    def close(self) -> None:
        """Let go of the device."""
        import usb.util

        _quietly(lambda: usb.util.dispose_resources(self._device))

    def _claim(self) -> None:
        import usb.core
        import usb.util

        try:
            if self._device.is_kernel_driver_active(self._number):
                self._device.detach_kernel_driver(self._number)
        except NotImplementedError:
            pass  # a system whose kernel has no driver for printers
        try:
            self._device.get_active_configuration()
        except usb.core.USBError:
            self._device.set_configuration()
        usb.util.claim_interface(self._device, self._number)

    def _read(self) -> bytes:
        import usb.core

        try:
            return bytes(self._in.read(self._in.wMaxPacketSize, _ms(_READ_S)))
        except usb.core.USBTimeoutError:
            return b""


def _find(vendor: int | None, product: int | None, backend: object) -> tuple[Any, Any]:
    """Give the device and its interface that prints."""
    import usb.core

    wanted = {name: number for name, number in (("idVendor", vendor), ("idProduct", product)) if number is not None}
    try:
        devices = list(usb.core.find(find_all=True, backend=backend, **wanted))
    except usb.core.NoBackendError as error:
        raise OSError("there is no libusb: install the Debian package libusb-1.0-0") from error
    interfaces = [(device, interface) for device in devices for configuration in device for interface in configuration]
    printing = [found for found in interfaces if found[1].bInterfaceClass == _PRINTER_CLASS]
    for found in printing or (interfaces if wanted else []):
        if _endpoints(found[1])[0] is not None:
            return found
    raise FileNotFoundError("no such USB printer is connected")


def _endpoints(interface: Any) -> tuple[Any, Any]:  # noqa: ANN401 - pyusb has no types
    """Give the endpoints for what goes to the printer and for what comes from it; None for one that it lacks."""
    import usb.util

    bulk = [endpoint for endpoint in interface if usb.util.endpoint_type(endpoint.bmAttributes) == usb.util.ENDPOINT_TYPE_BULK]

    def first(direction: int) -> Any:  # noqa: ANN401 - as above
        return next((one for one in bulk if usb.util.endpoint_direction(one.bEndpointAddress) == direction), None)

    return first(usb.util.ENDPOINT_OUT), first(usb.util.ENDPOINT_IN)


def _quietly(work: Callable[[], object]) -> None:
    try:
        work()
    except (OSError, ValueError):
        return


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
