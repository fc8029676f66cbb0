"""Writes the configuration file of a new kiosk. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from feedback.configuration import Secret

_TEMPLATE: Final = """\
# Configuration of one Vidhuk kiosk. It holds the kiosk's credential: keep it readable for the kiosk's user only.
format = 1

[kiosk]
id = {id}
data_dir = "/var/lib/vidhuk-kiosk"  # where votes are kept; on a disk that survives a power cut
language = "uk"
hardware = {hardware}  # real: the devices in the tables below; simulated: all devices, without any

[server]
host = {host}
port = {port}
credential = {credential}
signing_key = {signing_key}  # checks that settings come from this server
sealing_key = {sealing_key}  # seals what visitors write to this server
{ca}
[screen]
width = 1280
height = 800
fullscreen = true
"""


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
        # A JSON string of these characters is a TOML string too.
        ca = f'# By this authority the kiosk knows its server.\nca = """\n{self.ca.strip()}\n"""\n' if self.ca else ""
        return _TEMPLATE.format(port=self.port, ca=ca, **{name: json.dumps(value) for name, value in (texts | keys).items()})
