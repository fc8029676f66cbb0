"""The list that stands in the data folder and beside backups: what was erased, and who was let in, so that no restore undoes either.

It has random ids, names of keys and times, nothing about anybody. Servers whose backups share a folder share its list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import select

from server.backup.admitted import Admitted, admitted_at
from server.db.schema import erasures
from server.errors import ErasureError
from server.keys import write_privately
from server.remarks.erasing import Erasure

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

FILE: Final = "erasures.json"


class Listed(msgspec.Struct, frozen=True):
    """What a list says. `servers` has by the public key of each server until when it knows, and who was let in then."""

    erasures: list[Erasure] = []
    servers: dict[str, Admitted] = {}


def write_list(connection: Connection, folder: Path, server: str, as_of_ms: int, *, beside: Listed | None = None) -> None:
    """Write down in a folder what was erased and who is let in, by the database of the server with this public key.

    What a list `beside` the database says is kept: the database may be older, or another server's. The list is to be trusted for what was
    until `as_of_ms`.
    """
    there = Listed() if beside is None else beside
    found = {(row.kiosk, row.visit): Erasure(*row) for row in connection.execute(select(erasures))}
    whole = {(erasure.kiosk, erasure.visit): erasure for erasure in there.erasures} | found
    ordered = sorted(whole.values(), key=lambda erasure: (erasure.erased_ms, erasure.kiosk, erasure.visit.bytes))
    listed = Listed(ordered, there.servers | {server: admitted_at(connection, as_of_ms)})
    write_privately(folder / FILE, msgspec.json.format(msgspec.json.encode(listed)).decode())


def listed_in(folder: Path) -> Listed:
    """Give what the list in a folder says; nothing where there is none.

    Raises:
        ErasureError: it cannot be read, or is something else.
    """
    path = folder / FILE
    try:
        return read_list(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        return Listed()
    except (OSError, UnicodeDecodeError) as error:
        raise ErasureError(f"{path} cannot be read: {error}") from error


def read_list(text: str, source: str) -> Listed:
    """Read what `write_list` has written, or an earlier version, which wrote erasures alone and no time.

    Raises:
        ErasureError: it is something else.
    """
    try:
        said = msgspec.json.decode(text, type=Listed | list[Erasure])
    except msgspec.DecodeError as error:
        raise ErasureError(f"{source} is no list as {FILE} in a server's data folder: {error}") from error
    return said if isinstance(said, Listed) else Listed(said)
