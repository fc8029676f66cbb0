"""`vidhuk-kiosk selftest` at a terminal of its own, as a technician meets it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.records import NOT_TESTED, Context, Mode, SelfTest, decode_body
from kiosk import folder
from kiosk.clock import SystemClock
from kiosk.errors import ConfigError, Fault
from kiosk.findings import Paper
from kiosk.hardware import Device
from kiosk.hardware.simulated.scanner import scan
from kiosk.selftest.asking import Answer, Asker, EndedError, meaning
from kiosk.selftest.command import parts_of, result_words, title_of
from kiosk.selftest.steps import joined
from kiosk.store import FILE
from kiosk.sync.outbox import Outbox
from kiosk.technician.lines import fault_words
from tests.kiosk.hardware.pins import config_with
from tests.kiosk.support import MirrorClient, kiosk_toml, running, wait_until
from tests.kiosk.test_store import assert_chained, logged

if TYPE_CHECKING:
    from kiosk.config_devices import Buttons

PLACES = [(0.01, 0.01), (0.99, 0.01), (0.99, 0.99), (0.01, 0.99)]
GUIDED = ("buttons", "lamps", "scanner", "printer", "touch")
SEEN = {"clock": "" if SystemClock().moment().trusted else "clock_unset"}


class Bench:
    """A technician at a terminal: reads until they see something, then types."""

    def __init__(self, config: Path, *more: str, terminal: bool = True, **environment: str) -> None:
        self.seen = ""
        self._master, slave = os.openpty() if terminal else os.pipe()
        surroundings = {
            **os.environ,
            "SDL_VIDEODRIVER": "offscreen",
            "LC_ALL": "en_US.UTF-8",
            "COLUMNS": "80",
            "NO_COLOR": "1",
            **environment,
        }
        command = [sys.executable, "-m", "kiosk", "selftest", "--config", str(config), *more]
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=surroundings, start_new_session=True)
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)

    def sees(self, words: str, within_s: float = 30.0) -> None:
        """Read on until these words have come, and take them and all before as read."""
        until = time.monotonic() + within_s
        while words not in " ".join(self.seen.split()):
            assert time.monotonic() < until, f"{words!r} is not in {self.seen!r}"
            self._read()
        self.seen = " ".join(self.seen.split()).partition(words)[2]

    def types(self, *lines: str) -> None:
        for line in lines:
            os.write(self._master, f"{line}\n".encode())

    def leaves(self, within_s: float = 30.0) -> str:
        """Wait for the end, and give what was still written."""
        until = time.monotonic() + within_s
        while self.process.poll() is None:
            assert time.monotonic() < until, self.seen
            self._read()
        self._read()
        return self.seen

    def _read(self) -> None:
        with suppress(OSError):  # the other end is closed
            if select.select([self._master], [], [], 0.05)[0]:
                self.seen += os.read(self._master, 65536).decode().replace("\r", "")


@pytest.fixture
def config(data_dir: Path) -> Path:
    path = data_dir.parent / "kiosk.toml"
    path.write_text(kiosk_toml(data_dir))
    return path


def record_in(data_dir: Path) -> SelfTest:
    context, record = (decode_body(body) for _, _, body, _ in logged(data_dir / FILE))
    assert isinstance(context, Context)
    assert isinstance(record, SelfTest)
    assert (record.context, context.mode, record.attended) == (context.number, Mode.LIVE, True)
    return record


def guided(record: SelfTest) -> dict[str, str]:
    return {part: record.results[part] for part in GUIDED}


def scanned(data_dir: Path, code: str) -> bool:
    """Scan, if somebody reads the pipe already: it is made a moment before it is read."""
    try:
        scan(data_dir, code)
    except ConfigError:
        return False
    return True


def touch_the_corners(socket: Path) -> None:
    with MirrorClient(socket) as mirror:
        wait_until(lambda: mirror.ask(frame=0)[0]["screen"] == "Menu")
        for place in PLACES:
            assert mirror.ask(tap=place)[0] == {"ok": True}


@pytest.mark.window
def test_a_whole_simulated_kiosk_is_tested_and_the_result_is_kept(config: Path, data_dir: Path) -> None:
    mirror = Path(mkdtemp()) / "m"
    with Bench(config, "--mirror", str(mirror)) as bench:
        bench.sees("? Button 1 from the left (simulated: type 1 and Enter)")
        bench.types("2")
        bench.sees("· Button 2 from the left")
        for key in "12345h":
            bench.types(key)
        for lamp in ("● ○ ○", "○ ● ○", *[""] * 7):
            bench.sees(f"{lamp}".strip() or "Only this lamp is lit")
            bench.sees("[y/n]")
            bench.types("y")
        bench.sees("Scan a ticket")
        wait_until(lambda: scanned(data_dir, "A-045"))
        bench.sees("✓ A-045")
        bench.sees("Print the test strip?")
        bench.types("yes")
        bench.sees("every letter on the paper? [y/n]")
        assert len(list((data_dir / "slips").glob("0*.png"))) == 1
        bench.types("y")
        bench.sees("Do you hear it: Loudspeaker, and only there?")
        bench.types("y")
        bench.sees("Touch the four corners")
        wait_until(mirror.exists)
        touch_the_corners(mirror)
        bench.sees("✓ 4 of 4 corners felt")
        bench.sees("kept; it goes to the server as votes do")
        bench.leaves()
    record = record_in(data_dir)
    assert guided(record) == dict.fromkeys(GUIDED, "")
    assert record.results["speaker"] == record.results["storage"] == record.results["room"] == ""
    assert record.results["voice"] in ("", "no_voice")
    wrong = [part for part, result in record.results.items() if result]
    assert bench.process.returncode == (1 if wrong else 0)
    assert set(wrong) <= {"voice", "clock", "temperature", "power"}
    assert_chained(data_dir / FILE)
    with Outbox(data_dir) as outbox:
        assert outbox.epochs()[-1].last == 2, "delivery will find it"


@pytest.mark.window
def test_what_is_passed_over_is_not_tested_and_no_fault(config: Path, data_dir: Path) -> None:
    with Bench(config, LC_ALL="uk_UA.UTF-8") as bench:
        bench.sees("Натискайте кожну кнопку")
        bench.types(*[""] * 40)
        said = bench.leaves()
    assert said.count("не перевірено") == len(GUIDED) + 1, "and the sound"
    assert guided(record_in(data_dir)) == dict.fromkeys(GUIDED, NOT_TESTED)
    assert bench.process.returncode == (1 if SEEN["clock"] or record_in(data_dir).results["voice"] else 0)
    assert max(map(len, said.splitlines()[1:])) <= 80


@pytest.mark.window
def test_no_is_a_fault_of_that_part(config: Path, data_dir: Path) -> None:
    with Bench(config) as bench:
        bench.sees("? Button 1")
        bench.types("1", "n", "", *"45h", *["y"] * 8, "n", "n", "y", "n", "n", "n")
        said = bench.leaves()
    assert guided(record_in(data_dir)) == {
        "buttons": "press_unfelt",
        "lamps": "lamp_dark",
        "scanner": "code_unread",
        "printer": "print_bad",
        "touch": "touch_unfelt",
    }
    assert record_in(data_dir).results["speaker"] == "not_heard"
    assert bench.process.returncode == 1
    assert "! Screen and touch" in said


@pytest.mark.window
def test_nobody_answers(config: Path, data_dir: Path) -> None:
    with Bench(config, "--timeout", "1") as bench:
        bench.leaves(60)
    assert guided(record_in(data_dir)) == dict.fromkeys(GUIDED, NOT_TESTED)


@pytest.mark.parametrize("way", ["q", "hang up", "interrupt"])
def test_who_ends_it_early_leaves_a_record(way: str, config: Path, data_dir: Path) -> None:
    with Bench(config) as bench:
        bench.sees("? Button 1")
        bench.types("1")
        bench.sees("? Button 2")
        if way == "q":
            bench.types("Q")
        elif way == "interrupt":
            bench.process.send_signal(signal.SIGINT)
        else:
            os.write(bench._master, b"\x04")  # the end of what is typed
        bench.sees("kept; it goes to the server")
        bench.leaves()
    record = record_in(data_dir)
    assert guided(record) == dict.fromkeys(GUIDED, NOT_TESTED)
    assert record.results["sound"] == NOT_TESTED
    assert not folder.is_held(data_dir)


def test_a_fault_that_was_found_before_the_end_is_kept(config: Path, data_dir: Path) -> None:
    with Bench(config) as bench:
        bench.sees("? Button 1")
        bench.types(*"12345h", "y", "n", "q")
        bench.leaves()
    results = record_in(data_dir).results
    assert (results["buttons"], results["lamps"], results["scanner"]) == ("", "lamp_dark", NOT_TESTED)
    assert bench.process.returncode == 1


def test_a_terminal_that_is_gone_leaves_a_record(config: Path, data_dir: Path) -> None:
    bench = Bench(config)
    bench.sees("? Button 1")
    os.close(bench._master)
    try:
        assert bench.process.wait(30) in (0, 1)
    finally:
        bench.process.kill()
        bench.process.wait()
    assert guided(record_in(data_dir)) == dict.fromkeys(GUIDED, NOT_TESTED)


@pytest.mark.window
def test_a_screen_that_cannot_be_opened_is_a_fault(config: Path, data_dir: Path) -> None:
    with Bench(config, SDL_VIDEODRIVER="no-such-driver") as bench:
        bench.sees("? Button 1")
        bench.types(*[""] * 40)
        assert "no window can be opened" in bench.leaves()
    assert record_in(data_dir).results["touch"] == "screen_missing"


def test_devices_that_are_missing_are_faults_at_once(config: Path, data_dir: Path) -> None:
    tables = (
        '[buttons]\nfaces = [17, 27]\nface_lamps = [23, 24]\n[presence]\npin = 4\n[scanner]\nport = "/dev/no-such-scanner"\n[printer]\n'
    )
    config.write_text(kiosk_toml(data_dir, hardware="real") + f'\n[sound]\nspeaker = "none"\n{tables}kind = "serial"\nport = "/dev/none"\n')
    with Bench(config) as bench:
        bench.sees("! Not found: check its wires and kiosk.toml")
        bench.sees("! Not found: check its wires and kiosk.toml")
        bench.sees("! Not found: check its cable and kiosk.toml")
        bench.types("n")
        bench.sees("Print the test strip?")
        bench.types("y")
        bench.sees("! Not found: check its cable, power and kiosk.toml")
        bench.types("q")
        bench.leaves()
    results = record_in(data_dir).results
    assert {part: results[part] for part in Device} == {
        "buttons": "buttons_missing",
        "lamps": "lamps_missing",
        "presence": "presence_missing",
        "scanner": "scanner_missing",
        "printer": "printer_missing",
    }
    assert "sound" not in results
    assert bench.process.returncode == 1


@pytest.mark.window
def test_beside_a_running_kiosk_it_only_says_so(config: Path, data_dir: Path) -> None:
    with running("ui", config):
        wait_until(lambda: folder.is_held(data_dir))
        with Bench(config) as bench:
            said = bench.leaves()
        assert bench.process.returncode == 2
        assert said == f"vidhuk-kiosk: the kiosk is running on {data_dir}: stop `vidhuk-kiosk ui` first\n"
        second = subprocess.run(
            [sys.executable, "-m", "kiosk", "ui", "--config", str(config)], capture_output=True, text=True, check=False, timeout=60
        )
        assert second.returncode == 2, "nor are there two screens on one folder"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_root_is_asked_to_be_the_kiosks_user(config: Path, data_dir: Path) -> None:
    os.chown(data_dir, 65534, 65534)
    with Bench(config) as bench:
        said = bench.leaves()
    assert bench.process.returncode == 2
    assert "sudo -u nobody vidhuk-kiosk selftest" in said
    assert not list(data_dir.iterdir())


def test_a_card_that_takes_nothing_is_said(config: Path, data_dir: Path) -> None:
    (data_dir / FILE).mkdir()
    with Bench(config) as bench:
        bench.sees("? Button 1")
        bench.types("q")
        bench.sees("Not kept: the card takes nothing")
        bench.leaves()
    assert bench.process.returncode == 1


# --- its parts --------------------------------------------------------------------------------------------------------------


def test_a_fault_goes_before_what_was_passed_over() -> None:
    assert joined([]) == joined(["", ""]) == ""
    assert joined(["", NOT_TESTED]) == NOT_TESTED
    assert joined([NOT_TESTED, "lamp_dark", ""]) == "lamp_dark"


@given(st.text(max_size=8))
def test_every_line_means_something(typed: str) -> None:
    assert meaning(typed) is not Answer.LATE
    assert (meaning(typed) is Answer.SKIP) == (not typed.strip())


@pytest.mark.parametrize(
    ("typed", "answer"), [("Так", Answer.YES), ("н", Answer.NO), (" y ", Answer.YES), ("NO", Answer.NO), ("?", Answer.OTHER)]
)
def test_both_languages_are_understood(typed: str, answer: Answer) -> None:
    assert meaning(typed) is answer


@given(st.lists(st.binary(min_size=1, max_size=12), max_size=12))
def test_what_is_typed_comes_in_lines_however_it_arrives(pieces: list[bytes]) -> None:
    reading, writing = os.pipe()
    asker = Asker(reading, lambda _line: None, str, paper=Paper(), timeout_s=0.01)
    typed = b"".join(pieces)
    try:
        for piece in pieces:
            os.write(writing, piece)
            with suppress(EndedError):
                asker.line(0.0)
        os.close(writing)
        heard = 0
        with suppress(EndedError):
            while asker.line(0.5) is not None:
                heard += 1
        assert heard <= typed.count(b"\n")
        with pytest.raises(EndedError):
            asker.line(0.5)
    finally:
        os.close(reading)


def buttons() -> Buttons:
    from kiosk.config_devices import Buttons

    return Buttons(faces=(17, 27))


def test_only_parts_that_the_kiosk_has_are_tested() -> None:
    assert parts_of(config_with()) == ("sound", "touch")
    assert parts_of(config_with(buttons=buttons())) == ("buttons", "sound", "touch")
    assert parts_of(config_with("simulated")) == ("buttons", "lamps", "scanner", "printer", "sound", "touch")
    for part in (*Device, "sound", "speaker", "headphones", "voice", "touch", "storage"):
        assert title_of(part, str)


def test_every_fault_that_a_part_can_have_has_words() -> None:
    for fault in Fault:
        if not fault.startswith(
            ("votes", "server", "settings", "log", "notice", "pictures", "day", "too", "power", "clock", "commands", "not_enrolled")
        ):
            assert result_words(str).get(fault) or fault_words(fault, str) != fault, fault
