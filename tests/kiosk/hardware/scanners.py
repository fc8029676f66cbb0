"""What the tests of scanners share: ports that can be pulled out, and ears for codes and faults."""

from __future__ import annotations

import os
import threading
import tty
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

    from feedback.records import Moment
    from kiosk.errors import Fault
    from kiosk.hardware import Device


class Ears:
    """Hears codes and faults, from any thread."""

    def __init__(self) -> None:
        self.codes: list[str] = []
        self.moments: list[Moment] = []
        self.faults: list[Fault | None] = []
        self.devices: set[Device] = set()
        self.threads: set[str] = set()

    def code(self, code: str, moment: Moment) -> None:
        self.threads.add(threading.current_thread().name)
        self.moments.append(moment)
        self.codes.append(code)

    def health(self, device: Device, fault: Fault | None) -> None:
        self.devices.add(device)
        self.faults.append(fault)


class Port:
    """A serial port under a stable name, as udev gives it: `plug` makes the device and the name, `unplug` takes both away."""

    def __init__(self, name: Path) -> None:
        self.name = name
        self._master = self._slave = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

    def plug(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        fresh = self.name.with_name(f"{self.name.name}.new")
        fresh.symlink_to(os.ttyname(self._slave))
        fresh.replace(self.name)

    def send(self, content: bytes) -> None:
        while content:
            content = content[os.write(self._master, content) :]

    def unplug(self) -> None:
        if self._master >= 0:
            self.name.unlink(missing_ok=True)
            os.close(self._slave)
            os.close(self._master)
            self._master = -1


def received_at(content: bytes, sent_baud: int, read_baud: int) -> bytes:
    """Give what a port of 8N1 makes of bytes that were sent at another speed: it samples the line as a UART does."""
    bits = [bit for byte in content for bit in (0, *((byte >> place) & 1 for place in range(8)), 1)]
    length = len(bits) / sent_baud

    def level(at: float) -> int:
        return bits[int(at * sent_baud)] if 0 <= at < length else 1

    found, at, step = bytearray(), 0.0, 1 / read_baud / 16
    while at < length:
        if level(at):
            at += step
            continue
        found.append(sum(level(at + (place + 1.5) / read_baud) << place for place in range(8)))
        at += 9.5 / read_baud
        while at < length and not level(at):  # a frame that does not end as it should: wait for a quiet line
            at += step
    return bytes(found)
