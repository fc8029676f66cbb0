"""Slips to be printed, and a printer on a socket that can run out of paper, be opened, fall silent and be unplugged."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from feedback.codes import code_of
from kiosk.hardware.paper.ports import question, wait_for_answer
from kiosk.slip import Slip
from tests import escpos
from tests.kiosk.support import counted_ids

if TYPE_CHECKING:
    from feedback.records import Moment
    from kiosk.errors import Fault
    from kiosk.hardware import Device

CENTRE = "Центр надання адміністративних послуг Кам’янець-Подільської міської територіальної громади"
NOTE = "Відповіді — на дошці «Ви сказали — ми зробили»; ґанок, їжа, Єва, 5 ₴ “так” ’ № 7. " * 3
ids = counted_ids()


def slip(made_ms: int = 1_000_000, language: str = "uk", **changes: str) -> Slip:
    """A slip with everything on it, and a code of its own."""
    words = {
        "centre": CENTRE,
        "thanks": "Дякуємо за Ваш відгук.",
        "date": "22 листопада 2026 року",
        "code": code_of(ids()),
        "check_url": "https://vidguk.example.org/s",
        "hot_line": "0 800 500 000",
        "note": NOTE.strip(),
        **changes,
    }
    return Slip(language=language, made_ms=made_ms, **words)


class Told:
    """What a device has said about itself."""

    def __init__(self) -> None:
        self.faults: list[Fault | None] = []

    def __call__(self, device: Device, fault: Fault | None) -> None:
        assert device == "printer"
        self.faults.append(fault)

    @property
    def now(self) -> Fault | None:
        return self.faults[-1] if self.faults else None


class TcpPrinter:
    """A printer whose paper is what it has taken; `offline` and `paper` are its answers to DLE EOT 2 and 4."""

    def __init__(self) -> None:
        self.offline = self.paper = 0x12
        self.answers = True
        self.taken = bytearray()
        self.fails_after: tuple[int, str] | None = None
        """After so many bytes: "unplug", "stop" reading, or "paper-end": what comes later is thrown away."""
        self._server: socket.socket | None = None
        self._lines: list[socket.socket] = []
        self.number = 0
        self.plug()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

    def plug(self) -> None:
        self._server = socket.create_server(("127.0.0.1", self.number))
        self._server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.number = self._server.getsockname()[1]
        threading.Thread(target=self._serve, args=(self._server,), daemon=True).start()

    def unplug(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            server.close()
        for line in self._lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        self._lines.clear()

    def port(self) -> TcpPort:
        return TcpPort(self.number)

    def read(self, pages: dict[int, str] | None = None) -> escpos.Paper:
        return escpos.read(bytes(self.taken), pages)

    def _serve(self, server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                line, _ = server.accept()
                self._lines.append(line)
                threading.Thread(target=self._listen, args=(line,), daemon=True).start()

    def _listen(self, line: socket.socket) -> None:
        last = b""
        with line, suppress(OSError):
            while octets := line.recv(4096):
                said = last + octets
                for which, status in ((2, self.offline), (4, self.paper)):
                    if self.answers and question(which) in said:
                        line.sendall(bytes([status]))
                last = said[-2:] if question(2) not in said and question(4) not in said else b""
                if not self._take(octets, line):
                    return

    def _take(self, octets: bytes, line: socket.socket) -> bool:
        count, how = self.fails_after or (1 << 30, "")
        self.taken += octets[: max(0, count - len(self.taken))]
        if len(self.taken) < count:
            return True
        if how == "unplug":
            self.unplug()
            return False
        if how == "paper-end":
            self.paper = 0x12 | 0x60
            self.fails_after = (len(self.taken), "paper-end")
        if how == "stop":
            line.settimeout(5)
            while self.fails_after:
                threading.Event().wait(0.01)
        return True


class TcpPort:
    """A `Port` to it."""

    def __init__(self, port: int) -> None:
        self._line = socket.socket()
        self._line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self._line.settimeout(0.3)
        try:
            self._line.connect(("127.0.0.1", port))
        except OSError:
            self._line.close()
            raise

    def write(self, octets: bytes) -> None:
        self._line.sendall(octets)

    def ask(self, which: int, within_s: float) -> int | None:
        self._line.settimeout(0)
        with suppress(BlockingIOError):
            self._line.recv(64)
        self._line.settimeout(0.3)
        self._line.sendall(question(which))
        return wait_for_answer(self._read, min(within_s, 0.3))

    def _read(self) -> bytes:
        self._line.settimeout(0.02)
        try:
            return self._line.recv(1)
        except TimeoutError:
            return b""
        finally:
            self._line.settimeout(0.3)

    def check(self) -> None:
        self._line.settimeout(0)
        try:
            if not self._line.recv(1, socket.MSG_PEEK):
                raise ConnectionResetError("the printer is unplugged")
        except BlockingIOError:
            pass
        finally:
            self._line.settimeout(0.3)

    def close(self) -> None:
        self._line.close()


def at(moment: Moment) -> Slip:
    return slip(moment.boottime_ms)
