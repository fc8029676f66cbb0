"""The program as people start it."""

from __future__ import annotations

import csv
import getpass
import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
import tomllib
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from typer.testing import CliRunner

from feedback.wire import Ack, ack_topic, batch_topic, decode, settings_topic
from server.__main__ import app
from server.app import now_ms, opened
from server.commands.base import CONFIG_VARIABLE, read_config
from server.config import DEFAULT_DATA_DIR, parse_config
from server.db.engine import open_engine, writing
from server.errors import ConfigError
from server.fleet.clone_signs import keep_heard
from server.fleet.clones import Heard, Kind
from tests.server.kit import CENTRE, Log
from tests.services import Station, eventually, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Installation:
    """A server's folder, and a configuration on free ports."""

    folder: Path
    web_port: int
    broker_port: int
    metrics_port: int

    @property
    def config(self) -> Path:
        return self.folder / "server.toml"

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "server", *arguments, "--config", str(self.config)]

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=60, check=False)

    @contextmanager
    def running(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        path = self.folder / f"{'-'.join(arguments)}.log"
        with path.open("w") as log, subprocess.Popen(self.command(*arguments), stdout=log, stderr=log, text=True) as process:
            try:
                yield process
            finally:
                process.kill()

    def numbers(self, *, after: int = 0) -> str:
        """What the process on that port tells; without the comments."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port + after}/metrics", timeout=10) as answer:
            return "".join(line for line in answer.read().decode().splitlines(keepends=True) if line.startswith("vidhuk_"))

    def said(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    made = Installation(tmp_path, free_port(), free_port(), free_port())
    ports = {"web": made.web_port, "broker": made.broker_port, "metrics": made.metrics_port}
    tables = "".join(f"[{table}]\nport = {port}\n" for table, port in ports.items())
    made.config.write_text(f'data_dir = "{tmp_path / "data"}"\n{tables}')
    (tmp_path / "centre.yaml").write_text(CENTRE)
    return made


def add_kiosk(installation: Installation, name: str = "exit-sample-1") -> dict[str, dict[str, object]]:
    assert installation.call("registry", "load", str(installation.folder / "centre.yaml")).returncode == 0
    added = installation.call("kiosk", "add", name, "--site", "main")
    assert added.returncode == 0, added.stderr
    return tomllib.loads(added.stdout)


def test_kiosk_add_prints_a_complete_file(installation: Installation) -> None:
    kiosk = add_kiosk(installation)
    server = kiosk.pop("server")
    assert kiosk == {
        "format": 1,
        "kiosk": {"id": "exit-sample-1", "data_dir": "/var/lib/vidhuk-kiosk", "language": "uk", "hardware": "real"},
        "screen": {"width": 1280, "height": 800, "fullscreen": True},
    }
    assert (server["host"], server["port"]) == ("127.0.0.1", installation.broker_port)
    assert re.fullmatch("[0-9a-f]{64}", str(server["signing_key"]))
    assert re.fullmatch("[0-9a-f]{64}", str(server["sealing_key"]))
    assert server["ca"] == (installation.folder / "data/keys/authority.crt").read_text()
    listed = installation.call("kiosk", "list").stdout
    assert "exit-sample-1" in listed
    assert str(server["credential"]) not in listed
    assert installation.call("kiosk", "remove", "exit-sample-1").returncode == 0
    assert installation.call("rollups", "rebuild").returncode == 0
    assert installation.call("rollups", "verify").returncode == 0
    assert installation.call("quarantine", "list").returncode == 0
    replayed = installation.call("quarantine", "replay", "5")
    assert (replayed.returncode, replayed.stdout) == (1, "5: There is no such number in quarantine.\n")


def test_kiosk_add_writes_a_file_for_one_reader_and_overwrites_none(installation: Installation) -> None:
    file = installation.folder / "kiosk.toml"
    assert installation.call("registry", "load", str(installation.folder / "centre.yaml")).returncode == 0
    failed = installation.call("kiosk", "add", "exit-sample-1", "--site", "nowhere", "--output", str(file))
    assert (failed.returncode, file.exists()) == (2, False)
    added = installation.call("kiosk", "add", "exit-sample-1", "--site", "main", "--output", str(file))
    assert (added.returncode, added.stdout, file.stat().st_mode & 0o777) == (0, "", 0o600)
    assert "127.0.0.1 and serves on this machine only" in added.stderr
    written = file.read_bytes()
    again = installation.call("kiosk", "add", "exit-sample-2", "--site", "main", "--output", str(file))
    assert (again.returncode, file.read_bytes()) == (2, written)
    assert "is there already" in again.stderr
    assert "exit-sample-2" not in installation.call("kiosk", "list").stdout


def test_kiosk_list_says_whose_card_was_copied_until_it_has_been_seen_to(installation: Installation) -> None:
    add_kiosk(installation)
    spoken = [Heard("exit-sample-1", Kind.PROCESS, UUID(int=number % 2), now_ms() - (9 - number) * 120_000) for number in range(8)]
    engine = open_engine(f"sqlite:///{installation.folder}/data/vidhuk.db")
    with writing(engine) as connection:
        keep_heard(connection, spoken)
    engine.dispose()
    assert "exit-sample-1: its card seems to have been copied" in installation.call("kiosk", "list").stderr
    assert installation.call("kiosk", "seen-to", "exit-sample-1").returncode == 0
    assert "copied" not in installation.call("kiosk", "list").stderr


CARD = """
format: 1
id: card
version: 1
languages: [uk]
questions:
  - {id: result, kind: yes_no, text: {uk: "Чи отримали Ви послугу?"}}
"""


def test_a_questionnaire_is_linted_published_and_assigned(installation: Installation) -> None:
    add_kiosk(installation)
    file = installation.folder / "card.yaml"
    file.write_text(CARD)
    linted = installation.call("questionnaire", "publish", str(file))
    assert (linted.returncode, "is not published" in linted.stderr) == (2, True)
    rules = sorted({line.split(": ")[1] for line in linted.stdout.splitlines()})
    assert "no-comment" in rules
    file.write_text(CARD + "waivers:\n" + "".join(f"  - {{rule: {rule}, reason: проба}}\n" for rule in rules))
    published = installation.call("questionnaire", "publish", str(file))
    assert published.returncode == 0, published.stdout + published.stderr
    assert "waived: проба" in published.stdout
    assigned = installation.call("questionnaire", "assign", "card", "--desk", "main-1", "--no-ticket")
    assert "card is asked everywhere, about desk main-1, without a ticket; new settings for 1 kiosks" in assigned.stderr
    assert "card" in installation.call("questionnaire", "list").stdout
    assert installation.call("questionnaire", "show", "card").stdout == file.read_text()
    assert installation.call("questionnaire", "unassign", "card", "--desk", "main-1", "--no-ticket").returncode == 0


def test_a_kiosk_is_asked_by_command(installation: Installation) -> None:
    add_kiosk(installation)
    assert "selftest is on its way" in installation.call("kiosk", "command", "exit-sample-1", "selftest").stderr
    assert "was on its way already" in installation.call("kiosk", "command", "exit-sample-1", "selftest", "--within", "5").stderr
    listed = installation.call("kiosk", "commands").stdout
    assert "waiting" in listed
    assert getpass.getuser() in listed
    assert "there is no bundle of 'exit-sample-1'" in installation.call("kiosk", "diagnostics", "exit-sample-1").stderr
    for wrong, said in (
        (("nobody-here", "selftest"), "there is no kiosk"),
        (("exit-sample-1", "restart", "--within", "0"), "is good for 1 to"),
    ):
        refused = installation.call("kiosk", "command", *wrong)
        assert (refused.returncode, said in refused.stderr) == (2, True)


def test_visitors_are_told_by_commands(installation: Installation) -> None:
    assert installation.call("registry", "load", str(installation.folder / "centre.yaml")).returncode == 0
    assert "announce --withdraw 1" in installation.call("announce", "air_raid", "--site", "main").stderr
    assert "air_raid" in installation.call("announcements").stdout
    assert installation.call("announce", "--withdraw", "1").returncode == 0
    assert installation.call("announce", "information").stderr.startswith("vidhuk-server: information: the Ukrainian text is missing")
    assert installation.call("done", "add", "--uk", "Додали лавки").returncode == 0
    assert "Додали лавки" in installation.call("done", "list").stdout
    assert "/invitation/" in installation.call("invite", "--role", "clerk").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("announce",), "say what to announce"),
        (("questionnaire", "show", "nothing"), "there is no questionnaire 'nothing'"),
        (("kiosk", "seen-to", "nothing-1"), "there is no kiosk 'nothing-1'"),
        (("broker-config", "mosquitto"), "say where to: --output FOLDER"),
        (("broker-config", "emqx", "--output", "users.json"), "let the name end in .csv"),
        (("kiosk", "remove", "nothing-1"), "there is no kiosk 'nothing-1'"),
        (("quarantine", "show", "5"), "there is no number 5"),
        (("quarantine", "replay", "5", "--all"), "name numbers of `quarantine list`, or give --all"),
        (("registry", "load", "/nowhere.yaml"), "/nowhere.yaml cannot be read: No such file or directory"),
        (("ingest", "--shared", "1"), "several workers need PostgreSQL"),
    ],
)
def test_what_can_be_mended_is_one_sentence(installation: Installation, arguments: tuple[str, ...], message: str) -> None:
    with opened(parse_config(installation.config.read_text(), source="server.toml")):
        pass
    done = installation.call(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"vidhuk-server: {message}")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("backup", "x.backup", "--passphrase", "phrase"),
        ("verify",),
        ("kiosk", "list"),
        ("quarantine", "list"),
        ("invite",),
        ("rollups", "rebuild"),
        ("queue", "imports"),
        ("questionnaire", "list"),
        ("announcements",),
        ("root", "list"),
    ],
)
@pytest.mark.parametrize(("locale", "said"), [("en_GB.UTF-8", "no server has begun in"), ("uk_UA.UTF-8", "немає сервера")])
def test_a_folder_without_a_server_stays_as_it_is(tmp_path: Path, arguments: tuple[str, ...], locale: str, said: str) -> None:
    (tmp_path / "phrase").write_text("вишня кінь батарея скоба")
    words = [str(tmp_path / word) if word in {"x.backup", "phrase"} else word for word in arguments]
    done = CliRunner(env={"LC_ALL": locale}).invoke(app, [*words, "--data", str(tmp_path / "data")])
    assert isinstance(done.exception, ConfigError)
    assert said in str(done.exception)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["phrase"]


def test_an_empty_file_is_no_server(tmp_path: Path) -> None:
    open_engine(f"sqlite:///{tmp_path}/vidhuk.db").connect().close()
    assert isinstance(CliRunner().invoke(app, ["verify", "--data", str(tmp_path)]).exception, ConfigError)
    assert not (tmp_path / "keys").exists()


def test_without_an_option_the_configuration_of_the_machine_is_read(installation: Installation, tmp_path: Path) -> None:
    environment = {CONFIG_VARIABLE: str(installation.config)}
    assert read_config(None, None, environment).data_dir == tmp_path / "data"
    assert read_config(None, installation.config, {CONFIG_VARIABLE: "/nowhere.toml"}).data_dir == tmp_path / "data"
    assert read_config(tmp_path / "other", None, environment).web.port == 8080, "--data alone is a server without a file"
    with pytest.raises(ConfigError, match=r"/nowhere\.toml cannot be read"):
        read_config(None, None, {CONFIG_VARIABLE: "/nowhere.toml"})
    assert read_config(None, None, {}, tmp_path / "nowhere.toml").data_dir == DEFAULT_DATA_DIR
    assert read_config(None, None, {}, installation.config).data_dir == tmp_path / "data"


def test_an_unknown_key_is_named(installation: Installation) -> None:
    installation.config.write_text("data_dri = 'x'")
    done = installation.call("run")
    assert done.returncode == 2
    assert "unknown key 'data_dri'; did you mean 'data_dir'?" in done.stderr


def test_emqx_is_given_kiosks_and_the_server_itself_in_a_file_for_this_user_only(installation: Installation) -> None:
    credential = str(add_kiosk(installation)["server"]["credential"])
    path = installation.folder / "users.csv"
    done = installation.call("broker-config", "emqx", "--output", str(path))
    assert (done.returncode, "is written for 11 users" in done.stderr, "left out" in done.stderr) == (0, True, False)
    users = {row["user_id"]: row for row in csv.DictReader(path.read_text().splitlines())}
    digest = hashlib.pbkdf2_hmac("sha512", credential.encode(), users["exit-sample-1"]["salt"].encode(), 101, 64)
    assert users["exit-sample-1"]["password_hash"] == digest.hex()
    assert path.stat().st_mode & 0o777 == 0o600
    assert credential not in path.read_text()


@pytest.mark.broker
@pytest.mark.usefixtures("mosquitto_program")
@pytest.mark.parametrize("setting", ["broker.port", "web.port"])
def test_a_taken_port_is_named(installation: Installation, setting: str) -> None:
    port = installation.broker_port if setting == "broker.port" else installation.web_port
    with socket.create_server(("127.0.0.1", port)):
        done = installation.call("run")
    assert done.returncode == 2
    assert re.search(rf"port {port} .* taken .* {re.escape(setting)}", done.stderr)
    assert "Traceback" not in done.stderr


@pytest.mark.broker
@pytest.mark.usefixtures("mosquitto_program")
def test_run_serves_pages_and_kiosks_and_ends_cleanly(installation: Installation) -> None:
    with installation.running("run") as server:
        eventually(lambda: "/invitation/" in installation.said("run"), within_s=30)
        kiosk = add_kiosk(installation)["server"]
        with urllib.request.urlopen(f"http://127.0.0.1:{installation.web_port}/", timeout=10) as page:
            assert page.status == 200
        log = Log()
        log.add_context()
        log.add(log.vote("a"))
        credential, ca = str(kiosk["credential"]), str(kiosk["ca"])
        eventually(lambda: "exit-sample-1" in (installation.folder / "data/broker/passwords").read_text())
        eventually(lambda: _is_let_in(installation.broker_port, credential, ca))
        with Station(installation.broker_port, "exit-sample-1", credential, ca) as station:
            station.subscribe(ack_topic("exit-sample-1"), settings_topic("exit-sample-1"))
            station.publish(batch_topic("exit-sample-1"), log.batch())
            eventually(lambda: station.payloads(ack_topic("exit-sample-1")))
            assert decode(station.payloads(ack_topic("exit-sample-1"))[0], Ack).seq == 2
            eventually(lambda: station.payloads(settings_topic("exit-sample-1")))
        numbers = installation.numbers()
        assert {"vidhuk_votes_total 1.0", "vidhuk_broker_connected 1.0", "vidhuk_kiosks 1.0"} <= set(numbers.splitlines())
        server.send_signal(signal.SIGTERM)
        assert server.wait(15) == 0
    said = installation.said("run")
    assert "Traceback" not in said
    assert credential not in said
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", installation.broker_port), timeout=1)


def _is_let_in(port: int, credential: str, ca: str) -> bool:
    with Station(port, "exit-sample-1", credential, ca) as station:
        eventually(lambda: station.is_connected() or station.failure)
        return station.is_connected()


@pytest.mark.broker
@pytest.mark.usefixtures("mosquitto_program")
def test_each_part_runs_alone(installation: Installation) -> None:
    with installation.running("broker") as broker, installation.running("ingest") as ingest, installation.running("web") as web:
        eventually(lambda: "connected to the broker" in installation.said("ingest"), within_s=30)
        eventually(lambda: "/invitation/" in installation.said("web"), within_s=30)
        assert "vidhuk_broker_connected 1.0" in installation.numbers(after=1)
        assert "vidhuk_kiosks 0.0" in installation.numbers()
        for part in (web, ingest, broker):
            part.send_signal(signal.SIGINT)
            assert part.wait(15) == 0


@pytest.mark.broker
@pytest.mark.usefixtures("mosquitto_program")
def test_systemd_is_told(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    path = installation.folder / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.bind(str(path))
        notified.settimeout(30)
        monkeypatch.setitem(os.environ, "NOTIFY_SOCKET", str(path))
        with installation.running("broker") as broker:
            assert [notified.recv(100) for _ in range(2)] == [b"READY=1", b"WATCHDOG=1"]
            broker.send_signal(signal.SIGTERM)
            assert broker.wait(15) == 0
