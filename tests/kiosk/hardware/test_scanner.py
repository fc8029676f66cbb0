from __future__ import annotations

import logging
import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from kiosk.__main__ import app
from kiosk.clock import SystemClock
from kiosk.config import Config, Terminal, parse
from kiosk.config_devices import Scanner
from kiosk.errors import ConfigError, Fault
from kiosk.hardware import Device
from kiosk.hardware.code_reader import CodeReader
from kiosk.hardware.scanner import open_scanner
from kiosk.hardware.simulated.scanner import PIPE, scan
from kiosk.hardware.typing_line import TypingLine, open_keyboard
from tests.kiosk.hardware.scanners import Ears, Port, received_at
from tests.kiosk.hardware.test_typed_codes import typed
from tests.kiosk.support import KIOSK, FakeClock, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kiosk.hardware.code_reader import Line

MISSING, UNREADABLE = Fault.SCANNER_MISSING, Fault.SCANNER_UNREADABLE


def config_of(folder: Path, scanner: Scanner | None, *, simulated: bool = False) -> Config:
    return Config(kiosk=Terminal(id=KIOSK, data_dir=str(folder), hardware="simulated" if simulated else "real"), scanner=scanner)


@contextmanager
def listening(config: Config) -> Iterator[Ears]:
    ears = Ears()
    scanner = open_scanner(config, SystemClock(), ears.health)
    assert scanner is not None
    scanner.start(ears.code)
    try:
        yield ears
    finally:
        scanner.close()
        scanner.close()


def get_ready(port: Port, ears: Ears) -> None:
    """Wait until a port is open: what is sent before is thrown away, as it is from a real one."""
    wait_until(lambda: ears.codes or port.send(b"\x02READY\r"))
    ears.codes.clear()


@pytest.fixture
def port(tmp_path: Path) -> Iterator[Port]:
    with Port(tmp_path / "vidhuk-scanner") as port:
        yield port


@pytest.fixture
def serial_config(port: Port, tmp_path: Path) -> Config:
    return config_of(tmp_path, Scanner(port=str(port.name)))


def test_codes_come_from_a_serial_scanner(port: Port, serial_config: Config) -> None:
    port.plug()
    with listening(serial_config) as ears:
        get_ready(port, ears)
        port.send(b"\x02A0")
        port.send(b"45\r\n" + "Б12".encode("cp1251") + b"\r" + "Б13".encode() + b"\r")
        wait_until(lambda: len(ears.codes) == 3)
    assert ears.codes == ["A045", "Б12", "Б13"]
    assert ears.faults == []
    assert ears.threads == {"scanner"}
    assert abs(ears.moments[-1].wall_ms / 1000 - time.time()) < 10


def test_a_code_held_before_the_scanner_is_taken_once(port: Port, serial_config: Config) -> None:
    port.plug()
    with listening(serial_config) as ears:
        get_ready(port, ears)
        port.send(b"A045\r" * 20 + b"B12\r")
        wait_until(lambda: "B12" in ears.codes)
    assert ears.codes == ["A045", "B12"]


def test_a_scanner_that_is_missing_is_a_fault_from_the_start_until_it_is_there(port: Port, serial_config: Config) -> None:
    with listening(serial_config) as ears:
        wait_until(lambda: ears.faults == [MISSING])
        port.plug()
        began = time.monotonic()
        wait_until(lambda: ears.faults == [MISSING, None], seconds=5)
        port.send(b"A045\r")
        wait_until(lambda: ears.codes, seconds=5)
        assert time.monotonic() - began < 5
    assert ears.devices == {Device.SCANNER}


def test_a_hundred_times_pulled_out_and_put_back(port: Port, serial_config: Config) -> None:
    slowest = 0.0
    port.plug()
    with listening(serial_config) as ears:
        get_ready(port, ears)
        for turn in range(100):
            port.send(f"A{turn:03}\r".encode() + b"B99"[: turn % 4])  # often pulled out in the middle of a code
            wait_until(lambda turn=turn: len(ears.codes) == turn + 1)  # type: ignore[misc]
            port.unplug()
            wait_until(lambda turn=turn: ears.faults == [MISSING, None] * turn + [MISSING])  # type: ignore[misc]
            began = time.monotonic()
            port.plug()
            wait_until(lambda turn=turn: ears.faults == [MISSING, None] * (turn + 1))  # type: ignore[misc]
            slowest = max(slowest, time.monotonic() - began)
    assert ears.codes == [f"A{turn:03}" for turn in range(100)]
    assert slowest < 5, "back within 5 s, each time"


