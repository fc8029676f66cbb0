"""What a check looks at: the configuration, what is plugged in, and what the running kiosk says of itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from kiosk import facts, folder
from kiosk.config import Config
from kiosk.errors import Fault
from kiosk.hardware import Device
from kiosk.hardware.gpio import Factory, shared_factory
from kiosk.hardware.plugged import ROOT, Plugged, plugged_in
from kiosk.sync.outbox import Outbox
from kiosk.technician.probes import read_delivery
from kiosk.technician.readings import Delivery

if TYPE_CHECKING:
    Words = Callable[[str], str]

FAULTS_OF: Final = {
    Device.BUTTONS: (Fault.BUTTONS_MISSING, Fault.BUTTON_STUCK),
    Device.LAMPS: (Fault.LAMPS_MISSING,),
    Device.PRESENCE: (Fault.PRESENCE_MISSING,),
    Device.SCANNER: (Fault.SCANNER_MISSING, Fault.SCANNER_UNREADABLE),
    Device.PRINTER: (Fault.PRINTER_MISSING, Fault.PRINTER_FAILED, Fault.PAPER_END, Fault.COVER_OPEN),
}
"""What each device can say of itself."""


class Present(msgspec.Struct, frozen=True):
    """The kiosk as it is now. `said` are the faults that the screen's process has told last; they count while it `runs`.

    `root` is where the system's files are, `factory` gives the GPIO pins or raises PinsError.
    """

    config: Config
    runs: bool
    said: tuple[Fault, ...]
    delivery: Delivery
    plugged: tuple[Plugged, ...]
    root: Path
    factory: Callable[[], Factory]

    @property
    def is_simulated(self) -> bool:
        """Whether the devices are simulated."""
        return self.config.kiosk.hardware == "simulated"

    def path(self, name: str) -> Path:
        """Give a file of the system."""
        return self.root / name.removeprefix("/")

    def fault_of(self, device: Device) -> Fault | None:
        """Give what the running kiosk says of a device, None where it is well."""
        return next((fault for fault in self.said if fault in FAULTS_OF[device]), None)


def look(config: Config, *, root: Path = ROOT, factory: Callable[[], Factory] = shared_factory) -> Present:
    """See how the kiosk is."""
    runs = folder.is_held(config.data_dir)
    with Outbox(config.data_dir) as outbox:
        said = facts.faults_in(outbox.fact(facts.UI_FAULTS_FACT)) if runs else ()
    return Present(config, runs, said, read_delivery(config.data_dir), plugged_in(root), root, factory)


def may_look_into(data_dir: Path) -> bool:
    """Tell whether this user may see what is in the folder; else nothing in it can even be asked for."""
    return os.access(data_dir, os.R_OK | os.X_OK)
