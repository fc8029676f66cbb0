"""What `vidhuk-kiosk check` finds, part by part, and what it says through the command itself."""

from __future__ import annotations

import grp
import json
import os
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from typer.testing import CliRunner

from feedback.records import Moment
from kiosk import accepted, facts, folder
from kiosk.__main__ import app
from kiosk.access import missing_group
from kiosk.check import cables, link, machine, pins
from kiosk.check.command import everything
from kiosk.check.effective import effective
from kiosk.check.log import look_at_log, look_through
from kiosk.check.present import FAULTS_OF, Present, look
from kiosk.config import Config, Server, parse
from kiosk.config_devices import Buttons, PresencePin, Printer, Scanner, StatusLamp
from kiosk.errors import ConfigError, Fault
from kiosk.findings import TOGETHER, Finding, Mark
from kiosk.hardware import Device
from kiosk.store import FILE, Store
from kiosk.sync import delivery
from kiosk.technician.readings import Delivery
from tests.kiosk.hardware.pins import Board
from tests.kiosk.hardware.scanners import Port
from tests.kiosk.hardware.usb import Computer
from tests.kiosk.support import KIOSK, counted_ids, kiosk_toml, settings_of
from tests.kiosk.test_store import a_vote, new_id
from tests.kiosk.test_sync_settings import KEY, signed
from tests.services import certified, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from click.testing import Result

    from server.authority import Certificate

NOBODY = 65534
FACES = Buttons(faces=(17, 27), face_lamps=(23, 24), help=26)


def same(text: str) -> str:
    return text


def plain(text: str) -> str:
    """A text as it is written at last."""
    return text.replace(TOGETHER, " ")


def config_of(data_dir: Path, **tables: Any) -> Config:
    return msgspec.structs.replace(parse(kiosk_toml(data_dir, hardware="real"), "kiosk.toml"), **tables)


def server_at(port: int, host: str = "127.0.0.1", ca: str = "") -> Server:
    found = parse(kiosk_toml(Path("/nowhere"), port=port, signing_key=KEY.verify_key.encode().hex(), ca=ca), "kiosk.toml").server
    assert found is not None
    return msgspec.structs.replace(found, host=host)


@pytest.fixture
def computer(tmp_path: Path) -> Computer:
    return Computer(tmp_path / "computer")


@pytest.fixture
def board() -> Board:
    return Board()


def at(config: Config, computer: Computer | None = None, board: Board | None = None, **more: Any) -> Present:
    root = computer.root if computer else Path("/nowhere")
    return msgspec.structs.replace(look(config, root=root, factory=board or Board(missing=99)), **more)


def of(findings: Any) -> dict[str, Finding]:
    return {finding.part: finding for finding in findings}


# --- pins -------------------------------------------------------------------------------------------------------------------


def test_pins_that_can_be_had_are_well_and_given_back(data_dir: Path, board: Board) -> None:
    config = config_of(data_dir, buttons=FACES, status_lamp=StatusLamp(working=13), presence=PresencePin(pin=4))
    for _ in range(2):
        found = of(pins.look_at_pins(at(config, board=board), same))
        assert {part: finding.mark for part, finding in found.items()} == dict.fromkeys(("buttons", "lamps", "presence"), Mark.WELL)
    assert "17, 27, 26" in found["buttons"].found
    assert "23, 24, 13" in found["lamps"].found
    board.pin(4).tied = True
    assert found["presence"].found == "answers: nobody is there"
    assert of(pins.look_at_pins(at(config, board=board), same))["presence"].found == "answers: somebody is there"


def test_a_button_that_is_held_is_named(data_dir: Path, board: Board) -> None:
    present = at(config_of(data_dir, buttons=FACES), board=board)
    list(pins.look_at_pins(present, same))
    board.pin(27).tied = False
    found = of(pins.look_at_pins(present, same))["buttons"]
    assert "Button 2 from the left" in found.found
    assert found.mark is Mark.WELL


