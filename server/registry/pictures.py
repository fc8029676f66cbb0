"""The pictures that a registry file names: logos, floor plans, photographs of desks. Read by the command that loads the file."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, NamedTuple

from server.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAX_BYTES: Final = 1024 * 1024
EXTENSIONS: Final = {"image/png": "png", "image/jpeg": "jpg"}
_KINDS: Final = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


class Picture(NamedTuple):
    """A picture as it is stored and served."""

    sha256: str
    media: str
    content: bytes


def read_pictures(named: Mapping[str, str], folder: Path) -> dict[str, Picture]:
    """Read the files that `named` gives with the place where each is named.

    Raises:
        ConfigError: one cannot be read, is too large, or is of another kind.
    """
    return {name: _read(folder / name, where, name) for name, where in named.items()}


def _read(path: Path, where: str, name: str) -> Picture:
    try:
        with path.open("rb") as file:
            return picture_of(file.read(MAX_BYTES + 1), where, name)
    except OSError as error:
        raise ConfigError(f"{where}: the picture {name} cannot be read: {error.strerror}") from error


def picture_of(content: bytes, where: str, name: str) -> Picture:
    """Take a picture as it is, or the beginning of one that is too large.

    Raises:
        ConfigError: it is too large, or of another kind.
    """
    if len(content) > MAX_BYTES:
        raise ConfigError(f"{where}: the picture {name} is larger than 1 MB: save it smaller")
    for magic, media in _KINDS.items():
        if content.startswith(magic):
            return Picture(hashlib.sha256(content).hexdigest(), media, content)
    raise ConfigError(f"{where}: the picture {name} is neither PNG nor JPEG")
