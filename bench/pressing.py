"""Presses through SDL's own queue of events, as from a touch screen, and what comes of them: one kiosk window, or one with a bare button.

    python -m bench.pressing ours CONFIG PRESSES IDLE_S
    python -m bench.pressing bare WIDTH HEIGHT PRESSES IDLE_S

prints a JSON line as soon as the first screen can be pressed, and another at its end.
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import resource
import sys
import threading
import time
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

DOWN, UP = 0x401, 0x402
LEFT: Final = 1
STEP_S: Final = 0.005
PATIENCE_S: Final = 30.0


class MouseButton(ctypes.Structure):
    """SDL_MouseButtonEvent, padded to the size of SDL_Event."""

    _fields_ = (
        ("type", ctypes.c_uint32),
        ("timestamp", ctypes.c_uint32),
        ("window", ctypes.c_uint32),
        ("which", ctypes.c_uint32),
        ("button", ctypes.c_uint8),
        ("state", ctypes.c_uint8),
        ("clicks", ctypes.c_uint8),
        ("unused", ctypes.c_uint8),
        ("x", ctypes.c_int32),
        ("y", ctypes.c_int32),
        ("padding", ctypes.c_uint8 * 28),
    )


class Finger:
    """Presses at a place of the window, from any thread."""

    def __init__(self) -> None:
        kivy = find_spec("kivy")
        assert kivy is not None
        assert kivy.origin is not None
        (library,) = Path(kivy.origin).parent.parent.glob("[Kk]ivy.libs/libSDL2-2*")
        self._sdl = ctypes.CDLL(str(library))

    def press(self, x: int, y: int) -> None:
        """Put a press and its release into SDL's queue."""
        for kind in (DOWN, UP):
            self._sdl.SDL_PushEvent(ctypes.byref(MouseButton(kind, 0, 1, 0, LEFT, kind == DOWN, 1, 0, x, y)))


class Stopwatch:
    """When a press was made, came to its handler, and was seen; in seconds."""

    def __init__(self) -> None:
        self.handler_s: list[float] = []
        self.frame_s: list[float] = []
        self.pressed_s: list[float] = []
        self.frames = 0
        self._pressed = self._handled = 0.0

    def pressed(self) -> None:
        """A press is about to be made."""
        self._pressed, self._handled = time.perf_counter(), 0.0

    def handled(self) -> None:
        """It has come to what it presses."""
        if self._pressed and not self._handled:
            self._handled = time.perf_counter()
            self.handler_s.append(self._handled - self._pressed)

    def drawn(self, *_: object) -> None:
        """A frame has been swapped in."""
        self.frames += 1
        if self._handled:
            self.pressed_s.append(self._pressed)
            self.frame_s.append(time.perf_counter() - self._pressed)
            self._pressed = self._handled = 0.0


def main() -> None:
    """Open one of the two windows and measure it."""
    kind, *arguments = sys.argv[1:]
    presses, idle_s = int(arguments[-2]), float(arguments[-1])
    watch = Stopwatch()
    with ExitStack() as stack:
        window, target, run, stop = _ours(Path(arguments[0]), watch, stack) if kind == "ours" else _bare(arguments, watch)
        window.bind(on_flip=_once(lambda: _say(ready=True)), on_draw=lambda *_: None)
        window.bind(on_flip=watch.drawn)
        thread = threading.Thread(target=_measure, args=(target, watch, presses, idle_s, stop), daemon=True)
        thread.start()
        run()
        thread.join()


def _measure(target: Callable[[], tuple[int, int] | None], watch: Stopwatch, presses: int, idle_s: float, stop: Callable[[], None]) -> None:
    finger, chance = Finger(), random.Random(1)
    for number in range(1, presses + 1):
        place = _until(target)
        time.sleep(0.4 + chance.random() * 0.05)
        watch.pressed()
        finger.press(*place)
        _until(lambda number=number: len(watch.frame_s) >= number or None)
    _until(target)
    time.sleep(1.0)  # what the last visit left to do
    frames, used, start = watch.frames, time.process_time(), time.perf_counter()
    time.sleep(idle_s)
    share = (time.process_time() - used) / (time.perf_counter() - start)
    _say(
        handler_ms=median(watch.handler_s) * 1000,
        frame_ms=median(watch.frame_s) * 1000,
        idle_frames=watch.frames - frames,
        idle_share=share,
        memory_mb=_memory_mb(),
        presses=list(zip(watch.pressed_s, watch.frame_s, strict=True)),
    )
    stop()


def _ours(
    config: Path, watch: Stopwatch, stack: ExitStack
) -> tuple[Any, Callable[[], tuple[int, int] | None], Callable[[], None], Callable[[], None]]:
    from kiosk import compose
    from kiosk.config import parse

    terminal = compose.Terminal(parse(config.read_text(), str(config)), stack)
    app, window = terminal.app, terminal.window
    timed = _Timed(terminal.visitor, watch)

    def target() -> tuple[int, int] | None:
        place = app.targets.get("good")
        between = terminal.visits.between_visits
        return (round(place[0] * window.width), round(place[1] * window.height)) if place and between else None

    terminal.start(timed)
    return window, target, app.run, app.stop


class _Timed:
    """A visitor who is timed on the way in."""

    def __init__(self, visitor: Any, watch: Stopwatch) -> None:  # noqa: ANN401
        self._visitor = visitor
        self._watch = watch

    def tap(self, name: str) -> None:
        """Note the time, then do what a tap does."""
        self._watch.handled()
        self._visitor.tap(name)

    def __getattr__(self, name: str) -> object:
        return getattr(self._visitor, name)


def _bare(
    arguments: list[str], watch: Stopwatch
) -> tuple[Any, Callable[[], tuple[int, int] | None], Callable[[], None], Callable[[], None]]:
    os.environ.update(KIVY_NO_ARGS="1", KIVY_NO_CONFIG="1", KIVY_NO_FILELOG="1", KIVY_NO_CONSOLELOG="1", KIVY_WINDOW="sdl2")
    from kivy.config import Config

    width, height = int(arguments[0]), int(arguments[1])
    for name, value in (("width", width), ("height", height), ("multisamples", 0), ("maxfps", 60)):
        Config.set("graphics", name, str(value))
    from kivy.app import App
    from kivy.core.window import Window
    from kivy.uix.button import Button

    class Bare(App):  # type: ignore[misc]
        def build(self) -> object:
            return Button(text="good", on_press=lambda _button: watch.handled())

    app = Bare()
    return Window, lambda: (width // 2, height // 2), app.run, app.stop


def _memory_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def _once(act: Callable[[], None]) -> Callable[..., None]:
    done: list[bool] = []

    def call(*_: object) -> None:
        if not done:
            done.append(True)
            act()

    return call


def _until(ask: Callable[[], Any]) -> Any:  # noqa: ANN401
    deadline = time.monotonic() + PATIENCE_S
    while (answer := ask()) is None:
        if time.monotonic() > deadline:
            _say(error="nothing came of a press")
            os._exit(1)
        time.sleep(STEP_S)
    return answer


def _say(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main()
