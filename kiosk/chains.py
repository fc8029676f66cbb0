"""Whether the rows of a log, as they come one after the other, are what was chained. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from feedback.records import genesis, link

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kiosk.rechaining import Place


class Chains:
    """The chains of all epochs of a log. In a damaged one there may be values of any type."""

    def __init__(self, epochs: Iterable[tuple[object, object, object, object]]) -> None:
        """`epochs` are number, name, how far it is pruned, and the hash there; of each the first record that is kept goes on from it."""
        self._ends = {number: _beginning(name, pruned, head) for number, name, pruned, head in epochs}
        self._pruned = {number: seq for number, (seq, _) in self._ends.items()}

    def complaint(self, row: tuple[object, object, object, object], taken: Place | None = None) -> str:
        """Say what is wrong with the next row (epoch, number, body, hash), nothing where it is sound.

        Rows of one epoch come in their order. `taken` is the record before those that a new epoch has not taken in yet.
        """
        epoch, seq, body, stored = row
        if epoch not in self._ends:
            return f"record {seq} is of epoch {epoch}, which is not there"
        if isinstance(seq, int) and seq <= self._pruned[epoch]:
            return ""  # a context that stayed when what stood around it was pruned: it is in no chain any more
        last, head = self._ends[epoch]
        if taken is not None and (epoch, seq) == (taken.epoch, taken.seq + 1):
            last, head = taken.seq, taken.head
        if not isinstance(seq, int) or seq != last + 1 or not continues(head, seq, body, stored):
            return f"record {seq} of epoch {epoch} is not what was written"
        self._ends[epoch] = seq, stored
        return ""


def continues(head: object, seq: object, body: object, stored: object) -> bool:
    """Whether a row is what was chained after `head`; in a damaged one there may be values of any type."""
    if not (isinstance(head, bytes) and isinstance(seq, int) and isinstance(body, bytes)):
        return False
    return seq >= 0 and link(head, seq, body) == stored


def _beginning(name: object, pruned: object, head: object) -> tuple[int, object]:
    """Give the number and the hash before the first record that is kept; no record continues None, where a damaged row does not say."""
    if not isinstance(pruned, int):
        return 0, None
    if pruned > 0:
        return pruned, head
    try:
        return 0, genesis(UUID(str(name)))
    except ValueError:
        return 0, None
