"""What a kiosk records, how a record becomes bytes, and how records are chained.

A record's *body* is encoded once, when the thing happened, and from then on stored, hashed and sent byte for byte.
Its place in the kiosk's log is the *envelope*: `epoch`, `seq` and the chain hash. The same body may later stand
in a newer epoch; its id and its bytes never change.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_BODY_BYTES: Final = 16 * 1024
HASH_BYTES: Final = 32


class RecordError(ValueError):
    """The bytes are no record of a kind this version knows. `reason` says what is wrong with them."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Channel(StrEnum):
    """The way by which the visitor was asked: at a kiosk, or by the two boxes into which queue tickets are dropped (K2)."""

    KIOSK = "kiosk"
    BOX = "box"


class Input(StrEnum):
    """What the visitor used to answer."""

    TOUCH = "touch"
    BUTTON = "button"
    SCAN = "scan"


class Outcome(StrEnum):
    """How a visit ended; recording the ones without thanks is what makes the response rate true."""

    COMPLETED = "completed"
    SKIPPED = "skipped"
    TIMED_OUT = "timed_out"
    LEFT = "left"


class How(StrEnum):
    """What became of a question that was shown."""

    ANSWERED = "answered"
    SKIPPED = "skipped"
    TIMED_OUT = "timed_out"
    LEFT = "left"


class Content(StrEnum):
    """What a sealed text is."""

    COMMENT = "comment"
    PHONE = "phone"
    EMAIL = "email"


class Mode(StrEnum):
    """Whether answers count: those of a pilot (H3) and of a technician's test are kept apart and never do."""

    LIVE = "live"
    PILOT = "pilot"
    TEST = "test"


class Moment(msgspec.Struct, frozen=True, array_like=True):
    """When something happened, by every clock that the kiosk has.

    `boottime_ms` is CLOCK_BOOTTIME in milliseconds, `wall_ms` the wall clock in milliseconds since 1970 UTC, and
    `trusted` whether the wall clock was set by the network since this boot.
    """

    boottime_ms: int
    wall_ms: int
    trusted: bool


class Record(msgspec.Struct, frozen=True, array_like=True, tag=str.lower):
    """What every record has: its own id (UUIDv7) and the moment at which it was made."""

    id: UUID
    at: Moment


class Context(Record, frozen=True, array_like=True, tag="context"):
    """What stays the same for many records, said once.

    Later records name it by `number`, 48 bits drawn at random so that two cards of one kiosk never mean different things by one number.
    """

    number: int
    boot_id: UUID
    software: str
    questionnaire: str
    questionnaire_version: int
    mode: Mode = Mode.LIVE


class Vote(Record, frozen=True, array_like=True, tag="vote"):
    """A visitor's first answer: complete by itself, whatever follows.

    `repeat` marks a vote cast so soon after the last visit that it may be the same hand; it is counted and flagged, never dropped.
    """

    visit: UUID
    context: int
    question: str
    answer: str
    desk: str | None
    service: str | None
    channel: Channel
    input: Input
    language: str
    repeat: bool


class DeskChoice(Record, frozen=True, array_like=True, tag="desk"):
    """The visitor named the desk that served them after voting; `desk` is None for «не пам'ятаю»."""

    visit: UUID
    context: int
    desk: str | None
    input: Input


class VisitEnd(Record, frozen=True, array_like=True, tag="end"):
    """A visit ended. `extra_presses` counts the presses that came while a screen had already been answered."""

    visit: UUID
    context: int
    outcome: Outcome
    extra_presses: int


class Answer(Record, frozen=True, array_like=True, tag="answer"):
    """What became of a question after the first: the choices taken, none where it was skipped.

    A question that was left or timed out has what had been chosen until then, which may be nothing.

    A number of a scale is its decimal digits, yes and no are "yes" and "no".
    """

    visit: UUID
    context: int
    question: str
    how: How
    choices: tuple[str, ...]
    input: Input | None
    language: str


class Sealed(Record, frozen=True, array_like=True, tag="sealed"):
    """The visitor's own words or a contact, given with consent to the purpose that the questionnaire states.

    The body holds only `digest`, the SHA-256 (hex) of the text as libsodium's sealed box for the server; the box itself is kept and sent
    beside the body, so that it can be erased later and the chain still verifies.
    """

    visit: UUID
    context: int
    question: str
    content: Content
    digest: str
    input: Input
    language: str


