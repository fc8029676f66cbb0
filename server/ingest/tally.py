"""What one transaction of ingest took in, for whoever watches the server. It is told only after the commit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from feedback.wire import Now


class BatchOutcome(StrEnum):
    """What became of a batch: something of it was new, all of it was there, it left a gap, it contradicts, it cannot be read."""

    NEW = "new"
    AGAIN = "again"
    GAP = "gap"
    FORKED = "forked"
    UNREADABLE = "unreadable"


@dataclass(slots=True)
class Tally:
    """Counts of one transaction: `again` are records that were there, `sent_ms` when batches were sent, by clocks that are trusted."""

    batches: Counter[BatchOutcome] = field(default_factory=Counter)
    records: int = 0
    again: int = 0
    votes: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    sent_ms: list[int] = field(default_factory=list)

    def batch(self, outcome: BatchOutcome, now: Now | None = None) -> None:
        """Count a batch that was sent at `now`."""
        self.batches[outcome] += 1
        if outcome is BatchOutcome.NEW and now is not None and now.at.trusted:
            self.sent_ms.append(now.at.wall_ms)


Meter: TypeAlias = Callable[[Tally, float], None]
"""Hears what a transaction took in, and how many seconds it took with its commit."""


def unmetered(_tally: Tally, _seconds: float) -> None:
    """Nobody watches."""
