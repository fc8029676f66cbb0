"""What the server asks one kiosk to do, what became of it, and the bundle that tells how the kiosk is. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from feedback.records import Moment
from feedback.wire import VERSION

PURPOSE: Final = "vidhuk command 1"
MAX_COMMANDS: Final = 16
"""So many are on the way to one kiosk at most."""
MAX_BUNDLE_BYTES: Final = 96 * 1024
LONGEST_MIN: Final = 7 * 24 * 60
"""No command lives longer, in minutes."""


class CommandKind(StrEnum):
    """What a kiosk can be asked to do. A kiosk refuses a kind that it does not know."""

    RESTART = "restart"
    SELF_TEST = "selftest"
    PRINT_TEST = "printtest"
    DIAGNOSTICS = "diagnostics"


class Command(msgspec.Struct, frozen=True):
    """One command. It is done at most once, and not after `expires_ms` (1970 UTC, by a trusted clock)."""

    id: UUID
    kiosk: str
    kind: str
    issued_ms: int
    expires_ms: int


class Outcome(StrEnum):
    """What became of a command. `refused` and `expired` were never begun; `failed` was, and did not end well."""

    DONE = "done"
    REFUSED = "refused"
    EXPIRED = "expired"
    FAILED = "failed"


class Because(StrEnum):
    """Why it was not done; a name of a fault of the kiosk may stand in its place."""

    UNKNOWN_KIND = "unknown_kind"
    CLOCK_UNSET = "clock_unset"
    NO_PRINTER = "no_printer"
    UNWATCHED = "unwatched"
    SCREEN_SILENT = "screen_silent"
    INTERRUPTED = "interrupted"
    UNREADY = "unready"


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of the command `id`, and when.

    `reason` is names of faults or of `Because`, separated by spaces; empty where all is well.
    """

    id: UUID
    outcome: Outcome
    at: Moment
    reason: str = ""
    v: int = VERSION


class Change(msgspec.Struct, frozen=True):
    """A device that failed, or with an empty `fault` became well again, as it is on record."""

    at: Moment
    device: str
    fault: str


class Diagnostics(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a kiosk is, for whoever mends it; it is the result of the command `id`. It is MAX_BUNDLE_BYTES long at most.

    `check` is what `vidhuk-kiosk check --json` says, or null with the reason in `unchecked`. `versions` are those of programs and
    libraries, `changes` the last ones of devices, `screen_log` and `delivery_log` the last lines of the two processes' logs.
    """

    id: UUID
    at: Moment
    software: str
    versions: dict[str, str] = {}
    check: msgspec.Raw = msgspec.Raw(b"null")
    unchecked: str = ""
    changes: tuple[Change, ...] = ()
    screen_log: tuple[str, ...] = ()
    delivery_log: tuple[str, ...] = ()
    v: int = VERSION