class Call(Record, frozen=True, array_like=True, tag="call"):
    """The visitor asked for a person to come (C5)."""

    visit: UUID
    context: int
    input: Input


class TicketScan(Record, frozen=True, array_like=True, tag="ticket"):
    """The visitor's queue ticket or a desk card was scanned; the visit is at its desk and for its service, where the code tells them.

    `form` names the form of code that matched. `digest` is the SHA-256 (hex) of the `feedback.tickets.TicketToken` as libsodium's sealed
    box for the server, which travels beside the body and is erased after 72 hours; it is empty where the code gives no token.
    """

    visit: UUID
    context: int
    form: str
    desk: str | None
    service: str | None
    digest: str


class Undo(Record, frozen=True, array_like=True, tag="undo"):
    """Staff took back the last ticket of a box: the vote of `visit` counts no more. Both stay on record."""

    visit: UUID
    context: int


class BoxCount(Record, frozen=True, array_like=True, tag="box"):
    """Staff finished counting a pair of ticket boxes (K2): how many tickets counted, by what their box says, and how many did not."""

    context: int
    satisfied: int
    dissatisfied: int
    repeated: int
    foreign: int


class DeviceChange(Record, frozen=True, array_like=True, tag="device"):
    """A device of the kiosk began to fail or is well again. `fault` is its name, empty where the device is well."""

    context: int
    device: str
    fault: str


class Presence(Record, frozen=True, array_like=True, tag="presence"):
    """How often somebody came up to the kiosk within the `length_s` seconds before `at`.

    It is evidence beside the response rate, never its base.
    """

    context: int
    length_s: int
    count: int


NOT_TESTED: Final = "not_tested"


class SelfTest(Record, frozen=True, array_like=True, tag="selftest"):
    """The kiosk tested itself (C9). `results` has a fault's name by each part that was tested, empty where that part is well.

    `attended` is whether a technician took part. A part that they passed over says `NOT_TESTED`.
    """

    context: int
    attended: bool
    results: dict[str, str]


AnyRecord = (
    Context | Vote | DeskChoice | VisitEnd | Answer | Sealed | Call | TicketScan | Undo | BoxCount | DeviceChange | Presence | SelfTest
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyRecord] = msgspec.json.Decoder(AnyRecord)


def encode_body(record: AnyRecord) -> bytes:
    """Encode a record's body as a compact JSON array. Do this once; the bytes are the record from then on."""
    return _encoder.encode(record)


def decode_body(body: bytes) -> AnyRecord:
    """Decode a body. Elements that a newer version added at the end are passed over.

    Raises:
        RecordError: the bytes are not a record of a known kind.
    """
    if len(body) > MAX_BODY_BYTES:
        raise RecordError(f"body of {len(body)} bytes is over the limit of {MAX_BODY_BYTES}")
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RecordError(str(error)) from error


def new_id(wall_ms: int, entropy: bytes) -> UUID:
    """Make a UUIDv7 (RFC 9562, 5.7) from milliseconds since 1970 and ten random bytes."""
    value = (wall_ms & (1 << 48) - 1) << 80 | int.from_bytes(entropy[:10], "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def genesis(epoch: UUID) -> bytes:
    """Give the chain hash that stands before the first record of an epoch."""
    return hashlib.sha256(b"vidhuk chain 1\0" + epoch.bytes).digest()


def link(prev: bytes, seq: int, body: bytes) -> bytes:
    """Give the chain hash at `seq`: SHA-256 over the hash before it, the number (8 bytes, big-endian) and the body."""
    return hashlib.sha256(prev + seq.to_bytes(8, "big") + body).digest()


def chain(prev: bytes, first_seq: int, bodies: Iterable[bytes]) -> list[bytes]:
    """Give the chain hash at each of the bodies, the first of which stands at `first_seq`."""
    hashes = []
    for seq, body in enumerate(bodies, first_seq):
        prev = link(prev, seq, body)
        hashes.append(prev)
    return hashes
