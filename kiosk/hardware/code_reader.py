"""Reads codes from whatever line a scanner is on, on a thread of its own: opens it, opens it again, and says when it cannot be read."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final, Protocol

from kiosk.errors import Fault
from kiosk.hardware import Device
from kiosk.hardware.scan_codes import Repeats, Splitter, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable

    from feedback.records import Moment
    from kiosk.clock import Clock
    from kiosk.hardware import Health

log = logging.getLogger(__name__)

READ_S: Final = 0.1
"""How long a line waits for bytes at most."""
WAITS_S: Final = (0.1, 1.0)
"""Before a line is opened again: after the first failure, and at most."""
UNREADABLE_AFTER: Final = 2
"""So many unreadable codes without a good one between them are a fault; a single one may be a strange code."""
_JOIN_S: Final = 5.0


class Line(Protocol):
    """An open connection to a scanner."""

    def read(self) -> bytes:
        """Give bytes as they come, b"" where none came within `READ_S`.

        Raises:
            OSError: the scanner is gone.
        """

    def close(self) -> None:
        """Let go of it."""


class CodeReader:
    """A `TicketScanner` on any line.

    A scanner that is missing is looked for until it is there; each time that it comes or goes, and when it sends what cannot be read,
    `health` hears of it, on the reader's thread as `on_code` does.
    """

    def __init__(self, name: str, open_line: Callable[[], Line], clock: Clock, health: Health) -> None:
        """`name` is for the log. `open_line` raises OSError, in words for who sets it up, where there is no scanner."""
        self._name = name
        self._open_line = open_line
        self._clock = clock
        self._health = health
        self._fault: Fault | None = None
        self._complaint = ""
        self._unreadable = 0
        self._repeats = Repeats()
        self._wait_s = WAITS_S[0]
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, on_code: Callable[[str, Moment], None]) -> None:
        """Call `on_code(code, moment)` for each code read from now on."""
        self._thread = threading.Thread(target=self._run, args=(on_code,), name="scanner", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop calling and let go of the device."""
        self._stopped.set()
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join(_JOIN_S)

    def _run(self, on_code: Callable[[str, Moment], None]) -> None:
        while not self._stopped.is_set():
            try:
                self._connect(on_code)
            except OSError as error:
                self._complain(str(error))
                self._tell(Fault.SCANNER_MISSING)
            except Exception:
                log.exception("reading from the scanner failed")
            self._stopped.wait(self._wait_s)
            self._wait_s = min(self._wait_s * 2, WAITS_S[1])

    def _connect(self, on_code: Callable[[str, Moment], None]) -> None:
        line = self._open_line()
        try:
            self._complain("")
            self._unreadable = 0
            self._tell(None)
            self._listen(line, on_code)
        finally:
            line.close()

    def _listen(self, line: Line, on_code: Callable[[str, Moment], None]) -> None:
        splitter = Splitter()
        while not self._stopped.is_set():
            received = line.read()
            self._wait_s = WAITS_S[0]
            moment = self._clock.moment()
            now_s = moment.boottime_ms / 1000
            for found in splitter.feed(received, now_s) if received else splitter.idle(now_s):
                self._take(found, moment, on_code)

    def _take(self, found: str | Unreadable, moment: Moment, on_code: Callable[[str, Moment], None]) -> None:
        if isinstance(found, Unreadable):
            log.warning("the scanner %s sent %s", self._name, found.value)
            self._unreadable += 1
            if self._unreadable >= UNREADABLE_AFTER:
                self._tell(Fault.SCANNER_UNREADABLE)
            return
        self._unreadable = 0
        self._tell(None)
        if self._repeats.is_new(found, moment.boottime_ms) and not self._stopped.is_set():
            on_code(found, moment)

    def _tell(self, fault: Fault | None) -> None:
        if fault != self._fault and not self._stopped.is_set():
            self._fault = fault
            self._health(Device.SCANNER, fault)

    def _complain(self, why: str) -> None:
        if why and why != self._complaint:
            log.warning("there is no scanner at %s: %s", self._name, why)
        if self._complaint and not why:
            log.info("the scanner %s is there", self._name)
        self._complaint = why
