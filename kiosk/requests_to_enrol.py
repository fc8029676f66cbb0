"""What a technician typed or scanned, on its way from ui to sync: a small file of ui's. The outcome comes back in delivery.db."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import msgspec

from kiosk.errors import Outcome
from kiosk.folder import write_durably

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

FILE: Final = "enrol-request.json"
FACT: Final = "enrolment"
"""The name under which sync notes the outcome."""


class Request(msgspec.Struct, frozen=True):
    """A claim code and the server's address, each as a person gave it; `id` tells one request from another."""

    id: str
    server: str
    code: str


class Attempt(msgspec.Struct, frozen=True):
    """How it stands with the invitation that was tried last. `request` is empty where kiosk.toml has it; `kiosk` is who it is since."""

    request: str = ""
    outcome: Outcome | None = None
    kiosk: str = ""
    server: str = ""


def write(data_dir: Path, request: Request) -> bool:
    """Leave a request for sync; whether the card took it."""
    try:
        write_durably(data_dir / FILE, msgspec.json.encode(request))
    except OSError as error:
        log.warning("the request to enrol is not kept: %s", error)
        return False
    return True


def read(data_dir: Path) -> Request | None:
    """Give the request that was left last, None where there is none that can be read."""
    try:
        return msgspec.json.decode((data_dir / FILE).read_bytes(), type=Request)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def attempt_in(fact: str | None) -> Attempt:
    """Give what the fact says."""
    try:
        return msgspec.json.decode(fact or "{}", type=Attempt)
    except msgspec.DecodeError:
        return Attempt()
