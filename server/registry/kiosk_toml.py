"""Writes the configuration file of a new kiosk: with its credential, or with a claim by which it enrols. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from feedback.configuration import Secret

_WITH_CREDENTIAL: Final = """\
# Configuration of one Vidhuk kiosk. It holds the kiosk's credential: keep it readable for the kiosk's user only.
format = 1

[kiosk]
id = {id}
"""
_WITH_CLAIM: Final = """\
# Configuration of one Vidhuk kiosk, which enrols by itself at its first start; then [enrolment] is of no use any more.
format = 1

[kiosk]
"""
_TERMINAL: Final = """\
data_dir = "/var/lib/vidhuk-kiosk"  # where votes are kept; on a disk that survives a power cut
language = "uk"
hardware = {hardware}  # real: the devices in the tables below; simulated: all devices, without any

"""
_SERVER: Final = """\
[server]
host = {host}
port = {port}
credential = {credential}
signing_key = {signing_key}  # checks that settings come from this server
sealing_key = {sealing_key}  # seals what visitors write to this server
{ca}
"""
_ENROLMENT: Final = """\
[enrolment]
server = {server}
claim = {claim}

"""
_SCREEN: Final = """\
[screen]
width = 1280
height = 800
fullscreen = true
"""


class Hardware(StrEnum):
    """What a kiosk has besides its screen."""

    REAL = "real"
    SIMULATED = "simulated"


@dataclass(frozen=True, slots=True, kw_only=True)
class KioskFile:
    """What differs from one kiosk's file to another's. `ca` vouches for the broker (PEM); empty for one that speaks no TLS."""

    id: str
    hardware: str
    host: str
    port: int
    credential: Secret
    signing_key: str
    sealing_key: str
    ca: str

    def toml(self) -> str:
        """Give the whole file."""
        texts = {"id": self.id, "hardware": self.hardware, "host": self.host, "credential": self.credential.reveal()}
        keys = {"signing_key": self.signing_key, "sealing_key": self.sealing_key}
        ca = f'# By this authority the kiosk knows its server.\nca = """\n{self.ca.strip()}\n"""\n' if self.ca else ""
        return _written(_WITH_CREDENTIAL + _TERMINAL + _SERVER + _SCREEN, texts | keys, port=self.port, ca=ca)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitedFile:
    """The file of a kiosk that enrols by itself; until it has, `claim` is a secret."""

    hardware: str
    server: str
    claim: str

    def toml(self) -> str:
        """Give the whole file."""
        texts = {"hardware": self.hardware, "server": self.server, "claim": self.claim}
        return _written(_WITH_CLAIM + _TERMINAL + _ENROLMENT + _SCREEN, texts)


def _written(template: str, texts: Mapping[str, str], **more: str | int) -> str:
    # A JSON string of these characters is a TOML string too.
    return template.format(**{name: json.dumps(value) for name, value in texts.items()}, **more)
