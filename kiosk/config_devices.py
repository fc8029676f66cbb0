"""The tables of kiosk.toml about devices beside the screen, and what can be wrong with them. Pure.

A table that is absent means that the kiosk has no such device; simulated hardware has them all, by these tables where they are there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from kiosk.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

SCANNER_BAUDS: Final = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
PRINTER_BAUDS: Final = (2400, 4800, 9600, 19200, 38400, 57600, 115200)
PRINTER_WIDTHS: Final = (192, 832)
_USB_ID: Final = re.compile(r"(0x)?[0-9A-Fa-f]{1,4}")
_DEVICE: Final = re.compile(r"/dev/.+")
LAST_PIN: Final = 27
FACES: Final = (2, 5)
DEBOUNCES_MS: Final = (5, 50)
GLITCHES_MS: Final = (0, 20)
STUCK_S: Final = (5, 600)
DISTANCES_M: Final = (0.2, 4)
ABSENCES_S: Final = (1, 3600)
_OTHER_BUTTONS: Final = ("help", "previous", "next", "select", "repeat", "skip")
_STATUSES: Final = ("working", "offline", "fault")


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


def check_scanner(scanner: Scanner, source: str) -> None:
    """See that a scanner can be opened by these keys.

    Raises:
        ConfigError: it cannot.
    """
    if not scanner.port.startswith("/"):
        raise ConfigError(f"{source}: [scanner] port {scanner.port!r} must be the path of a device, such as /dev/vidhuk-scanner")
    if scanner.baud not in SCANNER_BAUDS:
        raise ConfigError(f"{source}: [scanner] baud {scanner.baud} must be one of {', '.join(map(str, SCANNER_BAUDS))}")


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


def check_pins(buttons: Buttons | None, status_lamp: StatusLamp | None, presence: PresencePin | None, source: str) -> None:
    """Check the tables about GPIO pins; `source` is the file's name for messages.

    Raises:
        ConfigError: in one sentence, what is wrong and where.
    """
    taken: dict[int, str] = {}
    for key, pin in _pins(buttons, status_lamp, presence):
        if not 0 <= pin <= LAST_PIN:
            raise ConfigError(f"{source}: {key} is pin {pin}, and the GPIO pins are 0 to {LAST_PIN}, by their BCM numbers")
        if pin in taken:
            raise ConfigError(f"{source}: {key} is pin {pin}, which {taken[pin]} has already")
        taken[pin] = key
    for complaint in (_about_buttons(buttons), _about_status_lamp(status_lamp), _about_presence(presence)):
        if complaint:
            raise ConfigError(f"{source}: {complaint}")


def _pins(buttons: Buttons | None, status_lamp: StatusLamp | None, presence: PresencePin | None) -> Iterator[tuple[str, int]]:
    """Give every pin with the table and key that name it."""
    if buttons is not None:
        for key in ("faces", "face_lamps"):
            yield from ((f"[buttons] {key}", pin) for pin in getattr(buttons, key))
    single = (("buttons", buttons, (*_OTHER_BUTTONS, "help_lamp")), ("status_lamp", status_lamp, _STATUSES))
    for table, struct, keys in (*single, ("presence", presence, ("pin", "trigger", "echo"))):
        for key in keys:
            pin = getattr(struct, key, None)
            if pin is not None:
                yield f"[{table}] {key}", pin


def _about_buttons(buttons: Buttons | None) -> str | None:
    if buttons is None:
        return None
    faces, lamps, (least, most) = len(buttons.faces), len(buttons.face_lamps), FACES
    if faces and not least <= faces <= most:
        return f"[buttons] faces has {faces} pins and must have {least} to {most}, or none where there is only a keypad"
    if not faces and all(getattr(buttons, key) is None for key in _OTHER_BUTTONS):
        return "[buttons] faces is missing, and there is no other button either: name the pins, or leave the table out"
    if lamps not in {0, faces}:
        return f"[buttons] face_lamps has {lamps} pins and must have as many as faces, {faces}, or none"
    return (
        _outside("[buttons] debounce_ms", buttons.debounce_ms, DEBOUNCES_MS)
        or _outside("[buttons] glitch_ms", buttons.glitch_ms, GLITCHES_MS)
        or _outside("[buttons] stuck_s", buttons.stuck_s, STUCK_S)
    )


def _about_status_lamp(lamp: StatusLamp | None) -> str | None:
    if lamp is not None and all(getattr(lamp, key) is None for key in _STATUSES):
        return "[status_lamp] names no pin: give working, offline or fault, or leave the table out"
    return None


def _about_presence(presence: PresencePin | None) -> str | None:
    if presence is None:
        return None
    needed, foreign = (("pin",), ("trigger", "echo")) if presence.kind == "pir" else (("trigger", "echo"), ("pin",))
    for key in needed:
        if getattr(presence, key) is None:
            return f'[presence] {key} is missing: kind "{presence.kind}" needs {" and ".join(needed)}'
    for key in foreign:
        if getattr(presence, key) is not None:
            return f'[presence] {key} is not of kind "{presence.kind}", which has {" and ".join(needed)}'
    return _outside("[presence] distance_m", presence.distance_m, DISTANCES_M) or _outside(
        "[presence] absent_s", presence.absent_s, ABSENCES_S
    )


def _outside(key: str, value: float, limits: tuple[float, float]) -> str | None:
    least, most = limits
    return None if least <= value <= most else f"{key} {value:g} must be from {least:g} to {most:g}"
