"""Every fault, in the order of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from faults import network
from faults.storage import all as storage

if TYPE_CHECKING:
    from faults.table import Fault

FAULTS: Final[tuple[Fault, ...]] = (*storage.FAULTS, *network.FAULTS)
