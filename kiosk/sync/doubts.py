"""Which place of votes.db sync could not read, and whether ui is to look through the log for it. Pure.

A place that fails once may only have been read at a bad moment: it is in doubt until it is read well, or ui has found the log sound.
If it still fails after that, looking again would only keep votes waiting: it is a fault, and another place has to fail before ui is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable


class Doubts:
    """The doubts about one file. A place is whatever names it: a record, or what was asked of the database."""

    def __init__(self) -> None:
        self._failing: Hashable = None
        self._looked_at: set[Hashable] = set()
        self._faulty: set[Hashable] = set()

    @property
    def are_there(self) -> bool:
        """Whether a place could not be read when it was read last."""
        return self.want_look or self.are_fault

    @property
    def want_look(self) -> bool:
        """Whether ui is to look through the log."""
        return self._failing is not None

    @property
    def are_fault(self) -> bool:
        """Whether a place still cannot be read though ui has found the log sound."""
        return bool(self._faulty)

    def fails(self, place: Hashable) -> None:
        """A place could not be read; one at a time is in doubt."""
        if place in self._looked_at:
            self._faulty.add(place)
        elif self._failing is None:
            self._failing = place

    def is_read(self, place: Hashable) -> None:
        """A place was read well."""
        self._looked_at.discard(place)
        self._faulty.discard(place)
        if self._failing == place:
            self._failing = None

    def found_sound(self) -> None:
        """Ui has looked through the log and found it sound."""
        if self._failing is not None:
            self._looked_at.add(self._failing)
        self._failing = None
