"""The folder in which a backup is tried, unencrypted: of one name, held by one process, and cleared if that was killed."""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from server.errors import BackupError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER: Final = "vidhuk-trying"


@contextmanager
def trying_in(inside: Path) -> Iterator[Path]:
    """Make the folder, empty and for this user only, and take it away at the end; nobody else tries a backup there meanwhile.

    Raises:
        BackupError: somebody else does, or it cannot be made or taken away.
    """
    folder = inside / FOLDER
    with _held(inside) as is_ours:
        if not is_ours:
            raise BackupError(f"another backup is being made or tried in {inside}: give this command again when that has ended")
        _clear(folder)
        try:
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise BackupError(f"no folder can be made in {inside}: {error.strerror}") from error
        try:
            yield folder
        finally:
            _clear(folder)


def clear_left(inside: Path) -> None:
    """Clear what a process that was killed has left; what somebody still works in stays.

    Raises:
        BackupError: it cannot be cleared.
    """
    folder = inside / FOLDER
    if folder.exists():
        with _held(inside) as is_ours:
            if is_ours:
                _clear(folder)


@contextmanager
def _held(inside: Path) -> Iterator[bool]:
    """Hold the lock, which ends with the process however that ends; False where somebody else has it."""
    try:
        descriptor = os.open(inside, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise BackupError(f"no folder can be made in {inside}: {error.strerror}") from error
    try:
        yield _is_locked(descriptor)
    finally:
        os.close(descriptor)


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _clear(folder: Path) -> None:
    try:
        if folder.exists():
            shutil.rmtree(folder)
    except OSError as error:
        raise BackupError(f"{folder} has an unencrypted copy of the database and cannot be cleared: {error.strerror}") from error
