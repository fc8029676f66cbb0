"""`vidhuk-kiosk check` beside a kiosk at work and a real broker that names clients by their users; and the self-test of a real process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from feedback import wire
from feedback.records import SelfTest, decode_body
from kiosk import folder
from kiosk.store import FILE
from kiosk.sync import delivery
from kiosk.sync.mqtt import knock
from tests.kiosk.support import KIOSK, kiosk_toml, running, wait_until
from tests.kiosk.test_check import server_at
from tests.kiosk.test_store import assert_chained, logged
from tests.services import Station, certified, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.broker
WATCHER = "watcher"
AT_ONCE = "import kiosk.self_test_schedule as s; s.Times.__init__.__kwdefaults__['start_s'] = 1.0; from kiosk.__main__ import main; main()"
"""The program, but that its self-test after the start comes after a second."""


class Broker:
    """A Mosquitto that knows the kiosk's credential and, as the server's does, takes a client for its user, whatever it calls itself."""

    def __init__(self, folder: Path, program: str) -> None:
        self.port = free_port()
        passwords = folder / "passwords"
        maker = shutil.which("mosquitto_passwd", path=f"{os.environ['PATH']}:/usr/sbin")
        assert maker
        passwords.touch(mode=0o600)
        for user in (KIOSK, WATCHER):
            subprocess.run([maker, "-b", str(passwords), user, "credential"], check=True, capture_output=True)
        config = folder / "mosquitto.conf"
        self.ca, files = certified(folder)
        root = "user root\n" if os.geteuid() == 0 else ""
        tls = f"certfile {files.certificate}\nkeyfile {files.key}\n"
        users = f"allow_anonymous false\npassword_file {passwords}\nuse_username_as_clientid true\n"
        config.write_text(f"listener {self.port} 127.0.0.1\n{tls}{users}{root}")
        self.log = folder / "mosquitto.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([program, "-c", str(config)], stdout=log, stderr=log)


@pytest.fixture
def broker(tmp_path: Path, mosquitto_program: str) -> Iterator[Broker]:
    broker = Broker(tmp_path, mosquitto_program)
    wait_until(lambda: "Opening ipv4 listen socket" in broker.log.read_text())
    yield broker
    broker.process.kill()
    broker.process.wait()


@pytest.fixture
def config(data_dir: Path, broker: Broker) -> Path:
    path = data_dir.parent / "kiosk.toml"
    path.write_text(kiosk_toml(data_dir, port=broker.port, ca=broker.ca))
    path.chmod(0o600)
    return path


def check(config: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "kiosk", "check", "--json", "--config", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.stderr == ""
    assert done.returncode in (0, 1)
    return {finding["part"]: finding for finding in json.loads(done.stdout)["findings"]}


@pytest.mark.window
def test_a_kiosk_at_work_is_told_by_its_own_word_and_not_disturbed(config: Path, data_dir: Path, broker: Broker) -> None:
    (data_dir / "slips").mkdir()
    (data_dir / "slips" / "paper-end").touch()
    with running("ui", config), running("sync", config), Station(broker.port, WATCHER, "credential", broker.ca) as watcher:
        watcher.subscribe(wire.state_topic(KIOSK))
        wait_until(lambda: delivery.facts(data_dir / delivery.FILE).get(delivery.CONNECTED) == "yes", 40)
        wait_until(lambda: "paper_end" in str(watcher.payloads(wire.state_topic(KIOSK))[-1:]), 40)
        sign_ins = broker.log.read_text().count(f"as {KIOSK}")
        for _ in range(3):
            found = check(config)
        assert broker.log.read_text().count(f"as {KIOSK}") == sign_ins == 1, "the port was tried, but nobody signed in beside sync"
        assert "already connected" not in broker.log.read_text()
        states = [wire.decode(payload, wire.State) for payload in watcher.payloads(wire.state_topic(KIOSK))]
        assert len({state.session for state in states}) == 1
        assert all(state.online for state in states)
    assert found["ui"]["mark"] == found["sync"]["mark"] == "well"
    assert found["broker"]["found"] == "the running delivery is connected"
    assert found["printer"]["found"] == "in use by the running kiosk: No paper: put in a new roll"
    assert found["screen"]["found"] == "in use by the running kiosk: working"
    assert found["log"]["found"].startswith("sound")
    assert_chained(data_dir / FILE)


def test_a_kiosk_that_stands_still_signs_in_by_itself(config: Path, broker: Broker) -> None:
    found = check(config)
    assert found["ui"]["mark"] == found["sync"]["mark"] == "note"
    assert found["server"]["mark"] == "well"
    assert found["broker"] == {
        "part": "broker",
        "title": "Sign-in",
        "mark": "well",
        "found": "accepted; delivery does not run",
        "todo": "",
    }
    config.write_text(config.read_text().replace('"credential"', '"another"'))
    refused = check(config)["broker"]
    assert refused["mark"] == "wrong"
    assert "Ask for an invitation" in refused["todo"]


def test_knocking_leaves_no_trace(broker: Broker) -> None:
    with Station(broker.port, WATCHER, "credential", broker.ca) as watcher:
        watcher.subscribe("#")
        assert knock(server_at(broker.port, ca=broker.ca), KIOSK) is None
        assert knock(server_at(broker.port, ca=broker.ca), "somebody-else") is not None
        watcher.publish("end", b"")
        wait_until(lambda: watcher.payloads("end"))
        assert {topic for topic, _, _ in watcher.received} == {"end"}


def kept_in(data_dir: Path) -> list[SelfTest]:
    records = [decode_body(body) for _, _, body, _ in logged(data_dir / FILE)] if (data_dir / FILE).exists() else []
    return [record for record in records if isinstance(record, SelfTest)]


@pytest.mark.window
def test_a_real_process_tests_itself_after_its_start(config: Path, data_dir: Path) -> None:
    command = [sys.executable, "-c", AT_ONCE, "ui", "--config", str(config)]
    environment = {**os.environ, "SDL_VIDEODRIVER": "offscreen"}
    with (
        (data_dir.parent / "ui.log").open("w") as log,
        subprocess.Popen(command, env=environment, stdout=log, stderr=log) as ui,
    ):
        try:
            wait_until(lambda: folder.is_held(data_dir), 40)
            wait_until(lambda: (data_dir / FILE).exists() and kept_in(data_dir), 40)
        finally:
            ui.terminate()
            ui.wait(20)
    (record,) = kept_in(data_dir)
    assert not record.attended
    assert {"storage", "room", "clock", "speaker", "voice", "buttons", "lamps", "presence", "scanner", "printer"} <= record.results.keys()
    assert record.results["storage"] == record.results["printer"] == ""
    assert_chained(data_dir / FILE)
