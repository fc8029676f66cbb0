"""A data folder that lies in memory by mistake: both programs refuse to start there, and the votes below it stay as they are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from faults.storage.recording import ROOT, in_silence
from faults.storage.tally import Tally
from faults.storage.visits import Visits
from faults.table import Fault, NotDoneError
from kiosk.salvage import open_store
from tests.kiosk.support import kiosk_toml

if TYPE_CHECKING:
    from collections.abc import Callable

    from faults.table import Row

NAME: Final = "data folder in memory by mistake"
MOUNTS: Final = {
    "tmpfs": 'mount -t tmpfs none "$0"',
    "overlay": 'mount -t tmpfs none "$1" && mkdir "$1/up" "$1/work" && '
    'mount -t overlay -o lowerdir="$0",upperdir="$1/up",workdir="$1/work" none "$0"',
}
_REFUSED: Final = 2
_PATIENCE_S: Final = 20.0


def forget(rounds: int, step: Callable[[int], None]) -> Row:
    """Store a vote on a disk, mount tmpfs or an overlay over the folder, and start both programs there."""
    if os.geteuid() != 0:
        raise NotDoneError("a file system of its own needs root: run as root")
    tally = Tally(NAME)
    with in_silence():
        for number in range(rounds):
            kind = list(MOUNTS)[number % len(MOUNTS)]
            with TemporaryDirectory(dir=ROOT, prefix=".faults-") as name:  # a machine's temporary folder may be in memory
                folder = Path(name)
                data_dir = folder / "data"
                data_dir.mkdir()
                (folder / "memory").mkdir()
                (folder / "kiosk.toml").write_text(kiosk_toml(data_dir, port=1))
                visit = Visits(tally.random(number)).next(rich=False)
                with open_store(data_dir, Visits(tally.random()).new_uuid) as store:
                    store.append(visit.records, visit.boxes)
                before = _content(data_dir)
                said = [problem for program in ("ui", "sync") if (problem := _start(folder, kind, program))]
                if _content(data_dir) != before:
                    said.append(f"the folder below {kind} has changed")
            tally.count(acknowledged=1, problem="; ".join(said))
            tally.detect(not said)
            step(tally.rounds)
    return tally.row()


def _start(folder: Path, kind: str, program: str) -> str:
    """Start a program of the kiosk where a mount of this kind is its data folder; say what is wrong, "" where it refuses."""
    data_dir, memory = str(folder / "data"), str(folder / "memory")
    inside = ["unshare", "--mount", "sh", "-c", f'{MOUNTS[kind]} || exit 99; shift; exec "$@"', data_dir, memory]
    command = [*inside, sys.executable, "-m", "kiosk", program, "--config", str(folder / "kiosk.toml")]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=os.environ | {"SDL_VIDEODRIVER": "offscreen"},
            check=False,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
        )
    except subprocess.TimeoutExpired:
        return f"{program} runs on {kind}"
    if done.returncode == 99:  # noqa: PLR2004 - our own number
        raise NotDoneError(f"no {kind} can be mounted here: {done.stderr.strip()}")
    refuses = done.returncode == _REFUSED and f"is on {kind}, which forgets at power-off" in done.stderr
    return "" if refuses else f"{program} on {kind} ends with {done.returncode}: {done.stderr.strip()[-300:]}"


def _content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


FAULTS: Final = (Fault(name=NAME, test=1, usual=2, full=2, run=forget),)
