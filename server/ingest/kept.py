"""Reads what is kept in quarantine as the records that it holds, or says that it holds none that could ever count. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

import msgspec

from feedback.wire import Batch, WireError, decode, split_topic
from server.ingest.quarantine import Reason
from server.queue.problems import N_

if TYPE_CHECKING:
    from feedback.wire import Now
    from server.ingest.quarantine import Kept

CONFLICT: Final = N_("Another record with the same number came first and stays; this one can never count.")
BOX: Final = N_("The record itself is stored; what did not come whole with it cannot be had any more.")
NO_RECORDS: Final = N_("It holds no records: it only said how the kiosk was at that time.")
NO_TOPIC: Final = N_("It came on a topic that is no kiosk’s: nobody can say whose it is.")
UNREADABLE: Final = N_("It still cannot be read:")
_NEVER: Final = {Reason.CONFLICT.value: CONFLICT, Reason.BAD_BOX.value: BOX, Reason.BAD_TICKET.value: BOX}


class Refused(Exception):  # noqa: N818 - no error: it is what became of it
    """Nothing of it is taken in. `says` why, for people, and `detail` what the matter is."""

    def __init__(self, says: str, detail: str = "") -> None:
        super().__init__(says)
        self.says = says
        self.detail = detail


class Content(NamedTuple):
    """The bodies of records, their sealed boxes, and what the kiosk's clocks said while it sent them, where that is known."""

    bodies: list[bytes]
    sealed: dict[UUID, bytes]
    now: Now | None = None


def content_of(kept: Kept) -> Content:
    """Give the records that are kept: a whole batch, bodies with their boxes on a line of their own, or a single body.

    Raises:
        Refused: there are none, or none that could ever count.
    """
    try:
        kind = split_topic(kept.topic)[1]
    except WireError as error:
        raise Refused(NO_TOPIC, kept.topic[:200]) from error
    if kind != "batch":
        raise Refused(NO_RECORDS)
    if kept.reason in _NEVER:
        raise Refused(_NEVER[kept.reason], kept.detail)
    if kept.payload.lstrip()[:1] != b"[":
        return _of_batch(kept.payload)
    return _of_list(kept.payload) or Content([kept.payload], {})


def _of_batch(payload: bytes) -> Content:
    try:
        batch = decode(payload, Batch)
    except WireError as error:
        raise Refused(UNREADABLE, error.reason) from error
    return Content(batch.bodies, {id_: box for id_, box in batch.sealed.items() if box}, batch.now)


def _of_list(payload: bytes) -> Content | None:
    """Read `[body, …]`, perhaps with boxes behind it; None where it is no list of bodies."""
    bodies, newline, boxes = payload.rpartition(b"\n")
    for listed, sealed in ((payload, b"{}"), (bodies, boxes)) if newline else ((payload, b"{}"),):
        try:
            raw = msgspec.json.decode(listed, type=list[msgspec.Raw])
            found = Content([bytes(body) for body in raw], msgspec.json.decode(sealed, type=dict[UUID, bytes]))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if found.bodies and all(body.lstrip()[:1] == b"[" for body in found.bodies):
            return found
    return None
