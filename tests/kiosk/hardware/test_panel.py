from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from contextlib import closing
from random import Random
from typing import TYPE_CHECKING

import pytest

from kiosk.config_devices import Buttons
from kiosk.errors import Fault
from kiosk.hardware import Device, PanelButton
from kiosk.hardware.panel import open_panel
from kiosk.hardware.simulated.buttons import KeyboardButtons
from tests.kiosk.hardware.lines import PATTERNS
from tests.kiosk.hardware.pins import Board, Told, config_with
from tests.kiosk.support import FakeClock, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from feedback.records import Moment
    from kiosk.hardware.panel import PinPanel

FIVE = Buttons(faces=(17, 27, 22, 5, 6))
EVERY = Buttons(faces=(17, 27, 22, 5, 6), help=26, previous=20, next=21, select=7, repeat=18, skip=19)
OF_A_SCHEDULE = frozenset({"edges come late", "the computer stalls", "slow press"})  # a mock pin calls at once


class Presses:
    """What a panel says was pressed."""

    def __init__(self) -> None:
        self.all: list[tuple[PanelButton, Moment]] = []

    def __call__(self, button: PanelButton, at: Moment) -> None:
        self.all.append((button, at))

    @property
    def buttons(self) -> list[PanelButton]:
        return [button for button, _at in self.all]


def panel_of(buttons: Buttons, board: Board, told: Told) -> PinPanel:
    panel = open_panel(config_with(buttons=buttons), FakeClock(), told, factory=board)
    assert panel is not None
    assert not isinstance(panel, KeyboardButtons)
    return panel


def watching(board: Board, number: int) -> bool:
    return board.pin(number).when_changed is not None


def test_every_button_is_its_pin() -> None:
    board, presses = Board(), Presses()
    with closing(panel_of(EVERY, board, Told())) as panel:
        panel.start(presses)
        wait_until(lambda: watching(board, 19))
        for number in (17, 27, 22, 5, 6, 20, 21, 7, 18, 19, 26):
            board.press(number, pressed=True)
            board.press(number, pressed=False)
        wait_until(lambda: len(presses.all) == 11)
    assert presses.buttons == list(PanelButton)


def test_a_press_has_the_moment_at_which_it_was_made() -> None:
    board, presses, clock = Board(), Presses(), FakeClock()
    panel = open_panel(config_with(buttons=FIVE), clock, Told(), factory=board)
    assert panel is not None
    with closing(panel):
        panel.start(presses)
        wait_until(lambda: watching(board, 6))
        pin = board.pin(17)
        pin.stamp_s = time.monotonic() - 0.5
        board.press(17, pressed=True)
        wait_until(lambda: presses.all)
    ((_button, at),) = presses.all
    now = clock.moment()
    assert 500 <= now.boottime_ms - at.boottime_ms < 5_000
    assert now.boottime_ms - at.boottime_ms == now.wall_ms - at.wall_ms
    assert at.trusted


def test_edges_stamped_by_another_clock_are_of_now() -> None:
    board, presses, clock = Board(), Presses(), FakeClock()
    with closing(panel_of(FIVE, board, Told())) as panel:
        panel.start(presses)
        wait_until(lambda: watching(board, 6))
        for number, stamp_s in ((17, time.time()), (27, 1.0)):
            board.pin(number).stamp_s = stamp_s
            board.press(number, pressed=True)
        wait_until(lambda: len(presses.all) == 2)
    assert all(clock.moment().boottime_ms - at.boottime_ms < 5_000 for _button, at in presses.all)


@pytest.mark.parametrize("rounds", [1, pytest.param(10, marks=pytest.mark.full)])
@pytest.mark.parametrize("glitch_ms", [0, 3])
def test_every_bounced_press_on_the_pins_counts_once(glitch_ms: int, rounds: int) -> None:
    board, presses = Board(), Presses()
    buttons = Buttons(faces=FIVE.faces, debounce_ms=50, glitch_ms=glitch_ms)
    made = dict.fromkeys(FIVE.faces, 0)

    def press(number: int) -> None:
        random = Random(number)
        for _ in range(rounds):
            for name in sorted(PATTERNS.keys() - OF_A_SCHEDULE):
                played = PATTERNS[name](random)
                if played.rules.glitch_s == glitch_ms / 1000:
                    board.play(number, played)
                    made[number] += played.presses
                    time.sleep(0.3)  # the person’s, not the test’s: a starved machine still looks within it

    with closing(panel_of(buttons, board, Told())) as panel:
        panel.start(presses)
        wait_until(lambda: watching(board, 6))
        hands = [threading.Thread(target=press, args=(number,)) for number in FIVE.faces]
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()
        wait_until(lambda: len(presses.all) >= sum(made.values()))
    counted = [presses.buttons.count(button) for button in list(PanelButton)[:5]]
    assert counted == list(made.values())


