"""The bundle that tells how the kiosk is: what `check` finds, versions, outages, the last lines of both logs. No secrets, no votes.

`check` runs as a process of its own, so that nothing that it opens, and no time that it takes, holds up the delivery.
"""

from __future__ import annotations

import logging
import platform
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec

from feedback.commands import MAX_BUNDLE_BYTES, Change, Diagnostics
from feedback.records import DeviceChange, RecordError, decode_body
from kiosk.facts import UI_LOG_FACT
from kiosk.folder import write_durably
from kiosk.process import SOFTWARE
from kiosk.store import FILE
from kiosk.sync.commands import bundle_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from feedback.records import Moment
    from kiosk.last_lines import LastLines

log = logging.getLogger(__name__)

CHECK_S: Final = 90.0
CHANGES: Final = 40
_LIBRARIES: Final = ("Kivy", "msgspec", "paho-mqtt", "gpiozero", "python-escpos", "pyserial", "evdev")
_MODEL: Final = Path("/proc/device-tree/model")


class _OfOne(msgspec.Struct):
    id: UUID


class ThisKiosk:
    """A `Diagnostician` of the kiosk on which it runs."""

    def __init__(
        self,
        data_dir: Path,
        check: tuple[str, ...],
        *,
        lines: LastLines,
        now: Callable[[], Moment],
        post: Callable[[Callable[[], None]], None],
    ) -> None:
        """`check` is the command that writes what `vidhuk-kiosk check --json` does; `post` has a call done on sync's thread."""
        self._data_dir = data_dir
        self._check = check
        self._lines = lines
        self._now = now
        self._post = post

    def begin(self, command: UUID, done: Callable[[], None]) -> None:
        """Begin to find out; `done` is called whatever comes of it."""

        def work() -> None:
            try:
                write_durably(bundle_file(self._data_dir), self._made(command))
            except Exception:  # the thread's outermost frame: that nothing was found out is said, and the delivery goes on
                log.exception("how the kiosk is could not be found out")
            self._post(done)

        threading.Thread(target=work, name="diagnostics", daemon=True).start()

    def bundle(self, command: UUID) -> bytes | None:
        """Give the bundle of a command, if it is the newest one."""
        try:
            content = bundle_file(self._data_dir).read_bytes()
            return content if msgspec.json.decode(content, type=_OfOne).id == command else None
        except (OSError, msgspec.DecodeError):
            return None

    def _made(self, command: UUID) -> bytes:
        check, unchecked = run_check(self._check)
        changes, screen_log = read_log(self._data_dir / FILE)
        found = Diagnostics(
            command,
            self._now(),
            SOFTWARE,
            versions(),
            check=check,
            unchecked=unchecked,
            changes=changes,
            screen_log=screen_log,
            delivery_log=self._lines.lines,
        )
        return bounded(found)


def check_command(config: Path) -> tuple[str, ...]:
    """Give the command that checks the kiosk of a configuration."""
    return (sys.executable, "-m", "kiosk", "check", "--config", str(config), "--json")


def run_check(command: tuple[str, ...], within_s: float = CHECK_S) -> tuple[msgspec.Raw, str]:
    """Give what a check writes, else null and why there is nothing."""
    nothing = msgspec.Raw(b"null")
    try:
        ran = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=within_s, check=False)  # noqa: S603 - our own
        found = msgspec.json.decode(ran.stdout, type=dict[str, object])
    except subprocess.TimeoutExpired:
        return nothing, f"not within {within_s:.0f} s"
    except OSError as error:
        return nothing, f"it cannot be run: {error}"
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = ran.stderr.decode("utf-8", "replace").strip().splitlines()
        return nothing, (said[-1] if said else f"it ended with code {ran.returncode}")[:300]
    return msgspec.Raw(msgspec.json.encode(found)), ""


def read_log(path: Path) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """Give the last changes of devices, the oldest first, and the last lines of ui's log; nothing where the log cannot be read."""
    query = "SELECT body FROM records WHERE kind = 'device' ORDER BY n DESC LIMIT ?"
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=2)) as db:
            bodies = [bytes(body) for (body,) in db.execute(query, (CHANGES,))]
            row = db.execute("SELECT value FROM facts WHERE name = ?", (UI_LOG_FACT,)).fetchone()
    except (sqlite3.Error, TypeError):
        return (), ()
    return tuple(change for body in reversed(bodies) if (change := _change(body)) is not None), tuple(
        str(row[0]).splitlines() if row else ()
    )


def versions() -> dict[str, str]:
    """Give what the program stands on, as far as this computer tells."""
    found = {
        "python": platform.python_version(),
        "kernel": platform.release(),
        "machine": platform.machine(),
        "sqlite": sqlite3.sqlite_version,
    }
    try:
        found["system"] = platform.freedesktop_os_release().get("PRETTY_NAME", "")
        found["model"] = _MODEL.read_text().strip("\0\n") if _MODEL.exists() else ""
    except OSError:
        pass
    for name in _LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {name: version for name, version in found.items() if version}


def bounded(found: Diagnostics, most: int = MAX_BUNDLE_BYTES) -> bytes:
    """Encode a bundle within `most` bytes: the oldest lines go first, then what devices did, and the check last."""
    shorter: dict[str, Any]
    while len(content := msgspec.json.encode(found)) > most:
        if found.delivery_log or found.screen_log:
            shorter = {"delivery_log": _newer_half(found.delivery_log), "screen_log": _newer_half(found.screen_log)}
        elif found.changes:
            shorter = {"changes": _newer_half(found.changes)}
        else:
            shorter = {"check": msgspec.Raw(b"null"), "unchecked": "it says more than a bundle may hold", "versions": {}}
        found = msgspec.structs.replace(found, **shorter)
    return content


def _newer_half(parts: tuple[object, ...]) -> tuple[object, ...]:
    return parts[(len(parts) + 1) // 2 :]


def _change(body: bytes) -> Change | None:
    try:
        record = decode_body(body)
    except RecordError:
        return None
    return Change(record.at, record.device, record.fault) if isinstance(record, DeviceChange) else None
