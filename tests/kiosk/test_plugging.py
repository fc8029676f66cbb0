"""Scanner and printer are pulled out and put back in the middle of visits to a whole kiosk, whose glass, log and paper are watched."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from feedback.codes import code_of
from feedback.records import DeviceChange, Outcome, TicketScan, VisitEnd, Vote, decode_body
from feedback.settings import Look, SlipWords, Timing
from feedback.tickets import card_code
from kiosk import accepted
from kiosk.store import FILE
from tests import escpos
from tests.feedback.tickets import DESKS, rules, signed
from tests.kiosk.hardware.scanners import Port
from tests.kiosk.support import MirrorClient, settings_of, wait_until
from tests.kiosk.test_beside import today, with_tickets
from tests.kiosk.test_store import assert_chained, logged, rows
from tests.kiosk.test_sync_settings import signed as signed_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from feedback.records import AnyRecord

__all__ = ["today", "with_tickets"]  # fixtures

BACK_S = 5.0
"""So soon a device that was put back works again, and so soon one that was pulled out is on record."""
THANKED_S = 4.0
"""No visitor waits longer from a press or a scan to what follows it, thanks included, whatever becomes of the devices."""
TIMING = Timing(thanks_s=0.2, repeat_s=0.1)


class Glass(MirrorClient):
    """Looks at what is on the screen, often, and so not at its pixels."""

    _seen = 0

    def look(self) -> dict[str, Any]:
        header, _ = self.ask(frame=self._seen)
        self._seen = header["frame"]
        return header

    def tap_when_there(self, name: str) -> None:
        wait_until(lambda: name in self.look()["targets"])
        self.ask(tap=self.look()["targets"][name])

    def wait_for(self, screen: str) -> None:
        wait_until(lambda: self.look()["screen"] == screen)


class PaperPort(Port):
    """A printer on such a port: it answers as one that is well. What it has taken is kept apart for each time it was plugged in."""

    def __init__(self, name: Path) -> None:
        super().__init__(name)
        self.sessions: list[bytearray] = []
        self._pulled = threading.Event()
        self._thread: threading.Thread | None = None

    def plug(self) -> None:
        super().plug()
        self.sessions.append(bytearray())
        self._pulled.clear()
        self._thread = threading.Thread(target=self._listen, args=(self._master, self.sessions[-1]), daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        self._pulled.set()
        if self._thread is not None:
            self._thread.join()  # nobody may be reading from what is closed: it would stay open
        super().unplug()

    def _listen(self, master: int, taken: bytearray) -> None:
        while not self._pulled.is_set():
            if select.select([master], [], [], 0.02)[0]:
                octets = os.read(master, 1 << 16)
                taken += octets
                if b"\x10\x04" in octets:
                    os.write(master, b"\x12")


class Log:
    """The records of a running kiosk, read as they come."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE
        self._read = 0
        self.records: list[AnyRecord] = []

    def of_device(self, name: str) -> list[DeviceChange]:
        """What has been recorded of a device, from its first outage on."""
        self._look()
        mine = [record for record in self.records if isinstance(record, DeviceChange) and record.device == name]
        return mine[1:] if mine and not mine[0].fault else mine  # after ten quiet seconds a device is said to be well

    def ends(self) -> int:
        """How many visits have ended."""
        self._look()
        return sum(isinstance(record, VisitEnd) for record in self.records)

    def votes(self) -> list[Vote]:
        self._look()
        return [record for record in self.records if isinstance(record, Vote)]

    def _look(self) -> None:
        for number, body in rows(self._path, f"SELECT n, body FROM records WHERE n > {self._read} ORDER BY n"):
            self._read = number
            self.records.append(decode_body(body))


class Visitors:
    """Visits, two a turn. In each the scanner is pulled out and put back; the printer goes in the first and is back in the second.

    An outage lasts until it is on record: one that is shorter than it takes to notice is none.
    """

    def __init__(self, glass: Glass, log: Log, scanner: Port, printer: PaperPort, today: str) -> None:
        self._glass = glass
        self._log = log
        self._ports = {"scanner": scanner, "printer": printer}
        self._scanner = scanner
        self._printer = printer
        self._today = today
        self.outages: dict[str, list[list[int]]] = {"scanner": [], "printer": []}
        """When each was pulled out and put back, in milliseconds of CLOCK_BOOTTIME."""
        self.slowest_s = 0.0

    def turn(self, number: int) -> None:
        self._scan_ticket(f"A{number:03}")
        for name in ("scanner", "printer"):
            self._pull_out(name)
        self._is_on_record("scanner")
        self._put_back("scanner")
        self._time(lambda: self._glass.tap_when_there("good"), lambda: self._log.ends() == 2 * number - 1)
        self._is_on_record("printer")  # it is looked at before each slip
        self._is_on_record("scanner")
        self._glass.wait_for("Ask")
        self._time(lambda: self._glass.tap_when_there("terrible"), lambda: self._glass.look()["screen"] == "Desk")
        self._pull_out("scanner")
        self._is_on_record("scanner")
        for name in ("scanner", "printer"):
            self._put_back(name)
        self._is_on_record("scanner")
        card = card_code("sample", "center-1").encode() + b"\r"
        self._time(lambda: self._scanner.send(card), lambda: self._log.ends() == 2 * number)
        self._is_on_record("printer")
        wait_until(lambda: escpos.read(bytes(self._printer.sessions[-1])).cuts == 2)  # both visitors' slips, late as the first is
        self._glass.wait_for("Ask")

    def _pull_out(self, name: str) -> None:
        self.outages[name].append([_boottime_ms()])
        self._ports[name].unplug()

    def _put_back(self, name: str) -> None:
        self.outages[name][-1].append(_boottime_ms())
        self._ports[name].plug()

    def _is_on_record(self, name: str) -> None:
        happened = sum(map(len, self.outages[name]))
        wait_until(lambda: len(self._log.of_device(name)) == happened, BACK_S)

    def _scan_ticket(self, number: str) -> None:
        before = self._glass.look()["frame"]
        self._scanner.send(signed(day=self._today, number=number, desk="center-12").encode() + b"\r")
        wait_until(lambda: self._glass.look()["frame"] > before)

    def _time(self, act: Callable[[], None], is_done: Callable[[], bool]) -> None:
        act()
        began_s = time.monotonic()
        wait_until(is_done)
        self.slowest_s = max(self.slowest_s, time.monotonic() - began_s)


