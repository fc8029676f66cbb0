from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import zxingcpp
from PIL import Image

from kiosk.config import parse
from kiosk.config_devices import Printer
from kiosk.errors import Fault
from kiosk.hardware.paper.sheet import Line
from kiosk.hardware.paper.writer import printout
from kiosk.hardware.printer import open_printer
from kiosk.hardware.simulated.printer import COVER_OPEN, FOLDER, KEPT, PAPER_END, UNPLUGGED, SimulatedPort
from tests.kiosk.hardware.paper import Told, at
from tests.kiosk.support import FakeClock, kiosk_toml, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from kiosk.hardware import SlipPrinter


@pytest.fixture
def told() -> Told:
    return Told()


def opened(data_dir: Path, clock: FakeClock, told: Told) -> SlipPrinter:
    printer = open_printer(parse(kiosk_toml(data_dir), "kiosk.toml"), clock, told)
    assert printer is not None
    return printer


def pictures(data_dir: Path) -> list[Path]:
    return sorted((data_dir / FOLDER).glob("0*.png"))


def test_a_slip_is_a_picture_whose_code_is_read(data_dir: Path, clock: FakeClock, told: Told) -> None:
    printer = opened(data_dir, clock, told)
    one = at(clock.moment())
    printer.print(one)
    wait_until(lambda: pictures(data_dir))
    printer.close()
    printer.close()
    with Image.open(pictures(data_dir)[0]) as picture:
        assert picture.size[0] == 384 + 2 * 16
        assert [found.text for found in zxingcpp.read_barcodes(picture.convert("L"))] == [one.qr]
    assert told.faults == []


def test_the_last_twenty_are_kept(data_dir: Path) -> None:
    port = SimulatedPort(data_dir, Printer())
    for _ in range(KEPT + 3):
        port.write(printout((Line("Ґанок"),), Printer()))
    assert [path.name for path in pictures(data_dir)] == [f"{number:06}.png" for number in range(4, KEPT + 4)]


@pytest.mark.parametrize(
    ("switch", "fault"), [(PAPER_END, Fault.PAPER_END), (COVER_OPEN, Fault.COVER_OPEN), (UNPLUGGED, Fault.PRINTER_MISSING)]
)
def test_a_file_is_a_switch(switch: str, fault: Fault, data_dir: Path, clock: FakeClock, told: Told) -> None:
    printer = opened(data_dir, clock, told)
    wait_until((data_dir / FOLDER).is_dir)
    (data_dir / FOLDER / switch).touch()
    printer.print(at(clock.moment()))
    wait_until(lambda: told.now is fault)
    assert not pictures(data_dir)
    clock.pass_s(30)
    (data_dir / FOLDER / switch).unlink()
    wait_until(lambda: told.now is None)
    printer.close()
    assert not pictures(data_dir), "a stale slip is not printed"


def test_a_real_kiosk_without_the_table_has_no_printer(data_dir: Path, clock: FakeClock, told: Told) -> None:
    config = parse(kiosk_toml(data_dir, hardware="real"), "kiosk.toml")
    assert open_printer(config, clock, told) is None


def test_a_real_printer_that_is_missing_is_a_fault_from_the_start_and_never_simulated(data_dir: Path, clock: FakeClock, told: Told) -> None:
    text = kiosk_toml(data_dir, hardware="real") + f'\n[printer]\nkind = "serial"\nport = "/dev/{data_dir.name}-none"\n'
    printer = open_printer(parse(text, "kiosk.toml"), clock, told)
    assert printer is not None
    try:
        wait_until(lambda: told.faults == [Fault.PRINTER_MISSING])
        printer.print(at(clock.moment()))
    finally:
        printer.close()
    assert not (data_dir / FOLDER).exists()
