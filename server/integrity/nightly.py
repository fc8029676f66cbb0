"""Makes the root of each day in the night after it, beside everything else that the server does."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from server.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.integrity.roots import Roots

log = logging.getLogger(__name__)
LOOK_S: Final = 60.0


class Nightly:
    """A thread that looks once a minute whether a day is due."""

    name = "roots"

    def __init__(self, roots: Roots, *, now_ms: Callable[[], int]) -> None:
        self._roots = roots
        self._now_ms = now_ms
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.name)

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
                self._look()
                self._stop.wait(LOOK_S)
        except Exception:  # the thread's outermost frame: the process ends, and its supervisor starts it again
            log.exception("the roots of days are not made any more")

    def _look(self) -> None:
        try:
            for day in self._roots.make_due(self._now_ms()):
                log.info("day %s has its root", day)
        except DatabaseUnavailableError as error:
            log.warning("no root of a day can be made now: %s", error)
