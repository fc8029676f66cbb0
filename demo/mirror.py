"""The client of the kiosk's mirror: its picture over a Unix socket, and taps into it. Also what the system test presses with."""

from __future__ import annotations

import socket
from io import BytesIO
from typing import TYPE_CHECKING, Self

import msgspec
from PIL import Image

from kiosk.folder import short_path

if TYPE_CHECKING:
    from pathlib import Path


class Frame(msgspec.Struct, frozen=True):
    """One drawn frame. `targets` are the centres of what can be tapped, as fractions of the window from its top left."""

    frame: int
    width: int
    height: int
    screen: str
    targets: dict[str, tuple[float, float]]
    size: int = msgspec.field(name="bytes")
    rgb: bytes = b""

    def png(self) -> bytes:
        """Give the picture as PNG."""
        out = BytesIO()
        Image.frombytes("RGB", (self.width, self.height), self.rgb).save(out, "PNG", compress_level=1)
        return out.getvalue()


class Mirror:
    """A connection to one kiosk window that was started with `--mirror`."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(10)
        try:
            with short_path(path) as short:
                self._socket.connect(short)
        except OSError:
            self._socket.close()
            raise
        self._stream = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the window go."""
        self._stream.close()
        self._socket.close()

    def tap(self, x: float, y: float) -> None:
        """Touch the glass at a point, in fractions of its size from the top left."""
        self._ask({"tap": [x, y]})

    def tap_on(self, target: str) -> None:
        """Touch the middle of what is named."""
        self.tap(*self.frame().targets[target])

    def key(self, key: str) -> None:
        """Press a simulated button."""
        self._ask({"key": key})

    def frame(self, seen: int = -1) -> Frame:
        """Give the frame on the screen; without its pixels when it is the one already `seen`."""
        header = msgspec.json.decode(self._ask({"frame": seen}), type=Frame)
        return msgspec.structs.replace(header, rgb=self._stream.read(header.size))

    def _ask(self, request: dict[str, object]) -> bytes:
        self._socket.sendall(msgspec.json.encode(request) + b"\n")
        answer = self._stream.readline()
        if not answer:
            raise ConnectionError("the kiosk's window is gone")
        return answer
