"""The last lines of a process's own log, kept at hand for whoever asks how the kiosk is."""

from __future__ import annotations

import logging
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

LINES: Final = 120
_LONGEST: Final = 300
_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class LastLines(logging.Handler):
    """Takes every line of `level` and above, and forgets the oldest."""

    def __init__(self, level: int = logging.INFO, *, lines: int = LINES) -> None:
        super().__init__(level)
        self.setFormatter(logging.Formatter(_FORMAT))
        self._lines: deque[str] = deque(maxlen=lines)

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line; of a traceback its end."""
        text = self.format(record)
        self._lines.append(text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} … {text[-_LONGEST // 2 :]}")

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines, the oldest first."""
        self.acquire()
        try:
            return tuple(self._lines)
        finally:
            self.release()


@contextmanager
def kept(level: int = logging.INFO, *, lines: int = LINES) -> Iterator[LastLines]:
    """Keep the last lines of this process for a while."""
    keeper = LastLines(level, lines=lines)
    logging.getLogger().addHandler(keeper)
    try:
        yield keeper
    finally:
        logging.getLogger().removeHandler(keeper)
