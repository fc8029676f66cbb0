"""The server's certificate authority: whoever knows it knows the server under its names, and nobody else."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from server.authority import load_authority
from server.errors import ServerError
from server.keys import key_files, write_keys

if TYPE_CHECKING:
    from pathlib import Path

    from server.authority import Certificate

NAMES = ("vidhuk.example", "localhost", "127.0.0.1", "::1")


@pytest.mark.parametrize("name", NAMES)
def test_who_knows_the_authority_knows_the_server_by_each_of_its_names(tmp_path: Path, name: str) -> None:
    authority = load_authority(tmp_path)
    assert shake_hands(authority.certify(tmp_path / "tls", NAMES), name, authority.pem) == ""


def test_another_name_or_another_authority_is_refused(tmp_path: Path) -> None:
    authority = load_authority(tmp_path)
    files = authority.certify(tmp_path / "tls", NAMES)
    assert "mismatch" in shake_hands(files, "elsewhere.example", authority.pem)
    assert "verify failed" in shake_hands(files, "localhost", load_authority(tmp_path / "other").pem)


def test_authority_and_certificate_stay_what_they_are(tmp_path: Path) -> None:
    first, files = load_authority(tmp_path), load_authority(tmp_path).certify(tmp_path / "tls", NAMES)
    before = files.certificate.read_bytes()
    assert load_authority(tmp_path).pem == first.pem
    assert load_authority(tmp_path).certify(tmp_path / "tls", reversed(NAMES)).certificate.read_bytes() == before


def test_a_new_name_gives_a_new_certificate(tmp_path: Path) -> None:
    authority = load_authority(tmp_path)
    authority.certify(tmp_path / "tls", NAMES)
    assert shake_hands(authority.certify(tmp_path / "tls", [*NAMES, "new.example"]), "new.example", authority.pem) == ""


def test_keys_are_for_the_server_alone(tmp_path: Path) -> None:
    files = load_authority(tmp_path).certify(tmp_path / "tls", NAMES)
    assert {path.stat().st_mode & 0o077 for path in (files.key, tmp_path / "keys" / "authority.key")} == {0}


def test_a_damaged_authority_is_not_replaced(tmp_path: Path) -> None:
    load_authority(tmp_path)
    (tmp_path / "keys" / "authority.crt").write_text("nothing")
    with pytest.raises(ServerError, match="from a backup"):
        load_authority(tmp_path)


@pytest.mark.parametrize("moment", ["0", "946684800", "4070908800"])
def test_a_clock_that_is_wrong_by_decades_does_no_harm(tmp_path: Path, moment: str) -> None:
    files = load_authority(tmp_path).certify(tmp_path / "tls", NAMES)
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "vidhuk.example", "-attime", moment]
    done = subprocess.run(
        [*command, "-CAfile", str(tmp_path / "keys" / "authority.crt"), str(files.certificate)], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_key_that_is_not_the_certificates_is_replaced_with_it(tmp_path: Path) -> None:
    authority = load_authority(tmp_path)
    files = authority.certify(tmp_path / "tls", NAMES)
    files.key.write_bytes(authority.certify(tmp_path / "other", NAMES).key.read_bytes())
    assert shake_hands(authority.certify(tmp_path / "tls", NAMES), "localhost", authority.pem) == ""


def test_a_name_in_letters_of_ours_is_certified_and_no_name_is_refused(tmp_path: Path) -> None:
    authority = load_authority(tmp_path)
    files = authority.certify(tmp_path / "tls", ["відгук.example"])
    assert shake_hands(files, "відгук.example", authority.pem) == ""
    with pytest.raises(ServerError, match="is no host name"):
        authority.certify(tmp_path / "tls", ["a" * 70])


def test_whoever_starts_first_makes_the_authority(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = {authority.pem for authority in pool.map(load_authority, [tmp_path] * 8)}
    assert made == {load_authority(tmp_path).pem}


def test_the_authority_is_in_every_backup(tmp_path: Path) -> None:
    authority = load_authority(tmp_path / "before")
    write_keys(tmp_path / "after", key_files(tmp_path / "before"))
    assert load_authority(tmp_path / "after").pem == authority.pem


def shake_hands(files: Certificate, name: str, authority: str) -> str:
    """Give why a client that knows `authority` does not believe these files to be `name`'s; empty where it does."""
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(files.certificate, files.key)
    asking = ssl.create_default_context(cadata=authority)
    asking.verify_flags |= ssl.VERIFY_X509_STRICT  # as newer Pythons do by default
    here, there = socket.socketpair()

    def serve() -> None:
        try:
            with serving.wrap_socket(there, server_side=True) as connection:
                connection.recv(1)
        except (ssl.SSLError, OSError):
            there.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with asking.wrap_socket(here, server_hostname=name) as connection:
            connection.send(b"x")
    except ssl.SSLError as error:
        return str(error)
    finally:
        here.close()
        thread.join()
    return ""
