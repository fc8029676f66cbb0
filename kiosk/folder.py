"""The data folder: made if missing, refused where it would forget. In it, who has the screen, and the socket by which ui wakes sync."""

from __future__ import annotations

import fcntl
import logging
import os
import re
import socket
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kiosk.errors import DataFolderError

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger(__name__)

FORGETFUL: Final = {"tmpfs", "ramfs", "overlay", "aufs"}
WAKE_SOCKET: Final = "wake.sock"
UI_LOCK: Final = "ui.lock"
HOLD_S: Final = 2.0
"""So long the lock is waited for: `is_held` takes it for a moment, and a process that was just killed may not be gone yet."""


def prepare(data_dir: Path, mounts: str | None = None) -> None:
    """Make the folder and see that it keeps what it is given; `mounts` is the text of /proc/self/mounts.

    Raises:
        DataFolderError: it cannot be made or written, or lies in memory.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataFolderError(f"the data folder {data_dir} cannot be made: {error.strerror}") from error
    if not os.access(data_dir, os.W_OK | os.X_OK):
        raise DataFolderError(f"the data folder {data_dir} cannot be written by user {os.getuid()}")
    kind = file_system_of(data_dir.resolve(), Path("/proc/self/mounts").read_text() if mounts is None else mounts)
    if kind in FORGETFUL:
        raise DataFolderError(
            f"the data folder {data_dir} is on {kind}, which forgets at power-off; put it on a disk, `data_dir` in [kiosk]"
        )


@contextmanager
def hold(data_dir: Path) -> Iterator[None]:
    """Be the one program that has this kiosk's screen and devices and writes votes.db; over when the process ends, however it does.

    Raises:
        DataFolderError: another one is.
    """
    try:
        descriptor = os.open(data_dir / UI_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
    except OSError as error:  # a full disk is no reason not to show the screen
        log.warning("%s cannot be had, so nobody is kept away: %s", UI_LOCK, error.strerror)
        yield
        return
    try:
        if not _is_taken(descriptor):
            raise DataFolderError(f"the kiosk is running on {data_dir}: stop `vidhuk-kiosk ui` first")
        yield
    finally:
        os.close(descriptor)


def is_held(data_dir: Path) -> bool:
    """Whether the screen's process runs."""
    try:
        descriptor = os.open(data_dir / UI_LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _is_taken(descriptor: int) -> bool:
    until = time.monotonic() + HOLD_S
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        if time.monotonic() >= until:
            return False
        time.sleep(0.02)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk: a rename is durable only then."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder, where it is missing, that a power cut does not take away again with all that is in it."""
    if not folder.parent.is_dir():
        make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def write_durably(path: Path, content: bytes, *, private: bool = False) -> None:
    """Write a file so that a power cut leaves what was there before, or the whole of it; a `private` one for this user alone."""
    temporary = path.with_name(f"{path.name}.new")
    with open(temporary, "wb", opener=_opened_privately if private else None) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def _opened_privately(path: str, flags: int) -> int:
    descriptor = os.open(path, flags, 0o600)
    os.fchmod(descriptor, 0o600)  # a file that a power cut left may have been open to others
    return descriptor


def point_durably(link: Path, name: str) -> None:
    """Let a symbolic link lead to `name` so that a power cut leaves it leading to the old or the new."""
    temporary = link.with_name(f"{link.name}.new")
    with suppress(FileNotFoundError):
        temporary.unlink()
    temporary.symlink_to(name)
    temporary.replace(link)
    sync_folder(link.parent)


def file_system_of(path: Path, mounts: str) -> str:
    """Give the kind of file system that holds `path`: the longest, last mounted one above it."""
    found = ("", "")
    for line in mounts.splitlines():
        _, point, kind, *_ = line.split(" ")
        point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), point)
        if path.is_relative_to(point) and len(point) >= len(found[0]):
            found = (point, kind)
    return found[1]


@contextmanager
def short_path(socket_: Path) -> Iterator[str]:
    """Give a path to a socket that stays under the 108 bytes a socket's address may have, however deep its folder lies."""
    descriptor = os.open(socket_.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{socket_.name}"
    finally:
        os.close(descriptor)


def wake(data_dir: Path, sender: socket.socket) -> None:
    """Tell sync that there is something to deliver; when it does not run it will see by itself."""
    with suppress(OSError), short_path(data_dir / WAKE_SOCKET) as path:
        sender.sendto(b"\0", path)


def sync_listens(data_dir: Path) -> bool:
    """Whether sync runs, as far as the socket tells on which it is woken."""
    with wake_sender() as sender, suppress(OSError), short_path(data_dir / WAKE_SOCKET) as path:
        sender.connect(path)
        return True
    return False


def wake_sender() -> socket.socket:
    """Give a socket for `wake`; it never blocks."""
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sender.settimeout(0)
    return sender


def wake_receiver(data_dir: Path) -> socket.socket:
    """Give the socket on which sync is woken."""
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.settimeout(0)
    with suppress(FileNotFoundError):
        (data_dir / WAKE_SOCKET).unlink()
    with short_path(data_dir / WAKE_SOCKET) as path:
        receiver.bind(path)
    (data_dir / WAKE_SOCKET).chmod(0o660)
    return receiver
