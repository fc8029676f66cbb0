"""kiosk.toml, format 1: text in, frozen values out. It opens no file and reads no environment."""

from __future__ import annotations

import re
import tomllib
from datetime import time
from ipaddress import ip_address
from pathlib import Path
from typing import Final, Literal

import msgspec

from feedback.claims import address_in, claim_of
from feedback.codes import CodeError
from feedback.configuration import ConfigurationError, Secret, convert_strictly
from feedback.wire import KIOSK_ID
from kiosk.config_devices import Buttons, PresencePin, Printer, Scanner, StatusLamp, check_pins, check_printer, check_scanner
from kiosk.errors import ConfigError
from kiosk.public_keys import can_be_sealed_to, can_have_signed
from kiosk.tls import believing

FORMAT: Final = 1
SMALLEST: Final = 200
LARGEST: Final = 16384
DIAGONALS_INCH: Final = (3, 100)
KEEP_DAYS: Final = (1, 3650)
_COPY: Final = "copy both keys from what `vidhuk-server kiosk add` printed for this kiosk, digit by digit"
_CA: Final = "copy it from what `vidhuk-server kiosk add` printed for this kiosk"
_KEY: Final = re.compile(r"[0-9a-f]{64}")
_TIME: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_PIN: Final = re.compile(r"\$argon2id\$v=19\$m=\d{1,7},t=\d{1,2},p=1\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{22,}")


class Terminal(msgspec.Struct, frozen=True):
    """Table [kiosk]. `hardware` is "real", the devices of the tables below, or "simulated", all of them without any.

    `id` is empty where enrolment gives it. `self_test` is the time of day at which the kiosk tests itself, by the clock on the wall.
    `keep_days` is how long records stay that the server has.
    """

    data_dir: str
    id: str = ""
    language: Literal["uk", "en"] = "uk"
    hardware: Literal["simulated", "real"] = "real"
    self_test: str = "04:00"
    keep_days: int = 90

    @property
    def tested_at(self) -> time:
        """The same as a value."""
        return time.fromisoformat(self.self_test)


class Server(msgspec.Struct, frozen=True):
    """Table [server]: how to reach the server, and by what it is known: its public keys and its certificate authority (PEM).

    Without `ca` nothing is encrypted on the way, which is for a server on this very machine.
    """

    host: str
    port: int
    credential: Secret
    signing_key: str
    sealing_key: str
    ca: str = ""


class Enrolment(msgspec.Struct, frozen=True):
    """Table [enrolment]: the server's address, and the claim by which the kiosk gets its place there."""

    server: str
    claim: Secret | None = None


class Display(msgspec.Struct, frozen=True):
    """Table [screen]: the window's size in pixels (full screen takes the display's own) and its diagonal, from which sizes in mm follow.

    `rotation` turns the picture clockwise, in degrees; width and height are those of the panel before it is turned.
    """

    width: int = 1280
    height: int = 800
    fullscreen: bool = True
    diagonal_inch: float = 10.1
    rotation: Literal[0, 90, 180, 270] = 0


class Sound(msgspec.Struct, frozen=True):
    """Table [sound]: SDL's names of the two outputs ("" is the default, "none" is no output), the volume in percent, and recorded voices.

    `voices` is a folder of voice packs; what it lacks is generated.
    """

    speaker: str = ""
    headphones: str = "none"
    volume: int = 70
    voices: str = "/usr/share/vidhuk/voices"


class Technician(msgspec.Struct, frozen=True):
    """Table [technician]: `pin` is what `vidhuk-kiosk pin` printed; without it there is no menu."""

    pin: Secret


class Config(msgspec.Struct, frozen=True):
    """The whole file. Without `server`, here or in the data folder, the kiosk is not enrolled: it asks and keeps, and sends nothing."""

    kiosk: Terminal
    format: int = FORMAT
    server: Server | None = None
    enrolment: Enrolment | None = None
    screen: Display = Display()
    sound: Sound = Sound()
    technician: Technician | None = None
    buttons: Buttons | None = None
    status_lamp: StatusLamp | None = None
    presence: PresencePin | None = None
    scanner: Scanner | None = None
    printer: Printer | None = None

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
    try:
        config = convert_strictly(tables, Config, source=source)
    except ConfigurationError as error:
        raise ConfigError(str(error)) from error
    _check(config, source)
    return config


