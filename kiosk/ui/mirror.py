"""A simulated touch screen on a Unix socket: frames out, taps and keys in, by the very path of a real touch.

It exists only with simulated hardware. One JSON line a request: {"tap": [x, y]} in shares of width and height from the upper
left, {"key": "1"}, or {"frame": n}; the answer is one JSON line, for a frame newer than n followed by its RGB bytes.
"""

from __future__ import annotations

import logging
import queue
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, Self

import msgspec
from kivy.graphics.opengl import GL_PACK_ALIGNMENT, GL_RGB, GL_UNSIGNED_BYTE, glPixelStorei, glReadPixels

from kiosk.folder import short_path
from kiosk.ui.app import post

if TYPE_CHECKING:
    from pathlib import Path

    from kiosk.ui.app import KioskApp

log = logging.getLogger(__name__)

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
ANSWER_S = 10.0


class Request(msgspec.Struct, frozen=True):
    """One of the three requests."""

    tap: tuple[Share, Share] | None = None
    key: str | None = None
    frame: int | None = None


class Mirror:
    """Serves any number of clients, each on a thread of its own; the window is touched only on the main thread."""

    def __init__(self, path: Path, window: Any, app: KioskApp) -> None:  # noqa: ANN401
        self._path = path
        self._window = window
        self._app = app
        self._number = 0
        self._pixels = b""
        self._size = (0, 0)
        self._screen = ""
        self._targets: dict[str, tuple[float, float]] = {}
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def __enter__(self) -> Self:
        unready = self._path.with_name(self._path.name + ".new")
        unready.unlink(missing_ok=True)
        with short_path(unready) as path:
            self._listener.bind(path)
        unready.chmod(0o600)
        self._listener.listen()
        unready.replace(self._path)  # whoever sees the socket can connect to it
        self._window.bind(on_flip=self._on_flip)
        self._window.canvas.ask_update()
        threading.Thread(target=self._accept, name="mirror", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._window.unbind(on_flip=self._on_flip)
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _on_flip(self, *_: object) -> None:
        """Take the frame that is about to be shown, and what is on it; afterwards its pixels are no longer defined."""
        self._screen = self._app.screen_name
        self._targets = {name: on_panel(x, y, self._window.rotation) for name, (x, y) in self._app.targets.items()}
        self._size = self._window.system_size
        glPixelStorei(GL_PACK_ALIGNMENT, 1)
        self._pixels = glReadPixels(0, 0, *self._size, GL_RGB, GL_UNSIGNED_BYTE)
        self._number += 1

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), name="mirror client", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError), connection.makefile("rb") as lines:
            for line in lines:
                try:
                    request = msgspec.json.decode(line, type=Request)
                except msgspec.DecodeError as error:
                    connection.sendall(msgspec.json.encode({"error": str(error)}) + b"\n")
                    continue
                connection.sendall(self._on_main_thread(request))

    def _on_main_thread(self, request: Request) -> bytes:
        answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        post(lambda: answers.put(self._answer(request)))
        try:
            return answers.get(timeout=ANSWER_S)
        except queue.Empty:
            raise TimeoutError("the window does not answer") from None

    def _answer(self, request: Request) -> bytes:
        if request.frame is not None:
            return self._frame(request.frame)
        if request.tap is not None:
            self._touch(*request.tap)
        if request.key is not None:
            self._window.dispatch("on_key_down", ord(request.key[:1] or "\0"), 0, request.key[:1], [])
        return b'{"ok":true}\n'

    def _touch(self, x: float, y: float) -> None:
        width, height = self._window.system_size
        for motion in ("on_mouse_down", "on_mouse_up"):
            self._window.dispatch(motion, x * (width - 1), y * (height - 1), "left", [])

    def _frame(self, seen: int) -> bytes:
        width, height = self._size
        pixels = b"" if seen == self._number or not self._pixels else _top_row_first(self._pixels, width * 3)
        header = {
            "frame": self._number,
            "width": width,
            "height": height,
            "bytes": len(pixels),
            "screen": self._screen,
            "targets": self._targets,
        }
        return msgspec.json.encode(header) + b"\n" + pixels


def on_panel(x: float, y: float, rotation: int) -> tuple[float, float]:
    """Give where a place of the picture is on the panel, both in shares from the upper left; Kivy counts rotation anticlockwise."""
    return {0: (x, y), 90: (y, 1 - x), 180: (1 - x, 1 - y), 270: (1 - y, x)}[rotation]


def _top_row_first(pixels: bytes, row: int) -> bytes:
    return b"".join(pixels[start : start + row] for start in range(len(pixels) - row, -1, -row))
