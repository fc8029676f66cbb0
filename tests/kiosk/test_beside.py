"""Everything beside the screen of a simulated kiosk, as composed: scanner, presence, lamps, printer, and their records."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from nacl.public import PrivateKey

from feedback.questionnaire import Kind
from feedback.records import DeviceChange, Input, Moment, TicketScan, Vote, decode_body
from feedback.settings import Look, SlipWords
from feedback.signed import sign
from feedback.tickets import DAY_KEY_PURPOSE, card_code
from feedback.wire import encode
from kiosk import accepted
from kiosk.clock import SystemClock
from kiosk.compose_devices import BesideScreen, FaceLamps
from kiosk.config import parse
from kiosk.devices import SILENT_S
from kiosk.errors import ConfigError, Fault
from kiosk.hardware import Device, PanelButton
from kiosk.hardware.simulated.scanner import scan
from kiosk.screens import Ask, Closed, Option, changed
from kiosk.store import FILE
from tests.feedback.tickets import DESKS, rules, signed
from tests.kiosk.support import SEALING, MirrorClient, kiosk_toml, running, settings_of, wait_until
from tests.kiosk.test_day_keys import key_of
from tests.kiosk.test_sync_settings import KEY, PUBLIC
from tests.kiosk.test_sync_settings import signed as signed_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from feedback.records import AnyRecord


class Main:
    """A main thread that does what is posted when it is asked to, and hears what happens at the devices."""

    def __init__(self, data_dir: Path, stack: ExitStack) -> None:
        self.posted: list[Callable[[], None]] = []
        self.heard: list[object] = []
        self.kept: list[AnyRecord] = []
        self.clock = SystemClock()
        config = parse(kiosk_toml(data_dir), "kiosk.toml")
        self.beside = BesideScreen(config, self.clock, self.posted.append, stack, is_enrolled=lambda: True)
        self.beside.begin(self, lambda make: self.kept.append(make(7)), lambda: self.heard.append("woken"))

    def button(self, button: PanelButton, at: Moment) -> None:
        self.heard.append(button)

    def scanned(self, code: str, at: Moment) -> None:
        self.heard.append(code)

    def work(self) -> None:
        while self.posted:
            self.posted.pop(0)()


@pytest.fixture
def main(data_dir: Path) -> Iterator[Main]:
    with ExitStack() as stack:
        yield Main(data_dir, stack)


def test_codes_keys_and_arrivals_come_on_the_main_thread(main: Main, data_dir: Path) -> None:
    scan_soon(data_dir, "A-017")
    main.beside.key("3")
    main.beside.key("p")
    wait_until(lambda: len(main.posted) >= 3)
    assert main.heard == [], "nothing is done on the devices' threads"
    main.work()
    assert set(main.heard) == {"A-017", PanelButton.FACE_3, "woken"}


def test_simulated_hardware_has_every_device_and_all_are_well(main: Main) -> None:
    assert set(main.beside.devices.known) == set(Device)
    main.work()
    assert main.beside.devices.faults == ()
    assert main.kept == []


def test_a_device_that_fails_is_on_record_from_its_own_moment(main: Main) -> None:
    before = main.clock.moment().boottime_ms
    main.beside._health(Device.PRINTER, Fault.PAPER_END)
    main.work()
    (change,) = main.kept
    assert isinstance(change, DeviceChange)
    assert (change.device, change.fault) == ("printer", "paper_end")
    assert before <= change.at.boottime_ms <= main.clock.moment().boottime_ms


class Lit:
    def __init__(self) -> None:
        self.told: list[object] = []

    def invite(self, faces: int) -> None:
        self.told.append(faces)

    def confirm(self) -> None:
        self.told.append("confirm")

    def __getattr__(self, _name: str) -> Any:
        return lambda **_more: None


FACES = Ask(id="q", kind=Kind.FACES, question="?", options=tuple(Option(name, name) for name in "abcde"), first=True)


def test_lamps_invite_to_faces_and_confirm_the_same_for_every_answer() -> None:
    told = []
    for answer in "abcde":
        lamps = Lit()
        faces = FaceLamps(lamps)
        for screen in (FACES, changed(FACES, focus="a"), changed(FACES, chosen=(answer,), stored=True), Closed(), FACES):
            faces.shown(screen)
        told.append(lamps.told)
    assert told == [[5, 0, "confirm", 5]] * 5
    lamps = Lit()
    faces = FaceLamps(lamps)
    for screen in (FACES, Closed(), changed(FACES, first=False), changed(FACES, kind=Kind.SINGLE)):
        faces.shown(screen)
    assert lamps.told == [5, 0], "what buttons do not answer does not invite, and nothing was pressed"
    FaceLamps(None).shown(FACES)


@pytest.fixture
def today() -> str:
    return datetime.now(ZoneInfo("Europe/Kyiv")).date().isoformat()


@pytest.fixture
def with_tickets(data_dir: Path, today: str) -> Path:
    """The configuration of a kiosk that has settings with tickets and slips, and the day's key."""
    settings = msgspec.structs.replace(
        settings_of(version=3), desks=DESKS, tickets=rules(), slip=SlipWords(hot_line="0 800 123 456"), look=Look(quiet=True)
    )
    accepted.day_keys_folder(data_dir).mkdir(parents=True)
    (data_dir / accepted.FOLDER / "settings-3.json").write_bytes(signed_settings(settings))
    (data_dir / accepted.FOLDER / accepted.CURRENT).symlink_to("settings-3.json")
    key = sign(key_of(today), DAY_KEY_PURPOSE, lambda content: KEY.sign(content).signature)
    accepted.day_key_file(data_dir, today).write_bytes(encode(key))
    path = data_dir.parent / "kiosk.toml"
    sealing_key = bytes(PrivateKey.generate().public_key).hex()
    path.write_text(kiosk_toml(data_dir, port=1, signing_key=PUBLIC).replace(SEALING, sealing_key))
    return path


