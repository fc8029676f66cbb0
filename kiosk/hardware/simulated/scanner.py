"""A scanner without a device: a named pipe in the data folder, into which `vidhuk-kiosk scan` or anybody writes codes, a line each."""

from __future__ import annotations

import os
import select
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from kiosk.errors import ConfigError
from kiosk.hardware.code_reader import READ_S

if TYPE_CHECKING:
    from pathlib import Path

PIPE: Final = "scanner.pipe"
_MOST: Final = 4096


class PipeLine:
    """A `Line` on the pipe in a data folder."""

    def __init__(self, data_dir: Path) -> None:
        """Make the pipe where it is missing; raises OSError where it cannot be had."""
        self._path = data_dir / PIPE
        with suppress(FileExistsError):
            os.mkfifo(self._path, 0o660)
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)  # writing too: then it never ends
        if not stat.S_ISFIFO(os.fstat(self._descriptor).st_mode):
            os.close(self._descriptor)
            raise OSError(f"{self._path} is no pipe; delete it")

    def read(self) -> bytes:
        """Give what was written."""
        if select.select([self._descriptor], [], [], READ_S)[0]:
            return os.read(self._descriptor, _MOST)
        if not self._path.exists():
            raise OSError(f"{self._path} was deleted")
        return b""

    def close(self) -> None:
        """Let go of the pipe; it stays, and nobody reads it."""
        os.close(self._descriptor)


def scan(data_dir: Path, code: str) -> None:
    """Let the simulated scanner of the kiosk that runs on this folder read a code.

    Raises:
        ConfigError: none runs there.
    """
    try:
        descriptor = os.open(data_dir / PIPE, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ConfigError(f"no kiosk with simulated hardware runs on {data_dir}: {error.strerror}") from error
    try:
        os.write(descriptor, code.encode(errors="surrogateescape") + b"\r")
    except OSError as error:
        raise ConfigError(f"the kiosk on {data_dir} does not read its scanner: {error.strerror}") from error
    finally:
        os.close(descriptor)
