"""The statements of ingest about visits: votes, answers, desks, sealed words, calls and ends, and their moving to another desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import bindparam, select, union_all, update

from server.db.bulk import insert_rows
from server.db.schema import NO_DESK, answers, calls, desk_choices, sealed, visit_ends, votes
from server.ingest.rows import AnswerRow, Place, VoteRow

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from uuid import UUID

    from sqlalchemy import Connection, Select, Table

_NOTHING: Final = "ON CONFLICT DO NOTHING"


def _of_visits(table: Table, *columns: Any) -> Select[Any]:  # noqa: ANN401 - columns of any kind
    return select(*columns).where(table.c.visit.in_(bindparam("visits", expanding=True)), table.c.kiosk == bindparam("of_kiosk"))


def _place_of(table: Table) -> tuple[Any, ...]:
    return table.c.visit, table.c.site_id, table.c.desk_id, table.c.service_id


# Made once: making a statement costs more than running it.
_CHOICES: Final = _of_visits(desk_choices, desk_choices.c.visit, desk_choices.c.site_id, desk_choices.c.desk_id)
_FIRSTS: Final = union_all(_of_visits(votes, *_place_of(votes)), _of_visits(answers, *_place_of(answers)).where(answers.c.first))
_VOTES: Final = _of_visits(votes, *(votes.c[name] for name in VoteRow._fields)).where(votes.c.desk_id == NO_DESK)
_ANSWERS: Final = _of_visits(answers, *(answers.c[name] for name in AnswerRow._fields))
_TO: Final[dict[str, Any]] = {"site_id": bindparam("to_site"), "desk_id": bindparam("to_desk")}
_MOVE_VOTE: Final = update(votes).where(votes.c.id == bindparam("moved")).values(**_TO)
_MOVE_ANSWER: Final = (
    update(answers)
    .where(answers.c.record == bindparam("moved"), answers.c.place == bindparam("moved_place"))
    .values(**_TO, service_id=bindparam("to_service"))
)


class EndRow(NamedTuple):
    """A row of `visit_ends`."""

    visit: UUID
    kiosk: str
    outcome: str
    extra_presses: int
    at_ms: int


class SealedRow(NamedTuple):
    """A row of `sealed`."""

    record: UUID
    visit: UUID
    kiosk: str
    mode: str | None
    questionnaire: str | None
    questionnaire_version: int | None
    question: str
    content: str
    language: str
    box: bytes | None
    at_ms: int
    received_ms: int


class CallRow(NamedTuple):
    """A row of `calls` as it comes; nobody has taken it yet."""

    record: UUID
    visit: UUID
    kiosk: str
    site_id: int
    mode: str
    live: bool
    at_ms: int
    received_ms: int


def insert_votes(connection: Connection, rows: Sequence[VoteRow]) -> None:
    """Insert votes, every one of them new."""
    insert_rows(connection, votes, VoteRow._fields, rows)


def insert_answers(connection: Connection, rows: Sequence[AnswerRow]) -> None:
    """Insert answers, every one of them new."""
    insert_rows(connection, answers, AnswerRow._fields, rows)


def insert_ends(connection: Connection, rows: Sequence[EndRow]) -> None:
    """Insert ends of visits; the first end of a visit stays."""
    insert_rows(connection, visit_ends, EndRow._fields, rows, on_conflict=_NOTHING)


def insert_sealed(connection: Connection, rows: Sequence[SealedRow]) -> None:
    """Insert sealed words, every one of them new."""
    insert_rows(connection, sealed, SealedRow._fields, rows)


def insert_calls(connection: Connection, rows: Sequence[CallRow]) -> None:
    """Insert calls, every one of them new."""
    insert_rows(connection, calls, CallRow._fields, rows)


def choose_desks(connection: Connection, kiosk: str, chosen: Mapping[UUID, Place]) -> None:
    """Remember which desk a visit's visitor named; the first choice of a visit stands."""
    rows = [(kiosk, visit, place.site_id, place.desk_id) for visit, place in chosen.items()]
    insert_rows(connection, desk_choices, ("kiosk", "visit", "site_id", "desk_id"), rows, on_conflict=_NOTHING)


def chosen_desks(connection: Connection, kiosk: str, visits: Collection[UUID]) -> dict[UUID, Place]:
    """Give the desks that visitors have named, by visit."""
    return {row.visit: Place(row.site_id, row.desk_id, None) for row in _rows(connection, _CHOICES, kiosk, visits)}


def first_places(connection: Connection, kiosk: str, visits: Collection[UUID]) -> dict[UUID, Place]:
    """Give where the first answers of these visits stand."""
    return {row.visit: Place(row.site_id, row.desk_id, row.service_id) for row in _rows(connection, _FIRSTS, kiosk, visits)}


def homeless_votes(connection: Connection, kiosk: str, visits: Collection[UUID]) -> list[VoteRow]:
    """Give the votes of these visits that stand at no desk."""
    return [VoteRow(*row) for row in _rows(connection, _VOTES, kiosk, visits)]


def answers_of(connection: Connection, kiosk: str, visits: Collection[UUID]) -> list[AnswerRow]:
    """Give every answer of these visits."""
    return [AnswerRow(*row) for row in _rows(connection, _ANSWERS, kiosk, visits)]


def move_votes(connection: Connection, rows: Sequence[VoteRow]) -> None:
    """Let votes stand where these rows say."""
    if rows:
        connection.execute(_MOVE_VOTE, [{"moved": row.id, "to_site": row.site_id, "to_desk": row.desk_id} for row in rows])


def move_answers(connection: Connection, rows: Sequence[AnswerRow]) -> None:
    """Let answers stand where these rows say."""
    moves = [
        {"moved": r.record, "moved_place": r.place, "to_site": r.site_id, "to_desk": r.desk_id, "to_service": r.service_id} for r in rows
    ]
    if moves:
        connection.execute(_MOVE_ANSWER, moves)


def _rows(connection: Connection, query: Any, kiosk: str, visits: Collection[UUID]) -> Sequence[Any]:  # noqa: ANN401 - rows of any shape
    return connection.execute(query, {"visits": list(visits), "of_kiosk": kiosk}).all() if visits else ()
