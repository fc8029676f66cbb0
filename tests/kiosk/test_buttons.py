from __future__ import annotations

import pytest

from feedback.records import Moment
from kiosk.hardware import PanelButton
from kiosk.hardware.simulated.buttons import KeyboardButtons
from tests.kiosk.support import FakeClock


def pressed(keys: str) -> list[PanelButton]:
    panel, presses = KeyboardButtons(FakeClock()), list[tuple[PanelButton, Moment]]()
    panel.start(lambda button, at: presses.append((button, at)))
    for key in keys:
        panel.key(key)
    assert all(at == FakeClock().moment() for _, at in presses)
    return [button for button, _ in presses]


def test_digits_are_the_five_buttons_under_the_faces() -> None:
    assert pressed("12345") == ["face:1", "face:2", "face:3", "face:4", "face:5"]


@pytest.mark.parametrize("keys", ["ads\rrxh", "ADS\rRXH", "фві\rкчр"])
def test_letters_are_the_keypad_whatever_the_layout(keys: str) -> None:
    assert pressed(keys) == ["previous", "next", "select", "select", "repeat", "skip", "help"]


def test_every_button_has_a_key() -> None:
    assert set(pressed("12345adsrxh")) == set(PanelButton)


def test_other_keys_are_no_buttons() -> None:
    assert pressed("06789 qwe\x1b\t\x00їґ") == []


def test_a_closed_panel_says_nothing() -> None:
    panel = KeyboardButtons(FakeClock())
    panel.key("1")
    panel.start(lambda *_: pytest.fail("closed"))
    panel.close()
    panel.close()
    panel.key("1")
