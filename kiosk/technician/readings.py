"""What the menu knows: values alone, read by `probes` from the machine and handed in by the composition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal

import msgspec

from kiosk.errors import Fault
from kiosk.hardware import Device
from kiosk.requests_to_enrol import Attempt
from kiosk.room import is_little

Output = Literal["speaker", "headphones"]

HOT_C: Final = 80.0
"""From here on a Raspberry Pi slows itself down."""


class About(msgspec.Struct, frozen=True):
    """Which kiosk this is and what it asks. `server` is "host:port", empty while the kiosk is not enrolled, and so is `kiosk`.

    `address` is where it is to enrol, as far as kiosk.toml says. `tickets` is whether its settings say how tickets are read.
    """

    kiosk: str
    software: str
    centre: str = ""
    server: str = ""
    settings: int = 0
    questionnaire: str = ""
    questionnaire_version: int = 0
    tickets: bool = False
    address: str = ""


class Storage(msgspec.Struct, frozen=True):
    """The room on the card. `is_full` is whether votes find room only where old ones are deleted."""

    free_bytes: int
    total_bytes: int
    is_full: bool = False

    @property
    def is_little(self) -> bool:
        """Whether somebody should do something about it."""
        return is_little(self.free_bytes, self.total_bytes)


class Delivery(msgspec.Struct, frozen=True):
    """How far the votes have got. `running` is whether sync lives; `oldest_ms` and `acked_ms` are wall times of records."""

    running: bool = False
    connected: bool = False
    waiting: int = 0
    oldest_ms: int | None = None
    acked: int = 0
    acked_ms: int | None = None
    faults: tuple[str, ...] = ()
    enrolment: Attempt = Attempt()


class Readings(msgspec.Struct, frozen=True):
    """What the machine says about itself; None where it cannot say."""

    storage: Storage | None = None
    temperature_c: float | None = None
    under_voltage: bool | None = None
    delivery: Delivery = Delivery()


class Outlets(msgspec.Struct, frozen=True):
    """What the menu can set off, each given by whoever owns it. All are called on the main thread and return at once.

    `about` tells which kiosk this is, `read` reads the machine, and `at_rest` is whether nobody is being served. `probe_store` has
    something written to votes.db and tells later whether it was; `tone` plays a test tone and tells whether that output took it.
    `begin_test` has the question asked once, recorded as a test, and tells whether it is; `restart` ends the program, which systemd then
    starts again. `begin_boxes` has ticket boxes counted in that language, and tells whether that began. `devices` gives every device
    beside the screen with what is wrong with it. `enrol` has sync use a code at a server's address, and gives the request's name,
    empty where it could not be kept. `tested` hears what a technician has tested, by each part its fault or "".
    """

    about: Callable[[], About]
    read: Callable[[], Readings]
    at_rest: Callable[[], bool]
    probe_store: Callable[[Callable[[bool], None]], None]
    tone: Callable[[Output], bool]
    begin_test: Callable[[], bool]
    restart: Callable[[], None]
    begin_boxes: Callable[[str], bool] = lambda _language: False
    devices: Callable[[], Mapping[Device, Fault | None]] = dict
    enrol: Callable[[str, str], str] = lambda _server, _code: ""
    tested: Callable[[Mapping[str, str]], None] = lambda _results: None
