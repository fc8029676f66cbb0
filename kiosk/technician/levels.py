"""How loud the kiosk is and how bright: changed in the menu, kept in the data folder, set again at every start."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Annotated, Final, Protocol

import msgspec

from kiosk import folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kiosk.technician.lock import Run

log = logging.getLogger(__name__)

FILE: Final = "technician-levels.json"
STEP: Final = 10
DARKEST: Final = 10
"""A screen that cannot be seen could not be made brighter again."""
WHOLE: Final = 100

Percent = Annotated[int, msgspec.Meta(ge=0, le=WHOLE)]


class Kept(msgspec.Struct, frozen=True):
    """What a technician has set, in percent; None where they have not."""

    volume: Percent | None = None
    brightness: Percent | None = None


class Backlight(Protocol):
    """The light of the screen, where it can be set."""

    def percent(self) -> int | None:
        """Give how bright it is; None where this screen has no control."""

    def set(self, percent: int) -> None:
        """Make it so bright; OSError where that is not allowed."""


class Levels:
    """Volume and brightness."""

    def __init__(self, data_dir: Path, *, volume: int, set_volume: Callable[[int], None], backlight: Backlight, run: Run) -> None:
        """`volume` is what kiosk.toml says, for a kiosk on which nobody has changed it."""
        self._path = data_dir / FILE
        self._set_volume = set_volume
        self._backlight = backlight
        self._run = run
        self._kept = _read(self._path)
        self.volume = volume if self._kept.volume is None else self._kept.volume
        self.brightness = backlight.percent()
        """None where this screen has no control."""

    def apply(self) -> None:
        """Set both as they were left; once, at the start."""
        self._set_volume(self.volume)
        if self.brightness is not None and self._kept.brightness is not None:
            self._shine(self._kept.brightness)

    def change_volume(self, by: int) -> None:
        """Make it louder or quieter."""
        self.volume = max(0, min(WHOLE, _rounded(self.volume) + by))
        self._set_volume(self.volume)
        self._keep(msgspec.structs.replace(self._kept, volume=self.volume))

    def change_brightness(self, by: int) -> None:
        """Make it brighter or darker."""
        if self.brightness is not None and self._shine(max(DARKEST, min(WHOLE, _rounded(self.brightness) + by))):
            self._keep(msgspec.structs.replace(self._kept, brightness=self.brightness))

    def _shine(self, percent: int) -> bool:
        try:
            self._backlight.set(percent)
        except OSError as error:
            log.warning("the brightness of this screen cannot be set: %s", error)
            self.brightness = None
            return False
        self.brightness = percent
        return True

    def _keep(self, kept: Kept) -> None:
        self._kept = kept
        self._run(lambda: self._write(kept))

    def _write(self, kept: Kept) -> None:
        try:
            folder.write_durably(self._path, msgspec.json.encode(kept))
        except OSError as error:
            log.warning("volume and brightness are not kept: %s", error)


def _rounded(percent: int) -> int:
    return round(percent / STEP) * STEP


def _read(path: Path) -> Kept:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Kept)
    except FileNotFoundError:
        return Kept()
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        log.warning("%s cannot be read (%s): volume and brightness are as in kiosk.toml", path.name, error)
        return Kept()
