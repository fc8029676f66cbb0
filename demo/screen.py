"""A loopback page that shows the real kiosk window where there is no desktop, and passes taps into it."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final, Literal, TypeVar
from urllib.parse import parse_qs, urlsplit

import msgspec

from demo import devices
from demo.history import ZONE
from demo.mirror import Mirror
from kiosk.errors import ConfigError
from kiosk.hardware.simulated.scanner import scan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGE: Final = Path(__file__).with_name("screen.html")
POLL_S: Final = 0.04
WAIT_S: Final = 10.0
T = TypeVar("T")


class Press(msgspec.Struct):
    """What the page sends: a tap in fractions of the window, a key, or what is to be scanned."""

    tap: tuple[float, float] | None = None
    key: str | None = None
    scan: Literal["ticket", "card"] | None = None

    def make(self, mirror: Mirror) -> None:
        """Press this on the window."""
        if self.tap:
            mirror.tap(*self.tap)
        if self.key:
            mirror.key(self.key)


class Glass:
    """The one connection to the window, shared by the page's requests."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._mirror: Mirror | None = None

    def ask(self, question: Callable[[Mirror], T]) -> T:
        """Ask the window, which may have been restarted since the last time."""
        with self._lock:
            try:
                self._mirror = self._mirror or Mirror(self._path)
                return question(self._mirror)
            except OSError:
                if self._mirror:
                    self._mirror.close()
                self._mirror = None
                raise


@contextmanager
def serve_screen(kiosk_folder: Path, mirror: Path, port: int) -> Iterator[str]:
    """Serve the page on the loopback interface and give its address."""
    glass = Glass(mirror)

    class Handler(_Handler):
        window = glass
        folder = kiosk_folder

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, name="screen", daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    window: Glass
    folder: Path
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path == "/":
            self._answer(HTTPStatus.OK, "text/html; charset=utf-8", PAGE.read_bytes())
        elif address.path == "/frame":
            self._frame(int(parse_qs(address.query).get("seen", ["-1"])[0]))
        elif address.path == "/slip":
            slip = devices.newest_slip(self.folder)
            if slip is None:
                self._answer(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", "Чеків ще немає. / No slips yet.".encode())
            else:
                self._answer(HTTPStatus.OK, "image/png", slip.read_bytes())
        else:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"")

    def do_POST(self) -> None:
        press = msgspec.json.decode(self.rfile.read(int(self.headers["Content-Length"])), type=Press)
        try:
            if press.scan:
                scan(self.folder, devices.CARD if press.scan == "card" else devices.fresh_ticket(datetime.now(ZONE)))
            self.window.ask(press.make)
            self._answer(HTTPStatus.NO_CONTENT, "text/plain", b"")
        except (OSError, ConfigError):
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, "text/plain", b"")

    def _frame(self, seen: int) -> None:
        until = monotonic() + WAIT_S
        while monotonic() < until:
            try:
                frame = self.window.ask(lambda mirror: mirror.frame(seen))
            except OSError:
                break
            if frame.rgb:
                self._answer(HTTPStatus.OK, "image/png", frame.png(), ("X-Frame", str(frame.frame)))
                return
            sleep(POLL_S)
        self._answer(HTTPStatus.NO_CONTENT, "text/plain", b"")

    def _answer(self, status: HTTPStatus, kind: str, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store"), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the terminal belongs to the demo."""