@pytest.mark.window
def test_tickets_are_scanned_and_voted_with_on_a_real_kiosk(with_tickets: Path, data_dir: Path, today: str) -> None:
    mirror_path = Path(mkdtemp()) / "m"
    with running("ui", with_tickets, "--mirror", str(mirror_path)) as ui:
        wait_until(mirror_path.exists)
        with MirrorClient(mirror_path) as mirror:
            wait_until(lambda: frame(mirror))
            for code, answer in ((signed(day=today, desk="center-12"), "good"), (card_code("sample", "center-1"), "terrible")):
                before = frame(mirror)
                scan_soon(data_dir, code)
                wait_until(lambda before=before: frame(mirror) > before)
                mirror.tap(answer)
                wait_until(lambda: mirror.screen == "Thanks")
                wait_until(lambda: mirror.screen == "Ask")
            wait_until(lambda: changes(data_dir), SILENT_S + 15)
            wait_until(lambda: len(list(data_dir.rglob("*.png"))) == 2)
        ui.terminate()
        assert ui.wait(timeout=15) == 0
    votes = [record for record in records(data_dir) if isinstance(record, Vote)]
    scans = [record for record in records(data_dir) if isinstance(record, TicketScan)]
    assert [(vote.desk, vote.input) for vote in votes] == [("center-12", Input.TOUCH), ("center-1", Input.TOUCH)]
    assert [(scan.form, scan.visit, bool(scan.digest)) for scan in scans] == [
        ("signed", votes[0].visit, True),
        ("card", votes[1].visit, False),
    ]
    with closing(sqlite3.connect(data_dir / FILE)) as db:
        ((day, token),) = db.execute("SELECT day, token FROM spent").fetchall()
    assert (day, len(token)) == (today, 32)
    assert {(change.device, change.fault) for change in changes(data_dir)} == {(device.value, "") for device in Device}


def scan_soon(data_dir: Path, code: str) -> None:
    """Scan as soon as the scanner listens."""

    def is_scanned() -> bool:
        try:
            scan(data_dir, code)
        except ConfigError:
            return False
        return True

    wait_until(is_scanned)


def frame(mirror: MirrorClient) -> int:
    return int(mirror.ask(frame=0)[0]["frame"])


def changes(data_dir: Path) -> list[DeviceChange]:
    return [record for record in records(data_dir) if isinstance(record, DeviceChange)]


def records(data_dir: Path) -> list[AnyRecord]:
    with closing(sqlite3.connect(data_dir / FILE)) as db:
        return [decode_body(bytes(body)) for (body,) in db.execute("SELECT body FROM records ORDER BY n")]
