from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from feedback.records import AnyRecord, DeviceChange, Presence
from kiosk.devices import PRESENCE_S, SILENT_S, Devices
from kiosk.errors import Fault
from kiosk.hardware import Device, Status
from kiosk.screens import OutOfOrder
from kiosk.status import LOOK_S, OFFLINE_S, StatusWatch
from tests.kiosk.room import Room
from tests.kiosk.support import FakeClock, counted_ids, settings_of

if TYPE_CHECKING:
    from collections.abc import Callable

NONE: tuple[Fault, ...] = ()


class Counter:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.kept: list[AnyRecord] = []
        self.devices = Devices(new_id=counted_ids(), now=self.clock.moment)

    def keep(self, make: Callable[[int], AnyRecord]) -> None:
        self.kept.append(make(7))

    def pass_s(self, seconds: float) -> None:
        self.clock.pass_s(seconds)
        self.devices.tick()

    def says(self, device: Device, fault: Fault | None) -> None:
        self.devices.says(device, fault, self.clock.moment())

    @property
    def changes(self) -> list[tuple[str, str]]:
        return [(record.device, record.fault) for record in self.kept if isinstance(record, DeviceChange)]


@pytest.fixture
def counter() -> Counter:
    counter = Counter()
    counter.devices.begin([Device.SCANNER, Device.PRINTER], counter.keep)
    return counter


def test_each_outage_is_on_record_with_begin_and_end(counter: Counter) -> None:
    for _ in range(100):
        for fault in (Fault.PRINTER_MISSING, Fault.PRINTER_MISSING, None, None):
            counter.says(Device.PRINTER, fault)
    assert counter.changes == [("printer", "printer_missing"), ("printer", "")] * 100
    counter.says(Device.PRINTER, Fault.PAPER_END)
    at = counter.clock.moment()
    assert counter.kept[-1] == DeviceChange(counter.kept[-1].id, at, 7, "printer", "paper_end")
    counter.says(Device.PRINTER, Fault.COVER_OPEN)
    assert counter.changes[-1] == ("printer", "cover_open"), "one fault after the other"


def test_what_is_wrong_is_at_hand(counter: Counter) -> None:
    assert counter.devices.known == {Device.SCANNER: None, Device.PRINTER: None}
    counter.says(Device.SCANNER, Fault.SCANNER_MISSING)
    assert counter.devices.known == {Device.SCANNER: Fault.SCANNER_MISSING, Device.PRINTER: None}
    assert counter.devices.faults == (Fault.SCANNER_MISSING,)
    counter.says(Device.SCANNER, None)
    assert counter.devices.faults == ()


def test_a_device_that_says_nothing_is_on_record_as_well_once_a_start(counter: Counter) -> None:
    counter.says(Device.SCANNER, Fault.SCANNER_MISSING)
    counter.pass_s(SILENT_S - 1)
    assert counter.changes == [("scanner", "scanner_missing")]
    counter.pass_s(1)
    counter.pass_s(1)
    assert counter.changes == [("scanner", "scanner_missing"), ("printer", "")], "an outage of before the start has its end"


def test_arrivals_are_counted_by_quarters_of_an_hour_and_nothing_is_no_record(counter: Counter) -> None:
    def counts() -> list[tuple[int, int]]:
        return [(record.length_s, record.count) for record in counter.kept if isinstance(record, Presence)]

    counter.pass_s(PRESENCE_S)
    assert counts() == []
    for _ in range(3):
        counter.devices.arrived()
        counter.pass_s(200)
    assert counts() == [], "nobody shall find a single one"
    counter.pass_s(PRESENCE_S - 600)
    assert counts() == [(PRESENCE_S, 3)]
    counter.pass_s(PRESENCE_S)
    assert counts() == [(PRESENCE_S, 3)]


def test_records_of_devices_stand_in_the_visits_log_and_outlive_a_full_disk() -> None:
    room = Room(settings_of(desks=2))
    room.disk()
    devices = Devices(new_id=counted_ids(500), now=room.clock.moment)
    devices.begin([Device.PRINTER], room.visits.keep)
    devices.says(Device.PRINTER, Fault.PAPER_END, room.clock.moment())
    room.disk(works=False)
    assert isinstance(room.screen, OutOfOrder)
    room.pass_s(5)
    room.disk()
    room.pass_s(5)
    room.disk()
    (change,) = room.of(DeviceChange)
    assert (change.fault, change.context) == ("paper_end", 7)
    assert room.screen.first


class Connection:
    def __init__(self) -> None:
        self.up = True
        self.asked = 0

    def __call__(self) -> bool:
        self.asked += 1
        return self.up


def test_the_status_lamp_tells_what_matters_most() -> None:
    told: list[Status] = []
    connection = Connection()
    watch = StatusWatch(connection, told.append)
    now_ms = 1_000_000
    watch.look(now_ms, NONE, stores=True)
    watch.look(now_ms + 1000, NONE, stores=True)
    assert (told, connection.asked) == ([Status.WORKING], 1), "told once, and not looked at each second"
    connection.up = False
    for second in range(int(OFFLINE_S)):
        watch.look(now_ms + second * 1000, NONE, stores=True)
    assert told == [Status.WORKING], "a network stumbles"
    watch.look(now_ms + round(OFFLINE_S + LOOK_S) * 1000, NONE, stores=True)
    assert told[-1] is Status.OFFLINE
    watch.look(now_ms + 80_000, (Fault.PAPER_END,), stores=True)
    assert told[-1] is Status.FAULT
    watch.look(now_ms + 81_000, NONE, stores=False)
    connection.up = True
    watch.look(now_ms + 90_000, NONE, stores=True)
    assert told == [Status.WORKING, Status.OFFLINE, Status.FAULT, Status.WORKING]


def test_a_kiosk_without_a_server_is_never_offline() -> None:
    told: list[Status] = []
    watch = StatusWatch(None, told.append)
    for minute in range(10):
        watch.look(minute * 60_000, NONE, stores=True)
    assert told == [Status.WORKING]
