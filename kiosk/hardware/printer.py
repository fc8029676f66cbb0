"""The slip printer: a thread of its own prints what is fresh, watches the printer, and says what is wrong with it."""

from __future__ import annotations

import errno
import logging
import threading
from collections import deque
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from kiosk.config_devices import Printer
from kiosk.errors import Fault
from kiosk.hardware import Device
from kiosk.hardware.paper.ports import FORGET, open_port
from kiosk.hardware.paper.sheet import of_slip, of_test
from kiosk.hardware.paper.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from kiosk.clock import Clock
    from kiosk.config import Config
    from kiosk.hardware import Health, SlipPrinter
    from kiosk.hardware.paper.ports import Port
    from kiosk.hardware.paper.sheet import Sheet
    from kiosk.slip import Slip

log = logging.getLogger(__name__)

STALE_S: Final = 20.0
"""A visitor waits no longer for a slip, and a slip must not lie there for the next one."""
LOOK_S: Final = 2.0
"""How often the printer is looked at, and looked for."""
_WAITING: Final = 4
_CLOSE_S: Final = 3.0
_NOT_OURS: Final = (errno.EACCES, errno.EPERM, errno.EBUSY, errno.EAGAIN)


def open_printer(config: Config, clock: Clock, health: Health) -> SlipPrinter | None:
    """Give the kiosk's printer, at work; None where there is none. `health` is called from the printer's thread."""
    if config.kiosk.hardware == "simulated":
        from kiosk.hardware.simulated.printer import SimulatedPort

        printer = config.printer or Printer()
        return QueuedPrinter(partial(SimulatedPort, config.data_dir, printer), printer, clock, health)
    if config.printer is None:
        return None
    return QueuedPrinter(partial(open_port, config.printer), config.printer, clock, health)


class QueuedPrinter:
    """A `SlipPrinter` on any port. A slip is begun once: one that went wrong half-way is not printed again."""

    def __init__(
        self,
        open_port: Callable[[], Port],
        printer: Printer,
        clock: Clock,
        health: Health,
        *,
        look_s: float = LOOK_S,
    ) -> None:
        self._open_port = open_port
        self._printer = printer
        self._clock = clock
        self._health = health
        self._look_s = look_s
        self._port: Port | None = None
        self._watch = Watch()
        self._fault: Fault | None = None
        self._is_cut_short = self._is_unseen = False
        self._slips: deque[Slip] = deque(maxlen=_WAITING)
        self._tests: deque[tuple[Sheet, Callable[[Fault | None], None]]] = deque()
        self._tested: Callable[[Fault | None], None] | None = None
        self._wake = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="printer", daemon=True)
        self._thread.start()

    def print(self, slip: Slip) -> None:
        """Print a slip soon, or never; where too many wait, the oldest is dropped."""
        self._slips.append(slip)
        self._wake.set()

    def test(self, language: str, answer: Callable[[Fault | None], None]) -> None:
        """Print a test strip now, or tell what keeps the printer from it."""
        self._tests.append((of_test(self._printer, (self._printer.page,), language), answer))
        self._wake.set()

    def close(self) -> None:
        """Let go of the device; what waits is not printed."""
        self._closing = True
        self._wake.set()
        self._thread.join(timeout=_CLOSE_S)

    def _run(self) -> None:
        while not self._closing:
            try:
                self._step()
            except Exception:  # the thread's outermost frame: whatever a printer does, the next slip is another chance
                log.exception("the printer thread stumbled")
                self._lose()
                with suppress(Exception):
                    self._tell(Fault.PRINTER_FAILED)
                    self._answer_tests(Fault.PRINTER_FAILED)
            self._wake.wait(self._look_s)
            self._wake.clear()
        self._lose()

    def _step(self) -> None:
        """Look at the printer, and print what is fresh as long as it is well."""
        port = self._port or self._opened()
        while port is not None:
            try:
                fault = self._watch.look(port, before_slip=bool(self._slips or self._tests))
            except OSError as error:
                self._give_up(error, _reason(port))
                break
            if fault is None and self._watch.is_unsure:
                break
            if fault is not self._fault:
                self._forget(port, fault)
            self._tell(fault)
            self._answer_tests(fault)
            if fault is not None:
                break
            self._is_unseen = False  # it answers after a slip, so it has got all of it
            if not self._print_next(port):
                break
        self._drop_stale()

    def _opened(self) -> Port | None:
        try:
            self._port = self._open_port()
        except OSError as error:
            self._give_up(error, Fault.PRINTER_FAILED if error.errno in _NOT_OURS else Fault.PRINTER_MISSING)
        return self._port

    def _print_next(self, port: Port) -> bool:
        """Print what is next; tell whether there was something and the printer took it."""
        if self._tests:
            sheet, self._tested = self._tests.popleft()
            return self._print(port, sheet)
        slip = self._next()
        return slip is not None and self._print(port, of_slip(slip))

    def _answer_tests(self, fault: Fault | None) -> None:
        """Say how the printer is after the test that it was handed, and to those that wait what keeps it from them."""
        tested, self._tested = self._tested, None
        if tested is not None:
            tested(fault)
        while fault is not None and self._tests:
            self._tests.popleft()[1](fault)

    def _print(self, port: Port, sheet: Sheet) -> bool:
        from kiosk.hardware.paper.writer import drain, printout

        octets = printout(sheet, self._printer)
        if self._is_cut_short:
            octets = drain(self._printer) + octets
        self._is_cut_short, self._is_unseen = False, True
        try:
            port.write(octets)
        except OSError as error:
            self._give_up(error, self._why(port))
            return False
        self._watch.printed()
        return True

    def _why(self, port: Port) -> Fault:
        """Give why a slip was not taken."""
        try:
            fault = self._watch.look(port, before_slip=False)
        except OSError:
            return _reason(port)
        self._forget(port, fault)
        return fault or Fault.PRINTER_FAILED

    def _forget(self, port: Port, fault: Fault | None) -> None:
        """Have a printer that has stopped forget what it has not printed, so that it does not come out when somebody has mended it."""
        if fault in (Fault.PAPER_END, Fault.COVER_OPEN):
            self._is_cut_short = True
            with suppress(OSError):
                port.write(FORGET)

    def _next(self) -> Slip | None:
        self._drop_stale()
        return self._slips.popleft() if self._slips else None

    def _drop_stale(self) -> None:
        oldest_ms = self._clock.moment().boottime_ms - STALE_S * 1000
        while self._slips and self._slips[0].made_ms < oldest_ms:
            self._slips.popleft()
            log.warning("a slip that could not be printed in time was dropped")

    def _give_up(self, error: OSError, fault: Fault) -> None:
        if fault is not self._fault:
            log.warning("the printer: %s", error)
        self._lose()
        self._tell(fault)
        self._answer_tests(fault)

    def _lose(self) -> None:
        self._is_cut_short |= self._is_unseen
        if self._port is not None:
            self._port.close()
            self._port = None

    def _tell(self, fault: Fault | None) -> None:
        if fault is not self._fault:
            self._fault = fault
            self._health(Device.PRINTER, fault)


def _reason(port: Port) -> Fault:
    """Tell a printer that is gone from one that has stopped."""
    try:
        port.check()
    except OSError:
        return Fault.PRINTER_MISSING
    return Fault.PRINTER_FAILED
