"""What stands in a backup: first what it is, then the server's keys, then the rows of every table, then how many there were."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec

from server.errors import BackupError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_UUID: Final = 1


class About(msgspec.Struct, frozen=True, tag="about"):
    """When a backup was made (ms since 1970 UTC), by which version of the program, and of which version of the schema."""

    made_ms: int
    software: str
    revision: str


class Key(msgspec.Struct, frozen=True, tag="key"):
    """A file of the folder `keys`."""

    name: str
    content: bytes


class Rows(msgspec.Struct, frozen=True, tag="rows"):
    """Some rows of a table."""

    table: str
    columns: list[str]
    rows: list[list[Any]]


class Counts(msgspec.Struct, frozen=True, tag="counts"):
    """How many rows of each table there were. It is the last frame."""

    tables: dict[str, int]


Frame = About | Key | Rows | Counts


def _decode(code: int, content: memoryview) -> UUID:
    if code != _UUID:
        raise ValueError(f"code {code}")
    return UUID(bytes=bytes(content))


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Frame, ext_hook=_decode)


def encode(frame: Frame) -> bytes:
    """Give a frame's bytes."""
    if isinstance(frame, Rows):
        rows = [[msgspec.msgpack.Ext(_UUID, value.bytes) if isinstance(value, UUID) else value for value in row] for row in frame.rows]
        frame = Rows(frame.table, frame.columns, rows)
    return _encoder.encode(frame)


def decode(content: bytes) -> Frame:
    """Read a frame.

    Raises:
        BackupError: it is none that this version knows.
    """
    try:
        frame: Frame = _decoder.decode(content)
    except (msgspec.DecodeError, ValueError) as error:
        raise BackupError(f"the backup was made by a newer version of the program, or is damaged: {error}") from error
    return frame


def beginning_of(frames: Iterable[bytes]) -> tuple[About, dict[str, bytes], Iterator[bytes]]:
    """Give what a backup is, the server's keys in it, and all frames as they were, those that were read for it among them.

    Raises:
        BackupError: it does not begin like a backup.
    """
    rest = iter(frames)
    read = [first] if (first := next(rest, None)) is not None else []
    about = decode(read[0]) if read else None
    if not isinstance(about, About):
        raise BackupError("the backup does not begin like one")
    keys: dict[str, bytes] = {}
    for content in rest:
        read.append(content)
        frame = decode(content)
        if not isinstance(frame, Key):
            break
        keys[frame.name] = frame.content
    return about, keys, chain(read, rest)
