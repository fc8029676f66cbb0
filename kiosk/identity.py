"""Which kiosk this is and to which server it belongs: in the data folder since it enrolled, or written into kiosk.toml by a person.

`identity.json` is sync's alone and holds what is secret; `server.json` is what everybody on this kiosk may know of it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from feedback.configuration import Secret
from kiosk.config import Server
from kiosk.folder import write_durably

if TYPE_CHECKING:
    from pathlib import Path

    from kiosk.config import Config

log = logging.getLogger(__name__)

FILE: Final = "identity.json"
PUBLIC_FILE: Final = "server.json"
REMEMBERED: Final = 16
"""So many codes that were used are remembered, so that one in kiosk.toml is used once."""

T = TypeVar("T")


class Known(msgspec.Struct, frozen=True):
    """What everybody on this kiosk may know: its id, the broker's address, and by what the server is known.

    `ca` is the certificate of the authority that vouches for the broker (PEM), empty for one that speaks no TLS.
    """

    kiosk: str
    host: str
    port: int
    signing_key: str
    sealing_key: str
    ca: str


class Identity(msgspec.Struct, frozen=True):
    """Everything. `credentials` are those that may be in force, the newest first; `number` is the newest one's.

    `private_key` opens what is sealed to this kiosk; `claims` are the digests of the codes that were used, the newest first. `proof` shows
    the server that the newest credential is stored here; empty where it came by enrolment, which needs no proof.
    """

    known: Known
    private_key: str
    credentials: tuple[str, ...]
    number: int
    claims: tuple[str, ...] = ()
    proof: str = ""


def read(data_dir: Path) -> Identity | None:
    """Give the identity that enrolment gave, None where there is none or it cannot be read."""
    return _read(data_dir / FILE, Identity)


def write(data_dir: Path, identity: Identity) -> None:
    """Keep an identity: after a power cut it is there wholly, or the one before it is."""
    write_durably(data_dir / FILE, msgspec.json.encode(identity), private=True)
    publish(data_dir, identity)


def publish(data_dir: Path, identity: Identity) -> None:
    """Let ui know which server it is, where that is not written down so already: power may be cut between the two files."""
    if _read(data_dir / PUBLIC_FILE, Known) != identity.known:
        write_durably(data_dir / PUBLIC_FILE, msgspec.json.encode(identity.known))


def mark(data_dir: Path) -> tuple[int, int] | None:
    """Give what changes whenever the server does; cheap enough to ask every second."""
    try:
        status = (data_dir / PUBLIC_FILE).stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino


def in_effect(config: Config) -> Config:
    """Give the configuration with the kiosk's id and server as they are in effect, without a credential where that is sync's secret."""
    known = _read(config.data_dir / PUBLIC_FILE, Known)
    return config if known is None else _with(config, known, "")


def with_secrets(config: Config, identity: Identity | None) -> Config:
    """Give the same for sync."""
    return config if identity is None else _with(config, identity.known, identity.credentials[0])


def _with(config: Config, known: Known, credential: str) -> Config:
    server = Server(known.host, known.port, Secret(credential), known.signing_key, known.sealing_key, known.ca)
    return msgspec.structs.replace(config, kiosk=msgspec.structs.replace(config.kiosk, id=known.kiosk), server=server)


def _read(path: Path, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        log.warning("%s cannot be used: %s", path.name, error)
        return None
