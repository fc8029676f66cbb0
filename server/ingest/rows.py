"""From records to rows: the checks that a database cannot make kindly, and the shapes of votes and answers in their tables. Pure."""

from __future__ import annotations

import re
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar, get_type_hints
from uuid import UUID

from feedback.questionnaire import ANSWERS, choices_of
from feedback.records import Answer, How, Mode, Moment, RecordError, decode_body
from server.db.schema import NO_DESK, VAGUE_MS
from server.ingest.times import local, released

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from feedback.questionnaire import Questionnaire
    from feedback.records import AnyRecord, Vote
    from server.ingest.times import Time

_MAX_CHARS: Final = {
    "question": 32,
    "language": 8,
    "desk": 32,
    "service": 32,
    "questionnaire": 32,
    "choices": 32,
    "digest": 64,
    "form": 64,
    "device": 16,
    "fault": 32,
    "results": 32,
}
_MAX_SEVERAL: Final = {"choices": 64, "results": 64}
_CHOICE: Final = re.compile(r"[a-z0-9_-]{1,32}")
_MAX_INT: Final = {
    "number": 2**63,
    "context": 2**63,
    "questionnaire_version": 2**31,
    "extra_presses": 2**31,
    "satisfied": 2**31,
    "dissatisfied": 2**31,
    "repeated": 2**31,
    "foreign": 2**31,
    "length_s": 10**6,
    "count": 10**6,
}
_LONG_TEXT: Final = 200
_ALWAYS_FIT: Final = (UUID, Moment, bool, Enum)


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
    time_error_ms: int
    clerk_id: int | None = None
    flag: str = ""


class AnswerRow(NamedTuple):
    """A row of `answers`, its fields named as the columns: one choice, or none."""

    record: UUID
    place: int
    visit: UUID
    kiosk: str
    site_id: int
    desk_id: int
    service_id: int | None
    mode: str
    first: bool
    language: str
    questionnaire: str
    questionnaire_version: int
    question: str
    how: str
    choice: str
    repeat: bool
    at_ms: int
    time_quality: str
    day: str
    received_ms: int
    released_ms: int
    time_error_ms: int
    flag: str = ""


class Place(NamedTuple):
    """Where a vote or an answer counts, in the registry's ids."""

    site_id: int
    desk_id: int
    service_id: int | None


def filled(own: Place, named: Place | None) -> Place:
    """Give a place with what it lacks from another, which a visitor or a ticket has named."""
    if named is None:
        return own
    desk = named if own.desk_id == NO_DESK != named.desk_id else own
    return Place(desk.site_id, desk.desk_id, named.service_id if own.service_id is None else own.service_id)


class StoredContext(NamedTuple):
    """What later records mean by a context's number."""

    number: int
    id: UUID
    boot_id: UUID
    questionnaire: str
    questionnaire_version: int
    mode: str


class Arrival(NamedTuple):
    """How records came: from which kiosk, when they were made, and when and where we received them."""

    kiosk: str
    times: Mapping[UUID, Time]
    received_ms: int
    zone: ZoneInfo


def read_body(body: bytes) -> AnyRecord:
    """Decode a body and check that every column can hold what it says.

    Raises:
        RecordError: not a record that this version can keep.
    """
    record = decode_body(body)
    for name, chars, limit in _limits(type(record)):
        value = getattr(record, name)
        if isinstance(value, str):
            if len(value) > chars or "\0" in value:
                raise RecordError(f"{name} is too long or holds a zero byte")
        elif isinstance(value, int):
            if not 0 <= value < limit:
                raise RecordError(f"{name} is out of range")
        elif value is not None:
            _check_several(name, value, chars)
    return record


def _check_several(name: str, values: Collection[str], chars: int) -> None:
    most = _MAX_SEVERAL[name]
    if len(values) > most:
        raise RecordError(f"{len(values)} {name}; a record has {most} at most")
    for text in (*values, *(values.values() if isinstance(values, dict) else ())):
        if len(text) > chars or "\0" in text:
            raise RecordError(f"{name} is too long or holds a zero byte")


