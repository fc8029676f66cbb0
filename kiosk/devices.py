"""What the devices say of themselves and how often somebody comes up to the kiosk: on record, and at hand. On the main thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from feedback.records import DeviceChange, Presence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from uuid import UUID

    from feedback.records import AnyRecord, Moment
    from kiosk.errors import Fault
    from kiosk.hardware import Device

SILENT_S: Final = 10.0
"""A device that has said nothing for so long after the start is well."""
PRESENCE_S: Final = 15 * 60
"""For so long arrivals are counted together: nobody shall find a single one."""


class Keep(Protocol):
    """Whoever puts records of no visitor into the log."""

    def __call__(self, make: Callable[[int], AnyRecord], /) -> None:
        """Take a record, made by the number of the context in which it stands."""


class Devices:
    """The devices that this kiosk has. Each start puts each of them on record once, so that no outage is left without an end."""

    def __init__(self, *, new_id: Callable[[], UUID], now: Callable[[], Moment]) -> None:
        self._keep: Keep | None = None
        self._new_id = new_id
        self._now = now
        self._devices: tuple[Device, ...] = ()
        self._said: dict[Device, Fault | None] = {}
        self._began_ms = 0
        self._arrivals = 0
        self._count_from_ms = 0

    def begin(self, devices: Iterable[Device], keep: Keep) -> None:
        """Take note which devices there are, and where records go."""
        self._keep = keep
        self._devices = tuple(devices)
        self._began_ms = self._count_from_ms = self._now().boottime_ms

    @property
    def known(self) -> Mapping[Device, Fault | None]:
        """Every device, with what is wrong with it."""
        return {device: self._said.get(device) for device in self._devices}

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong, each thing once."""
        return tuple(dict.fromkeys(fault for fault in self._said.values() if fault is not None))

    def says(self, device: Device, fault: Fault | None, at: Moment) -> None:
        """Take note of what a device said at `at`; on record where it is another word than its last."""
        if device in self._said and self._said[device] == fault:
            return
        self._said[device] = fault
        if self._keep is not None:
            self._keep(lambda context: DeviceChange(self._new_id(), at, context, device.value, fault.value if fault else ""))

    def arrived(self) -> None:
        """Count somebody who came up to the kiosk."""
        self._arrivals += 1

    def tick(self) -> None:
        """Let time pass."""
        now = self._now()
        if now.boottime_ms >= self._began_ms + SILENT_S * 1000:
            for device in self._devices:
                if device not in self._said:
                    self.says(device, None, now)
        if now.boottime_ms >= self._count_from_ms + PRESENCE_S * 1000:
            self._count_from_ms = now.boottime_ms
            arrivals, self._arrivals = self._arrivals, 0
            if arrivals and self._keep is not None:
                self._keep(lambda context: Presence(self._new_id(), now, context, PRESENCE_S, arrivals))
