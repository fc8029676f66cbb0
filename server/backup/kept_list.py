"""Keeps the list of what was erased and who is let in current in the data folder, beside everything else that the server does."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from server.backup.admitted import admitted_at
from server.backup.since import FILE, write_list
from server.db.engine import reading
from server.errors import DatabaseUnavailableError
from server.rounds import Rounds

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Engine

    from server.backup.admitted import Admitted

log = logging.getLogger(__name__)
LOOK_S: Final = 5.0
ANEW_MS: Final = 600_000


class KeptList(Rounds):
    """Looks every few seconds whether somebody came or went, and every ten minutes says in the list that it still holds."""

    name = "list for restores"

    def __init__(self, engine: Engine, folder: Path, server: str, *, now_ms: Callable[[], int], look_s: float = LOOK_S) -> None:
        super().__init__(look_s)
        self._engine = engine
        self._folder = folder
        self._server = server
        self._now_ms = now_ms
        self._written: Admitted | None = None

    def look(self) -> None:
        """Write the list where it says something else than the database, or is old."""
        now_ms = self._now_ms()
        try:
            with reading(self._engine) as connection:
                found = admitted_at(connection, now_ms)
                if not self._holds(found):
                    write_list(connection, self._folder, self._server, now_ms)
                    self._written = found
        except (DatabaseUnavailableError, OSError) as error:
            log.warning("%s stays as it was: %s", self._folder / FILE, error)

    def _holds(self, found: Admitted) -> bool:
        """Tell whether what was written still says who is let in, and is not old."""
        last = self._written
        if last is None or abs(found.as_of_ms - last.as_of_ms) >= ANEW_MS:
            return False
        return (found.kiosks, found.queue_keys, found.accounts) == (last.kiosks, last.queue_keys, last.accounts)
