"""The two programs as they are started in the field."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from importlib import resources
from pathlib import Path
from tempfile import mkdtemp

import pytest

from feedback import looks
from feedback.records import Vote, decode_body
from kiosk import accepted
from kiosk.store import FILE
from kiosk.sync import delivery
from tests.kiosk.support import MirrorClient, kiosk_toml, running, settings_of, wait_until
from tests.kiosk.test_store import assert_chained, logged
from tests.kiosk.test_sync_settings import KEY, signed

SHIPPED = resources.files("feedback").joinpath("questionnaires/default.yaml").read_bytes()


def votes(data_dir: Path) -> list[Vote]:
    records = [decode_body(body) for _, _, body, _ in logged(data_dir / FILE)]
    return [record for record in records if isinstance(record, Vote)]


def outcome_of(*arguments: str, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "kiosk", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "SDL_VIDEODRIVER": "offscreen", **environment},
    )
    return done.returncode, done.stderr


@pytest.fixture
def config(data_dir: Path) -> Path:
    path = data_dir.parent / "kiosk.toml"
    path.write_text(kiosk_toml(data_dir))
    return path


@pytest.fixture
def mirror_path() -> Path:
    return Path(mkdtemp()) / "m"  # short, as a socket's address has to be


def skipped(mirror: MirrorClient) -> bool:
    """Skip until that has thanked; a tap that follows too closely on another is none."""
    header, _ = mirror.ask(frame=0)
    if "skip" in header["targets"]:
        mirror.ask(tap=header["targets"]["skip"])
    return bool(header["screen"] == "Thanks")


@pytest.mark.window
def test_a_simulated_finger_votes_through_the_mirror(config: Path, data_dir: Path, mirror_path: Path) -> None:
    with running("ui", config, "--mirror", str(mirror_path)) as ui:
        wait_until(mirror_path.exists)
        with MirrorClient(mirror_path) as mirror:
            wait_until(lambda: mirror.ask(frame=0)[0]["frame"])
            header, pixels = mirror.ask(frame=0)
            assert (header["width"], header["height"], header["screen"]) == (640, 400, "Ask")
            assert len(pixels) == header["bytes"] == 640 * 400 * 3
            assert pixels[:3] == bytes.fromhex(looks.PAPER[1:])
            x, y = header["targets"]["excellent"]
            colour = bytes.fromhex(looks.ANSWER_COLOURS["excellent"][1:])
            drawn = [at for at in range(0, len(pixels), 3) if pixels[at : at + 3] == colour]
            rows = [at // 3 // 640 / 400 for at in drawn]
            assert abs(sum(rows) / len(rows) - y) < 0.15, "top row first"
            assert abs(sum(at // 3 % 640 / 640 for at in drawn) / len(drawn) - x) < 0.05
            assert mirror.ask(frame=header["frame"])[0]["bytes"] == 0
            mirror.tap("good")
            wait_until(lambda: "skip" in mirror.ask(frame=0)[0]["targets"])
            assert [vote.answer for vote in votes(data_dir)] == ["good"]
            wait_until(lambda: skipped(mirror))
            wait_until(lambda: "terrible" in mirror.ask(frame=0)[0]["targets"])
            assert mirror.ask(key="4")[0] == {"ok": True}
            wait_until(lambda: "skip" in mirror.ask(frame=0)[0]["targets"])
            assert "error" in mirror.ask(tap=[3, 4])[0]
        ui.send_signal(signal.SIGTERM)
        assert ui.wait(timeout=20) == 0
    assert [vote.answer for vote in votes(data_dir)] == ["good", "terrible"]
    assert_chained(data_dir / FILE)


@pytest.mark.window
def test_ui_takes_up_accepted_settings_and_asks_for_the_desk(data_dir: Path, config: Path, mirror_path: Path) -> None:
    config.write_text(kiosk_toml(data_dir, port=1, signing_key=KEY.verify_key.encode().hex()))
    with running("ui", config, "--mirror", str(mirror_path)), MirrorClientWhenReady(mirror_path) as mirror:
        assert "desk:desk-3" not in mirror.ask(frame=0)[0]["targets"]
        folder = data_dir / accepted.FOLDER
        folder.mkdir()
        (folder / "settings-5.json").write_bytes(signed(settings_of(desks=8, version=5)))
        (folder / "current").symlink_to("settings-5.json")
        wait_until(lambda: rows_of_facts(data_dir) == [("settings_version", "5")])
        mirror.tap("acceptable")
        wait_until(lambda: mirror.screen == "Desk")

        def chosen() -> bool:
            header, _ = mirror.ask(frame=0)
            if "desk:desk-3" in header["targets"]:
                mirror.ask(tap=header["targets"]["desk:desk-3"])
            return header["screen"] == "Thanks"

        wait_until(chosen)
    assert [vote.answer for vote in votes(data_dir)] == ["acceptable"]


def rows_of_facts(data_dir: Path) -> list[tuple]:
    from tests.kiosk.test_store import rows

    with suppress(sqlite3.OperationalError):  # the log is opened once the first screen has been seen
        return rows(data_dir / FILE, "SELECT * FROM facts WHERE name = 'settings_version'")
    return []


class MirrorClientWhenReady(MirrorClient):
    def __init__(self, path: Path) -> None:
        wait_until(path.exists)
        super().__init__(path)
        wait_until(lambda: self.ask(frame=0)[0]["frame"])


@pytest.mark.window
def test_ui_loses_no_vote_when_killed_and_shows_itself_ready(config: Path, data_dir: Path, mirror_path: Path) -> None:
    taken = 0
    notify = str(mirror_path.parent / "notify")
    for _ in range(3):
        Path(notify).unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.bind(notify)
            with running("ui", config, "--mirror", str(mirror_path), NOTIFY_SOCKET=notify), MirrorClientWhenReady(mirror_path) as mirror:
                assert systemd.recv(100) == b"READY=1"
                mirror.tap("good")
                wait_until(lambda mirror=mirror: "skip" in mirror.ask(frame=0)[0]["targets"])
                taken += 1
        mirror_path.unlink(missing_ok=True)
    assert len(votes(data_dir)) == taken
    assert_chained(data_dir / FILE)


@pytest.mark.window
def test_a_missing_display_names_the_packages(config: Path) -> None:
    code, said = outcome_of("ui", "--config", str(config), SDL_VIDEODRIVER="no-such-driver")
    assert code == 2, said
    assert said.count("\n") == 1
    assert "libgl1 libegl1 libegl-mesa0 libgl1-mesa-dri libgles2 libgbm1" in said


@pytest.mark.window
def test_nobody_is_shown_a_window_that_nobody_can_see(data_dir: Path) -> None:
    """Left to itself SDL draws off the screen where it finds none, and a kiosk would stand there black and seem well."""
    file = data_dir.parent / "my.yaml"
    file.write_bytes(SHIPPED)
    code, said = outcome_of("preview", str(file), SDL_VIDEODRIVER="", DISPLAY=":987", WAYLAND_DISPLAY="")
    assert code == 2, said
    assert said.startswith("vidhuk-kiosk: no window can be opened")


def test_a_bad_configuration_is_one_sentence_and_two(config: Path) -> None:
    config.write_text(config.read_text().replace("hardware", "hardwear"))
    code, said = outcome_of("ui", "--config", str(config))
    assert (code, said) == (2, f"vidhuk-kiosk: {config}: kiosk: unknown key 'hardwear'; did you mean 'hardware'?\n")
    code, said = outcome_of("sync", "--config", str(config.parent / "none.toml"))
    assert code == 2
    assert said.endswith("none.toml cannot be read: No such file or directory\n")


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        ("id: анкета".encode("cp1251"), (), "cannot be read: it is no UTF-8 text; save it as UTF-8"),
        (b"id: x\nverson: 1\n", (), "line 2: unknown key 'verson'; did you mean 'version'?"),
        (SHIPPED, ("--language", "ua"), "the languages of"),
        (SHIPPED, ("--size", "800"), "--size '800' is no size: write width and height as in 1280x800"),
    ],
)
def test_a_preview_of_what_cannot_be_shown_is_one_sentence(data_dir: Path, content: bytes, options: tuple[str, ...], said: str) -> None:
    file = data_dir.parent / "my.yaml"
    file.write_bytes(content)
    code, found = outcome_of("preview", str(file), *options)
    assert code == 2, found
    assert found.startswith("vidhuk-kiosk: ")
    assert found.count("\n") == 1
    assert said in found


def test_the_mirror_is_for_simulated_hardware_only(config: Path, data_dir: Path) -> None:
    config.write_text(kiosk_toml(data_dir, hardware="real"))
    code, said = outcome_of("ui", "--config", str(config), "--mirror", "/nowhere")
    assert (code, "simulated touch screen" in said) == (2, True)


def test_sync_of_a_kiosk_not_enrolled_waits_and_says_so(config: Path, data_dir: Path) -> None:
    said = data_dir.parent / "said"
    with said.open("wb") as log:
        sync = subprocess.Popen([sys.executable, "-m", "kiosk", "sync", "--config", str(config)], stderr=log)
        try:
            wait_until(lambda: b"not enrolled: votes are kept" in said.read_bytes())
            wait_until(lambda: delivery.facts(data_dir / delivery.FILE).get(delivery.CONNECTED) == "no")
            sync.send_signal(signal.SIGTERM)
            assert sync.wait(20) == 0
        finally:
            sync.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_sync_ends_cleanly_without_a_broker(config: Path, data_dir: Path, number: signal.Signals) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        config.write_text(kiosk_toml(data_dir, port=nobody.getsockname()[1]))
        with running("sync", config) as sync:
            wait_until((data_dir / "wake.sock").exists)
            started = time.monotonic()
            sync.send_signal(number)
            assert sync.wait(timeout=20) == 0
            assert time.monotonic() - started < 15
