"""Reads the machine for the menu: its card, temperature and power, and from the files in the data folder how far the votes have got."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from feedback.records import RecordError, decode_body
from kiosk import folder
from kiosk.errors import Fault
from kiosk.requests_to_enrol import FACT, attempt_in
from kiosk.room import Room
from kiosk.sync import delivery
from kiosk.sync.outbox import Outbox
from kiosk.technician.readings import Delivery, Readings, Storage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

SYS: Final = Path("/sys")
_PI_UNDER_VOLTAGE: Final = 0x1 | 0x1_0000
"""Now, or since the boot; in the word that the firmware of a Raspberry Pi gives."""


class Machine:
    """The computer in the kiosk."""

    def __init__(self, data_dir: Path, sys: Path = SYS) -> None:
        self._data_dir = data_dir
        self._sys = sys

    def read(self) -> Readings:
        """Read everything; what cannot be read is None."""
        return Readings(self._storage(), self._temperature_c(), self._under_voltage(), read_delivery(self._data_dir))

    def _storage(self) -> Storage | None:
        with suppress(OSError):
            usage = shutil.disk_usage(self._data_dir)
            return Storage(usage.free, usage.total, Fault.DISK_FULL in Room(self._data_dir).faults)
        return None

    def _temperature_c(self) -> float | None:
        zones = [_number(path) for path in self._sys.glob("class/thermal/thermal_zone*/temp")]
        return max((zone / 1000 for zone in zones if zone is not None), default=None)

    def _under_voltage(self) -> bool | None:
        firmware = _text(self._sys / "devices/platform/soc/soc:firmware/get_throttled")
        if firmware is not None:
            with suppress(ValueError):
                return bool(int(firmware, 16) & _PI_UNDER_VOLTAGE)
        alarms = [_number(monitor / "in0_lcrit_alarm") for monitor in self._monitors("rpi_volt")]
        return any(alarms) if alarms and None not in alarms else None

    def _monitors(self, name: str) -> Iterator[Path]:
        return (path.parent for path in self._sys.glob("class/hwmon/hwmon*/name") if _text(path) == name)


class SysBacklight:
    """A `Backlight` by the kernel's files; the first one is the screen's."""

    def __init__(self, sys: Path = SYS) -> None:
        self._folder = next(iter(sorted(sys.glob("class/backlight/*"))), None)

    def percent(self) -> int | None:
        """Give how bright it is; None where there is no control, or none for us."""
        if self._folder is None or not os.access(self._folder / "brightness", os.W_OK):
            return None
        now, most = _number(self._folder / "brightness"), _number(self._folder / "max_brightness")
        return round(100 * now / most) if now is not None and most else None

    def set(self, percent: int) -> None:
        """Make it so bright."""
        most = _number(self._folder / "max_brightness") if self._folder else None
        if self._folder is None or not most:
            raise OSError("this screen has no control of its brightness")
        (self._folder / "brightness").write_text(str(max(1, round(most * percent / 100))))


def read_delivery(data_dir: Path) -> Delivery:
    """Read how far the votes have got."""
    ledger = data_dir / delivery.FILE
    facts, marks, running = delivery.facts(ledger), delivery.marks(ledger), folder.sync_listens(data_dir)
    faults = tuple(fault for fault in facts.get(delivery.FAULTS, "").split(",") if fault)
    waiting, acked, oldest_ms, acked_ms = 0, 0, None, None
    with Outbox(data_dir) as outbox:
        for epoch in outbox.epochs():
            mark = max(marks.get(epoch.id, 0), epoch.first - 1)
            if mark < epoch.last and oldest_ms is None:
                oldest_ms = _wall_ms(outbox, epoch.id, mark + 1)
            waiting += max(0, epoch.last - mark)
            if epoch.id in marks and epoch.last:
                acked, acked_ms = mark, _wall_ms(outbox, epoch.id, mark)
    return Delivery(
        running,
        running and facts.get(delivery.CONNECTED) == "yes",
        waiting,
        oldest_ms,
        acked,
        acked_ms,
        faults,
        attempt_in(facts.get(FACT)),
    )


def _wall_ms(outbox: Outbox, epoch: UUID, seq: int) -> int | None:
    """When the record with that number was made, by the wall clock of then."""
    found = outbox.slice_after(epoch, seq - 1) if seq > 0 else None
    with suppress(RecordError):
        return decode_body(found.bodies[0]).at.wall_ms if found else None
    return None


def _text(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None


def _number(path: Path) -> int | None:
    try:
        return int(_text(path) or "")
    except ValueError:
        return None
