"""A part of the server that looks after something again and again, on a thread of its own."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod

log = logging.getLogger(__name__)


class Rounds(ABC):
    """Calls `look` every few seconds from `start` to `stop`; a fault in it ends the thread, and with it the process."""

    name: str
    """What the part is called."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.name)

    @abstractmethod
    def look(self) -> None:
        """Do what is due."""

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def is_alive(self) -> bool:
        """Tell whether it still looks."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self.look()
                self._stop.wait(self._every_s)
        except Exception:  # the thread's outermost frame: the process ends, and its supervisor starts it again
            log.exception("the part %r has failed", self.name)
