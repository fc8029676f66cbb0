from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from kiosk.config_devices import Printer
from kiosk.errors import Fault
from kiosk.hardware.printer import QueuedPrinter
from tests.kiosk.hardware.paper import TcpPort, TcpPrinter, Told, at, slip
from tests.kiosk.support import FakeClock, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kiosk.hardware.paper.ports import Port

LETTERS = Printer(text="CP1251", page=46)


@pytest.fixture
def paper() -> Iterator[TcpPrinter]:
    with TcpPrinter() as printer:
        yield printer


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def printer(paper: TcpPrinter, clock: FakeClock, told: Told) -> Iterator[QueuedPrinter]:
    opened = QueuedPrinter(paper.port, LETTERS, clock, told, look_s=0.01)
    yield opened
    opened.close()


def test_a_slip_comes_out_whole(paper: TcpPrinter, printer: QueuedPrinter, clock: FakeClock, told: Told) -> None:
    one = at(clock.moment())
    printer.print(one)
    wait_until(lambda: paper.read().cuts == 1)
    read = paper.read({46: "cp1251"})
    assert read.unknown == b""
    assert read.codes == [one.qr]
    assert told.faults == []


@pytest.mark.parametrize(
    ("answers", "fault"),
    [
        ((0x32, 0x12), Fault.PAPER_END),
        ((0x12, 0x72), Fault.PAPER_END),
        ((0x16, 0x72), Fault.COVER_OPEN),
        ((0x52, 0x12), Fault.PRINTER_FAILED),
    ],
)
def test_what_stops_a_printer_is_said_before_anything_is_sent(
    answers: tuple[int, int], fault: Fault, paper: TcpPrinter, clock: FakeClock, told: Told
) -> None:
    paper.offline, paper.paper = answers
    printer = QueuedPrinter(paper.port, LETTERS, clock, told, look_s=0.01)
    try:
        one = at(clock.moment())
        printer.print(one)
        wait_until(lambda: told.now is fault)
        time_of_looks(paper)
        assert paper.read().cuts == 0
        paper.paper = 0x12
        paper.offline = 0x12
        wait_until(lambda: paper.read({46: "cp1251"}).codes == [one.qr])
    finally:
        printer.close()
    assert told.faults[0] is fault
    assert told.now is None


def time_of_looks(paper: TcpPrinter, looks: int = 5) -> None:
    """Let the printer be looked at so many times."""
    before = bytes(paper.taken).count(b"\x10\x04\x02")
    wait_until(lambda: bytes(paper.taken).count(b"\x10\x04\x02") >= before + looks)


def test_paper_that_is_nearly_at_its_end_still_prints(paper: TcpPrinter, printer: QueuedPrinter, clock: FakeClock, told: Told) -> None:
    paper.paper = 0x12 | 0x0C
    printer.print(at(clock.moment()))
    wait_until(lambda: paper.read().cuts == 1)
    assert told.faults == []


def test_paper_that_ends_in_the_middle_is_reported_and_the_rest_forgotten(
    paper: TcpPrinter, printer: QueuedPrinter, clock: FakeClock, told: Told
) -> None:
    time_of_looks(paper)
    paper.fails_after = (len(paper.taken) + 3000, "paper-end")
    printer.print(at(clock.moment()))
    wait_until(lambda: told.now is Fault.PAPER_END)
    assert paper.read().lacking, "a picture was cut short"
    paper.fails_after, paper.paper = None, 0x12
    wait_until(lambda: told.now is None)
    one = at(clock.moment())
    printer.print(one)
    wait_until(lambda: paper.read().cuts == 1)
    assert paper.read({46: "cp1251"}).codes[-1] == one.qr, "the next slip is clean, and the one before is not printed again"
    assert paper.read({46: "cp1251"}).unknown == b""


def test_a_printer_that_stops_taking_anything_is_reported(paper: TcpPrinter, clock: FakeClock, told: Told) -> None:
    printer = QueuedPrinter(paper.port, Printer(width_px=832), clock, told, look_s=0.01)  # more than what the line itself holds
    try:
        time_of_looks(paper)
        paper.fails_after = (len(paper.taken) + 3000, "stop")
        printer.print(at(clock.moment()))
        wait_until(lambda: told.now is Fault.PRINTER_FAILED)
        paper.fails_after = None
        wait_until(lambda: told.now is None)
    finally:
        paper.fails_after = None
        printer.close()


