"""The lock before the menu: it takes a PIN, and after three wrong ones makes everybody wait, over restarts and reboots too.

An attempt is counted as a wrong one on the disk before it is looked at: pulling the plug wins nothing. After a reboot the wait
begins anew with the boot, so that rebooting never shortens it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, Protocol
from uuid import UUID

import msgspec

from kiosk import folder
from kiosk.technician import pin

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kiosk.clock import Clock

log = logging.getLogger(__name__)

FILE: Final = "technician-attempts.json"
FREE: Final = 3
FIRST_WAIT_S: Final = 30
LONGEST_WAIT_S: Final = 15 * 60


class Run(Protocol):
    """Has work done on one other thread, one after another."""

    def __call__(self, work: Callable[[], None], /) -> object:
        """Have `work` done there, and return at once."""


class Attempts(msgspec.Struct, frozen=True):
    """How many wrong PINs came in a row, and when the last one did: in which boot, at what CLOCK_BOOTTIME."""

    wrong: int = 0
    boot_id: UUID | None = None
    at_ms: int = 0


def wait_ms(attempts: Attempts, boot_id: UUID, now_ms: int) -> int:
    """Give how long the next attempt still has to wait."""
    if attempts.wrong < FREE:
        return 0
    whole_s = min(LONGEST_WAIT_S, FIRST_WAIT_S << min(attempts.wrong - FREE, 10))
    begun_ms = attempts.at_ms if attempts.boot_id == boot_id else 0
    return max(0, begun_ms + whole_s * 1000 - now_ms)


class Lock:
    """Checks PINs, one at a time, on another thread."""

    def __init__(self, encoded: str, data_dir: Path, *, clock: Clock, run: Run, post: Callable[[Callable[[], None]], None]) -> None:
        """`encoded` is the hash in kiosk.toml; `post` has a call done on the main thread."""
        self._encoded = encoded
        self._path = data_dir / FILE
        self._clock = clock
        self._run = run
        self._post = post
        self._attempts = _read(self._path)
        self.is_busy = False
        """Whether a PIN is being checked."""

    def wait_s(self) -> int:
        """Give the seconds until the next attempt is taken."""
        return -(-wait_ms(self._attempts, self._clock.boot_id, self._clock.moment().boottime_ms) // 1000)

    def check(self, typed: str, answer: Callable[[bool], None]) -> None:
        """Check a PIN; `answer` is called later, on the main thread. Not taken while another is checked or has to wait."""
        if self.is_busy or self.wait_s() > 0:
            return
        self.is_busy = True
        counted = Attempts(self._attempts.wrong + 1, self._clock.boot_id, self._clock.moment().boottime_ms)
        self._attempts = counted
        self._run(lambda: self._check(typed, counted, answer))

    def _check(self, typed: str, counted: Attempts, answer: Callable[[bool], None]) -> None:
        self._keep(counted)
        is_right = pin.is_right(typed, self._encoded)
        if is_right:
            self._keep(Attempts())
        self._post(lambda: self._checked(is_right=is_right, answer=answer))

    def _checked(self, *, is_right: bool, answer: Callable[[bool], None]) -> None:
        self.is_busy = False
        if is_right:
            self._attempts = Attempts()
        else:
            log.warning("a wrong PIN for the technician's menu, %s in a row", self._attempts.wrong)
        answer(is_right)

    def _keep(self, attempts: Attempts) -> None:
        """On a disk that takes nothing a technician is needed most: then the count holds until the program ends."""
        try:
            folder.write_durably(self._path, msgspec.json.encode(attempts))
        except OSError as error:
            log.warning("the count of wrong PINs is not kept: %s", error)


def _read(path: Path) -> Attempts:
    """Give what was kept; a file that cannot be understood counts as one that asks to wait."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Attempts)
    except FileNotFoundError:
        return Attempts()
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        log.warning("%s cannot be read (%s): the next PIN has to wait", path.name, error)
        return Attempts(FREE)
