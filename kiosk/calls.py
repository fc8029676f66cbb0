"""The calls for a person that are still open at this kiosk, and the lamp that shows them. Pure but for the lamp."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID  # noqa: TC003 - keys of a dictionary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Calls:
    """Visits that called for a person; the lamp is lit while there is one."""

    def __init__(self, lamp: Callable[[bool], None]) -> None:
        self._lamp = lamp
        self._until_ms: dict[UUID, int] = {}

    def open(self, visit: UUID, until_ms: int) -> None:
        """Light the lamp for a visit, until a time or until staff come."""
        self._until_ms[visit] = until_ms
        self._lamp(True)  # noqa: FBT003 - a lamp is on or off

    def answered(self, visits: Iterable[UUID]) -> set[UUID]:
        """Take note that staff have taken these calls; give those that were open here."""
        taken = self._until_ms.keys() & set(visits)
        self._close(taken)
        return taken

    def tick(self, now_ms: int) -> None:
        """Let calls run out."""
        self._close({visit for visit, until_ms in self._until_ms.items() if now_ms >= until_ms})

    def _close(self, visits: set[UUID]) -> None:
        for visit in visits:
            del self._until_ms[visit]
        if visits and not self._until_ms:
            self._lamp(False)  # noqa: FBT003
