"""The files of a Mosquitto that somebody else runs: what is in them, who may read them, and that a real one works by them."""

from __future__ import annotations

import csv
import grp
import hashlib
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from feedback.configuration import Secret
from feedback.wire import hello_topic
from server.authority import load_authority
from server.broker.emqx import users_csv
from server.broker.files import SERVER_USER, all_hashes, hash_password
from server.broker.kept import BROKER_USER, KeptFiles, Place, write_all
from server.errors import BrokerError
from tests.server.kit import KIOSK, OTHER
from tests.services import Station, eventually, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = Secret("the server's own")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder as operations.md has it made; where another user can go, too."""
    home = Path(subprocess.run(["mktemp", "-d"], check=True, capture_output=True, text=True).stdout.strip())
    home.chmod(0o755)
    folder = home / "files"
    folder.mkdir()
    if os.geteuid() == 0:
        shutil.chown(folder, group=BROKER_USER)
    folder.chmod(0o2750)
    yield folder
    shutil.rmtree(home)


def test_files_are_for_the_folders_group_and_nobody_else(tmp_path: Path, folder: Path) -> None:
    place = Place(folder=folder, host="127.0.0.1", port=free_port(), names=["127.0.0.1"])
    write_all(place, load_authority(tmp_path), {KIOSK: hash_password("one")}, password=PASSWORD)
    written = {path.name: path.stat() for path in folder.iterdir()}
    assert written.keys() == {"mosquitto.conf", "acl", "passwords", "server.crt", "server.key"}
    assert {stat.st_mode & 0o777 for stat in written.values()} == {0o640}
    assert {stat.st_gid for stat in written.values()} == {folder.stat().st_gid}
    assert "the server's own" not in (folder / "passwords").read_text()


def test_a_folder_that_is_not_there_is_named_with_what_to_do(tmp_path: Path) -> None:
    place = Place(folder=tmp_path / "none", host="127.0.0.1", port=1, names=["127.0.0.1"])
    with pytest.raises(BrokerError, match=r"is no folder: .*install -d .* -g mosquitto -m 2750"):
        write_all(place, load_authority(tmp_path), {}, password=PASSWORD)


def test_emqx_gets_hashes_that_it_can_compare() -> None:
    """As `emqx_passwd` does it: the salt is the text as it stands, the hash small hexadecimal digits."""
    old = hash_password("three", salt=bytes(range(244, 256)))
    content, left_out = users_csv(all_hashes({KIOSK: hash_password("one"), OTHER: old}, server_hash=hash_password("two")))
    users = {row["user_id"]: row for row in csv.DictReader(content.splitlines())}
    assert left_out == [OTHER]
    assert users.keys() == {KIOSK, "server", *(f"worker{number}" for number in range(1, 10))}
    for name, password in ((KIOSK, b"one"), ("server", b"two"), ("worker9", b"two")):
        digest = hashlib.pbkdf2_hmac("sha512", password, users[name]["salt"].encode(), 101, 64)
        assert users[name]["password_hash"] == digest.hex()
    assert {row["is_superuser"] for row in users.values()} == {"false"}, "superusers may everything"


@pytest.mark.broker
def test_a_mosquitto_of_its_own_user_lets_kiosks_come_and_go(tmp_path: Path, folder: Path, mosquitto_program: str) -> None:
    authority, port = load_authority(tmp_path), free_port()
    users = {KIOSK: hash_password("one")}
    kept = KeptFiles(
        Place(folder=folder, host="127.0.0.1", port=port, names=["127.0.0.1"]), authority, password=PASSWORD, users=lambda: users
    )
    kept.start()
    try:
        with subprocess.Popen([mosquitto_program, "-c", str(folder / "mosquitto.conf")]) as mosquitto:
            eventually(lambda: _is_let_in(port, SERVER_USER, PASSWORD.reveal(), authority.pem))
            if os.geteuid() == 0:
                groups = Path(f"/proc/{mosquitto.pid}/status").read_text().split("Gid:")[1].split()[0]
                assert grp.getgrgid(int(groups)).gr_name == BROKER_USER
            with Station(port, KIOSK, "one", authority.pem) as kiosk:
                eventually(kiosk.is_connected)
                before = (folder / "passwords").read_text()
                users = {OTHER: hash_password("two")}
                eventually(lambda: (folder / "passwords").read_text() != before)
                mosquitto.send_signal(signal.SIGHUP)  # what the path unit has systemd do
                eventually(lambda: not kiosk.is_connected())
            assert _is_let_in(port, OTHER, "two", authority.pem)
            mosquitto.terminate()
    finally:
        kept.stop()


def _is_let_in(port: int, user: str, password: str, ca: str) -> bool:
    try:
        with Station(port, user, password, ca) as station:
            eventually(lambda: station.is_connected() or station.failure)
            station.publish(hello_topic(KIOSK), b"")
            return station.is_connected()
    except ConnectionRefusedError:
        return False
