from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from feedback.records import BoxCount, Vote
from kiosk.boxes import SETTLE_S
from kiosk.gesture import Corners
from kiosk.hardware import Device, PanelButton
from kiosk.screens import FINISH, LEAVE, Ask, BoxChoice, BoxScan, BoxSummary, Menu
from kiosk.technician import pin
from kiosk.technician.levels import Levels
from kiosk.technician.lock import Lock
from kiosk.technician.menu import Technician
from kiosk.technician.readings import About, Outlets, Readings
from kiosk.visitor import KioskVisitor
from tests.kiosk.at_the_window import NoDuties, NoLight
from tests.kiosk.box_room import SETTINGS, BoxRoom
from tests.kiosk.room import Room

if TYPE_CHECKING:
    from pathlib import Path

    from kiosk.screens import Screen

PIN = "482915"
ENCODED = pin.hashed(PIN)


class Behind(Room):
    """A visit whose screens are held back while boxes are counted."""

    def __init__(self, box_room: BoxRoom) -> None:
        self._boxes = box_room.boxes
        super().__init__(SETTINGS, box_room.clock)

    def show(self, screen: Screen) -> None:
        super().show(screen)
        self._boxes.visit_shows(screen)


class Kiosk:
    """All that stands between the devices and the two logs: menu, boxes and visit on one clock."""

    def __init__(self, data_dir: Path) -> None:
        self.box_room = BoxRoom()
        self.clock, self.boxes = self.box_room.clock, self.box_room.boxes
        self.room = Behind(self.box_room)
        visits = self.room.visits

        def at_rest() -> bool:
            return visits.between_visits and not self.boxes.is_open

        outlets = Outlets(
            about=lambda: About("exit", "test", tickets=True),
            read=Readings,
            at_rest=at_rest,
            probe_store=lambda _answer: None,
            tone=lambda _output: True,
            begin_test=visits.begin_test,
            restart=lambda: None,
            begin_boxes=lambda language: visits.between_visits and self.boxes.begin(language),
            devices=lambda: {Device.SCANNER: None},
        )
        levels = Levels(data_dir, volume=50, set_volume=lambda _percent: None, backlight=NoLight(), run=lambda work: work())
        guard = Lock(ENCODED, data_dir, clock=self.clock, run=lambda work: work(), post=lambda call: call())
        self.technician = Technician(guard, Corners(1280, 800, 10.1), levels, outlets, clock=self.clock, show=self._show)
        self.box_room.on_show = self.technician.visit_shows
        self.visitor = KioskVisitor(
            visits,
            self.technician,
            self.boxes,
            NoDuties(),
            clock=self.clock,
            key=lambda _key: None,
            take_up=lambda _settings: None,
            faults=lambda: (),
            each_second=lambda: None,
            read=lambda code, at: self.box_room.tickets.read(code, at, SETTINGS),
        )
        self.screen: Screen = visits.screen
        self.boxes.visit_shows(visits.screen)
        self.visitor.shown(self.screen)
        self.disk()

    def _show(self, screen: Screen) -> None:
        self.screen = screen

    def disk(self) -> None:
        self.room.disk()
        self.box_room.disk()

    def tap(self, *names: str) -> None:
        for name in names:
            self.visitor.shown(self.screen)
            self.clock.pass_s(SETTLE_S)
            self.visitor.tap(name)
            self.visitor.tick()
            self.visitor.shown(self.screen)
            self.disk()

    def scan(self, *codes: str) -> None:
        for code in codes:
            self.visitor.shown(self.screen)
            self.clock.pass_s(SETTLE_S)
            self.visitor.scanned(code, self.clock.moment())
            self.disk()

    def make_the_gesture(self) -> None:
        for place in [(0.01, 0.01), (0.99, 0.01), (0.99, 0.99), (0.01, 0.99), (0.01, 0.01)]:
            self.clock.pass_s(0.1)
            self.visitor.touched(*place)

    def enter(self) -> None:
        self.make_the_gesture()
        self.tap(*(f"key:{digit}" for digit in PIN), "key:enter")
        assert isinstance(self.screen, Menu)


@pytest.fixture
def kiosk(data_dir: Path) -> Kiosk:
    return Kiosk(data_dir)


def test_from_the_menu_to_the_boxes_and_back_to_the_visit(kiosk: Kiosk) -> None:
    kiosk.enter()
    kiosk.tap("do:boxes")
    assert isinstance(kiosk.screen, BoxChoice)
    kiosk.tap("terrible")
    kiosk.scan("A1@cnap", "A2@cnap", "A1@cnap")
    assert isinstance(kiosk.screen, BoxScan)
    assert (kiosk.screen.count, kiosk.screen.repeated) == (2, 1)
    kiosk.tap(FINISH)
    assert isinstance(kiosk.screen, BoxSummary)
    kiosk.tap(LEAVE)
    assert isinstance(kiosk.screen, Ask)
    assert [count.dissatisfied for count in kiosk.box_room.of(BoxCount)] == [2]
    assert kiosk.room.of(Vote) == []  # nothing of it reached the visit
    assert kiosk.room.visits.between_visits


def test_what_is_scanned_afterwards_is_the_visitors(kiosk: Kiosk) -> None:
    kiosk.enter()
    kiosk.tap("do:boxes", LEAVE)
    kiosk.scan("A3@cnap")
    kiosk.tap("good")
    kiosk.clock.pass_s(1)
    kiosk.visitor.tick()
    assert [vote.answer for vote in kiosk.room.of(Vote)] == ["good"]
    assert kiosk.box_room.stored == []


def test_the_tap_that_leaves_answers_nothing_when_it_is_a_double_one(kiosk: Kiosk) -> None:
    kiosk.enter()
    kiosk.tap("do:boxes", LEAVE)
    kiosk.clock.pass_s(SETTLE_S / 2)
    kiosk.visitor.tap("good")
    kiosk.disk()
    assert kiosk.room.of(Vote) == []


def test_buttons_and_the_gesture_do_nothing_while_boxes_are_counted(kiosk: Kiosk) -> None:
    kiosk.enter()
    kiosk.tap("do:boxes", "good")
    kiosk.clock.pass_s(SETTLE_S)
    for button in (PanelButton.FACE_1, PanelButton.NEXT, PanelButton.HELP):
        kiosk.visitor.button(button, kiosk.clock.moment())
    kiosk.make_the_gesture()
    kiosk.disk()
    assert isinstance(kiosk.screen, BoxScan)
    assert kiosk.room.visits.between_visits


def test_while_somebody_is_served_boxes_cannot_be_counted(kiosk: Kiosk) -> None:
    kiosk.scan("A3@cnap")  # a visit has begun
    kiosk.make_the_gesture()
    assert isinstance(kiosk.screen, Ask)
