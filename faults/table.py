"""What a fault is, and what came of it: one row of the table that `./run faults` prints."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable


class NotDoneError(RuntimeError):
    """A fault cannot be done on this machine, or by this user; its text is the reason."""


class Size(StrEnum):
    """How often each fault is done: with every `./run test`, by `./run faults`, or by `./run faults --full`."""

    TEST = "test"
    RUN = "run"
    FULL = "full"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a fault.

    `acknowledged` votes were thanked for, or said by the server to be durable; of them `lost` are nowhere, or are there with other
    content, and `doubled` are counted more than once. `dropped` is what vanished without being acknowledged, quarantined or counted as
    refused. `detected` is in how many rounds a damage was noticed, null where that is not asked. A `control` runs with a setting that is
    known to be too weak: it `holds` when votes were lost or doubled, as it is meant to show. `not_done` is the reason for which nothing
    was done: such a row never holds. `seconds` is how long it took, `size` which number of rounds was asked for.
    """

    fault: str
    control: bool = False
    rounds: int
    acknowledged: int
    lost: int = 0
    doubled: int = 0
    dropped: int = 0
    detected: int | None = None
    holds: bool
    not_done: str = ""
    seconds: float = 0.0
    size: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault that can be done: `run` does it so many rounds and calls its second argument after each round with the number done.

    `run` raises NotDoneError where it cannot be done here.
    """

    name: str
    test: int
    usual: int
    full: int
    run: Callable[[int, Callable[[int], None]], Row]

    def rounds(self, size: Size) -> int:
        """Give how many rounds there are at a size; 0 leaves it out."""
        return {Size.TEST: self.test, Size.RUN: self.usual, Size.FULL: self.full}[size]


def survived(  # noqa: PLR0913 - the columns of the table
    fault: str, *, rounds: int, acknowledged: int, lost: int = 0, doubled: int = 0, dropped: int = 0
) -> Row:
    """Make the row of a fault that may cost nothing: it holds where something was acknowledged and nothing is lost, doubled or dropped."""
    holds = acknowledged > 0 and lost == doubled == dropped == 0
    return Row(fault=fault, rounds=rounds, acknowledged=acknowledged, lost=lost, doubled=doubled, dropped=dropped, holds=holds)


def gave_way(row: Row, *, doubles: bool = False) -> Row:
    """Make a control of what was counted: it holds where votes were lost, or were doubled where it `doubles`. Nothing else is a proof."""
    return msgspec.structs.replace(row, control=True, holds=(row.doubled if doubles else row.lost) > 0)
