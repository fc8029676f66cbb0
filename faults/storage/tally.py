"""Counts what came of the rounds of one fault, and tells on the terminal in which round, by which seed, it went wrong first."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from random import Random
from typing import Final

from faults.table import Row, gave_way

SEED: Final = 2026
_TOLD: Final = 3


@dataclass(slots=True)
class Tally:
    """The counts of a fault so far. `problems` are whatever else must not be, such as a log that does not open by itself.

    `detected` is in how many rounds a damage was noticed, None where nobody counts it.
    """

    fault: str
    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    dropped: int = 0
    problems: list[str] = field(default_factory=list)
    rounds: int = 0
    detected: int | None = None

    def random(self, part: object = "") -> Random:
        """Give the random numbers of this fault, or of a part of it: the same in every run."""
        return Random(f"{SEED} {self.fault} {part}")

    def count(self, *, acknowledged: int, lost: int = 0, doubled: int = 0, dropped: int = 0, problem: str = "") -> None:
        """Add what came of one round."""
        self.rounds += 1
        self.acknowledged += acknowledged
        self.lost += lost
        self.doubled += doubled
        self.dropped += dropped
        costs = {"lost": lost, "doubled": doubled, "dropped": dropped}
        said = [f"{number} {name}" for name, number in costs.items() if number] + ([problem] if problem else [])
        if said:
            self.problems.append(f"round {self.rounds} by seed {SEED}: {', '.join(said)}")

    def count_only(self, *, lost: int) -> None:
        """Add what a broken disk has cost: no program can prevent it, so it is only told."""
        self.lost += lost

    def detect(self, found: bool) -> None:  # noqa: FBT001 - what is counted
        """Count a round in which the damage was noticed."""
        self.detected = (self.detected or 0) + found

    def row(self) -> Row:
        """Give the row of a fault that may cost nothing, but for what was only counted."""
        holds = self.acknowledged > 0 and not self.problems
        if not holds:
            for problem in self.problems[:_TOLD] or ["nothing was acknowledged"]:
                print(f"{self.fault}: {problem}", file=sys.stderr)
        return self._row(holds=holds)

    def control_row(self) -> Row:
        """Give the row of a setting that is too weak: it holds when something was lost."""
        row = gave_way(self._row(holds=False))
        if not row.holds:
            print(f"{self.fault}: a control that does not fail proves that the fault is not done", file=sys.stderr)
        return row

    def _row(self, *, holds: bool) -> Row:
        return Row(
            fault=self.fault,
            rounds=self.rounds,
            acknowledged=self.acknowledged,
            lost=self.lost,
            doubled=self.doubled,
            dropped=self.dropped,
            detected=self.detected,
            holds=holds,
        )
