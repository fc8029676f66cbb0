"""What is plugged in at USB, as the kernel lists it: for whoever writes a scanner or a printer into kiosk.toml. It opens no device."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path("/")
_PRINTER_CLASS: Final = "07"
_HUB_CLASS: Final = "09"


class Use(StrEnum):
    """What a device can be to a kiosk."""

    SERIAL = "serial"
    KEYBOARD = "keyboard"
    PRINTER = "printer"
    OTHER = "other"


class Plugged(msgspec.Struct, frozen=True):
    """A device. `port` is the name to write into kiosk.toml, empty for one on USB alone, and `node` the file that is opened.

    `vendor` and `product` are its numbers as lsusb shows them, `serial` is its maker's number for this piece, which many lack.
    """

    use: Use
    port: str
    node: str
    vendor: str
    product: str
    serial: str = ""
    name: str = ""


def plugged_in(root: Path = ROOT) -> tuple[Plugged, ...]:
    """Give everything at USB but hubs. A device with several uses is there several times, `OTHER` is one that has none of them."""
    found = [*_serial_lines(root), *_keyboards(root), *_printers(root)]
    known = {(one.vendor, one.product, one.serial) for one in found}
    others = (one for one in _devices(root) if (one.vendor, one.product, one.serial) not in known)
    return (*found, *others)


def _serial_lines(root: Path) -> Iterator[Plugged]:
    names = _names(root / "dev/serial/by-id")
    for tty in sorted((root / "sys/class/tty").glob("tty*")):
        device = _device_of(tty / "device")
        if device is not None:
            node = f"/dev/{tty.name}"
            yield _described(device, Use.SERIAL, names.get(tty.name, node), node)


def _keyboards(root: Path) -> Iterator[Plugged]:
    for kernels, name in sorted(_names(root / "dev/input/by-id").items()):
        device = _device_of(root / "sys/class/input" / kernels / "device")
        if name.endswith("-event-kbd") and device is not None:
            yield _described(device, Use.KEYBOARD, name, f"/dev/input/{kernels}")


def _printers(root: Path) -> Iterator[Plugged]:
    for interface in sorted((root / "sys/bus/usb/devices").glob("*:*")):
        device = _device_of(interface)
        if device is not None and _text(interface / "bInterfaceClass") == _PRINTER_CLASS:
            yield _described(device, Use.PRINTER, "", _usb_node(device))


def _devices(root: Path) -> Iterator[Plugged]:
    for device in sorted((root / "sys/bus/usb/devices").glob("*")):
        if (device / "idVendor").exists() and _text(device / "bDeviceClass") != _HUB_CLASS:
            yield _described(device, Use.OTHER, "", _usb_node(device))


def _names(folder: Path) -> dict[str, str]:
    """Give the names that stay, by the kernel's names, which do not."""
    links = sorted(folder.glob("*")) if folder.is_dir() else []
    return {link.readlink().name: f"/{'/'.join(link.parts[-4:])}" for link in links if link.is_symlink()}


def _device_of(part: Path) -> Path | None:
    """Give the USB device to which a part belongs."""
    if not part.exists():
        return None
    there = part.resolve()
    return next((folder for folder in (there, *there.parents) if (folder / "idVendor").exists()), None)


def _described(device: Path, use: Use, port: str, node: str) -> Plugged:
    vendor, product, serial, maker, model = (
        _text(device / name) for name in ("idVendor", "idProduct", "serial", "manufacturer", "product")
    )
    name = model if model.startswith(maker) else f"{maker} {model}".strip()
    return Plugged(use, port, node, vendor, product, serial, name)


def _usb_node(device: Path) -> str:
    bus, number = (_text(device / name) for name in ("busnum", "devnum"))
    return f"/dev/bus/usb/{bus:0>3}/{number:0>3}"


def _text(path: Path) -> str:
    try:
        return "".join(letter for letter in path.read_text(errors="replace").strip() if letter.isprintable())
    except OSError:
        return ""