def test_a_pin_that_something_else_has_is_named(data_dir: Path, board: Board) -> None:
    from kiosk.hardware.gpio import Input

    taken = Input(board.factory, 27, pull_up=True)
    found = of(pins.look_at_pins(at(config_of(data_dir, buttons=FACES), board=board), same))["buttons"]
    assert found.mark is Mark.WRONG
    assert "GPIO27" in found.found
    assert found.todo
    taken.close()


def test_a_computer_without_pins_is_said_to_be_one(data_dir: Path, computer: Computer) -> None:
    config = config_of(data_dir, buttons=FACES)
    found = of(pins.look_at_pins(at(config, computer), same))
    assert found["buttons"].todo == "This computer has no GPIO pins: is it a Raspberry Pi?"
    assert found["presence"].mark is Mark.NOTE
    computer._node("dev/gpiochip0")
    assert "another program" in of(pins.look_at_pins(at(config, computer), same))["buttons"].todo


def test_a_silent_distance_sensor_is_wrong(data_dir: Path, board: Board) -> None:
    config = config_of(data_dir, presence=PresencePin(kind="distance", trigger=4, echo=8))
    assert of(pins.look_at_pins(at(config, board=board), same))["presence"].mark is Mark.WRONG


@pytest.mark.parametrize("device", Device)
@pytest.mark.parametrize("is_well", [True, False])
def test_what_the_running_kiosk_has_is_told_by_its_word(device: Device, is_well: bool, data_dir: Path, computer: Computer) -> None:  # noqa: FBT001
    computer.printer("0416", "5011")
    computer._node("dev/vidhuk-scanner")
    tables = {"buttons": FACES, "presence": PresencePin(pin=4), "scanner": Scanner(), "printer": Printer()}
    for fault in FAULTS_OF[device]:
        present = at(config_of(data_dir, **tables), computer, runs=True, said=() if is_well else (fault,))
        found = of([*pins.look_at_pins(present, same), cables.look_at_scanner(present, same), cables.look_at_printer(present, same)])
        assert found[device].found.startswith("in use by the running kiosk: ")
        assert {part for part, finding in found.items() if finding.mark is Mark.WRONG} == (set() if is_well else {device})


def test_every_fault_of_a_device_belongs_to_one() -> None:
    named = [fault for faults in FAULTS_OF.values() for fault in faults]
    assert len(named) == len(set(named))
    starts = ("button", "lamps", "presence", "scanner", "printer", "paper", "cover")
    assert set(named) == {fault for fault in Fault if fault.startswith(starts)}


# --- scanner and printer ----------------------------------------------------------------------------------------------------


def scanner_at(computer: Computer, data_dir: Path, scanner: Scanner | None, **more: Any) -> Finding:
    return cables.look_at_scanner(at(config_of(data_dir, scanner=scanner), computer, **more), same)


def test_a_scanner_that_is_missing_is_told_what_could_be_meant(data_dir: Path, computer: Computer) -> None:
    missing = scanner_at(computer, data_dir, Scanner())
    assert (missing.mark, missing.found) == (Mark.WRONG, "/dev/vidhuk-scanner is not there")
    assert missing.todo.startswith("Plug it in")
    computer.serial("ttyACM0", "0c2e", "0b6a", serial="17A", product="Scanner")
    computer.keyboard("event3", "05e0", "1200")
    found = scanner_at(computer, data_dir, Scanner())
    assert "Scanner (0c2e:0b6a № 17A)" in plain(found.todo)
    assert '\n  kind = "serial"\n  port = "/dev/serial/by-id/usb-0c2e_0b6a-if00"' in plain(found.todo)
    assert "event-kbd" not in found.todo
    typing = scanner_at(computer, data_dir, Scanner(kind="keyboard"))
    assert '\n  kind = "keyboard"\n  port = "/dev/input/by-id/usb-05e0_1200-event-kbd"' in plain(typing.todo)
    nothing = scanner_at(computer, data_dir, None)
    assert nothing.mark is Mark.NOTE
    assert plain(nothing.todo).count("kind = ") == 2


