"""Day keys on their way in: each in a file of its own, so that one can be erased once its day is over. Only a newer one replaces it."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from feedback import wire
from feedback.wire import SignedList, WireError
from kiosk import accepted
from kiosk.day_keys import is_over, is_past
from kiosk.errors import DayKeysRefusedError
from kiosk.folder import make_folder, sync_folder, write_durably

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from feedback.tickets import DayKey
    from kiosk.clock import Clock
    from kiosk.config import Config

log = logging.getLogger(__name__)

TIDY_S: Final = 60.0


class DayKeyReceiver:
    """Accepts the day keys for one kiosk from one server, and erases those whose life is over."""

    def __init__(self, config: Config, *, clock: Clock, zone: Callable[[], str]) -> None:
        """`zone` is the time zone by whose midnight a day ends."""
        assert config.server is not None  # noqa: S101 - sync does not start without a server
        self._kiosk = config.kiosk.id
        self._signing_key = config.server.signing_key
        self._data_dir = config.data_dir
        self._folder = accepted.day_keys_folder(config.data_dir)
        make_folder(self._folder)
        self._clock = clock
        self._zone = zone
        self._tidy_at_ms = 0

    def receive(self, payload: bytes) -> None:
        """Take the keys of a list. What it leaves out stays: each is signed, and not that these are all.

        Raises:
            DayKeysRefusedError: one is not signed by this kiosk's server, another kiosk's, unusable, or made when the accepted one was and
                different; all stay as they were.
        """
        newer = [(key.day, content) for key, content in self._opened(payload) if self._is_newer(key)]
        for day, content in sorted(newer, reverse=True):  # the newest tells which are over
            if not self._is_over(day):
                write_durably(accepted.day_key_file(self._data_dir, day), content)
        self._erase(path for path in self._files() if path.suffix != ".json")  # left over from a write that was cut short
        self._tidy_at_ms = 0
        self.tidy()

    def tidy(self) -> None:
        """Erase, once a minute, the keys whose life is over."""
        now_ms = self._clock.moment().boottime_ms
        if now_ms >= self._tidy_at_ms:
            self._tidy_at_ms = now_ms + round(TIDY_S * 1000)
            self._erase(path for path in self._files() if self._is_over(path.name.partition(".")[0]))

    def _opened(self, payload: bytes) -> list[tuple[DayKey, bytes]]:
        try:
            documents = wire.decode(payload, SignedList).documents
        except WireError as error:
            raise DayKeysRefusedError(str(error)) from error
        keys: dict[str, tuple[DayKey, bytes]] = {}
        for document in documents:
            content = wire.encode(document)
            key = accepted.open_day_key(content, self._kiosk, self._signing_key)
            if key.day in keys:
                raise DayKeysRefusedError(f"there are two keys of {key.day}")
            keys[key.day] = key, content
        return [*keys.values()]

    def _is_newer(self, key: DayKey) -> bool:
        """Tell whether a key is to be kept: none is there, or an older one. An older key may come late, or again: it is left aside."""
        kept = self._kept(key.day)
        if kept is not None and kept.made == key.made and kept != key:
            raise DayKeysRefusedError(f"this key of {key.day} is different from the accepted one, and made when that was")
        return kept is None or kept.made < key.made

    def _kept(self, day: str) -> DayKey | None:
        """Give the accepted key of a day, None where there is none that can be used."""
        try:
            kept = accepted.open_day_key(accepted.day_key_file(self._data_dir, day).read_bytes(), self._kiosk, self._signing_key)
        except (OSError, DayKeysRefusedError):
            return None
        return kept if kept.day == day else None

    def _is_over(self, day: str) -> bool:
        """Tell whether a day is over: a trusted clock says so, or the server has signed the key of a day that it makes no sooner."""
        now = self._clock.moment()
        with suppress(ValueError):  # whatever else lies there
            return (now.trusted and is_over(day, self._zone(), now.wall_ms)) or is_past(day, self._newest())
        return False

    def _newest(self) -> str:
        return max((path.stem for path in self._files() if _is_key(path)), default="")

    def _files(self) -> list[Path]:
        return list(self._folder.iterdir())

    def _erase(self, paths: Iterable[Path]) -> None:
        gone = [path for path in paths if path.is_file()]
        for path in gone:
            log.info("erasing the key %s", path.name)
            path.unlink()
        if gone:
            sync_folder(self._folder)


def _is_key(path: Path) -> bool:
    return path.suffix == ".json"
