"""Wire version 1: topics, messages and their limits. See docs/protocol.md."""

from __future__ import annotations

import re
from typing import Final, TypeVar
from uuid import UUID

import msgspec

from feedback.records import Moment

VERSION: Final = 1
ROOT: Final = "vidhuk/v1"
MAX_RECORDS: Final = 400
MAX_BATCH_BYTES: Final = 64 * 1024
MAX_PACKET_BYTES: Final = 128 * 1024
MAX_REASON: Final = 200
UNDECODABLE: Final = "undecodable"
"""The error of an acknowledgement of a message that could not be read at all."""
KIOSK_ID: Final = re.compile(r"[a-z0-9-]{8,32}")

SERVER_STATE_TOPIC: Final = f"{ROOT}/server/state"


class WireError(ValueError):
    """A message does not follow the protocol. `reason` says how."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def batch_topic(kiosk: str) -> str:
    """Topic for a kiosk's batches, up."""
    return f"{ROOT}/k/{kiosk}/batch"


def ack_topic(kiosk: str) -> str:
    """Topic for the server's acknowledgements to a kiosk, down."""
    return f"{ROOT}/k/{kiosk}/ack"


def hello_topic(kiosk: str) -> str:
    """Topic on which a kiosk says where its log stands, up, on every connect."""
    return f"{ROOT}/k/{kiosk}/hello"


def state_topic(kiosk: str) -> str:
    """Topic of a kiosk's retained state, which is also its will, up."""
    return f"{ROOT}/k/{kiosk}/state"


def settings_topic(kiosk: str) -> str:
    """Topic of a kiosk's retained, signed settings, down."""
    return f"{ROOT}/k/{kiosk}/settings"


def notice_topic(kiosk: str) -> str:
    """Topic of what the server lets a kiosk's visitors know, retained and signed, down."""
    return f"{ROOT}/k/{kiosk}/notice"


def day_keys_topic(kiosk: str) -> str:
    """Topic of the signed keys from which a kiosk makes the tokens of tickets, retained, down."""
    return f"{ROOT}/k/{kiosk}/daykeys"


def command_topic(kiosk: str) -> str:
    """Topic of the signed commands that a kiosk has not answered, retained, down."""
    return f"{ROOT}/k/{kiosk}/command"


def result_topic(kiosk: str) -> str:
    """Topic on which a kiosk says what became of a command, up."""
    return f"{ROOT}/k/{kiosk}/result"


def diagnostics_topic(kiosk: str) -> str:
    """Topic for the bundle that tells how a kiosk is, up."""
    return f"{ROOT}/k/{kiosk}/diagnostics"


def renewal_topic(kiosk: str) -> str:
    """Topic of a kiosk's next credential, sealed to it, retained and signed until the kiosk says that it has stored it, down."""
    return f"{ROOT}/k/{kiosk}/renewal"


def split_topic(topic: str) -> tuple[str, str]:
    """Take a kiosk's topic apart into kiosk id and message kind.

    Raises:
        WireError: it is not a kiosk's topic of this version.
    """
    match = re.fullmatch(rf"{ROOT}/k/({KIOSK_ID.pattern})/([a-z]+)", topic)
    if match is None:
        raise WireError(f"not a kiosk's topic: {topic[:200]!r}")
    return match[1], match[2]


class Now(msgspec.Struct, frozen=True):
    """The kiosk's clocks while it sends, from which the server corrects a wrong wall clock."""

    boot_id: UUID
    at: Moment


class Hello(msgspec.Struct, frozen=True):
    """Where the kiosk's log stands: highest `seq`, highest acknowledged `acked`, `oldest` still kept.

    `pruned` has the last record that is gone from each epoch of which some are, `marks` the highest acknowledged one of each epoch of
    which some are; they are not sent where there is none.
    """

    epoch: UUID
    seq: int
    acked: int
    oldest: int
    now: Now
    software: str
    generation: str | None = None
    v: int = VERSION
    pruned: dict[UUID, int] | msgspec.UnsetType = msgspec.UNSET
    marks: dict[UUID, int] | msgspec.UnsetType = msgspec.UNSET