def test_a_scanner_that_is_there_is_opened_and_let_go(data_dir: Path, computer: Computer, tmp_path: Path) -> None:
    name = tmp_path / "scanner"
    with Port(name) as port:
        port.plug()
        (computer.root / str(name).lstrip("/")).parent.mkdir(parents=True)
        (computer.root / str(name).lstrip("/")).symlink_to(name)
        for _ in range(2):
            assert scanner_at(computer, data_dir, Scanner(port=str(name))).mark is Mark.WELL
        import serial

        with serial.Serial(str(name), 9600, exclusive=True):
            taken = scanner_at(computer, data_dir, Scanner(port=str(name)))
        assert taken.mark is Mark.WRONG
        assert "cannot be opened" in taken.found


def test_a_file_that_is_no_serial_port_is_said(data_dir: Path, computer: Computer, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (computer.root / str(tmp_path).lstrip("/")).mkdir(parents=True)
    (computer.root / str(tmp_path / "file").lstrip("/")).touch()
    found = scanner_at(computer, data_dir, Scanner(port=str(tmp_path / "file")))
    assert found.mark is Mark.WRONG
    assert "cannot be opened" in found.found


def printer_at(computer: Computer, data_dir: Path, printer: Printer | None, **more: Any) -> Finding:
    return cables.look_at_printer(at(config_of(data_dir, printer=printer), computer, **more), same)


def test_a_printer_that_is_missing_is_told_what_could_be_meant(data_dir: Path, computer: Computer) -> None:
    assert printer_at(computer, data_dir, None).todo == ""
    assert "switched on" in printer_at(computer, data_dir, Printer()).todo
    computer.printer("0416", "5011", serial="P1")
    named = printer_at(computer, data_dir, Printer(vendor="04B8", product="0e15"))
    assert named.found == "no USB printer 04B8:0e15"
    assert '\n  kind = "usb"\n  vendor = "0416"\n  product = "5011"' in plain(named.todo)
    assert 'kind = "usb"' in plain(printer_at(computer, data_dir, None).todo)
    running = printer_at(computer, data_dir, Printer(vendor="0x416", product="5011"), runs=True)
    assert running.mark is Mark.WELL, "numbers are compared, not letters"


def test_a_serial_printer_that_says_that_it_has_no_paper(data_dir: Path, computer: Computer, tmp_path: Path) -> None:
    import threading

    name = tmp_path / "printer"
    with Port(name) as port:
        port.plug()
        (computer.root / str(name).lstrip("/")).parent.mkdir(parents=True)
        (computer.root / str(name).lstrip("/")).symlink_to(name)
        asked: list[bytes] = []

        def answer() -> None:
            for said in (0x12, 0x12 | 0x60):
                asked.append(os.read(port._master, 3))
                port.send(bytes([said]))

        answering = threading.Thread(target=answer)
        answering.start()
        found = printer_at(computer, data_dir, Printer(kind="serial", port=str(name)))
        answering.join(5)
    assert asked == [b"\x10\x04\x02", b"\x10\x04\x04"], "it is asked for its status and sent nothing else"
    assert (found.mark, found.todo) == (Mark.WRONG, "No paper: put in a new roll")


def test_simulated_devices_are_notes(data_dir: Path) -> None:
    present = at(parse(kiosk_toml(data_dir), "kiosk.toml"))
    found = [*pins.look_at_pins(present, same), cables.look_at_scanner(present, same), cables.look_at_printer(present, same)]
    assert [(finding.mark, finding.found) for finding in found] == [(Mark.NOTE, "simulated")] * 5
    present = msgspec.structs.replace(present, runs=True, said=(Fault.PAPER_END,))
    assert cables.look_at_printer(present, same).mark is Mark.WRONG


def as_nobody(ask: Callable[[], object]) -> str:
    """Give what a user without any group is told."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other tests' threads do not matter to a child that asks and ends
        child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            os.write(writing, str(ask()).encode())
        except BaseException as error:  # noqa: BLE001 - the child must end here, whatever happens
            os.write(writing, repr(error).encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as said:
        return said.read()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_the_group_that_is_missing_is_named() -> None:
    with tempfile.TemporaryDirectory() as folder_of_all:
        place = Path(folder_of_all)
        place.chmod(0o755)
        for mode in (0o660, 0o600, 0o666):
            path = place / f"{mode:o}"
            path.touch()
            os.chown(path, 0, grp.getgrnam("dialout").gr_gid)
            path.chmod(mode)
        assert as_nobody(lambda: missing_group(place / "660")) == "dialout"
        assert as_nobody(lambda: missing_group(place / "600")) == "None", "no group would help"
        assert as_nobody(lambda: missing_group(place / "666")) == "None"
        assert missing_group(place / "660") is None, "root may open it"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
@pytest.mark.parametrize("mode", [0o700, 0o711, 0o755])
@pytest.mark.parametrize("inside", ["", "deeper/data"])
def test_who_may_not_look_into_the_folder_is_told_so(mode: int, inside: str) -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as own:
        place = Path(own) / "data"
        (place / inside).mkdir(parents=True)
        with Store(place / inside / FILE, counted_ids()):
            pass
        Path(own).chmod(0o755)
        place.chmod(mode)
        toml = Path(own) / "kiosk.toml"
        toml.write_text(kiosk_toml(place / inside, port=free_port()))
        present = look(parse(toml.read_text(), "kiosk.toml"))

        def ask() -> object:
            found = of(everything(toml, look(present.config), same))
            return found["data_folder"].mark, bool(found["data_folder"].todo), "log" in found

        assert as_nobody(ask) == str((Mark.WRONG, True, bool(mode & 0o1 if inside else mode & 0o4)))


# --- the computer -----------------------------------------------------------------------------------------------------------


def machine_at(config: Config, computer: Computer, **more: Any) -> dict[str, Finding]:
    return of(machine.look_at_machine(at(config, computer, **more), same))


def test_a_clock_that_nobody_sets_gets_somebody_who_does(data_dir: Path, computer: Computer) -> None:
    def look(*, trusted: bool) -> Finding:
        return machine.look_at_clock(Moment(5, 1_760_000_000_000, trusted), at(config_of(data_dir), computer), same)

    assert (look(trusted=True).mark, look(trusted=True).todo) == (Mark.WELL, "")
    assert look(trusted=False).mark is Mark.WRONG
    assert "apt install systemd-timesyncd" in look(trusted=False).todo
    keeper = at(config_of(data_dir), computer).path("/run/chrony")
    keeper.mkdir(parents=True)
    assert "time server can be reached" in look(trusted=False).todo


def test_the_data_folder_is_described_and_judged(data_dir: Path, computer: Computer) -> None:
    data_dir.chmod(0o2770)
    found = machine_at(config_of(data_dir), computer)["data_folder"]
    assert found.mark is Mark.WELL
    assert "mode 2770" in found.found
    data_dir.chmod(0o777)
    assert "chmod o-w" in machine_at(config_of(data_dir), computer)["data_folder"].todo
    absent = machine_at(config_of(data_dir / "absent"), computer)
    assert absent["data_folder"].mark is Mark.NOTE
    assert not {"log", "storage"} & absent.keys()
    (data_dir / "file").touch()
    assert "This is a file" in machine_at(config_of(data_dir / "file"), computer)["data_folder"].todo


def test_a_folder_that_forgets_is_refused(computer: Computer) -> None:
    memory = Path("/dev/shm")
    if folder.file_system_of(memory, Path("/proc/self/mounts").read_text()) not in folder.FORGETFUL:
        pytest.skip("this machine has no /dev/shm in memory")
    assert "forgets" in machine_at(config_of(memory), computer)["data_folder"].todo


def test_screen_and_sound_of_a_computer_that_has_none(data_dir: Path, computer: Computer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert machine_at(config_of(data_dir), computer)["screen"].mark is Mark.WRONG
    computer._node("dev/dri/card1")
    assert machine_at(config_of(data_dir), computer)["screen"].found == "/dev/dri/card1"
    monkeypatch.setenv("DISPLAY", ":7")
    assert machine_at(config_of(data_dir), computer)["screen"].found == "a window on the desktop, DISPLAY=:7"
    told = machine_at(config_of(data_dir), computer, runs=True, said=(Fault.NO_VOICE,))["sound"]
    assert told.mark is Mark.WRONG
    assert "espeak-ng" in told.found


def test_a_log_is_looked_through_beside_its_writer(data_dir: Path) -> None:
    assert of(look_at_log(data_dir, same))["log"].mark is Mark.NOTE
    with Store(data_dir / FILE, counted_ids()) as store:
        store.append([a_vote() for _ in range(5)])
        assert look_through(data_dir / FILE).records == 5
        store.append([a_vote()])
        found = of(look_at_log(data_dir, same))["log"]
    assert (found.mark, found.found) == (Mark.WELL, "sound, records: 6")


def test_a_log_that_was_forked_is_sound(data_dir: Path) -> None:
    with Store(data_dir / FILE, counted_ids()) as store:
        store.append([a_vote() for _ in range(5)])
        store.rechain(store.epoch, 2, new_id())
        store.append([a_vote()])
    assert look_through(data_dir / FILE).complaint == ""


def test_a_changed_record_and_a_damaged_file_are_found(data_dir: Path) -> None:
    with Store(data_dir / FILE, counted_ids()) as store:
        store.append([a_vote() for _ in range(5)])
    with sqlite3.connect(data_dir / FILE) as db:
        db.execute("UPDATE records SET body = CAST('[]' AS BLOB) WHERE seq = 3")
    db.close()
    found = of(look_at_log(data_dir, same))["log"]
    assert found.mark is Mark.WRONG
    assert "record 3" in found.found
    (data_dir / FILE).write_bytes(b"no database at all" * 300)
    assert "damaged" in of(look_at_log(data_dir, same))["log"].found
    (data_dir / "votes-damaged-1.db").touch()
    assert "votes-damaged-1.db" in of(look_at_log(data_dir, same))["log_aside"].found


# --- the way to the server --------------------------------------------------------------------------------------------------


def link_at(config: Config, computer: Computer, **more: Any) -> dict[str, Finding]:
    return of(link.look_at_link(at(config, computer, **more), same))


def test_cables_are_told_apart_from_the_loopback(data_dir: Path, computer: Computer) -> None:
    computer.net("lo", "unknown", "772")
    computer.net("eth0", "down")
    down = link_at(config_of(data_dir), computer)
    assert (down["network"].mark, down["network"].found) == (Mark.WRONG, "no connection on eth0")
    assert down["server"].mark is Mark.WRONG, "not enrolled"
    assert down.keys() == {"network", "server"}
    computer.net("wlan0", "up")
    assert link_at(config_of(data_dir), computer)["network"].found == "connected: wlan0"


def test_the_way_is_looked_at_as_far_as_it_goes(data_dir: Path, computer: Computer) -> None:
    nowhere = link_at(config_of(data_dir, server=server_at(1883, "no-such-host.invalid")), computer)
    assert "leads nowhere" in nowhere["server"].found
    refused = link_at(config_of(data_dir, server=server_at(free_port())), computer)
    assert "does not answer" in refused["server"].found
    assert "broker" not in nowhere | refused
    assert refused["settings"].mark is Mark.NOTE


@pytest.mark.parametrize("host", ["a" * 70 + ".example", "..", "\N{SNOWMAN}" * 70])
def test_a_name_that_is_none_is_said(host: str) -> None:
    with pytest.raises(OSError, match=r"\w"):
        link.resolve(host, 1883)


def test_a_port_that_does_not_speak_mqtt_is_said(data_dir: Path, computer: Computer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            for _ in range(2):
                server.accept()[0].close()

        threading.Thread(target=hang_up, daemon=True).start()
        found = link_at(config_of(data_dir, server=server_at(server.getsockname()[1])), computer)
    assert found["server"].mark is Mark.WELL
    assert found["broker"].mark is Mark.WRONG


@contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port on which each connection is answered in its own way, at every address of this machine."""
    with socket.create_server(("", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    with server.accept()[0] as opened, suppress(OSError):
                        answer(opened)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def with_tls(files: Certificate) -> Callable[[socket.socket], None]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)

    def answer(opened: socket.socket) -> None:
        with context.wrap_socket(opened, server_side=True) as secured:
            secured.recv(1)

    return answer


def test_trouble_with_tls_is_one_sentence_each(data_dir: Path, computer: Computer, tmp_path: Path) -> None:
    ca, files = certified(tmp_path / "ours")
    other, _ = certified(tmp_path / "theirs")

    def found(server: Server) -> Finding:
        return link_at(config_of(data_dir, server=server), computer)["tls"]

    with listening(with_tls(files)) as port:
        assert found(server_at(port, ca=ca)).mark is Mark.WELL
        stranger, alias = found(server_at(port, ca=other)), found(server_at(port, "127.0.0.2", ca=ca))
    for answer in (lambda _: None, lambda opened: opened.sendall(b"* OK not a broker\r\n")):
        with listening(answer) as port:
            plain = found(server_at(port, ca=ca))
            assert (plain.mark, plain.found[:27]) == (Mark.WRONG, f"nobody speaks TLS on port {port}"[:27])
            assert "8883" in plain.todo
    assert (stranger.mark, stranger.found) == (Mark.WRONG, "the one that answers is not this kiosk’s server")
    assert (alias.mark, alias.found) == (Mark.WRONG, "the server does not go by the name 127.0.0.2")
    assert "[broker] advertise to 127.0.0.2" in alias.todo


def test_what_waits_and_what_was_refused_is_told(data_dir: Path, computer: Computer) -> None:
    waiting = Delivery(waiting=7, oldest_ms=1_790_000_000_000, faults=("server_refused", "log_forked", "log_unreadable"))
    found = link_at(config_of(data_dir, server=server_at(free_port())), computer, delivery=waiting)
    assert "Waiting: 7, the oldest of 21.09.2026" in found["outbox"].found
    assert found["refused"].mark is found["forked"].mark is found["unread"].mark is Mark.WRONG


def test_accepted_settings_are_named_and_foreign_ones_refused(data_dir: Path, computer: Computer) -> None:
    (data_dir / accepted.FOLDER).mkdir()
    (data_dir / accepted.FOLDER / "1.json").write_bytes(signed(settings_of(version=5)))
    (data_dir / accepted.FOLDER / accepted.CURRENT).symlink_to("1.json")
    config = config_of(data_dir, server=server_at(free_port()))
    assert link_at(config, computer)["settings"].found == "version 5; asks one, version 1"
    (data_dir / accepted.FOLDER / "1.json").write_bytes(b"{}")
    assert link_at(config, computer)["settings"].mark is Mark.WRONG


# --- the command ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def toml(data_dir: Path) -> Path:
    path = data_dir / "kiosk.toml"
    path.write_text(kiosk_toml(data_dir, port=free_port()))
    path.chmod(0o600)
    return path


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(app, ["check", *arguments], env={"LC_ALL": "", "LC_MESSAGES": "", "LANG": "en_US.UTF-8"} | environment)


def test_json_has_everything_and_no_secret(toml: Path, data_dir: Path) -> None:
    result = run("--config", str(toml), "--json", LANG="uk_UA.UTF-8")
    said = json.loads(result.output)
    assert (said["format"], said["kiosk"]) == (1, KIOSK)
    assert said["wrong"] == sum(finding["mark"] == "wrong" for finding in said["findings"])
    assert result.exit_code == 1
    parts = [finding["part"] for finding in said["findings"]]
    assert len(set(parts)) == len(parts)
    assert {"configuration", *Device, "sound", "screen", "data_folder", "storage", "log", "clock", "network", "server"} <= set(parts)
    (server,) = [finding for finding in said["findings"] if finding["part"] == "server"]
    assert "does not answer" in server["found"], "for a program it is English"
    keys = {key["name"]: (key["value"], key["written"]) for key in said["configuration"]["server"]}
    assert keys["credential"] == ("…", True)
    assert {key["name"]: key["written"] for key in said["configuration"]["kiosk"]} == {
        "id": True,
        "data_dir": True,
        "language": False,
        "hardware": True,
        "self_test": False,
        "keep_days": False,
    }
    assert "'credential'" not in result.output
    assert not list(data_dir.glob("votes.db*")), "it changes nothing"


@pytest.mark.parametrize("hardware", ["simulated", "real"])
def test_who_finds_a_simulated_kiosk_is_told_how_it_becomes_a_real_one(hardware: str, toml: Path) -> None:
    toml.write_text(toml.read_text().replace('hardware = "simulated"', f'hardware = "{hardware}"'))
    said = json.loads(run("--config", str(toml), "--json").output)
    told = [(finding["mark"], finding["todo"]) for finding in said["findings"] if finding["part"] == "hardware"]
    change = 'For real ones write hardware = "real" into [kiosk] and restart the kiosk'
    assert told == ([("note", change)] if hardware == "simulated" else [])


@pytest.mark.parametrize(
    ("language", "said"), [("uk_UA.UTF-8", "Потрібно виправити"), ("en_US.UTF-8", "To mend"), ("C", "Потрібно виправити")]
)
def test_people_are_told_in_their_language_on_lines_that_fit(language: str, said: str, toml: Path) -> None:
    result = run("--config", str(toml), LANG=language)
    assert result.exit_code == 1
    assert said in result.output
    assert "Traceback" not in result.output
    long = [line for line in result.output.splitlines() if len(line) > 80]
    assert all(len(max(line.split(), key=len)) > 40 for line in long), "only where one word is longer than that: a path, a key"
    assert "credential = …" in result.output


def test_a_credential_that_everybody_may_read_is_wrong(toml: Path) -> None:
    before = json.loads(run("--config", str(toml), "--json").output)["wrong"]
    toml.chmod(0o644)
    after = json.loads(run("--config", str(toml), "--json").output)
    assert after["wrong"] == before + 1
    assert "chmod o-rw" in after["findings"][0]["todo"]


def test_a_configuration_that_cannot_be_read_is_two(toml: Path) -> None:
    toml.write_text("[kiosk]\nid = 1")
    assert isinstance(run("--config", str(toml)).exception, ConfigError)
    done = subprocess.run([sys.executable, "-m", "kiosk", "check", "--config", str(toml)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_the_default_is_told_from_what_was_written() -> None:
    text = kiosk_toml(Path("/x")) + '\n[technician]\npin = "$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2g"\n'
    tables = effective(text, parse(text, "kiosk.toml"))
    assert "scanner" not in tables
    assert [(key.value, key.written) for key in tables["technician"]] == [("…", True)]
    sound = {key.name: (key.value, key.written) for key in tables["sound"]}
    assert sound["volume"] == ("70", False)
    assert {key.name: key.value for key in tables["screen"]}["fullscreen"] == "false"


def test_the_screens_process_holds_its_folder(data_dir: Path) -> None:
    from kiosk.errors import DataFolderError

    assert not folder.is_held(data_dir)
    with folder.hold(data_dir):
        assert folder.is_held(data_dir)
        with pytest.raises(DataFolderError, match="running"), folder.hold(data_dir):
            pass
    assert not folder.is_held(data_dir)


def test_faults_of_a_kiosk_that_has_ended_are_not_told(data_dir: Path) -> None:
    with Store(data_dir / FILE, counted_ids()) as store:
        store.note(facts.UI_FAULTS_FACT, Fault.PAPER_END)
        assert look(config_of(data_dir)).said == ()
        with folder.hold(data_dir):
            assert look(config_of(data_dir)).said == (Fault.PAPER_END,)
    assert not (data_dir / delivery.FILE).exists()
