"""Settings on their way in: checked, written so that a power cut leaves the old or the new, and never an older version."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from kiosk import accepted
from kiosk.errors import SettingsRefusedError
from kiosk.folder import sync_folder

if TYPE_CHECKING:
    from pathlib import Path

    from kiosk.config import Config

log = logging.getLogger(__name__)


class SettingsReceiver:
    """Accepts settings for one kiosk from one server."""

    def __init__(self, config: Config) -> None:
        assert config.server is not None  # noqa: S101 - sync does not start without a server
        self._kiosk = config.kiosk.id
        self._signing_key = config.server.signing_key
        self._data_dir = config.data_dir
        self._folder = config.data_dir / accepted.FOLDER
        self._folder.mkdir(exist_ok=True)
        self.version = self._accepted_version()

    def receive(self, payload: bytes) -> bool:
        """Accept a signed message; whether it was new.

        Raises:
            SettingsRefusedError: not signed by this kiosk's server, another kiosk's, unusable, or older than what is in use.
        """
        settings = accepted.read(payload, self._kiosk, self._signing_key)
        if settings.version < self.version:
            raise SettingsRefusedError(f"settings {settings.version} are older than the accepted {self.version}")
        if settings.version == self.version:
            return False
        name = f"settings-{settings.version}.json"
        _write_durably(self._folder / name, payload)
        _point_durably(self._folder / accepted.CURRENT, name)
        self.version = settings.version
        return True

    def _accepted_version(self) -> int:
        try:
            current = accepted.read_current(self._data_dir, self._kiosk, self._signing_key)
        except SettingsRefusedError as error:
            log.warning("the accepted settings are not usable: %s", error)
            return 0
        return current.version if current else 0


def _write_durably(path: Path, content: bytes) -> None:
    temporary = path.with_suffix(".new")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def _point_durably(link: Path, name: str) -> None:
    temporary = link.with_suffix(".new")
    with suppress(FileNotFoundError):
        temporary.unlink()
    temporary.symlink_to(name)
    temporary.replace(link)
    sync_folder(link.parent)
