"""The statements of ingest about visits: votes, answers, desks, sealed words, calls and ends, and their moving to another desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import bindparam, select, union_all

from server.db.bulk import add_rows, insert_rows, update_rows
from server.db.prepared import Prepared
from server.db.schema import NO_DESK, answers, calls, desk_choices, sealed, visit_ends, votes
from server.ingest.rows import AnswerRow, Place, VoteRow

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from uuid import UUID

    from sqlalchemy import Connection, Select, Table

    from server.db.prepared import Among
    from server.ratings.rollups import Deltas

_NOTHING: Final = "ON CONFLICT DO NOTHING"


def _of_visits(among: Among, table: Table, *columns: Any) -> Select[Any]:  # noqa: ANN401 - columns of any kind
    return select(*columns).where(among(table.c.visit, "visits"), table.c.kiosk == bindparam("of_kiosk"))


def _place_of(table: Table) -> tuple[Any, ...]:
    return table.c.visit, table.c.site_id, table.c.desk_id, table.c.service_id


# Made once: making a statement costs more than running it.
_CHOICES: Final = Prepared(lambda among: _of_visits(among, desk_choices, *_place_of(desk_choices)))
_FIRSTS: Final = Prepared(
    lambda among: union_all(
        _of_visits(among, votes, *_place_of(votes)), _of_visits(among, answers, *_place_of(answers)).where(answers.c.first)
    )
)
_VOTES: Final = Prepared(
    lambda among: _of_visits(among, votes, *(votes.c[name] for name in VoteRow._fields)).where(
        (votes.c.desk_id == NO_DESK) | votes.c.service_id.is_(None)
    )
)
_ANSWERS: Final = Prepared(lambda among: _of_visits(among, answers, *(answers.c[name] for name in AnswerRow._fields)))
_TO: Final = ("site_id", "desk_id", "service_id", "flag")


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
    add_rows(connection, votes, VoteRow._fields, rows)


def insert_answers(connection: Connection, rows: Sequence[AnswerRow]) -> None:
    """Insert answers, every one of them new."""
    add_rows(connection, answers, AnswerRow._fields, rows)


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
    """Remember what a visit's visitor, or their ticket, named; of desks and of services the first stands."""
    c = desk_choices.name
    takes = f"{c}.desk_id = {NO_DESK}"
    first = ", ".join(f"{name} = CASE WHEN {takes} THEN excluded.{name} ELSE {c}.{name} END" for name in ("site_id", "desk_id"))
    merged = f"ON CONFLICT (kiosk, visit) DO UPDATE SET {first}, service_id = coalesce({c}.service_id, excluded.service_id)"
    rows = [(kiosk, visit, *place) for visit, place in chosen.items()]
    insert_rows(connection, desk_choices, ("kiosk", "visit", *Place._fields), rows, on_conflict=merged)


def chosen_desks(connection: Connection, kiosk: str, visits: Collection[UUID]) -> dict[UUID, Place]:
    """Give what visitors, or their tickets, have named, by visit."""
    return {visit: Place(*place) for visit, *place in _rows(connection, _CHOICES, kiosk, visits)}


def first_places(connection: Connection, kiosk: str, visits: Collection[UUID]) -> dict[UUID, Place]:
    """Give where the first answers of these visits stand."""
    return {visit: Place(*place) for visit, *place in _rows(connection, _FIRSTS, kiosk, visits)}


def incomplete_votes(connection: Connection, kiosk: str, visits: Collection[UUID]) -> list[VoteRow]:
    """Give the votes of these visits that stand at no desk or for no service."""
    return [VoteRow(*row) for row in _rows(connection, _VOTES, kiosk, visits)]


def answers_of(connection: Connection, kiosk: str, visits: Collection[UUID]) -> list[AnswerRow]:
    """Give every answer of these visits."""
    return [AnswerRow(*row) for row in _rows(connection, _ANSWERS, kiosk, visits)]


def counted_records(connection: Connection, records: Collection[UUID]) -> set[UUID]:
    """Give those of the records that are votes or answers already."""
    query = union_all(select(votes.c.id).where(votes.c.id.in_(records)), select(answers.c.record).where(answers.c.record.in_(records)))
    return set(connection.execute(query).scalars())


def votes_by_id(connection: Connection, records: Collection[UUID]) -> list[VoteRow]:
    """Give votes by their ids."""
    query = select(*(votes.c[name] for name in VoteRow._fields)).where(votes.c.id.in_(records))
    return [VoteRow(*row) for row in connection.execute(query)]


def replace_votes(connection: Connection, pairs: Sequence[tuple[VoteRow, VoteRow]], deltas: Deltas) -> None:
    """Let votes stand, be served and be flagged as the second of each pair says, and count them so."""
    changed = [(before, after) for before, after in pairs if before != after]
    for before, after in changed:
        deltas.add(before, sign=-1)
        deltas.add(after)
    rows = [(row.site_id, row.desk_id, row.service_id, row.flag, row.clerk_id, row.id) for _, row in changed]
    update_rows(connection, votes, ("id",), (*_TO, "clerk_id"), rows)


def replace_answers(connection: Connection, pairs: Sequence[tuple[AnswerRow, AnswerRow]], deltas: Deltas) -> None:
    """Let answers stand and be flagged as the second of each pair says, and count them so."""
    changed = [(before, after) for before, after in pairs if before != after]
    for before, after in changed:
        deltas.add_answer(before, sign=-1)
        deltas.add_answer(after)
    rows = [(row.site_id, row.desk_id, row.service_id, row.flag, row.record, row.place) for _, row in changed]
    update_rows(connection, answers, ("record", "place"), _TO, rows)


def _rows(connection: Connection, query: Prepared, kiosk: str, visits: Collection[UUID]) -> Sequence[Any]:
    return query.rows(connection, visits=list(visits), of_kiosk=kiosk) if visits else ()