class Batch(msgspec.Struct, frozen=True):
    """Consecutive records of one epoch, bodies as they were stored. `prev` is the chain hash (hex) before the first.

    `sealed` holds the sealed boxes of `Sealed` records by the records' ids, as base64; one that was erased since is not there.
    `opaque` is the body of the only record, as base64 and in place of `records`, where the server could not read it there.
    """

    epoch: UUID
    first_seq: int
    prev: str
    now: Now
    historical: bool
    records: list[msgspec.Raw]
    sealed: dict[UUID, bytes] = {}
    v: int = VERSION
    opaque: bytes | msgspec.UnsetType = msgspec.UNSET

    @property
    def bodies(self) -> list[bytes]:
        """The records' bodies, byte for byte."""
        return [bytes(raw) for raw in self.records] if self.opaque is msgspec.UNSET else [self.opaque]


class Ack(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything up to `seq` of `epoch` is durable on the server, whose chain hash (hex) there is `head`."""

    epoch: UUID
    seq: int
    head: str
    generation: str
    error: str | None = None


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a kiosk says about itself. The retained will has `online` false and the same `session`.

    `showing` is why it asks nothing just now: "closed", "maintenance", "announcement", "out_of_order"; empty while it asks. `refused` is
    the reason, of at most MAX_REASON characters, for which it did not accept the last settings it was sent. `process` names this start of
    its delivery, over all sessions: two that come in turns are two devices. `identity` is the number of the newest credential that it has
    stored, 0 where a person has written it into its configuration; `proof` shows of one that came by renewal that it is so.
    """

    online: bool
    session: UUID
    outbox: int = 0
    settings: int = 0
    software: str = ""
    clock_trusted: bool = False
    faults: tuple[str, ...] = ()
    showing: str = ""
    refused: str = ""
    process: UUID | None = None
    identity: int = 0
    proof: str = ""
    v: int = VERSION


class ServerState(msgspec.Struct, frozen=True):
    """Whether the server takes batches. It pauses sending and never decides correctness."""

    online: bool
    generation: str
    v: int = VERSION


class Signed(msgspec.Struct, frozen=True):
    """A document and the server's Ed25519 signature (hex) over its purpose, a zero byte, and the document's bytes."""

    document: str
    signature: str

    def signed_bytes(self, purpose: str) -> bytes:
        """The bytes that the signature covers; `purpose` keeps a signature for one use from serving another."""
        return purpose.encode() + b"\0" + self.document.encode()


class SignedList(msgspec.Struct, frozen=True):
    """Documents that are signed each by itself."""

    documents: list[Signed]


M = TypeVar("M", bound=msgspec.Struct)

_encoder = msgspec.json.Encoder()


def encode(message: msgspec.Struct) -> bytes:
    """Encode a message as JSON."""
    return _encoder.encode(message)


def decode(payload: bytes, kind: type[M]) -> M:
    """Decode a message of `kind`; fields that a newer version added are passed over.

    Raises:
        WireError: malformed, of another version, or over the limits.
    """
    if len(payload) > MAX_PACKET_BYTES:
        raise WireError(f"{len(payload)} bytes are over the limit of {MAX_PACKET_BYTES}")
    try:
        message = msgspec.json.decode(payload, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(str(error)) from error
    version = getattr(message, "v", VERSION)
    if version != VERSION:
        raise WireError(f"protocol version {version}; this program speaks {VERSION}")
    if isinstance(message, Batch):
        _check_batch(message)
    return message


def _check_batch(batch: Batch) -> None:
    if batch.opaque is not msgspec.UNSET and batch.records:
        raise WireError("records both opaque and not")
    if not 1 <= len(batch.bodies) <= MAX_RECORDS:
        raise WireError(f"{len(batch.bodies)} records; a batch holds 1 to {MAX_RECORDS}")
    if batch.first_seq < 1:
        raise WireError(f"first_seq {batch.first_seq}; numbering starts at 1")
    if not re.fullmatch(r"[0-9a-f]{64}", batch.prev):
        raise WireError("prev is not a SHA-256 in hexadecimal")