def test_paper_that_ends_with_the_slip_is_reported_after_it(
    paper: TcpPrinter, printer: QueuedPrinter, clock: FakeClock, told: Told
) -> None:
    printer.print(at(clock.moment()))
    wait_until(lambda: paper.read().cuts == 1)
    assert told.faults == []
    paper.paper = 0x72
    wait_until(lambda: told.faults == [Fault.PAPER_END])
    wait_until(lambda: paper.read().forgotten == 1)
    time_of_looks(paper)
    assert told.faults == [Fault.PAPER_END]
    assert paper.read().forgotten == 1


def test_unplugged_in_the_middle_the_next_slip_is_clean(paper: TcpPrinter, printer: QueuedPrinter, clock: FakeClock, told: Told) -> None:
    time_of_looks(paper)
    paper.fails_after = (len(paper.taken) + 3000, "unplug")
    printer.print(at(clock.moment()))
    wait_until(lambda: told.now is Fault.PRINTER_MISSING)
    paper.fails_after = None
    paper.plug()
    wait_until(lambda: told.now is None)
    one = at(clock.moment())
    printer.print(one)
    wait_until(lambda: paper.read().cuts == 1)
    read = paper.read({46: "cp1251"})
    assert (read.codes[-1], read.unknown, read.lacking) == (one.qr, b"", 0)


def test_unplugged_and_plugged_in_a_hundred_times(paper: TcpPrinter, printer: QueuedPrinter, clock: FakeClock, told: Told) -> None:
    for time_ in range(1, 101):
        paper.unplug()
        wait_until(lambda: told.now is Fault.PRINTER_MISSING)
        printer.print(at(clock.moment()))
        paper.plug()
        wait_until(lambda done=time_: bytes(paper.taken).count(b"\x1dV\x01") == done)
    wait_until(lambda: len(told.faults) == 200)
    assert told.faults == [Fault.PRINTER_MISSING, None] * 100


def test_it_comes_back_within_five_seconds(paper: TcpPrinter, clock: FakeClock, told: Told) -> None:
    paper.unplug()
    printer = QueuedPrinter(paper.port, LETTERS, clock, told)
    try:
        wait_until(lambda: told.now is Fault.PRINTER_MISSING)
        paper.plug()
        before = time.monotonic()
        wait_until(lambda: told.now is None)
        assert time.monotonic() - before < 5
    finally:
        printer.close()


def test_a_stale_slip_is_dropped_and_a_fresh_one_printed(paper: TcpPrinter, printer: QueuedPrinter, clock: FakeClock, told: Told) -> None:
    paper.paper = 0x72
    wait_until(lambda: told.now is Fault.PAPER_END)
    printer.print(at(clock.moment()))
    clock.pass_s(15)
    fresh = at(clock.moment())
    printer.print(fresh)
    clock.pass_s(10)
    paper.paper = 0x12
    wait_until(lambda: told.now is None)
    wait_until(lambda: paper.read().cuts == 1)
    time_of_looks(paper)
    read = paper.read({46: "cp1251"})
    assert (read.cuts, read.codes) == (1, [fresh.qr])


def test_of_many_that_wait_the_latest_are_printed(paper: TcpPrinter, printer: QueuedPrinter, clock: FakeClock, told: Told) -> None:
    paper.paper = 0x72
    wait_until(lambda: told.now is Fault.PAPER_END)
    slips = [at(clock.moment()) for _ in range(10)]
    for one in slips:
        printer.print(one)
    paper.paper = 0x12
    wait_until(lambda: paper.read().cuts == 4)
    time_of_looks(paper)
    assert sorted(paper.read({46: "cp1251"}).codes) == sorted(one.qr for one in slips[-4:])


def test_a_printer_that_never_answers_still_prints(paper: TcpPrinter, clock: FakeClock, told: Told) -> None:
    paper.answers = False
    looks: list[str] = []

    class Watched(TcpPort):
        def check(self) -> None:
            looks.append("check")
            super().check()

        def ask(self, which: int, within_s: float) -> int | None:
            looks.append("ask")
            return super().ask(which, within_s)

    printer = QueuedPrinter(lambda: Watched(paper.number), LETTERS, clock, told, look_s=0.01)
    try:
        printer.print(at(clock.moment()))
        wait_until(lambda: paper.read().cuts == 1)
        wait_until(lambda: looks[-20:] == ["check"] * 20)  # it is not asked in vain for ever
        paper.unplug()
        wait_until(lambda: told.faults == [Fault.PRINTER_MISSING])
    finally:
        printer.close()


