"""kiosk.toml, format 1: text in, frozen values out. It opens no file and reads no environment."""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from feedback.wire import KIOSK_ID
from kiosk.errors import ConfigError

FORMAT: Final = 1
_KEY: Final = re.compile(r"[0-9a-f]{64}")


class Secret:
    """A text that shows itself to nobody who has not asked with `reveal`."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "Secret(…)"

    def reveal(self) -> str:
        """Give the text."""
        return self._text


class Terminal(msgspec.Struct, frozen=True):
    """Table [kiosk]. `hardware` is "simulated" (keys 1 to 5 are buttons) or "none" (touch only)."""

    id: str
    data_dir: str
    language: Literal["uk", "en"] = "uk"
    hardware: Literal["simulated", "none"] = "none"


class Server(msgspec.Struct, frozen=True):
    """Table [server]: how to reach the server and the public keys by which it is known."""

    host: str
    port: int
    credential: Secret
    signing_key: str
    sealing_key: str


class Display(msgspec.Struct, frozen=True):
    """Table [screen]: the window's size in pixels; full screen takes the display's own."""

    width: int = 1280
    height: int = 800
    fullscreen: bool = True


class Config(msgspec.Struct, frozen=True):
    """The whole file. Without `server` the kiosk is not enrolled yet: it asks and keeps, and sends nothing."""

    kiosk: Terminal
    format: int = FORMAT
    server: Server | None = None
    screen: Display = Display()

    @property
    def data_dir(self) -> Path:
        """The folder that holds everything the kiosk writes."""
        return Path(self.kiosk.data_dir)


def parse(text: str, source: str) -> Config:
    """Read a configuration; `source` is its file's name for messages.

    Raises:
        ConfigError: in one sentence, what is wrong and where.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{source}: this is not TOML: {error}") from error
    _refuse_unknown(tables, source)
    try:
        config = msgspec.convert(tables, Config, dec_hook=_secret)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{source}: {error}") from error
    _check(config, source)
    return config


def _secret(kind: type, value: object) -> Any:  # noqa: ANN401 - msgspec's signature
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise TypeError(f"expected a text, got {type(value).__name__}")


def _refuse_unknown(tables: dict[str, Any], source: str) -> None:
    known: dict[str, type[msgspec.Struct]] = {"kiosk": Terminal, "server": Server, "screen": Display}
    for name, table in tables.items():
        _must_be_known(name, ("format", *known), f"{source}: unknown key {name!r}")
        if name in known and isinstance(table, dict):
            for key in table:
                _must_be_known(key, known[name].__struct_fields__, f"{source}: unknown key {key!r} in [{name}]")


def _must_be_known(key: str, fields: tuple[str, ...], complaint: str) -> None:
    if key in fields:
        return
    near = difflib.get_close_matches(key, fields, n=1)
    raise ConfigError(f"{complaint}; did you mean {near[0]!r}?" if near else f"{complaint}; the keys are {', '.join(fields)}")


def _check(config: Config, source: str) -> None:
    if config.format != FORMAT:
        raise ConfigError(f"{source}: format {config.format} is not known; this program reads format {FORMAT}")
    if not KIOSK_ID.fullmatch(config.kiosk.id):
        raise ConfigError(f"{source}: [kiosk] id {config.kiosk.id!r} must be 8 to 32 small Latin letters, digits and hyphens")
    if min(config.screen.width, config.screen.height) < 1:
        raise ConfigError(f"{source}: [screen] width and height must be at least 1")
    if config.server is None:
        return
    if not 0 < config.server.port < 1 << 16:
        raise ConfigError(f"{source}: [server] port {config.server.port} must be from 1 to 65535")
    for name in ("signing_key", "sealing_key"):
        if not _KEY.fullmatch(getattr(config.server, name)):
            raise ConfigError(f"{source}: [server] {name} must be 64 hexadecimal digits, as `vidhuk-server kiosk add` printed it")
