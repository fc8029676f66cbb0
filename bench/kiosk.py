"""How much the kiosk costs over a bare Kivy window of the same size with one button: presses, start, memory, and rest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from nacl.public import PrivateKey
from nacl.signing import SigningKey

from bench.measure import Row, at_most
from feedback import settings as told
from feedback.questionnaire_file import parse
from feedback.signed import sign
from feedback.wire import encode
from kiosk.config import parse as parse_config
from kiosk.sync.settings import SettingsReceiver

ROUNDS: Final = 5
PRESSES: Final = 20
IDLE_S: Final = 5.0
SIZE: Final = (1280, 800)
ONE_QUESTION: Final = """
format: 1
id: bench
version: 1
languages: [uk]
questions:
  - id: service
    kind: faces
    text: {uk: Як Вас обслужили?}
    choices:
      - {id: excellent, words: {uk: чудово}}
      - {id: good, words: {uk: добре}}
      - {id: acceptable, words: {uk: прийнятно}}
      - {id: terrible, words: {uk: жахливо}}
"""


def measure() -> list[Row]:
    """Run both windows in turn, each from its start to its end."""
    with TemporaryDirectory(dir=".", prefix=".bench-") as name:
        folder = Path(name).resolve()
        runs = partial(_run, folder / "bytecode", "ours", str(_kiosk(folder))), partial(_run, folder / "bytecode", "bare", *map(str, SIZE))
        for run in runs:
            run(presses=1, idle_s=0.1)  # as on a kiosk, where the bytecode has been written long ago
        pairs = [(runs[0](), runs[1]()) for _ in range(ROUNDS)]
    ours, bare = ({key: median(run[key] for run in runs) for key in runs[0]} for runs in zip(*pairs, strict=True))
    button = "bare Kivy window"
    return [
        _at_most("press → handler", "handler_ms", "ms", ours, bare, button, 1.3),
        _at_most("press → frame", "frame_ms", "ms", ours, bare, button, 1.3),
        _at_most("start → first screen that can be pressed", "start_ms", "ms", ours, bare, button, 1.5),
        _at_most("resident memory", "memory_mb", "MB", ours, bare, button, 1.4),
        _at_most("processor at rest, of one core", "idle_share", "%", ours, bare, button, 1.5),
        _no_frames(ours, bare, button),
    ]


def _at_most(name: str, key: str, unit: str, ours: dict[str, float], bare: dict[str, float], baseline: str, goal: float) -> Row:  # noqa: PLR0913, PLR0917
    scale = 100 if unit == "%" else 1
    return at_most(name, unit, (ours[key] * scale, bare[key] * scale), baseline, goal)


def _no_frames(ours: dict[str, float], bare: dict[str, float], baseline: str) -> Row:
    frames = ours["idle_frames"]
    return Row(f"frames in {IDLE_S:g} s at rest", frames, "frames", baseline, bare["idle_frames"], frames, "0 frames", frames == 0)


def _run(bytecode: Path, kind: str, *arguments: str, presses: int = PRESSES, idle_s: float = IDLE_S) -> dict[str, Any]:
    """Run one window; give what it measured, and how long it took to come up."""
    command = [sys.executable, "-m", "bench.pressing", kind, *arguments, str(presses), str(idle_s)]
    surroundings = os.environ | {"SDL_VIDEODRIVER": "offscreen", "SDL_AUDIODRIVER": "dummy", "PYTHONPYCACHEPREFIX": str(bytecode)}
    surroundings.pop("PYTHONDONTWRITEBYTECODE", None)
    begun = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=surroundings) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        start_ms = (time.perf_counter() - begun) * 1000
        measured = json.loads(process.stdout.readline())
    if "error" in ready or "error" in measured:
        raise RuntimeError(f"the {kind} window: {ready | measured}")
    del measured["presses"]
    return measured | {"start_ms": start_ms}


def _kiosk(folder: Path) -> Path:
    """Give the configuration of a kiosk whose visits are short, told so by its server as any kiosk is."""
    key = SigningKey.generate()
    path = folder / "kiosk.toml"
    path.write_text(f"""
        format = 1
        [kiosk]
        id = "bench-kiosk-1"
        data_dir = "{folder}"
        [screen]
        width = {SIZE[0]}
        height = {SIZE[1]}
        fullscreen = false
        [server]
        host = "127.0.0.1"
        port = 1
        credential = "none"
        signing_key = "{key.verify_key.encode().hex()}"
        sealing_key = "{bytes(PrivateKey.generate().public_key).hex()}"
    """)
    settings = told.KioskSettings(
        version=1,
        kiosk="bench-kiosk-1",
        centre="ЦНАП Зразкове",
        questionnaire=parse(ONE_QUESTION, "bench.yaml"),
        timing=told.Timing(thanks_s=0.3, repeat_s=0.1),
    )
    signed = sign(settings, told.PURPOSE, lambda data: key.sign(data).signature)
    SettingsReceiver(parse_config(path.read_text(), str(path)), lambda _settings: None).receive(encode(signed))
    return path
