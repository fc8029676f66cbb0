"""The generation that one kiosk sees: the database's, and an era of the kiosk's own that begins where what it was told is not there.

Who claims falsely what is not there only has its own log sent again.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import update

from server.db.schema import kiosks

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from sqlalchemy import Connection

    from feedback.wire import Hello


class Era(NamedTuple):
    """A kiosk's era: its random name, empty for the first one, and the digest of the generation that it follows."""

    name: str = ""
    follows: bytes | None = None

    def in_generation(self, generation: str) -> str:
        """Give the generation that the kiosk sees, where this is the database's."""
        return f"{generation}.{self.name}" if self.name else generation

    def after(self, hello: Hello, current: str, marks: Mapping[UUID, int]) -> Era:
        """Give the era in which to answer: this one, unless the kiosk was told of more than there is.

        It was where it names another generation than the `current` one, or in this one more records of an epoch than `marks` say. It is
        told of a new one under the same name however often it asks, because answers are lost, and come in any order.
        """
        if hello.generation is None or (hello.generation == current and not _claims_more(hello, marks)):
            return self
        follows = _digest(hello.generation)
        return self if hello.generation != current and follows == self.follows else Era(secrets.token_hex(8), follows)


def write_era(connection: Connection, kiosk: str, era: Era) -> None:
    """Let a kiosk be in this era from now on."""
    connection.execute(update(kiosks).where(kiosks.c.id == kiosk).values(era=era.name, era_follows=era.follows))


def _claims_more(hello: Hello, marks: Mapping[UUID, int]) -> bool:
    claimed = {hello.epoch: hello.acked} | (hello.marks or {})
    return any(seq > marks.get(epoch, 0) for epoch, seq in claimed.items())


def _digest(generation: str) -> bytes:
    return hashlib.sha256(generation.encode("utf-8", "backslashreplace")).digest()
