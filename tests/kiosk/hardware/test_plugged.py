from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kiosk.hardware.plugged import Plugged, Use, plugged_in
from tests.kiosk.hardware.usb import Computer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def computer(tmp_path: Path) -> Computer:
    return Computer(tmp_path / "computer")


def test_each_device_is_named_as_kiosk_toml_takes_it(computer: Computer) -> None:
    computer.hub()
    computer.serial("ttyACM0", "0c2e", "0b6a", serial="17A", manufacturer="Honeywell", product="Honeywell 3320g")
    computer.keyboard("event3", "05e0", "1200", manufacturer="Symbol", product="Scanner")
    computer.printer("0416", "5011", serial="P\x07 1")
    assert plugged_in(computer.root) == (
        Plugged(Use.SERIAL, "/dev/serial/by-id/usb-0c2e_0b6a-if00", "/dev/ttyACM0", "0c2e", "0b6a", "17A", "Honeywell 3320g"),
        Plugged(Use.KEYBOARD, "/dev/input/by-id/usb-05e0_1200-event-kbd", "/dev/input/event3", "05e0", "1200", "", "Symbol Scanner"),
        Plugged(Use.PRINTER, "", "/dev/bus/usb/001/006", "0416", "5011", "P 1", ""),
    )


def test_what_is_none_of_these_is_there_too_for_who_knows_its_numbers(computer: Computer) -> None:
    computer.serial("ttyUSB0", "0403", "6001")
    computer._interface("04b8", "0e15", "ff", {})
    assert [(one.use, one.vendor) for one in plugged_in(computer.root)] == [(Use.SERIAL, "0403"), (Use.OTHER, "04b8")]


def test_lines_and_keyboards_that_are_not_at_usb_are_none(computer: Computer) -> None:
    (computer.root / "sys/devices/pnp/tty/ttyS0").mkdir(parents=True)
    (computer.root / "sys/devices/pnp/tty/ttyS0/device").symlink_to("../..")
    (computer.root / "sys/class/tty/ttyS0").symlink_to(computer.root / "sys/devices/pnp/tty/ttyS0")
    computer._name("dev/input/by-id", "gone-event-kbd", "../event9")
    assert plugged_in(computer.root) == ()


def test_a_computer_without_usb_has_nothing(tmp_path: Path) -> None:
    assert plugged_in(tmp_path) == ()
