"""The room on the card: a reserve that is given up when it is full, so that something can still be deleted, and what is said about it."""

from __future__ import annotations

import logging
import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from kiosk.errors import Fault

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

FILE: Final = "reserve"
RESERVE_BYTES: Final = 2 << 20
"""Twice what the journal of votes.db can hold: to fold it into the file, and to delete from the file."""
BESIDE_BYTES: Final = 1 << 20
"""So much has to be free beside the reserve when it is made: sync and the system write too."""
_PAGE_BYTES: Final = 4096
JOURNAL_BYTES: Final = 3 << 19
"""What has to stay free of a reserve that was given up: the journal of votes.db, and what it is folded into."""
OUT_BYTES: Final = 64 << 10
LITTLE_BYTES: Final = 200_000_000
LITTLE_SHARE: Final = 0.05
PLENTY_BYTES: Final = 1_000_000_000


class Room:
    """The room in a data folder."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._file = data_dir / FILE

    def keep(self) -> bool:
        """Tell whether the reserve is there; where it is not and there is room, make it."""
        if self._has_reserve():
            return True
        if self._free() < RESERVE_BYTES + BESIDE_BYTES:
            return False
        try:
            descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o660)
            try:
                os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            log.warning("no room can be reserved: %s", error)
            self.release()
            return False
        return True

    def release(self) -> None:
        """Give the reserve up."""
        with suppress(OSError):
            self._file.unlink()

    @property
    def pages(self) -> int:
        """By how many pages votes.db may grow without taking the room that its journal needs."""
        return max(0, self._free() - JOURNAL_BYTES) // _PAGE_BYTES

    @property
    def is_out(self) -> bool:
        """Whether so little is free that SQLite cannot even open its files."""
        return self._free() < OUT_BYTES

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong with the room: none is left, or little."""
        try:
            usage = shutil.disk_usage(self._data_dir)
        except OSError:
            return ()
        if usage.free < RESERVE_BYTES + BESIDE_BYTES and not self._has_reserve():
            return (Fault.DISK_FULL,)
        return (Fault.LITTLE_ROOM,) if is_little(usage.free, usage.total) else ()

    def _has_reserve(self) -> bool:
        with suppress(OSError):
            return self._file.stat().st_size >= RESERVE_BYTES
        return False

    def _free(self) -> int:
        with suppress(OSError):
            return shutil.disk_usage(self._data_dir).free
        return 0


def is_little(free_bytes: int, total_bytes: int) -> bool:
    """Whether somebody should do something about it."""
    return free_bytes < min(PLENTY_BYTES, max(LITTLE_BYTES, LITTLE_SHARE * total_bytes))
