"""Settings on their way in: checked, written so that a power cut leaves the old or the new, and never an older version."""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from feedback.wire import Signed, decode
from kiosk import accepted
from kiosk.errors import SettingsRefusedError
from kiosk.folder import make_folder, point_durably, write_durably

if TYPE_CHECKING:
    from collections.abc import Callable

    from feedback.settings import KioskSettings
    from feedback.tickets import TicketRules
    from kiosk.config import Config

log = logging.getLogger(__name__)

_FILE: Final = re.compile(r"settings-(\d+)\.json")


class SettingsReceiver:
    """Accepts settings for one kiosk from one server."""

    def __init__(self, config: Config, tell: Callable[[tuple[KioskSettings, ...]], None]) -> None:
        """`tell` hears of the accepted settings, now and whenever newer ones come: those, and the ones before them."""
        assert config.server is not None  # noqa: S101 - sync does not start without a server
        self._kiosk = config.kiosk.id
        self._signing_key = config.server.signing_key
        self._folder = config.data_dir / accepted.FOLDER
        make_folder(self._folder)
        self._tell = tell
        self._kept = self._read_kept(accepted.name_of_current(config.data_dir))
        self._tell(self._kept)

    @property
    def version(self) -> int:
        """The version that was accepted last, 0 for none."""
        return self._kept[0].version if self._kept else 0

    @property
    def tickets(self) -> TicketRules | None:
        """How the accepted settings have tickets read."""
        return self._kept[0].tickets if self._kept else None

    def receive(self, payload: bytes) -> bool:
        """Accept a signed message; whether it was new.

        Raises:
            SettingsRefusedError: not signed by this kiosk's server, another kiosk's, unusable, or older than what is in use or as old
                and different.
        """
        settings = accepted.read(payload, self._kiosk, self._signing_key)
        if settings.version < self.version:
            raise SettingsRefusedError(f"settings {settings.version} are older than the accepted {self.version}")
        if settings.version == self.version:
            if self._is_kept(settings.version, payload):
                return False
            raise SettingsRefusedError(f"these settings {settings.version} are different from the accepted {self.version}")
        name = _name(settings.version)
        write_durably(self._folder / name, payload)
        point_durably(self._folder / accepted.CURRENT, name)
        self._kept = (settings, *self._kept[:1])
        self._tidy()
        self._tell(self._kept)
        return True

    def _read_kept(self, current: str | None) -> tuple[KioskSettings, ...]:
        """Give the accepted settings and those before them, which ui may still use; none if the accepted ones cannot be used."""
        number = _number(current or "")
        earlier = [kept for kept in map(_number, self._names()) if kept < number]
        return tuple(found for kept in (number, *sorted(earlier)[-1:]) if kept and (found := self._read(kept)) is not None)

    def _is_kept(self, number: int, payload: bytes) -> bool:
        """Tell whether a signed message says, byte for byte, what was accepted under a number."""
        kept = (self._folder / _name(number)).read_bytes()
        return decode(kept, Signed).document == decode(payload, Signed).document

    def _read(self, number: int) -> KioskSettings | None:
        try:
            return accepted.read((self._folder / _name(number)).read_bytes(), self._kiosk, self._signing_key)
        except (SettingsRefusedError, OSError) as error:
            log.warning("the accepted settings %d are not usable: %s", number, error)
            return None

    def _tidy(self) -> None:
        kept = {settings.version for settings in self._kept}
        for name in self._names():
            if _number(name) not in kept:
                with suppress(OSError):
                    (self._folder / name).unlink()

    def _names(self) -> list[str]:
        return [path.name for path in self._folder.iterdir() if _FILE.fullmatch(path.name)]


def _name(number: int) -> str:
    return f"settings-{number}.json"


def _number(name: str) -> int:
    match = _FILE.fullmatch(name)
    return int(match[1]) if match else 0