def test_a_printer_that_falls_silent_is_missing(paper: TcpPrinter, printer: QueuedPrinter, clock: FakeClock, told: Told) -> None:
    printer.print(at(clock.moment()))
    wait_until(lambda: paper.read().cuts == 1)
    paper.answers = False
    wait_until(lambda: told.now is Fault.PRINTER_MISSING)
    printer.print(at(clock.moment()))
    time_of_looks(paper)
    assert paper.read().cuts == 1
    paper.answers = True
    wait_until(lambda: paper.read().cuts == 2)
    assert told.faults == [Fault.PRINTER_MISSING, None]


class Unkind:
    """A port on which everything goes wrong in a way that nobody thought of."""

    def __init__(self, paper: TcpPrinter) -> None:
        self.paper = paper
        self.mistakes = 0

    def open(self) -> Port:
        self.mistakes += 1
        if self.mistakes < 4:
            raise RuntimeError("nobody thought of this")
        return self.paper.port()


def test_no_mistake_ends_the_printing(paper: TcpPrinter, clock: FakeClock, told: Told, caplog: pytest.LogCaptureFixture) -> None:
    printer = QueuedPrinter(Unkind(paper).open, LETTERS, clock, told, look_s=0.01)
    try:
        printer.print(slip(clock.now_ms, check_url="https://example.org/" + "x" * 4000))  # more than a QR code holds
        printer.print(at(clock.moment()))
        wait_until(lambda: paper.read().cuts == 1)
    finally:
        printer.close()
    assert Fault.PRINTER_FAILED in told.faults
    assert told.now is None
    assert "the printer thread stumbled" in caplog.text


def test_a_visit_never_waits_for_paper(paper: TcpPrinter, printer: QueuedPrinter, clock: FakeClock) -> None:
    paper.unplug()
    before = time.monotonic()
    for _ in range(1000):
        printer.print(slip(clock.now_ms))
    assert time.monotonic() - before < 1


def test_a_port_that_may_not_be_opened_is_a_failure_and_not_a_missing_device(clock: FakeClock, told: Told) -> None:
    def refused() -> TcpPort:
        raise PermissionError(13, "not yours")

    printer = QueuedPrinter(refused, LETTERS, clock, told, look_s=0.01)
    try:
        wait_until(lambda: told.faults == [Fault.PRINTER_FAILED])
    finally:
        printer.close()


def test_a_test_strip_is_printed_and_said_to_be(paper: TcpPrinter, printer: QueuedPrinter) -> None:
    answers: list[Fault | None] = []
    printer.test("uk", answers.append)
    wait_until(lambda: answers)
    assert answers == [None]
    assert paper.read({46: "cp1251"}).codes == ["VIDHUK"]
    assert paper.read().cuts == 1


@pytest.mark.parametrize(("offline", "fault"), [(0x32, Fault.PAPER_END), (0x16, Fault.COVER_OPEN)])
def test_a_test_strip_that_cannot_be_printed_is_not_printed_later(
    offline: int, fault: Fault, paper: TcpPrinter, printer: QueuedPrinter, told: Told
) -> None:
    paper.offline = offline
    heard: list[Fault | None] = []
    wait_until(lambda: told.now is fault)
    printer.test("uk", heard.append)
    wait_until(lambda: heard)
    assert heard == [fault]
    paper.offline = 0x12
    wait_until(lambda: told.now is None)
    printer.test("uk", heard.append)
    wait_until(lambda: len(heard) == 2)
    assert (heard, paper.read().cuts) == ([fault, None], 1)


def test_paper_that_ends_within_the_strip_is_told(paper: TcpPrinter, printer: QueuedPrinter) -> None:
    heard: list[Fault | None] = []
    paper.fails_after = (200, "paper-end")
    printer.test("uk", heard.append)
    wait_until(lambda: heard)
    assert heard == [Fault.PAPER_END]


def test_a_printer_that_is_not_there_is_told(clock: FakeClock, told: Told) -> None:
    def nobody() -> Port:
        raise FileNotFoundError("nothing there")

    printer = QueuedPrinter(nobody, LETTERS, clock, told, look_s=0.01)
    heard: list[Fault | None] = []
    printer.test("uk", heard.append)
    wait_until(lambda: heard)
    printer.close()
    assert heard == [Fault.PRINTER_MISSING]
