"""From records to rows: the checks that a database cannot make kindly, and the shape of a vote in its table. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from feedback.records import RecordError, decode_body
from server.ingest.times import best_time, local, released

if TYPE_CHECKING:
    from uuid import UUID
    from zoneinfo import ZoneInfo

    from feedback.records import AnyRecord, Vote
    from feedback.wire import Now

_MAX_CHARS: Final = {"question": 32, "answer": 32, "language": 8, "desk": 32, "service": 32}
_MAX_INT: Final = {"number": 2**63, "context": 2**63, "questionnaire_version": 2**31, "extra_presses": 2**31}
_LONG_TEXT: Final = 200


class VoteRow(NamedTuple):
    """A row of `votes`, its fields named as the columns."""

    id: UUID
    visit: UUID
    kiosk: str
    site_id: int
    desk_id: int
    service_id: int | None
    channel: str
    input: str
    language: str
    questionnaire: str
    questionnaire_version: int
    question: str
    answer: str
    repeat: bool
    at_ms: int
    time_quality: str
    day: str
    hour: int
    weekday: int
    received_ms: int
    released_ms: int


class Place(NamedTuple):
    """Where a vote counts, in the registry's ids."""

    site_id: int
    desk_id: int
    service_id: int | None


class StoredContext(NamedTuple):
    """What later records mean by a context's number."""

    number: int
    id: UUID
    boot_id: UUID
    questionnaire: str
    questionnaire_version: int


class Arrival(NamedTuple):
    """How records came: from which kiosk, what its clocks said then, and when and where we received them."""

    kiosk: str
    now: Now
    received_ms: int
    zone: ZoneInfo


def read_body(body: bytes) -> AnyRecord:
    """Decode a body and check that every column can hold what it says.

    Raises:
        RecordError: not a record that this version can keep.
    """
    record = decode_body(body)
    for name in record.__struct_fields__:
        value = getattr(record, name)
        if isinstance(value, str):
            if "\0" in value or len(value) > _MAX_CHARS.get(name, _LONG_TEXT):
                raise RecordError(f"{name} is too long or holds a zero byte")
        elif name in _MAX_INT and not 0 <= value < _MAX_INT[name]:
            raise RecordError(f"{name} is out of range")
    return record


def kind_of(record: AnyRecord) -> str:
    """Give the name by which a record's kind goes on the wire."""
    return str(record.__struct_config__.tag)


def vote_row(vote: Vote, context: StoredContext, place: Place, arrival: Arrival) -> VoteRow:
    """Make a vote's row."""
    received_ms = arrival.received_ms
    at_ms, quality = best_time(vote.at, context.boot_id, arrival.now, received_ms)
    there = local(at_ms, arrival.zone)
    return VoteRow(
        id=vote.id,
        visit=vote.visit,
        kiosk=arrival.kiosk,
        site_id=place.site_id,
        desk_id=place.desk_id,
        service_id=place.service_id,
        channel=str(vote.channel),
        input=str(vote.input),
        language=vote.language,
        questionnaire=context.questionnaire,
        questionnaire_version=context.questionnaire_version,
        question=vote.question,
        answer=vote.answer,
        repeat=vote.repeat,
        at_ms=at_ms,
        time_quality=str(quality),
        day=there.day,
        hour=there.hour,
        weekday=there.weekday,
        received_ms=received_ms,
        released_ms=released(at_ms, received_ms),
    )
