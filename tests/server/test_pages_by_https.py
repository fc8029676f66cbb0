"""The pages over TLS: by the server's own authority, and by files of somebody else's."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from server.app import Pages, opened
from server.authority import load_authority
from server.config import parse_config
from server.errors import ConfigError
from server.tls import believing
from tests.services import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from server.config import Config


def config_of(folder: Path, web: str) -> Config:
    return parse_config(f"[web]\nport = {free_port()}\n{web}", source="server.toml", data_dir=folder)


def status(config: Config, ca: str) -> int:
    with urlopen(f"{config.public_url}/sign-in", timeout=10, context=believing(ca)) as answer:
        return int(answer.status)


@pytest.mark.parametrize("by", ["own", "files"])
def test_who_knows_the_authority_reads_the_pages_and_a_stranger_is_not_believed(tmp_path: Path, by: str) -> None:
    authority = load_authority(tmp_path)
    files = authority.certify(tmp_path / "somewhere", ["127.0.0.1"])
    named = f"certificate = '{files.certificate}'\nkey = '{files.key}'"
    config = config_of(tmp_path, "tls = 'own'" if by == "own" else named)
    with opened(config) as server:
        pages = Pages(server)
        pages.start()
        try:
            assert status(config, authority.pem) == 200
            with pytest.raises(URLError) as refused:
                status(config, load_authority(tmp_path / "other").pem)
            assert isinstance(refused.value.reason, ssl.SSLCertVerificationError)
        finally:
            pages.stop()


@pytest.mark.parametrize("spoil", ["gone", "garbage"])
def test_files_that_cannot_be_used_are_named(tmp_path: Path, spoil: str) -> None:
    files = load_authority(tmp_path).certify(tmp_path / "somewhere", ["127.0.0.1"])
    config = config_of(tmp_path, f"certificate = '{files.certificate}'\nkey = '{files.key}'")
    if spoil == "gone":
        files.key.unlink()
    else:
        files.key.write_text("garbage")
    with opened(config) as server, pytest.raises(ConfigError, match=r"\[web\] certificate = .*server.crt"):
        Pages(server).start()
