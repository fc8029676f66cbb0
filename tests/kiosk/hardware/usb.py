"""A computer's files about USB, as the kernel and udev write them: devices can be plugged in and pulled out."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Computer:
    def __init__(self, root: Path) -> None:
        self.root = root
        self._numbers = itertools.count(3)
        for folder in ("dev/serial/by-id", "dev/input/by-id", "sys/class/tty", "sys/class/input", "sys/bus/usb/devices", "sys/class/net"):
            (root / folder).mkdir(parents=True)

    def serial(self, kernels: str, vendor: str, product: str, /, **more: str) -> None:
        interface = self._interface(vendor, product, "02", more)
        tty = interface / "tty" / kernels
        tty.mkdir(parents=True)
        (tty / "device").symlink_to("../..")
        (self.root / "sys/class/tty" / kernels).symlink_to(tty)
        self._node(f"dev/{kernels}")
        self._name("dev/serial/by-id", f"usb-{vendor}_{product}-if00", f"../../{kernels}")

    def keyboard(self, kernels: str, vendor: str, product: str, /, **more: str) -> None:
        interface = self._interface(vendor, product, "03", more)
        (interface / "input" / kernels).mkdir(parents=True)
        (interface / "input" / kernels / "device").symlink_to("../..")
        (self.root / "sys/class/input" / kernels).symlink_to(interface / "input" / kernels)
        self._node(f"dev/input/{kernels}")
        self._name("dev/input/by-id", f"usb-{vendor}_{product}-event-kbd", f"../{kernels}")

    def printer(self, vendor: str, product: str, /, **more: str) -> None:
        self._interface(vendor, product, "07", more)

    def hub(self) -> None:
        self._interface("1d6b", "0002", "09", {"bDeviceClass": "09"})

    def net(self, name: str, state: str, kind: str = "1") -> None:
        folder = self.root / "sys/class/net" / name
        folder.mkdir()
        (folder / "operstate").write_text(f"{state}\n")
        (folder / "type").write_text(f"{kind}\n")

    def _interface(self, vendor: str, product: str, kind: str, more: dict[str, str]) -> Path:
        number = next(self._numbers)
        device = self.root / f"sys/devices/usb1/1-{number}"
        interface = device / f"1-{number}:1.0"
        interface.mkdir(parents=True)
        facts = {"idVendor": vendor, "idProduct": product, "busnum": "1", "devnum": str(number), "bDeviceClass": "00"} | more
        for name, value in facts.items():
            (device / name).write_text(f"{value}\n")
        (interface / "bInterfaceClass").write_text(f"{kind}\n")
        for folder in (device, interface):
            (self.root / "sys/bus/usb/devices" / folder.name).symlink_to(folder)
        self._node(f"dev/bus/usb/001/{number:03}")
        return interface

    def _node(self, name: str) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).touch()

    def _name(self, folder: str, name: str, target: str) -> None:
        (self.root / folder / name).symlink_to(target)