def _check(config: Config, source: str) -> None:
    if config.format != FORMAT:
        raise ConfigError(f"{source}: format {config.format} is not known; this program reads format {FORMAT}")
    if config.kiosk.id and not KIOSK_ID.fullmatch(config.kiosk.id):
        raise ConfigError(f"{source}: [kiosk] id {config.kiosk.id!r} must be 8 to 32 small Latin letters, digits and hyphens")
    if not _TIME.fullmatch(config.kiosk.self_test):
        raise ConfigError(f"{source}: [kiosk] self_test {config.kiosk.self_test!r} must be a time of day such as 04:00")
    least, most = KEEP_DAYS
    if not least <= config.kiosk.keep_days <= most:
        raise ConfigError(f"{source}: [kiosk] keep_days {config.kiosk.keep_days} must be from {least} to {most} days")
    _check_screen(config.screen, source)
    if not 0 <= config.sound.volume <= 100:  # noqa: PLR2004 - percent
        raise ConfigError(f"{source}: [sound] volume {config.sound.volume} must be from 0 to 100")
    if config.technician is not None and not _PIN.fullmatch(config.technician.pin.reveal()):
        raise ConfigError(f"{source}: [technician] pin must be the whole line that `vidhuk-kiosk pin` printed, not the PIN itself")
    check_pins(config.buttons, config.status_lamp, config.presence, source)
    _check_membership(config, source)
    if config.scanner is not None:
        check_scanner(config.scanner, source)
    if config.printer is not None:
        check_printer(config.printer, source)


def _check_screen(screen: Display, source: str) -> None:
    if not all(SMALLEST <= side <= LARGEST for side in (screen.width, screen.height)):
        raise ConfigError(f"{source}: [screen] width and height must be from {SMALLEST} to {LARGEST} pixels")
    least, most = DIAGONALS_INCH
    if not least <= screen.diagonal_inch <= most:
        raise ConfigError(f"{source}: [screen] diagonal_inch {screen.diagonal_inch:g} must be from {least} to {most} inches")


def _check_membership(config: Config, source: str) -> None:
    if config.server is not None:
        if not config.kiosk.id:
            raise ConfigError(f"{source}: [server] needs the kiosk's name there, [kiosk] id")
        _check_server(config.server, source)
    if config.enrolment is not None:
        _check_enrolment(config.enrolment, source)


def _check_server(server: Server, source: str) -> None:
    if not 0 < server.port < 1 << 16:
        raise ConfigError(f"{source}: [server] port {server.port} must be from 1 to 65535")
    for name in ("signing_key", "sealing_key"):
        if not _KEY.fullmatch(getattr(server, name)):
            raise ConfigError(f"{source}: [server] {name} must be 64 hexadecimal digits, as `vidhuk-server kiosk add` printed it")
    if not can_have_signed(server.signing_key):
        raise ConfigError(f"{source}: [server] signing_key is no key by which anything can be signed; {_COPY}")
    if not can_be_sealed_to(server.sealing_key):
        raise ConfigError(f"{source}: [server] sealing_key is no key to which visitors' words can be sealed; {_COPY}")
    if server.ca:
        _check_authority(server.ca, source)
    elif not _is_loopback(server.host):
        raise ConfigError(
            f"{source}: [server] ca is missing: without the server's authority nobody on the way to {server.host} is known; {_CA}"
        )


def _check_enrolment(enrolment: Enrolment, source: str) -> None:
    try:
        address_in(enrolment.server)
    except CodeError as error:
        raise ConfigError(f"{source}: [enrolment] server {enrolment.server!r}: {error}") from error
    try:
        if enrolment.claim is not None:
            claim_of(enrolment.claim.reveal())
    except CodeError as error:
        raise ConfigError(f"{source}: [enrolment] claim: {error}") from error


def _check_authority(ca: str, source: str) -> None:
    try:
        believing(ca)
    except ValueError as error:
        raise ConfigError(f"{source}: [server] ca is no certificate; {_CA}, from BEGIN to END") from error


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
