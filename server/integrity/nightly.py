"""Makes the root of each day in the night after it, beside everything else that the server does."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from server.errors import DatabaseUnavailableError
from server.rounds import Rounds

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.integrity.roots import Roots

log = logging.getLogger(__name__)
LOOK_S: Final = 60.0


class Nightly(Rounds):
    """Looks once a minute whether a day is due."""

    name = "roots"

    def __init__(self, roots: Roots, *, now_ms: Callable[[], int]) -> None:
        super().__init__(LOOK_S)
        self._roots = roots
        self._now_ms = now_ms

    def look(self) -> None:
        """Make the roots that are due."""
        try:
            for day in self._roots.make_due(self._now_ms()):
                log.info("day %s has its root", day)
        except DatabaseUnavailableError as error:
            log.warning("no root of a day can be made now: %s", error)
