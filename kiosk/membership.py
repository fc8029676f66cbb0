"""To which server this kiosk belongs, as ui sees it: it may enrol while ui runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk import identity
from kiosk.day_keys import DayKeys
from kiosk.errors import Fault
from kiosk.sealing import Sealer

if TYPE_CHECKING:
    from kiosk.config import Config


class Membership:
    """What depends on the server and may change with it. Until there is one, nothing is sealed and no ticket has a token."""

    def __init__(self, config: Config) -> None:
        """`config` is as it was read from the file."""
        self._written = config
        self._mark: tuple[int, int] | None = None
        self._take(config)

    def look(self) -> bool:
        """See whether the server has changed since the last look."""
        mark = identity.mark(self._written.data_dir)
        if mark == self._mark:
            return False
        before = self.config
        self._mark = mark
        self._take(identity.in_effect(self._written))
        return self.config != before

    @property
    def is_enrolled(self) -> bool:
        """Whether there is a server."""
        return self.config.server is not None

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong as long as there is none."""
        return () if self.is_enrolled else (Fault.NOT_ENROLLED,)

    def seal(self, text: str) -> bytes:
        """Give a box that only the server can open; an empty one where there is no server."""
        return b"" if self._sealer is None else self._sealer.seal(text)

    def key(self, day: str) -> bytes | None:
        """Give the key of a day (ISO), None where there is none."""
        return None if self._day_keys is None else self._day_keys.key(day)

    def _take(self, config: Config) -> None:
        server = config.server
        self.config = config
        """The configuration with the kiosk's id and its server as they are in effect."""
        self._sealer = Sealer(server.sealing_key) if server else None
        self._day_keys = DayKeys(config.data_dir, config.kiosk.id, server.signing_key) if server else None