@cache
def _limits(kind: type[AnyRecord]) -> tuple[tuple[str, int, int], ...]:
    """Give the fields of a kind of record whose values a column may not hold: the most characters, and the number that is too large."""
    hints = get_type_hints(kind)
    limited = [name for name in kind.__struct_fields__ if not (isinstance(hints[name], type) and issubclass(hints[name], _ALWAYS_FIT))]
    return tuple((name, _MAX_CHARS.get(name, _LONG_TEXT), _MAX_INT.get(name, 0)) for name in limited)


def is_vague(time: Time) -> bool:
    """Tell whether nobody can say in which hour something happened."""
    return time.error_ms > VAGUE_MS


New = list[tuple["AnyRecord", bytes]]
"""The new records of a batch with their bodies, in their order."""
R = TypeVar("R")


def of_kind(new: New, kind: type[R]) -> Iterator[tuple[R, bytes]]:
    """Give those of the new records that are of a kind."""
    return ((record, body) for record, body in new if isinstance(record, kind))


def kind_of(record: AnyRecord) -> str:
    """Give the name by which a record's kind goes on the wire."""
    return str(record.__struct_config__.tag)


def choices_in(record: Vote | Answer) -> tuple[str, ...]:
    """Give what was chosen, each once; a vote that answers a question with several choices joins them by commas."""
    return tuple(dict.fromkeys(record.choices if isinstance(record, Answer) else record.answer.split(",")))


def is_rated(vote: Vote, context: StoredContext) -> bool:
    """Tell whether a vote counts on the scale of faces; all other answers are kept beside the votes."""
    return vote.answer in ANSWERS and context.mode == Mode.LIVE


def is_offered(record: Vote | Answer, questionnaire: Questionnaire | None) -> bool:
    """Tell whether the questionnaire asks what a record answers; of one that is not known, whether it could."""
    chosen = choices_in(record)
    if isinstance(record, Answer) and record.how is (How.SKIPPED if chosen else How.ANSWERED):
        return False  # who left or was timed out may have chosen something or not
    if questionnaire is None:
        return all(_CHOICE.fullmatch(choice) for choice in chosen)
    for question in questionnaire.questions:
        if question.id == record.question:
            return {*chosen} <= {choice.id for choice in choices_of(question)}
    return False


def vote_row(vote: Vote, context: StoredContext, place: Place, arrival: Arrival) -> VoteRow:
    """Make a vote's row."""
    time = arrival.times[vote.id]
    there = local(time.at_ms, arrival.zone)
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
        at_ms=time.at_ms,
        time_quality=time.quality,
        day=there.day,
        hour=there.hour,
        weekday=there.weekday,
        received_ms=arrival.received_ms,
        released_ms=released(time.at_ms, arrival.received_ms),
        time_error_ms=time.error_ms,
    )


def answer_rows(record: Vote | Answer, context: StoredContext, place: Place, arrival: Arrival) -> Sequence[AnswerRow]:
    """Make an answer's rows, one for each choice, or one that says that nothing was chosen."""
    time = arrival.times[record.id]
    is_first = not isinstance(record, Answer)
    how = record.how if isinstance(record, Answer) else How.ANSWERED
    repeat = False if isinstance(record, Answer) else record.repeat
    return [
        AnswerRow(
            record=record.id,
            place=number,
            visit=record.visit,
            kiosk=arrival.kiosk,
            site_id=place.site_id,
            desk_id=place.desk_id,
            service_id=place.service_id,
            mode=context.mode,
            first=is_first,
            language=record.language,
            questionnaire=context.questionnaire,
            questionnaire_version=context.questionnaire_version,
            question=record.question,
            how=str(how),
            choice=choice,
            repeat=repeat,
            at_ms=time.at_ms,
            time_quality=time.quality,
            day=local(time.at_ms, arrival.zone).day,
            received_ms=arrival.received_ms,
            released_ms=released(time.at_ms, arrival.received_ms),
            time_error_ms=time.error_ms,
        )
        for number, choice in enumerate(choices_in(record) or ("",))
    ]
