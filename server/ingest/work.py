"""What one transaction of ingest knows and gathers, and a batch as it came."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from server.ingest.quarantine import Note, Reason
from server.ingest.tally import Tally
from server.ratings.rollups import Deltas

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection

    from feedback.wire import Batch
    from server.fleet.clones import Heard
    from server.ingest.store import Holding


@dataclass(slots=True, kw_only=True)
class Work:
    """One transaction: what it knows, and what it writes at its end. `generation` is the database's.

    `unseal` opens a box, or gives None. The visits that it `touched`, by kiosk and id, are settled at its end, and all with these `tokens`.
    """

    connection: Connection
    generation: str
    zone: ZoneInfo
    open_since_ms: int  # nothing can have been received before
    kiosks: dict[str, Holding]
    unseal: Callable[[bytes], bytes | None]
    deltas: Deltas = field(default_factory=Deltas)
    notes: list[Note] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    touched: set[tuple[str, UUID]] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)
    tally: Tally = field(default_factory=Tally)

    def generation_of(self, kiosk: str) -> str:
        """Give the generation that a kiosk sees."""
        return self.kiosks[kiosk].era.in_generation(self.generation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A batch, and how it came. It was `heard_ms` when it came, and counts as received then, or as soon as days allowed that.

    `replayed` are records from the quarantine, where the boxes of tickets are never kept.
    """

    kiosk: str
    topic: str
    batch: Batch
    received_ms: int
    heard_ms: int
    replayed: bool = False

    def note(self, reason: Reason, detail: str, body: bytes) -> Note:
        """Describe one of its records for the quarantine."""
        return Note(reason=reason, detail=detail, topic=self.topic, kiosk=self.kiosk, payload=body, received_ms=self.received_ms)
