"""How records go that the server could not read in a whole batch: one at a time, and as base64 the one that it cannot read even so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feedback.wire import MAX_RECORDS

if TYPE_CHECKING:
    from uuid import UUID

    from kiosk.sync.outbox import Slice


class Care:
    """What the server could not read, as long as it matters."""

    def __init__(self) -> None:
        self._alone: tuple[UUID, int] | None = None
        self._opaque: tuple[UUID, int] | None = None

    def take(self, part: Slice) -> bool:
        """Take note that the server could not read it; tell whether it goes otherwise the next time."""
        place = (part.epoch, part.last_seq)
        if len(part.bodies) > 1:
            self._alone = place
            return True
        is_new = self._opaque != place
        self._opaque = place
        return is_new

    def most_after(self, epoch: UUID, seq: int) -> int:
        """Give how many of the records after `seq` go together."""
        return 1 if self._alone is not None and epoch == self._alone[0] and seq < self._alone[1] else MAX_RECORDS

    def is_opaque(self, part: Slice) -> bool:
        """Whether its only record goes as base64."""
        return len(part.bodies) == 1 and self._opaque == (part.epoch, part.last_seq)
