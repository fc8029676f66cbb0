from __future__ import annotations

import itertools
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from kiosk.config_devices import Buttons, PresencePin
from kiosk.errors import Fault
from kiosk.hardware import Device
from kiosk.hardware.arrivals import Arrivals, Nearness
from kiosk.hardware.lamps import open_lamps
from kiosk.hardware.panel import open_panel
from kiosk.hardware.presence import SOUND_M_S, open_presence
from kiosk.hardware.simulated import buttons as simulated_buttons
from kiosk.hardware.simulated import presence as simulated_presence
from kiosk.hardware.simulated.presence import KeyboardPresence
from tests.kiosk.hardware.pins import Board, Pin, Told, config_with
from tests.kiosk.support import FakeClock, wait_until

if TYPE_CHECKING:
    import pytest

    from feedback.records import Moment
    from kiosk.hardware import PresenceSensor

PIR = PresencePin(pin=4, absent_s=0.3)
DISTANCE = PresencePin(kind="distance", trigger=4, echo=8, distance_m=1.2, absent_s=0.3)


def test_somebody_who_stays_has_arrived_once() -> None:
    arrivals = Arrivals(10)
    seen = [(0, True), (2, True), (9, False), (11, True), (20, True), (30, True), (41, True)]
    assert [arrivals.notice(there=there, at_s=at_s) for at_s, there in seen] == [True, False, False, False, False, True, True]


def test_who_is_there_when_the_watch_begins_came_before_it() -> None:
    arrivals = Arrivals(10)
    arrivals.begin(there=True, at_s=0)
    assert not arrivals.notice(there=True, at_s=1)
    assert arrivals.notice(there=True, at_s=11)


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 100)), max_size=100), st.floats(1, 60))
def test_arrivals_are_at_least_an_absence_apart_and_none_is_invented(noticed: list[tuple[bool, float]], absent_s: float) -> None:
    arrivals, at_s, found, last_there_s = Arrivals(absent_s), 0.0, [], None
    for there, pause_s in noticed:
        at_s += pause_s
        arrived = arrivals.notice(there=there, at_s=at_s)
        assert arrived == (there and (last_there_s is None or at_s - last_there_s >= absent_s))
        last_there_s = at_s if there else last_there_s
        found += [at_s] if arrived else []
    assert all(later - earlier >= absent_s for earlier, later in itertools.pairwise(found))


def test_a_single_near_measurement_is_nobody() -> None:
    nearness = Nearness(1.2)
    assert [nearness.measured(metres) for metres in (3.0, 1.0, 3.0, None, 1.2, 1.1, 3.0, 3.0)] == [
        *(False, False, False, False, False, True, True, False),
    ]


class Arrived:
    def __init__(self) -> None:
        self.all: list[Moment] = []

    def __call__(self, at: Moment) -> None:
        self.all.append(at)


def opened(presence: PresencePin, board: Board, told: Told) -> PresenceSensor:
    sensor = open_presence(config_with(presence=presence), FakeClock(), told, factory=board)
    assert sensor is not None
    return sensor


def looked_at(board: Board, number: int, times: int) -> None:
    """Wait until a pin has been read so often again, every tenth of a second."""
    pin = board.pin(number)
    reads = pin.reads
    wait_until(lambda: pin.reads >= reads + times)


def test_a_motion_sensor_counts_who_comes_and_not_who_stays() -> None:
    board, arrived = Board(), Arrived()
    with closing(opened(PIR, board, Told())) as sensor:
        sensor.start(arrived)
        looked_at(board, 4, 2)
        board.pin(4).drive_high()
        wait_until(lambda: len(arrived.all) == 1)
        looked_at(board, 4, 6)
        assert len(arrived.all) == 1
        board.pin(4).drive_low()
        looked_at(board, 4, 5)
        board.pin(4).drive_high()
        wait_until(lambda: len(arrived.all) == 2)
    assert arrived.all[0] == FakeClock().moment()


class Echo(Pin):
    """The echo of a distance sensor, as its trigger asks for it; `metres` is what stands before it, None is a torn wire."""

    metres: float | None = 3.0


class Trigger(Pin):
    echo: Echo

    def _set_state(self, value: bool) -> None:  # noqa: FBT001 - gpiozero's
        was = self._state
        super()._set_state(value)
        if was and not value and self.echo.metres is not None:
            threading.Thread(target=self._answer, args=(self.echo.metres,)).start()

    def _answer(self, metres: float) -> None:
        now_s = time.monotonic()
        if self.echo._function != "input" or self.echo.broken:
            return
        self.echo.stamp_s = now_s - 2 * metres / SOUND_M_S
        self.echo.drive_high()
        self.echo.stamp_s = now_s
        self.echo.drive_low()


