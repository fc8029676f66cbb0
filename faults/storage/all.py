"""Every fault of storage, in the order of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from faults.storage import (
    clocks,
    file_crashes,
    forgetful,
    full_disk,
    full_fork,
    hangs,
    histories,
    house_kills,
    insider,
    kills,
    locks,
    lying,
    refusals,
    rot,
    server_crashes,
    upgrades,
    vote_crashes,
)

if TYPE_CHECKING:
    from faults.table import Fault

FAULTS: Final[tuple[Fault, ...]] = (
    *vote_crashes.FAULTS,
    *server_crashes.FAULTS,
    *file_crashes.FAULTS,
    *lying.FAULTS,
    *kills.FAULTS,
    *house_kills.FAULTS,
    *hangs.FAULTS,
    *refusals.FAULTS,
    *full_disk.FAULTS,
    *full_fork.FAULTS,
    *forgetful.FAULTS,
    *rot.FAULTS,
    *histories.FAULTS,
    *insider.FAULTS,
    *clocks.FAULTS,
    *upgrades.FAULTS,
    *locks.FAULTS,
)
