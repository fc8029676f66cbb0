"""Counts of tickets by day, desk, service and hour: the base of response rates, and waiting and service times. Pure."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final, NamedTuple

from server.db.schema import QUEUE_COUNTS
from server.queue.moments import day_and_hour, quarter_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from zoneinfo import ZoneInfo

    from server.queue.ticket import Said

EDGES_MIN: Final = (5, 10, 15, 20, 30, 45, 60)
"""Waiting and service times are counted by these minutes: up to 5, up to 10, …, more than 60."""
_EDGES_S: Final = [edge * 60 for edge in EDGES_MIN]
COUNTS: Final = QUEUE_COUNTS
_WAIT: Final = COUNTS.index("wait_s")
_SERVICE: Final = COUNTS.index("service_s")


class Cell(NamedTuple):
    """Where a ticket counts: the ticket's day, and the local hour of its service, else of the nearest time that is known (24: none)."""

    day: str
    site_id: int
    desk_id: int
    service_id: int
    hour: int


class Cells:
    """Counts gathered from tickets, and taken back again where a later word moves one."""

    def __init__(self, site_id: int, zone: ZoneInfo) -> None:
        self._site_id = site_id
        self._zone = zone
        self._counts: dict[Cell, list[int]] = {}

    def add(self, day: str, said: Said, *, sign: int = 1) -> None:
        """Count a ticket, or with `sign=-1` take it out of where it was counted."""
        at_ms = said.counted_ms
        hour = 24 if at_ms is None else day_and_hour(quarter_of(at_ms), self._zone)[1]
        cell = Cell(day, self._site_id, said.desk_id, said.service_id, hour)
        counts = self._counts.setdefault(cell, [0] * len(COUNTS))
        counts[0] += sign
        if not said.is_served:
            return
        counts[1] += sign
        for place, seconds in ((_WAIT, said.waiting_s), (_SERVICE, said.service_s)):
            if seconds is not None:
                counts[place] += sign * seconds
                counts[place + 1 + bisect_left(_EDGES_S, seconds)] += sign

    def rows(self) -> Iterator[tuple[object, ...]]:
        """Give each cell that changes with its counts, in one order."""
        return ((*cell, *counts) for cell, counts in sorted(self._counts.items()) if any(counts))

    @classmethod
    def of(cls, site_id: int, zone: ZoneInfo, tickets: Iterable[tuple[str, Said]]) -> Cells:
        """Count tickets, each with its day."""
        cells = cls(site_id, zone)
        for day, said in tickets:
            cells.add(day, said)
        return cells