def measuring() -> tuple[Board, Echo]:
    board = Board()
    echo = board.factory.pin(8, pin_class=Echo)
    trigger = board.factory.pin(4, pin_class=Trigger)
    trigger.echo = echo
    return board, echo


def test_a_distance_sensor_counts_who_is_near() -> None:
    board, echo = measuring()
    arrived, told = Arrived(), Told()
    with closing(opened(DISTANCE, board, told)) as sensor:
        sensor.start(arrived)
        wait_until(lambda: len(board.pin(4).states) > 8)
        assert arrived.all == []
        echo.metres = 1.19
        wait_until(lambda: len(arrived.all) == 1)
        looks = len(board.pin(4).states)
        wait_until(lambda: len(board.pin(4).states) > looks + 12)
        assert len(arrived.all) == 1
        echo.metres = 1.21
        looks = len(board.pin(4).states)
        wait_until(lambda: len(board.pin(4).states) > looks + 12)
        echo.metres = 0.5
        wait_until(lambda: len(arrived.all) == 2)
    assert told.all == []


def test_a_distance_sensor_that_does_not_answer_is_missing_and_comes_back_within_five_seconds(caplog: pytest.LogCaptureFixture) -> None:
    board, echo = measuring()
    echo.metres = None
    told = Told()
    with closing(opened(DISTANCE, board, told)) as sensor:
        sensor.start(lambda _at: None)
        wait_until(lambda: told.all == [(Device.PRESENCE, Fault.PRESENCE_MISSING)])
        assert "the distance sensor does not answer" in caplog.text
        echo.metres = 3.0
        wait_until(lambda: told.all[-1] == (Device.PRESENCE, None), seconds=5)
        echo.metres = None
        wait_until(lambda: told.all[-1] == (Device.PRESENCE, Fault.PRESENCE_MISSING))


def test_pins_that_are_missing_are_a_fault_and_come_back_within_five_seconds() -> None:
    board, told = Board(missing=1), Told()
    with closing(opened(PIR, board, told)) as sensor:
        sensor.start(lambda _at: None)
        wait_until(lambda: told.all == [(Device.PRESENCE, Fault.PRESENCE_MISSING)])
        wait_until(lambda: told.all[-1] == (Device.PRESENCE, None), seconds=5)


def test_buttons_lamps_and_presence_share_one_board() -> None:
    board, told, config = Board(), Told(), config_with(buttons=Buttons(faces=(17, 27), face_lamps=(23, 24)), presence=PIR)
    pressed, arrived = [], Arrived()
    panel = open_panel(config, FakeClock(), told, factory=board)
    sensor = open_presence(config, FakeClock(), told, factory=board)
    lamps = open_lamps(config, told, factory=board)
    assert panel is not None
    assert sensor is not None
    assert lamps is not None
    with closing(panel), closing(sensor):
        panel.start(lambda button, _at: pressed.append(button))
        sensor.start(arrived)
        lamps.invite(2)
        looked_at(board, 4, 2)
        board.press(27, pressed=True)
        board.pin(4).drive_high()
        wait_until(lambda: pressed and arrived.all and board.is_high(23, 24) == [True, True])
        lamps.close()
        board.press(17, pressed=True)
        wait_until(lambda: len(pressed) == 2)
    assert told.all == []


def test_a_key_is_an_arrival_on_both_layouts_unless_nobody_has_left() -> None:
    clock, arrived = FakeClock(), Arrived()
    sensor = open_presence(config_with("simulated"), clock, Told())
    assert isinstance(sensor, KeyboardPresence)
    sensor.key("p")
    sensor.start(arrived)
    for key, pause_s in (("p", 2), ("P", 20), ("з", 9.9), ("p", 10), ("", 20), ("1", 20), ("З", 0)):
        sensor.key(key)
        clock.pass_s(pause_s)
    assert len(arrived.all) == 3
    sensor.close()
    clock.pass_s(60)
    sensor.key("p")
    assert len(arrived.all) == 3


def test_the_key_is_no_button() -> None:
    assert not simulated_presence.KEYS & simulated_buttons.KEYS.keys()


def test_without_the_table_there_is_no_sensor() -> None:
    assert open_presence(config_with(), FakeClock(), Told()) is None
