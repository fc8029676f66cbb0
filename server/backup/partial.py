"""The file of a backup while it is written: it gets its name once everything is there, and what killed processes left goes."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

from server.backup.sealed_file import MAGIC
from server.errors import BackupError
from server.keys import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def new_backup(file: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """Give the file to write to and its path; it gets its name at the end.

    Raises:
        BackupError: it is there already, or cannot be written.
    """
    if file.exists():
        raise BackupError(f"{file} is there already and is not overwritten")
    partial = file.with_name(f".{file.name}.part")
    try:
        _clear_left(file.absolute().parent)
        descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise BackupError(f"{partial} is there: another backup is being written to {file}, or that is no file of ours") from None
    except OSError as error:
        raise BackupError(f"{file} cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "wb") as target:
            _hold(target)
            yield target, partial
            partial.rename(file)
        sync_folder(file.absolute().parent)
    except OSError as error:
        raise BackupError(f"{file} cannot be written: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)


def _clear_left(folder: Path) -> None:
    for path in folder.glob(".*.part"):
        with suppress(OSError), path.open("rb") as left:
            is_ours = left.read(len(MAGIC)) in {b"", MAGIC}
            fcntl.flock(left, fcntl.LOCK_SH | fcntl.LOCK_NB)
            if is_ours:
                path.unlink()


def _hold(file: IO[bytes]) -> None:
    """Show other processes that somebody writes here, where the medium can."""
    with suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
