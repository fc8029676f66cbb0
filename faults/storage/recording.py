"""Runs a program under strace, and gives the disk at every moment of its life."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from faults.storage.calls import TRACED, read_calls
from faults.storage.disk import Disk, Folder, Pointer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

    from faults.storage.calls import Call
    from faults.storage.disk import Files, Instant

ROOT: Final = Path(__file__).parents[2]
_MEMORY: Final = Path("/dev/shm")  # states are thrown away: no card has to bear them


class RecordingError(RuntimeError):
    """The program that was to be recorded failed; the message has its last words."""


class Recording:
    """What a program did in a folder, and how the folder was before."""

    def __init__(self, folder: Path, before: Files, calls: Sequence[Call]) -> None:
        self.folder = folder
        self._before = before
        self._calls = calls

    def instants(self, *, lies: float = 0.0, random: Random | None = None) -> list[Instant]:
        """Give the disk before each call and after the last; of the waits, the share `lies` waits for nothing."""
        disk = Disk(self._before, lies=lies, random=random)
        found = [disk.instant()]
        for call in self._calls:
            disk.take(call)
            found.append(disk.instant())
        return found


def record(folder: Path, *words: str) -> Recording:
    """Let `python -m …` run to its end in `folder`.

    Raises:
        RecordingError: it failed.
    """
    before = files_in(folder)
    with TemporaryDirectory() as name:
        trace = Path(name) / "trace"
        command = ["strace", "-f", "-y", "-xx", "-s", "10000000", "--seccomp-bpf", "-e", f"trace={TRACED}", "-o", str(trace)]
        done = subprocess.run([*command, sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RecordingError(f"{' '.join(words)}: {done.stderr.strip()[-2000:]}")
        with trace.open(encoding="ascii") as lines:
            calls = list(read_calls(lines, str(folder)))
    return Recording(folder, before, calls)


def files_in(folder: Path) -> Files:
    """Give everything below a folder."""
    files: Files = {}
    for path in sorted(folder.rglob("*")):
        files[str(path)] = Pointer(str(path.readlink())) if path.is_symlink() else Folder() if path.is_dir() else path.read_bytes()
    return files


def lay_out(files: Files, recorded: Path, into: Path) -> None:
    """Put files that were in the `recorded` folder into an emptied folder. What only living processes share is left out."""
    for entry in os.scandir(into):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)  # noqa: PTH108 - a thousand times a second
    start = len(str(recorded)) + 1
    for path, content in files.items():
        here = f"{into}/{path[start:]}"
        with suppress(FileNotFoundError):  # its folder has not survived
            if isinstance(content, Folder):
                os.mkdir(here)  # noqa: PTH102
            elif isinstance(content, Pointer):
                os.symlink(content.target, here)  # noqa: PTH211
            elif not here.endswith("-shm"):
                with open(here, "wb", buffering=0) as file:  # noqa: PTH123
                    file.write(content)


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder in memory that is thrown away."""
    with TemporaryDirectory(dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None, prefix="vidhuk-") as name:
        yield Path(name)


@contextmanager
def in_silence() -> Iterator[None]:
    """Keep the programs' warnings off the terminal: there are thousands, and each is what is wanted."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
