"""The server's configuration: TOML text in, frozen values out. It touches no file and no environment."""

from __future__ import annotations

import ipaddress
import socket
import tomllib
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import msgspec

from feedback.configuration import ConfigurationError, Secret, convert_strictly, suggest
from server.errors import ConfigError

DEFAULT_DATA_DIR: Final = Path("/var/lib/vidhuk-server")


class Web(msgspec.Struct, frozen=True):
    """Where pages are served, and the address under which people reach them."""

    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str = ""


class Broker(msgspec.Struct, frozen=True):
    """Where the MQTT broker listens. `advertise` is the host that kiosks are told; unsupervised, the broker is run by somebody else.

    `ca` is the file of the authority that vouches for such a broker, where it is not the server's own. `files` is the folder in which
    everything that a Mosquitto of somebody else's reads is kept current.
    """

    host: str = "127.0.0.1"
    port: int = 8883
    advertise: str = ""
    supervised: bool = True
    tls: bool = True
    ca: Path | None = None
    files: Path | None = None

    @property
    def called_host(self) -> str:
        """The host under which the server itself calls the broker: a wildcard address has no name that a certificate could be for."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - no bind here


class Config(msgspec.Struct, frozen=True):
    """Everything that can be set."""

    data_dir: Path = DEFAULT_DATA_DIR
    database: Secret | None = None
    time_zone: str = "Europe/Kyiv"
    web: Web = Web()
    broker: Broker = Broker()

    @property
    def database_url(self) -> Secret:
        """The database's address; without one, a SQLite file in the data folder."""
        return self.database or Secret(f"sqlite:///{self.data_dir.absolute() / 'vidhuk.db'}")

    @property
    def public_url(self) -> str:
        """The address of the pages, as people type it, without a slash at the end."""
        return (self.web.public_url or f"http://{self.web.host}:{self.web.port}").rstrip("/")

    @property
    def advertised_host(self) -> str:
        """The broker's host as kiosks know it: a wildcard address is no address to call."""
        return self.broker.advertise or (socket.gethostname() if is_wildcard(self.broker.host) else self.broker.host)

    @property
    def certified_names(self) -> set[str]:
        """The host names and addresses by which this machine may be called, and for which its certificates are."""
        said = {
            self.advertised_host,
            self.broker.called_host,
            self.web.host,
            urlsplit(self.public_url).hostname or "",
            socket.gethostname(),
        }
        return {name for name in said if name and not is_wildcard(name)} | {"localhost", "127.0.0.1", "::1"}


def is_wildcard(host: str) -> bool:
    """Tell whether a listener on `host` listens on every address of this machine."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Tell whether `host` means this machine and can be reached from no other."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def parse_config(text: str, *, source: str, data_dir: Path | None = None) -> Config:
    """Read a configuration from TOML; `data_dir`, where given, wins over the file's.

    Raises:
        ConfigError: not TOML, an unknown key, or a value of the wrong kind.
    """
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{source}: not TOML: {error}") from error
    if data_dir is not None:
        tree["data_dir"] = str(data_dir)
    try:
        config = convert_strictly(tree, Config, source=source)
    except ConfigurationError as error:
        raise ConfigError(str(error)) from error
    if config.time_zone not in available_timezones():
        raise ConfigError(f"{source}: time_zone {config.time_zone!r} is not known{suggest(config.time_zone, available_timezones())}")
    for setting, port in (("web.port", config.web.port), ("broker.port", config.broker.port)):
        if not 1 <= port <= 65535:  # noqa: PLR2004 - TCP's own limit
            raise ConfigError(f"{source}: {setting} = {port} is not a port; use 1 to 65535")
    _check_broker(config.broker, source)
    return config


def _check_broker(broker: Broker, source: str) -> None:
    others = {"tls = false": not broker.tls, "ca": broker.ca is not None, "files": broker.files is not None}
    for key, is_set in others.items():
        if is_set and broker.supervised:
            raise ConfigError(
                f"{source}: [broker] {key} is for a broker that somebody else runs: set supervised = false too, or leave it out"
            )
    if not broker.tls and not is_loopback(broker.host):
        raise ConfigError(
            f"{source}: [broker] tls = false would send credentials openly to {broker.host}: only a broker on 127.0.0.1 may do without"
        )
    if not broker.tls and broker.ca is not None:
        raise ConfigError(f"{source}: [broker] ca vouches for nobody with tls = false: leave one of them out")