def test_the_name_may_lead_to_another_device(port: Port, serial_config: Config, tmp_path: Path) -> None:
    port.plug()
    with listening(serial_config) as ears, Port(port.name) as other:
        get_ready(port, ears)
        other.plug()  # while the first is still open and silent
        wait_until(lambda: ears.faults == [MISSING, None], seconds=5)
        other.send(b"B12\r")
        wait_until(lambda: ears.codes == ["B12"])


def test_a_port_is_not_shared(port: Port, serial_config: Config) -> None:
    port.plug()
    with listening(serial_config) as ears:
        get_ready(port, ears)
        with listening(serial_config) as second:
            wait_until(lambda: second.faults == [MISSING])


def test_a_wrong_speed_is_a_fault_until_a_code_can_be_read(port: Port, serial_config: Config, caplog: pytest.LogCaptureFixture) -> None:
    port.plug()
    with listening(serial_config) as ears:
        get_ready(port, ears)
        port.send(received_at(b"A045\rA046\rA047\r", 115200, 9600))
        wait_until(lambda: "is the baud rate right?" in caplog.text)
        assert ears.faults == []
        port.send(received_at(b"A045\rA046\rA047\r", 1200, 9600))
        wait_until(lambda: ears.faults == [UNREADABLE])
        port.send(b"\x02A045\r")
        wait_until(lambda: ears.faults == [UNREADABLE, None])
    assert ears.codes == ["A045"]


def test_a_scanner_that_sends_no_end_is_named(port: Port, serial_config: Config, caplog: pytest.LogCaptureFixture) -> None:
    port.plug()
    with listening(serial_config) as ears:
        get_ready(port, ears)
        port.send(b"A045")
        wait_until(lambda: "set the scanner to send CR" in caplog.text)
        assert ears.faults == [], "one may be anything"
        port.send(b"A046")
        wait_until(lambda: ears.faults == [UNREADABLE])
    assert ears.codes == []
    assert "A045" not in caplog.text


def test_noise_on_the_line_raises_nothing(port: Port, serial_config: Config, caplog: pytest.LogCaptureFixture) -> None:
    port.plug()
    with listening(serial_config) as ears:
        get_ready(port, ears)
        for start in range(64):
            port.send(bytes((start * 7 + place * place) & 0xFF for place in range(2048)))
        port.send(b"\x02LAST\r")
        wait_until(lambda: ears.codes and ears.codes[-1] == "LAST")
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert MISSING not in ears.faults


class BrokenLine:
    """A line that gives what it is told to, then is gone."""

    def __init__(self, *reads: bytes) -> None:
        self.reads = list(reads)
        self.closed = 0

    def read(self) -> bytes:
        if not self.reads:
            raise OSError("gone")
        return self.reads.pop(0)

    def close(self) -> None:
        self.closed += 1


def test_a_listener_that_fails_does_not_end_the_reading(caplog: pytest.LogCaptureFixture) -> None:
    lines = [BrokenLine(b"A1\r"), BrokenLine(b"B2\r"), BrokenLine(b"C3\r")]
    given: list[Line] = list(lines)
    heard: list[str] = []

    def on_code(code: str, _: object) -> None:
        heard.append(code)
        if code == "A1":
            raise RuntimeError("the screen is gone")

    def open_line() -> Line:
        if not given:
            raise OSError("nothing more")
        return given.pop(0)

    reader = CodeReader("here", open_line, FakeClock(), Ears().health)
    reader.start(on_code)
    wait_until(lambda: heard == ["A1", "B2", "C3"])
    reader.close()
    assert [line.closed for line in lines] == [1, 1, 1]
    assert "the screen is gone" in caplog.text


def test_a_missing_scanner_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    tries: list[Line] = []

    def open_line() -> Line:
        tries.append(BrokenLine())
        if len(tries) in (1, 2, 3):
            raise OSError("no such port")
        raise OSError("not allowed")

    ears = Ears()
    reader = CodeReader("here", open_line, FakeClock(), ears.health)
    reader.start(ears.code)
    wait_until(lambda: len(tries) > 4)
    reader.close()
    assert ears.faults == [MISSING]
    assert [record.message for record in caplog.records] == [
        "there is no scanner at here: no such port",
        "there is no scanner at here: not allowed",
    ]


class Keyboard:
    """An input device whose events a test types."""

    def __init__(self, *, is_free: bool = True) -> None:
        self.fd, self._typist = os.pipe()
        self._is_free = is_free
        self.is_grabbed = False
        self.is_closed = False
        self.events: list[Any] = []

    def grab(self) -> None:
        if not self._is_free:
            raise OSError(16, "Device or resource busy")
        self.is_grabbed = True

    def type(self, text: str) -> None:
        self.events += [KeyEvent(*event) for event in typed(text)]
        os.write(self._typist, b"x")

    def unplug(self) -> None:
        self.events = []
        os.write(self._typist, b"x")

    def read(self) -> list[Any]:
        os.read(self.fd, 100)
        if not self.events:
            raise OSError(19, "No such device")
        events, self.events = self.events, []
        return events

    def close(self) -> None:
        self.is_closed = True
        os.close(self.fd)
        os.close(self._typist)


