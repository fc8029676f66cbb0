"""Keeps a device at work on a thread of its own: where it fails it is opened again, for ever, and Health hears of each change."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from kiosk.errors import PinsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kiosk.errors import Fault
    from kiosk.hardware import Device, Health

log = logging.getLogger(__name__)

RETRY_S: Final = 2.0
CLOSE_S: Final = 2.0


class Kept:
    """One device and its thread. Until it says otherwise the device is well."""

    def __init__(self, device: Device, missing: Fault, health: Health, work: Callable[[Kept], None]) -> None:
        """`work` opens the device, says that it is well, works with it until `ending`, and raises PinsError where it fails.

        `missing` is the fault of a device that failed.
        """
        self.ending = threading.Event()
        self._device = device
        self._missing = missing
        self._health = health
        self._work = work
        self._fault: Fault | None = None
        self._thread = threading.Thread(target=self._run, name=device.value, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def says(self, fault: Fault | None) -> None:
        """Pass on how the device is, where that has changed."""
        if fault != self._fault:
            self._fault = fault
            self._health(self._device, fault)

    def close(self) -> None:
        """End the work; the device has been let go of when this returns, unless it hangs. MAY be called more than once."""
        self.ending.set()
        if self._thread.is_alive():
            self._thread.join(CLOSE_S)

    def _run(self) -> None:
        while not self.ending.is_set():
            try:
                self._work(self)
            except PinsError as error:
                if self._fault is not self._missing:
                    log.warning("%s: %s", self._device, error)
                self.says(self._missing)
            except Exception:  # the thread's outermost frame: a mistake must not end the device in silence
                log.exception("%s", self._device)
                self.says(self._missing)
            self.ending.wait(RETRY_S)
