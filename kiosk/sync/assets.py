"""Fetches the pictures that accepted settings name, by HTTP(S), on a thread of its own so that delivery never waits.

A picture is named by its SHA-256, which the server has signed with the settings, so it is what was meant, whoever sent it.
"""

from __future__ import annotations

import hashlib
import logging
import ssl
import threading
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Self

from kiosk import accepted
from kiosk.errors import Fault
from kiosk.folder import make_folder, write_durably
from kiosk.sync.http import ExchangeError, exchange
from kiosk.sync.picture import fault_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from feedback.settings import KioskSettings

log = logging.getLogger(__name__)

MAX_BYTES: Final = 1 << 20
WHOLE_S: Final = 120.0
"""How long one picture may take; 1 MB at 10 KB/s."""
FIRST_PAUSE_S: Final = 2.0
LONGEST_PAUSE_S: Final = 600.0
FAREWELL_S: Final = 1.0


class AssetError(Exception):
    """A picture did not come, or is not what was named; trying again helps once the server has it."""


class AssetFetcher:
    """Keeps the folder of pictures as the accepted settings want it."""

    def __init__(self, data_dir: Path, *, ca: str = "", spread: Callable[[float], float], whole_s: float = WHOLE_S) -> None:
        """`spread` gives a random number between 0 and its argument, the full jitter of the pauses.

        `ca` is the server's own authority (PEM), believed beside those of the system: a public front may stand before the pages.
        """
        self._believing = ssl.create_default_context()
        if ca:
            self._believing.load_verify_locations(cadata=ca)
        self._folder = data_dir / accepted.FOLDER / accepted.ASSETS
        self._spread = spread
        self._whole_s = whole_s
        self._kept: tuple[KioskSettings, ...] = ()
        self._sound: set[str] = set()
        self._tries = 0
        self._stopped = False
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="assets", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped = True
        self._woken.set()
        self._thread.join(timeout=FAREWELL_S)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong with the pictures."""
        return (Fault.PICTURES_MISSING,) if self._tries else ()

    def want(self, kept: tuple[KioskSettings, ...]) -> None:
        """Fetch what the first of these settings name, and keep what any of them do; called from any thread."""
        self._kept = kept
        self._woken.set()

    def _run(self) -> None:
        while not self._stopped:
            self._woken.clear()
            missing = 1
            try:
                missing = self._round(self._kept)
            except Exception:  # the thread's outermost frame: whatever a server sends, the next settings are tried again
                log.exception("fetching pictures stumbled")
            self._tries = min(self._tries + 1, 16) if missing else 0
            pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (self._tries - 1)) if missing else None
            self._woken.wait(pause_s if pause_s is None else self._spread(pause_s))

    def _round(self, kept: tuple[KioskSettings, ...]) -> int:
        """Do what is to be done once; how many pictures are still missing."""
        if not kept:
            return 0
        make_folder(self._folder)
        self._remove_all_but(asset for settings in kept for asset in settings.assets)
        return sum(not self._bring(kept[0].assets_url, name) for name in sorted(kept[0].assets))

    def _remove_all_but(self, names: Iterable[str]) -> None:
        wanted = set(names)
        for path in self._folder.iterdir():
            if path.name not in wanted:
                with suppress(OSError):
                    path.unlink()
        self._sound &= wanted

    def _bring(self, url: str | None, name: str) -> bool:
        """See that a picture is there; whether it is."""
        if self._stopped or self._is_sound(name):
            return not self._stopped
        try:
            write_durably(self._folder / name, self._fetch(url, name))
        except (AssetError, ExchangeError, OSError) as error:
            log.warning("picture %s was not fetched: %s", name, error)
            return False
        self._sound.add(name)
        return True

    def _is_sound(self, name: str) -> bool:
        """Whether the picture is there, looked at once a start: a disk may forget a little."""
        path = self._folder / name
        if name not in self._sound and path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == name:
            self._sound.add(name)
        return name in self._sound and path.is_file()

    def _fetch(self, url: str | None, name: str) -> bytes:
        if url is None:
            raise AssetError("the settings do not say from where")
        address = f"{url.removesuffix('/')}/{name}"
        status, content = exchange(address, most=MAX_BYTES, whole_s=self._whole_s, is_over=lambda: self._stopped, believing=self._believing)
        if status != HTTPStatus.OK:
            raise AssetError(f"the server answered {status}")
        if hashlib.sha256(content).hexdigest() != name:
            raise AssetError("what came is another content than its name says")
        if fault := fault_of(content):
            raise AssetError(fault)
        return content