class KeyEvent:
    def __init__(self, at_s: float, kind: int, code: int, value: int) -> None:
        self._at_s, self.type, self.code, self.value = at_s, kind, code, value

    def timestamp(self) -> float:
        return self._at_s


def test_a_scanner_that_types_is_grabbed_and_read() -> None:
    keyboard, ears = Keyboard(), Ears()
    lines: list[Line] = []

    def open_line() -> Line:
        if lines:
            raise OSError("unplugged")
        lines.append(TypingLine(keyboard))
        return lines[0]

    reader = CodeReader("keys", open_line, SystemClock(), ears.health)
    reader.start(ears.code)
    wait_until(lambda: keyboard.is_grabbed)
    keyboard.type("VD1:sample:desk-1")
    wait_until(lambda: ears.codes == ["VD1:sample:desk-1"])
    keyboard.unplug()
    wait_until(lambda: ears.faults == [MISSING])
    reader.close()
    assert keyboard.is_closed


def test_a_keyboard_that_somebody_else_has_is_let_go() -> None:
    keyboard = Keyboard(is_free=False)
    with pytest.raises(OSError, match="busy"):
        TypingLine(keyboard)
    assert keyboard.is_closed


def test_without_evdev_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "evdev", None)
    with pytest.raises(OSError, match="install Debian's package python3-evdev"):
        open_keyboard("/dev/input/by-id/none")


def test_a_scanner_of_kind_keyboard_is_missing_where_it_is(tmp_path: Path) -> None:
    with listening(config_of(tmp_path, Scanner(port=str(tmp_path / "none"), kind="keyboard"))) as ears:
        wait_until(lambda: ears.faults == [MISSING])


def test_a_kiosk_without_the_table_has_no_scanner(tmp_path: Path) -> None:
    assert open_scanner(config_of(tmp_path, None), FakeClock(), Ears().health) is None


def test_simulated_codes_come_by_the_command(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text(f'format = 1\n[kiosk]\nid = "{KIOSK}"\ndata_dir = "{tmp_path}"\nhardware = "simulated"\n')
    with listening(config_of(tmp_path, None, simulated=True)) as ears:
        wait_until((tmp_path / PIPE).exists)
        wait_until(lambda: CliRunner().invoke(app, ["scan", "A045", "--config", str(file)]).exit_code == 0)
        wait_until(lambda: ears.codes == ["A045"])
        with (tmp_path / PIPE).open("w", encoding="utf-8") as pipe:
            pipe.write("\x02Б12\nC3\n")
        wait_until(lambda: len(ears.codes) == 3)
    assert ears.codes == ["A045", "Б12", "C3"]
    assert ears.faults == []
    with pytest.raises(ConfigError, match="no kiosk with simulated hardware runs on"):
        scan(tmp_path, "A045")


def test_a_simulated_scanner_is_pulled_out_by_deleting_its_pipe(tmp_path: Path) -> None:
    with listening(config_of(tmp_path, Scanner(), simulated=True)) as ears:
        wait_until((tmp_path / PIPE).exists)
        (tmp_path / PIPE).unlink()
        wait_until(lambda: ears.faults == [MISSING, None])
        scan(tmp_path, "A045")
        wait_until(lambda: ears.codes == ["A045"])


def test_a_real_scanner_takes_no_command(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text(f'format = 1\n[kiosk]\nid = "{KIOSK}"\ndata_dir = "{tmp_path}"\n')
    result = CliRunner().invoke(app, ["scan", "A045", "--config", str(file)])
    assert isinstance(result.exception, ConfigError)
    assert 'hardware = "simulated"' in str(result.exception)


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ('port = "ttyACM0"', "[scanner] port 'ttyACM0' must be the path of a device"),
        ("baud = 9601", "[scanner] baud 9601 must be one of 1200, 2400, 4800, 9600"),
        ('kind = "usb"', "$.scanner.kind"),
        ('prot = "/dev/x"', "unknown key 'prot'; did you mean 'port'?"),
    ],
)
def test_a_table_that_cannot_work_is_refused(table: str, complaint: str) -> None:
    text = f'format = 1\n[kiosk]\nid = "{KIOSK}"\ndata_dir = "/x"\n[scanner]\n'
    assert parse(text, "kiosk.toml").scanner == Scanner()
    with pytest.raises(ConfigError) as caught:
        parse(text + table, "kiosk.toml")
    assert complaint in str(caught.value)
