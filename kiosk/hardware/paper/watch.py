"""What a printer says about itself, as a fault: by its real-time status, or by its silence where it used to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kiosk.errors import Fault

if TYPE_CHECKING:
    from kiosk.hardware.paper.ports import Port

OFFLINE_CAUSE: Final = 2
PAPER: Final = 4
COVER_IS_OPEN: Final = 0x04
STOPPED_BY_PAPER_END: Final = 0x20
ERROR: Final = 0x40
NO_PAPER: Final = 0x60
"""Bits of the answers to DLE EOT 2 and 4."""
_ANSWER_S: Final = 0.5
_BUSY_ANSWER_S: Final = 3.0
_SILENCES: Final = 3


class Watch:
    """Looks at one printer. One that has never answered is asked before each slip only, and taken to be well while it is connected."""

    def __init__(self) -> None:
        self._has_answered = False
        self._has_been_asked = False
        self._is_busy = False
        self._silences = 0

    @property
    def is_unsure(self) -> bool:
        """A printer that used to answer has not, this time."""
        return self._silences > 0

    def printed(self) -> None:
        """Take note that it has something to print, and may answer late."""
        self._is_busy = True

    def look(self, port: Port, *, before_slip: bool) -> Fault | None:
        """Give what is wrong with the printer, None where it is well or does not say.

        Raises:
            OSError: it is not there any more.
        """
        port.check()
        if self._has_been_asked and not (self._has_answered or before_slip):
            return None
        within_s = _BUSY_ANSWER_S if self._is_busy and self._has_answered else _ANSWER_S
        cause = port.ask(OFFLINE_CAUSE, within_s)
        paper = port.ask(PAPER, _ANSWER_S)
        self._has_been_asked, self._is_busy = True, False
        if cause is not None or paper is not None:
            self._has_answered, self._silences = True, 0
            return _fault(cause or 0, paper or 0)
        if self._has_answered:
            self._silences = min(self._silences + 1, _SILENCES)
        return Fault.PRINTER_MISSING if self._silences == _SILENCES else None


def _fault(cause: int, paper: int) -> Fault | None:
    """Give the fault; an open cover is said before the paper, which nobody sees then."""
    if cause & COVER_IS_OPEN:
        return Fault.COVER_OPEN
    if cause & STOPPED_BY_PAPER_END or paper & NO_PAPER:
        return Fault.PAPER_END
    return Fault.PRINTER_FAILED if cause & ERROR else None
