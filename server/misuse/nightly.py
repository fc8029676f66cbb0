"""Has closed days judged in the night after them, beside everything else that the server does."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from server.errors import DatabaseUnavailableError
from server.misuse.daily import run_due
from server.rounds import Rounds

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

log = logging.getLogger(__name__)
LOOK_S: Final = 60.0


class Judging(Rounds):
    """Looks once a minute whether a day is due."""

    name = "misuse"

    def __init__(self, engine: Engine, *, now_ms: Callable[[], int]) -> None:
        super().__init__(LOOK_S)
        self._engine = engine
        self._now_ms = now_ms

    def look(self) -> None:
        """Judge the days that are due."""
        try:
            for day, count in run_due(self._engine, self._now_ms()).items():
                log.info("day %s is judged: %d new findings of misuse", day, count)
        except DatabaseUnavailableError as error:
            log.warning("no day can be judged now: %s", error)
