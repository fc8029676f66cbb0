"""What a self-test found, by each part its fault or "" where it is well: from what was tried, read and told. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from feedback.records import SelfTest
from kiosk.errors import Fault
from kiosk.gesture import Corner
from kiosk.technician.readings import HOT_C

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from feedback.records import Moment
    from kiosk.technician.lines import Tried
    from kiosk.technician.readings import Readings, Storage

D = TypeVar("D", bound=str)

STORAGE: Final = "storage"
ROOM: Final = "room"
TEMPERATURE: Final = "temperature"
POWER: Final = "power"
CLOCK: Final = "clock"
TOUCH: Final = "touch"
VOICE: Final = "voice"

Results = dict[str, str]


def of_store(*, takes: bool) -> Results:
    """Give whether the log takes what is written."""
    return {STORAGE: "" if takes else Fault.STORAGE_FAILED}


def of_readings(readings: Readings, now: Moment) -> Results:
    """Give what the computer says of itself; what it cannot say is not there."""
    storage, degrees, weak = readings.storage, readings.temperature_c, readings.under_voltage
    found = {CLOCK: "" if now.trusted else Fault.CLOCK_UNSET}
    found[ROOM] = Fault.STORAGE_FAILED if storage is None else _of_room(storage)
    if degrees is not None:
        found[TEMPERATURE] = "" if degrees < HOT_C else Fault.TOO_HOT
    if weak is not None:
        found[POWER] = Fault.POWER_WEAK if weak else ""
    return {part: str(fault) for part, fault in found.items()}


def _of_room(storage: Storage) -> str:
    return str(Fault.DISK_FULL) if storage.is_full else str(Fault.LITTLE_ROOM) if storage.is_little else ""


def of_devices(devices: Mapping[D, Fault | None]) -> Results:
    """Give what devices say of themselves."""
    return {str(device): str(fault or "") for device, fault in devices.items()}


def of_tried(tried: Tried) -> Results:
    """Give what a technician has tried in the menu; nothing where they have tried nothing."""
    found = {} if tried.store is None else of_store(takes=tried.store)
    if tried.corners:
        found[TOUCH] = of_corners(tried.corners)
    return found | {output: "" if takes else str(Fault.NO_SOUND) for output, takes in tried.tones.items()}


def of_corners(felt: frozenset[Corner]) -> str:
    """Give what is wrong with a glass on which somebody has touched the corners, as far as it felt that."""
    return "" if felt == frozenset(Corner) else str(Fault.TOUCH_UNFELT)


def record_of(new_id: UUID, at: Moment, results: Mapping[str, str], *, attended: bool) -> Callable[[int], SelfTest]:
    """Give what makes the record, by the number of its context."""
    return lambda context: SelfTest(new_id, at, context, attended, dict(results))