def test_a_stuck_button_is_named_muted_and_heard_again_while_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    board, presses, told = Board(), Presses(), Told()
    with closing(panel_of(Buttons(faces=(17, 27), stuck_s=0.2), board, told)) as panel:
        panel.start(presses)
        wait_until(lambda: watching(board, 27))
        board.press(27, pressed=True)
        wait_until(lambda: told.all == [(Device.BUTTONS, Fault.BUTTON_STUCK)])
        assert "button face:2 is stuck" in caplog.text
        board.press(17, pressed=True)
        board.press(17, pressed=False)
        wait_until(lambda: presses.buttons == ["face:2", "face:1"])
        board.press(27, pressed=False)
        wait_until(lambda: told.all[-1] == (Device.BUTTONS, None))
        assert "button face:2 is heard again" in caplog.text
        board.press(27, pressed=True)
        wait_until(lambda: presses.buttons == ["face:2", "face:1", "face:2"])


def test_a_storm_on_one_line_is_muted_and_the_others_are_heard(caplog: pytest.LogCaptureFixture) -> None:
    board, presses, told = Board(), Presses(), Told()
    with closing(panel_of(FIVE, board, told)) as panel:
        panel.start(presses)
        wait_until(lambda: watching(board, 6))
        for _ in range(3_000):
            board.press(17, pressed=True)
            board.press(17, pressed=False)
        wait_until(lambda: told.all == [(Device.BUTTONS, Fault.BUTTON_STUCK)])
        assert "button face:1 is noisy" in caplog.text
        board.press(27, pressed=True)
        wait_until(lambda: presses.buttons[-1:] == ["face:2"])
    assert presses.buttons.count(PanelButton.FACE_1) <= 16


def test_pins_that_are_missing_are_a_fault_and_come_back_within_five_seconds() -> None:
    board, presses, told = Board(missing=1), Presses(), Told()
    with closing(panel_of(FIVE, board, told)) as panel:
        panel.start(presses)
        wait_until(lambda: told.all == [(Device.BUTTONS, Fault.BUTTONS_MISSING)])
        wait_until(lambda: told.all == [(Device.BUTTONS, Fault.BUTTONS_MISSING), (Device.BUTTONS, None)], seconds=5)
        board.press(22, pressed=True)
        wait_until(lambda: presses.buttons == ["face:3"])


def test_a_pin_that_fails_at_work_is_a_fault_and_comes_back_within_five_seconds() -> None:
    board, presses, told = Board(), Presses(), Told()
    with closing(panel_of(FIVE, board, told)) as panel:
        panel.start(presses)
        wait_until(lambda: watching(board, 6))
        board.pin(5).broken = True
        wait_until(lambda: told.all == [(Device.BUTTONS, Fault.BUTTONS_MISSING)])
        board.pin(5).broken = False
        wait_until(lambda: told.all[-1] == (Device.BUTTONS, None), seconds=5)
        board.press(17, pressed=True)
        wait_until(lambda: presses.buttons == ["face:1"])


def test_a_pin_that_something_else_has_is_a_fault_until_it_is_let_go() -> None:
    from gpiozero import LED

    board, told = Board(), Told()
    other = LED(5, pin_factory=board.factory)
    with closing(panel_of(FIVE, board, told)) as panel:
        panel.start(lambda *_: None)
        wait_until(lambda: told.all == [(Device.BUTTONS, Fault.BUTTONS_MISSING)])
        other.close()
        wait_until(lambda: told.all[-1] == (Device.BUTTONS, None), seconds=5)


def test_a_listener_that_fails_does_not_end_the_panel(caplog: pytest.LogCaptureFixture) -> None:
    board, presses, told = Board(), list[PanelButton](), Told()

    def listen(button: PanelButton, _at: object) -> None:
        presses.append(button)
        if len(presses) == 1:
            raise ValueError("not this one")

    with closing(panel_of(FIVE, board, told)) as panel:
        panel.start(listen)
        wait_until(lambda: watching(board, 6))
        board.press(17, pressed=True)
        wait_until(lambda: told.all[-1:] == [(Device.BUTTONS, None)], seconds=5)
        board.press(27, pressed=True)
        wait_until(lambda: presses == ["face:1", "face:2"])
    assert "not this one" in caplog.text


def test_without_a_chip_real_pins_are_missing_and_nothing_is_simulated(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)  # lgpio makes its pipe in the working folder
    told = Told()
    panel = open_panel(config_with(buttons=FIVE), FakeClock(), told)
    assert panel is not None
    with closing(panel):
        panel.start(lambda *_: pytest.fail("nobody pressed"))
        wait_until(lambda: told.all == [(Device.BUTTONS, Fault.BUTTONS_MISSING)])
    assert "there are no GPIO pins" in caplog.text


def test_a_closed_panel_says_nothing_and_lets_go_of_its_pins() -> None:
    board, presses = Board(), Presses()
    panel = panel_of(FIVE, board, Told())
    panel.start(presses)
    wait_until(lambda: watching(board, 6))
    panel.close()
    panel.close()
    board.press(17, pressed=True)
    assert not watching(board, 17)
    assert presses.all == []
    with closing(panel_of(FIVE, board, Told())) as again:
        again.start(presses)
        wait_until(lambda: watching(board, 6))


def test_without_the_table_there_is_no_panel_and_simulated_hardware_has_one() -> None:
    assert open_panel(config_with(), FakeClock(), Told()) is None
    assert isinstance(open_panel(config_with("simulated"), FakeClock(), Told()), KeyboardButtons)


def test_gpiozero_is_not_loaded_before_a_pin_is_wanted() -> None:
    code = "import sys, kiosk.hardware.panel, kiosk.hardware.lamps, kiosk.hardware.presence; print('gpiozero' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
