"""The mark in a server's folder that a restore has begun and is not whole: as long as it is there, nobody opens the server.

It names the generation that the restore gives the database, so that the next try knows whether everything was stored already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from server.errors import BackupError
from server.keys import make_folder, sync_folder, write_privately

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "restoring.json"


class Begun(msgspec.Struct, frozen=True):
    """The restore of the backup with this identity; `generation` stands in the database as soon as all rows do."""

    backup: str
    generation: str


def begin(data_dir: Path, begun: Begun) -> None:
    """Leave the mark; it is on the disk when this returns."""
    make_folder(data_dir)
    write_privately(data_dir / FILE, msgspec.json.encode(begun).decode())


def begun_in(data_dir: Path) -> Begun | None:
    """Give the mark, where there is one.

    Raises:
        BackupError: it cannot be read.
    """
    path = data_dir / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Begun)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise BackupError(f"{path} cannot be read: empty the folder and the database, and restore again") from error


def end(data_dir: Path) -> None:
    """Take the mark away: everything is there."""
    (data_dir / FILE).unlink(missing_ok=True)
    sync_folder(data_dir)


def require_whole(data_dir: Path) -> None:
    """Make sure that no restore was cut short here.

    Raises:
        BackupError: one was.
    """
    if begun_in(data_dir) is not None:
        raise BackupError(f"a restore into {data_dir} was cut short: give the same `vidhuk-server restore` again, it goes on from there")
