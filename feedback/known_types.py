"""Has msgspec look at every type before threads do: it looks at the first use, and crashes where two threads come first at once."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator


def know_types() -> None:
    """Look at all types that have been imported by now; a program calls it before it starts threads."""
    for kind in _below(msgspec.Struct):
        with suppress(TypeError, NameError):  # generic ones, and those that are never decoded
            msgspec.json.Decoder(kind)


def _below(kind: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)
