from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self, TypeAlias
from uuid import UUID

from nacl.public import PrivateKey
from nacl.signing import SigningKey

from feedback.questionnaire import Choice, Face, Kind, Question, Questionnaire
from feedback.records import Moment
from feedback.settings import DeskOption, KioskSettings, Timing
from kiosk.folder import short_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KivyThing: TypeAlias = Any  # Kivy ships no types
KIOSK = "exit-sample-1"
SIGNING = SigningKey(bytes(range(32))).verify_key.encode().hex()
SEALING = bytes(PrivateKey(bytes(range(32))).public_key).hex()
"""Public keys of a server whose private keys nobody needs."""
BOOT = UUID("6d0c6a4e-2a0f-4a3b-9c64-0d3d3c1a2b3c")


class FakeClock:
    """Time that passes when told to."""

    boot_id = BOOT

    def __init__(self) -> None:
        self.now_ms = 1_000_000
        self.wall_offset_ms = 1_790_000_000_000
        self.trusted = True

    def moment(self) -> Moment:
        return Moment(self.now_ms, self.wall_offset_ms + self.now_ms, trusted=self.trusted)

    def pass_s(self, seconds: float) -> None:
        self.now_ms += round(seconds * 1000)


def counted_ids(first: int = 1) -> Callable[[], UUID]:
    numbers = itertools.count(first)
    return lambda: UUID(int=0x0190_0000_0000_7000_8000_0000_0000_0000 + next(numbers))


def question(name: str, kind: Kind, *choices: str, **more: Any) -> Question:
    """A question whose words are its ids."""
    faces = {str(face): face for face in Face if kind is Kind.FACES}
    words = tuple(Choice(id=choice, words={"uk": choice, "en": choice}, face=faces.get(choice)) for choice in choices)
    return Question(id=name, text={"uk": f"{name}?", "en": f"{name}?"}, kind=kind, choices=words, **more)


FACES = question("service", Kind.FACES, "excellent", "good", "acceptable", "terrible", "hard_to_say")
ONE_QUESTION = Questionnaire(id="one", version=1, languages=("uk", "en"), questions=(FACES,))


def settings_of(  # noqa: PLR0913 - what a test varies
    *,
    desks: int = 0,
    desk: str | None = None,
    version: int = 1,
    timing: Timing | None = None,
    name: str = "",
    questionnaire: Questionnaire = ONE_QUESTION,
) -> KioskSettings:
    return KioskSettings(
        version=version,
        kiosk=KIOSK,
        centre="ЦНАП Зразкове",
        questionnaire=questionnaire,
        desk=DeskOption(desk, desk) if desk else None,
        desks=tuple(DeskOption(f"desk-{n}", str(n), name and f"{name} {n}") for n in range(1, desks + 1)),
        timing=timing or Timing(),
    )


def wait_until(holds: Callable[[], object], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


class MirrorClient:
    """Speaks to the simulated touch screen of a running kiosk."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            with short_path(path) as short:
                self._socket.connect(short)
        except OSError:
            self._socket.close()
            raise
        self._answers = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._answers.close()
        self._socket.close()

    def ask(self, **request: object) -> tuple[dict[str, Any], bytes]:
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        header = json.loads(self._answers.readline())
        return header, self._answers.read(header.get("bytes", 0))

    @property
    def screen(self) -> str:
        return str(self.ask(frame=0)[0]["screen"])

    def tap(self, name: str) -> None:
        targets: dict[str, Any] = {}

        def is_there() -> bool:
            targets.update(self.ask(frame=0)[0]["targets"])
            return name in targets

        wait_until(is_there)
        assert self.ask(tap=targets[name]) == ({"ok": True}, b"")


def kiosk_toml(data_dir: Path, port: int | None = None, signing_key: str = SIGNING, ca: str = "", **changes: str) -> str:
    values = {"hardware": "simulated", "width": "640", "height": "400"} | changes
    text = f"""
        format = 1
        [kiosk]
        id = "{KIOSK}"
        data_dir = "{data_dir}"
        hardware = "{values["hardware"]}"
        [screen]
        width = {values["width"]}
        height = {values["height"]}
        fullscreen = false
    """
    if port is not None:
        text += f"""
        [server]
        host = "127.0.0.1"
        port = {port}
        credential = "credential"
        signing_key = "{signing_key}"
        sealing_key = "{SEALING}"
    """
        text += f"ca = {json.dumps(ca)}\n"
    return text


@contextmanager
def running(command: str, config: Path, *more: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A real kiosk process; it is killed if the test does not end it."""
    arguments = [sys.executable, "-m", "kiosk", command, "--config", str(config), *more]
    surroundings = {**os.environ, "SDL_VIDEODRIVER": "offscreen", **environment}
    with (
        (config.parent / f"{command}.log").open("a") as log,
        subprocess.Popen(arguments, stdout=log, stderr=log, env=surroundings, text=True) as process,
    ):
        try:
            yield process
        finally:
            process.kill()