def _boottime_ms() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


@pytest.fixture
def ports() -> Iterator[Path]:
    """A folder in which devices have names: a printer's is to be in /dev."""
    folder = Path(mkdtemp(dir="/dev/shm", prefix="vidhuk-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def config(with_tickets: Path, data_dir: Path, ports: Path) -> Path:
    settings = msgspec.structs.replace(
        settings_of(version=4, timing=TIMING), desks=DESKS, tickets=rules(), slip=SlipWords(hot_line="0 800 123 456"), look=Look(quiet=True)
    )
    folder = data_dir / accepted.FOLDER
    (folder / "settings-4.json").write_bytes(signed_settings(settings))
    (folder / accepted.CURRENT).unlink()
    (folder / accepted.CURRENT).symlink_to("settings-4.json")
    text = with_tickets.read_text().replace('"simulated"', '"real"')
    with_tickets.write_text(f'{text}\n[scanner]\nport = "{ports}/scanner"\n[printer]\nkind = "serial"\nport = "{ports}/printer"\n')
    return with_tickets


@contextmanager
def at_work(config: Path) -> Iterator[Glass]:
    """A kiosk process, and what taps its glass; it ends as a service does."""
    path = Path(mkdtemp()) / "m"  # short, as a socket's address has to be
    arguments = [sys.executable, "-m", "tests.kiosk.plugging", str(config), str(path)]
    surroundings = {**os.environ, "SDL_VIDEODRIVER": "offscreen", "SDL_AUDIODRIVER": "dummy"}
    with (config.parent / "ui.log").open("a") as said, subprocess.Popen(arguments, stdout=said, stderr=said, env=surroundings) as ui:
        try:
            wait_until(path.exists)
            with Glass(path) as glass:
                wait_until(lambda: glass.look()["frame"])
                yield glass
            ui.terminate()
            assert ui.wait(timeout=20) == 0
        finally:
            ui.kill()


@pytest.mark.window
@pytest.mark.parametrize("turns", [30, pytest.param(100, marks=pytest.mark.full)])
def test_scanner_and_printer_are_unplugged_in_mid_visit(config: Path, data_dir: Path, ports: Path, today: str, turns: int) -> None:
    log = Log(data_dir)
    with ExitStack() as stack:
        scanner, printer = stack.enter_context(Port(ports / "scanner")), stack.enter_context(PaperPort(ports / "printer"))
        scanner.plug()
        printer.plug()
        glass = stack.enter_context(at_work(config))
        wait_until(lambda: logged(data_dir / FILE))
        visitors = Visitors(glass, log, scanner, printer, today)
        for number in range(1, turns + 1):
            visitors.turn(number)
    assert visitors.slowest_s < THANKED_S
    see_visits(log, turns)
    for name, times in visitors.outages.items():
        see_outages(log.of_device(name), times, f"{name}_missing")
    see_slips(printer, log)
    assert_chained(data_dir / FILE)


def see_visits(log: Log, turns: int) -> None:
    """See that every visit is whole: a vote at the desk that its scan named, and an end after the last question."""
    votes = log.votes()
    assert [vote.answer for vote in votes] == ["good", "terrible"] * turns
    scans = {record.visit: record for record in log.records if isinstance(record, TicketScan)}
    assert [(scans[vote.visit].form, scans[vote.visit].desk) for vote in votes] == [("signed", "center-12"), ("card", "center-1")] * turns
    ends = [(record.visit, record.outcome) for record in log.records if isinstance(record, VisitEnd)]
    assert ends == [(vote.visit, Outcome.COMPLETED) for vote in votes]


def see_outages(changes: list[DeviceChange], times: list[list[int]], fault: str) -> None:
    """See that each outage has its begin and its end, both soon after what happened."""
    assert [change.fault for change in changes] == [fault, ""] * len(times)
    moments_ms = [change.at.boottime_ms for change in changes]
    for (pulled_ms, put_back_ms), begun_ms, ended_ms in zip(times, moments_ms[::2], moments_ms[1::2], strict=True):
        assert pulled_ms <= begun_ms <= put_back_ms <= ended_ms <= put_back_ms + BACK_S * 1000


def see_slips(printer: PaperPort, log: Log) -> None:
    """See that everybody has a slip, one each: who voted while the printer was away still stood there when it was back."""
    codes = [code for session in printer.sessions if session for code in escpos.read(bytes(session)).codes]
    assert sorted(codes) == sorted(code_of(vote.id) for vote in log.votes())
