"""A program of the kiosk whose main thread hangs while its others run: it says no more that it lives, and whoever watches ends it."""

from __future__ import annotations

import ctypes
import os
import socket
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import TYPE_CHECKING, Final, Self

from demo.house import House, HouseError, wait_for
from faults.storage.house_kills import newest, stored
from faults.storage.recording import ROOT
from faults.storage.tally import Tally
from faults.table import Fault, NotDoneError
from tests.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable

    from faults.table import Row

NAME: Final = "a program of the kiosk hangs"
KIOSK: Final = "exit-sample-1"
SILENT_S: Final = 5.0
"""Who is silent for so long is ended: more than twice as long as between two signs of life, `kiosk.process.ALIVE_S`."""
BACK_S: Final = 35.0
_SEIZE: Final = 0x4206
_INTERRUPT: Final = 0x4207
_READY: Final = b"READY=1"
_ALIVE: Final = b"WATCHDOG=1"


class Watch:
    """Watches over programs as systemd does: each says on a socket that it is ready and lives."""

    def __init__(self, folder: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.path = folder / "notify"
        self._socket.bind(str(self.path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def hear(self, word: bytes, within_s: float) -> bool:
        """Tell whether this word is said in time; what else is said is passed over."""
        until = monotonic() + within_s
        with suppress(TimeoutError):
            while (left_s := until - monotonic()) > 0:
                self._socket.settimeout(left_s)
                if self._socket.recv(100) == word:
                    return True
        return False

    def silent(self, within_s: float) -> bool:
        """Tell whether for `SILENT_S` nothing is said, within this time."""
        until = monotonic() + within_s
        while monotonic() < until:
            if not self.hear(_ALIVE, SILENT_S):
                return True
        return False


def hang(rounds: int, step: Callable[[int], None]) -> Row:
    """Hang the window and the delivery in turn, end it once it is silent, start it again, and vote on."""
    tally = Tally(NAME)
    with TemporaryDirectory(dir=ROOT, prefix=".f-") as name, House(Path(name)) as house:
        _furnish(house)
        with Watch(Path(name)) as window, Watch(house.kiosk_folder(KIOSK)) as delivery:
            _start(house, "ui", window)
            _start(house, "sync", delivery)
            thanked = [_vote(house)]
            for number in range(rounds):
                program, watch = (("ui", window), ("sync", delivery))[number % 2]
                problem = _hang(house, program, watch)
                thanked.append(_vote(house))
                tally.count(acknowledged=1, lost=len(set(thanked) - stored(house, KIOSK)), problem=problem)
                tally.detect(not problem)
                step(tally.rounds)
    return tally.row()


def _furnish(house: House) -> None:
    """Write the configuration of a kiosk that belongs to no server: neither program needs one."""
    folder = house.kiosk_folder(KIOSK)
    folder.mkdir(parents=True)
    (folder / "kiosk.toml").write_text(
        f'format = 1\n[kiosk]\ndata_dir = "{folder}"\nhardware = "simulated"\n[screen]\nwidth = 640\nheight = 400\nfullscreen = false\n'
    )


def _start(house: House, program: str, watch: Watch) -> None:
    mirror = house.mirror(KIOSK)
    more = ["--mirror", str(mirror)] if program == "ui" else []
    environment = {"NOTIFY_SOCKET": str(watch.path), "SDL_VIDEODRIVER": "offscreen"}
    config = str(house.kiosk_folder(KIOSK) / "kiosk.toml")
    if more:
        mirror.unlink(missing_ok=True)
    house.start(program, "vidhuk-kiosk", program, "--config", config, *more, environment=environment)
    if not watch.hear(_READY, BACK_S):
        house.check()
        raise HouseError(f"{program} does not say that it is ready")
    if more:
        wait_for(mirror.exists, "the window's mirror")


def _hang(house: House, program: str, watch: Watch) -> str:
    """Hang a program and do as whoever watches over it does; say what is wrong."""
    if not watch.hear(_ALIVE, SILENT_S):
        return f"{program} says no sign of life, and nothing hangs"
    began = monotonic()
    hold_main_thread(house.running[program].pid)
    is_silent = watch.silent(2 * SILENT_S + 1)
    house.kill(program)
    _start(house, program, watch)
    took = monotonic() - began
    if not is_silent:
        return f"{program} hangs and says that it lives"
    return "" if took <= BACK_S else f"{program} is back after {took:.0f} s"


def hold_main_thread(pid: int) -> None:
    """Stop the main thread of a child until the child is ended; its other threads run on.

    Raises:
        NotDoneError: this system lets nobody trace its own children.
    """
    trace = ctypes.CDLL(None, use_errno=True).ptrace
    trace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    for request in (_SEIZE, _INTERRUPT):
        if trace(request, pid, None, None) < 0:
            raise NotDoneError(f"no thread can be held here: {os.strerror(ctypes.get_errno())}")
    os.waitpid(pid, 0)


def _vote(house: House) -> str:
    """Vote at the window; give the vote that was thanked for, as a line."""
    visitor, before = Visitor(house, KIOSK), newest(house, KIOSK)
    visitor.sees("Ask")
    visitor.taps("good")
    visitor.taps_until("leave", "Thanks")
    now = newest(house, KIOSK)
    if now is None or now == before:
        raise HouseError("somebody was thanked and no vote is stored")
    visitor.sees("Ask")
    return now[0]


FAULTS: Final = (Fault(name=NAME, test=0, usual=2, full=20, run=hang),)
