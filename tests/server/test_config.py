from __future__ import annotations

from pathlib import Path

import pytest

from feedback.configuration import Secret
from server.config import parse_config
from server.errors import ConfigError


def test_everything_has_a_default() -> None:
    config = parse_config("", source="x", data_dir=Path("/data"))
    assert config.database_url.reveal() == "sqlite:////data/vidhuk.db"
    assert (config.web.host, config.web.port, config.public_url) == ("127.0.0.1", 8080, "http://127.0.0.1:8080")
    assert (config.broker.host, config.broker.port, config.broker.supervised) == ("127.0.0.1", 8883, True)
    assert config.advertised_host == "127.0.0.1"
    assert config.time_zone == "Europe/Kyiv"


def test_a_file_sets_what_it_names() -> None:
    text = """
    data_dir = "/srv/vidhuk"
    database = "postgresql://me:secret@db/vidhuk"
    [web]
    public_url = "https://vidhuk.example/"
    [broker]
    host = "0.0.0.0"
    advertise = "broker.example"
    """
    config = parse_config(text, source="x")
    assert config.data_dir == Path("/srv/vidhuk")
    assert config.public_url == "https://vidhuk.example"
    assert config.advertised_host == "broker.example"
    assert config.database_url.reveal() == "postgresql://me:secret@db/vidhuk"


def test_a_wildcard_address_is_never_advertised() -> None:
    assert parse_config('[broker]\nhost = "0.0.0.0"', source="x").advertised_host != "0.0.0.0"


def test_secrets_do_not_show_themselves() -> None:
    config = parse_config('database = "postgresql://me:secret@db/x"', source="x")
    assert "secret" not in repr(config)
    assert "secret" not in f"{Secret('secret')} {Secret('secret')!r}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("data_dri = 1", "server.toml: unknown key 'data_dri'; did you mean 'data_dir'?"),
        ("[broker]\nsupervized = true", "server.toml: broker: unknown key 'supervized'; did you mean 'supervised'?"),
        ("[zzz]", "server.toml: unknown key 'zzz'"),
        ("[web]\nport = '80'", "server.toml: Expected `int`, got `str` - at `$.web.port`"),
        ("[web]\nport = 70000", "server.toml: web.port = 70000 is not a port; use 1 to 65535"),
        ("[broker]\ntls = false", "server.toml: [broker] tls = false is for a broker that somebody else runs"),
        ("[broker]\nca = 'ca.crt'", "server.toml: [broker] ca is for a broker that somebody else runs"),
        (
            "[broker]\nsupervised = false\ntls = false\nhost = 'mqtt.example'",
            "server.toml: [broker] tls = false would send credentials openly",
        ),
        ("[broker]\nsupervised = false\ntls = false\nca = 'ca.crt'", "server.toml: [broker] ca vouches for nobody"),
        ("database = 5", "server.toml: Expected `str`, got `int` - at `$.database`"),
        ('time_zone = "Europe/Kiyv"', "server.toml: time_zone 'Europe/Kiyv' is not known; did you mean 'Europe/Kyiv'?"),
        ("x = ", "server.toml: not TOML"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, source="server.toml")
    assert str(caught.value).startswith(message)
