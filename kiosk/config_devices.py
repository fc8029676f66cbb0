"""The tables of kiosk.toml about devices beside the screen, and what can be wrong with them. Pure.

A table that is absent means that the kiosk has no such device; simulated hardware has them all, by these tables where they are there.
"""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

from kiosk.errors import ConfigError

PRINTER_BAUDS: Final = (2400, 4800, 9600, 19200, 38400, 57600, 115200)
PRINTER_WIDTHS: Final = (192, 832)
_USB_ID: Final = re.compile(r"(0x)?[0-9A-Fa-f]{1,4}")
_DEVICE: Final = re.compile(r"/dev/.+")
SERIAL_BAUD: Final = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)


class Buttons(msgspec.Struct, frozen=True):
    """Table [buttons]: GPIO pins by their BCM numbers. Buttons connect a pin to ground; lamps are lit by a high pin.

    `faces` has 2 to 5 pins from the left and `face_lamps` as many or none. A level shorter than `glitch_ms` is noise; edges within
    `debounce_ms` after a press are bounce. A button held longer than `stuck_s`, or noisier than a person can be, is muted and reported.
    """

    faces: tuple[int, ...] = ()
    face_lamps: tuple[int, ...] = ()
    help: int | None = None
    help_lamp: int | None = None
    previous: int | None = None
    next: int | None = None
    select: int | None = None
    repeat: int | None = None
    skip: int | None = None
    debounce_ms: int = 30
    glitch_ms: int = 0
    stuck_s: float = 20.0


class StatusLamp(msgspec.Struct, frozen=True):
    """Table [status_lamp]: a GPIO pin (BCM) each; two or three colours of one lamp, or one lamp each."""

    working: int | None = None
    offline: int | None = None
    fault: int | None = None


class PresencePin(msgspec.Struct, frozen=True):
    """Table [presence]: a motion sensor on `pin`, or a distance sensor on `trigger` and `echo` that notices people within `distance_m`.

    Somebody who stays is counted once; after `absent_s` without anybody the next one is another arrival.
    """

    kind: Literal["pir", "distance"] = "pir"
    pin: int | None = None
    trigger: int | None = None
    echo: int | None = None
    distance_m: float = 1.2
    absent_s: float = 10.0


class Scanner(msgspec.Struct, frozen=True):
    """Table [scanner]: a "serial" one on `port`, or a "keyboard" one, which types and is grabbed, named by its `port` (/dev/input/…).

    `baud` is the speed of a serial one, in bits a second.
    """

    port: str = "/dev/vidhuk-scanner"
    kind: Literal["serial", "keyboard"] = "serial"
    baud: int = 9600


class Printer(msgspec.Struct, frozen=True):
    """Table [printer]: an ESC/POS printer by "usb" (`vendor`, `product` as in lsusb, hexadecimal) or "serial" (`port`, `baud`).

    `width_px` is the printable width in dots (384 on 58 mm, 576 on 80 mm paper). `text` is "raster", right on every printer, or the name
    of a code page with `page`, its number in that printer's manual. Without `vendor` and `product` the first USB printer is taken.
    """

    kind: Literal["usb", "serial"] = "usb"
    vendor: str = ""
    product: str = ""
    port: str = "/dev/vidhuk-printer"
    baud: int = 19200
    width_px: int = 384
    text: Literal["raster", "CP1125", "CP1251"] = "raster"
    page: int = 0
    cut: bool = True


def scanner_fault(scanner: Scanner) -> str | None:
    """Give one sentence about what is wrong with the table [scanner], or None."""
    if not scanner.port.startswith("/"):
        return f"[scanner] port {scanner.port!r} must be the path of a device, such as /dev/vidhuk-scanner"
    if scanner.baud not in SERIAL_BAUD:
        return f"[scanner] baud {scanner.baud} must be one of {', '.join(map(str, SERIAL_BAUD))}"
    return None


def check_printer(printer: Printer, source: str) -> None:
    """See that a printer can be opened and written to by these keys.

    Raises:
        ConfigError: it cannot.
    """
    least, most = PRINTER_WIDTHS
    numbers = (printer.vendor, printer.product)
    if printer.kind == "usb" and any(numbers) and not all(_USB_ID.fullmatch(number) for number in numbers):
        raise ConfigError(
            f"{source}: [printer] vendor and product must both be hexadecimal as in lsusb, such as 04b8 and 0e15, or both be left out"
        )
    if printer.kind == "serial" and not _DEVICE.fullmatch(printer.port):
        raise ConfigError(f"{source}: [printer] port {printer.port!r} must be a file in /dev")
    if printer.baud not in PRINTER_BAUDS:
        raise ConfigError(f"{source}: [printer] baud {printer.baud} must be one of {', '.join(map(str, PRINTER_BAUDS))}")
    if not least <= printer.width_px <= most or printer.width_px % 8:
        raise ConfigError(f"{source}: [printer] width_px {printer.width_px} must be a multiple of 8 from {least} to {most}")
    if not 0 <= printer.page <= 255:  # noqa: PLR2004 - a byte
        raise ConfigError(f"{source}: [printer] page {printer.page} must be from 0 to 255")
