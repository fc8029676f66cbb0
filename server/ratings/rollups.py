"""Counts kept ready for pages: written in the transaction of the votes they count, rebuilt from the votes by one command."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from sqlalchemy import Integer, String, case, cast, delete, func, insert, literal, literal_column, select, text

from feedback.questionnaire import ANSWERS
from feedback.records import Mode
from server.db.bulk import insert_rows
from server.db.schema import VAGUE_MS, answers, rollup_answer, rollup_day, rollup_dimension, rollup_hour, votes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection, Select, Table

DIMENSIONS: Final = ("service", "channel", "language", "questionnaire")
_LIVE: Final = str(Mode.LIVE)
_TABLES: Final = (rollup_day, rollup_hour, rollup_dimension, rollup_answer)
_COUNTS: Final = (*ANSWERS, "repeats")
_PLACE: Final = {answer: place for place, answer in enumerate(ANSWERS)}


def _columns_of(table: Table) -> tuple[list[str], list[str]]:
    """Give a rollup's keys and its counts."""
    return [c.name for c in table.c if c.primary_key], [c.name for c in table.c if not c.primary_key]


def _added(table: Table) -> str:
    keys, counts = _columns_of(table)
    return (
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {', '.join(f'{name} = {table.name}.{name} + excluded.{name}' for name in counts)}"
    )


_COLUMNS: Final = {table: [name for names in _columns_of(table) for name in names] for table in _TABLES}
_ADDED: Final = {table: _added(table) for table in _TABLES}

Key = tuple[str | int | None, ...]


class Counted(Protocol):
    """What rollups need to know of a vote."""

    @property
    def day(self) -> str: ...  # noqa: D102 - as the columns of `votes`
    @property
    def hour(self) -> int: ...  # noqa: D102
    @property
    def weekday(self) -> int: ...  # noqa: D102
    @property
    def site_id(self) -> int: ...  # noqa: D102
    @property
    def desk_id(self) -> int: ...  # noqa: D102
    @property
    def service_id(self) -> int | None: ...  # noqa: D102
    @property
    def channel(self) -> str: ...  # noqa: D102
    @property
    def language(self) -> str: ...  # noqa: D102
    @property
    def questionnaire(self) -> str: ...  # noqa: D102
    @property
    def answer(self) -> str: ...  # noqa: D102
    @property
    def repeat(self) -> bool: ...  # noqa: D102
    @property
    def flag(self) -> str: ...  # noqa: D102
    @property
    def time_error_ms(self) -> int: ...  # noqa: D102


class CountedAnswer(Protocol):
    """What `rollup_answer` needs to know of a row of `answers`."""

    @property
    def mode(self) -> str: ...  # noqa: D102 - as the columns of `answers`
    @property
    def day(self) -> str: ...  # noqa: D102
    @property
    def site_id(self) -> int: ...  # noqa: D102
    @property
    def desk_id(self) -> int: ...  # noqa: D102
    @property
    def questionnaire(self) -> str: ...  # noqa: D102
    @property
    def question(self) -> str: ...  # noqa: D102
    @property
    def choice(self) -> str: ...  # noqa: D102
    @property
    def place(self) -> int: ...  # noqa: D102
    @property
    def first(self) -> bool: ...  # noqa: D102
    @property
    def flag(self) -> str: ...  # noqa: D102


class _Alike(NamedTuple):
    """What many votes have in common; they count in the same cells."""

    day: str
    hour: int
    weekday: int
    site_id: int
    desk_id: int
    service_id: int | None
    channel: str
    language: str
    questionnaire: str
    answer: str
    repeat: bool
    is_vague: bool  # nobody can say in which hour


_ALIKE: Final = attrgetter(*_Alike._fields[:-1])


class Deltas:
    """What a transaction changes in the rollups, gathered so that every cell is written once, in one order."""

    def __init__(self) -> None:
        self._votes: Counter[Key] = Counter()
        self._answers: dict[Key, list[int]] = {}

    def add(self, vote: Counted, *, sign: int = 1) -> None:
        """Count a vote, or with `sign=-1` take it out of where it was counted; what is flagged is never counted."""
        if not vote.flag:
            self._votes[*_ALIKE(vote), vote.time_error_ms > VAGUE_MS] += sign

    def add_answer(self, answer: CountedAnswer, *, sign: int = 1) -> None:
        """Count a row of `answers`, or take it out; what is not live or is flagged is never counted."""
        if answer.mode != _LIVE or answer.flag:
            return
        key = (answer.day, answer.site_id, answer.desk_id, answer.questionnaire, answer.question, answer.choice)
        counts = self._answers.setdefault(key, [0, 0, 0])
        is_person = answer.place == 0
        for place, count in enumerate((1, is_person, is_person and answer.first)):
            counts[place] += sign * count

    def apply(self, connection: Connection) -> None:
        """Write the changes. Cells are taken in order, so that two workers never wait for each other in a ring."""
        for table, cells in self._cells().items():
            rows = [(*key, *counts) for key, counts in sorted(cells.items()) if any(counts)]
            insert_rows(connection, table, _COLUMNS[table], rows, on_conflict=_ADDED[table])

    def _cells(self) -> dict[Table, dict[Key, list[int]]]:
        """Give the changes of every cell, by table and key."""
        cells: dict[Table, dict[Key, list[int]]] = {table: {} for table in _TABLES} | {rollup_answer: self._answers}
        for alike, number in self._votes.items():
            vote = _Alike._make(alike)
            for table, key in _cells_of(vote):
                counts = cells[table].setdefault(key, [0] * len(_COUNTS))
                counts[_PLACE[vote.answer]] += number
                counts[-1] += number * vote.repeat
        return cells


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A cell that does not say what the votes say."""

    table: str
    key: Key
    stored: tuple[int, ...]
    counted: tuple[int, ...]


def rebuild(connection: Connection) -> None:
    """Count everything again from the votes."""
    _hold_votes(connection)
    for table in _TABLES:
        connection.execute(delete(table))
        for count in _recount(table):
            connection.execute(insert(table).from_select([column.name for column in table.c], count))


def verify(connection: Connection) -> list[Difference]:
    """Compare every cell with the votes themselves, which are held meanwhile."""
    _hold_votes(connection)
    return compare(connection)


def compare(connection: Connection) -> list[Difference]:
    """Compare every cell with the votes themselves, where the connection sees one moment."""
    differences = []
    for table in _TABLES:
        nothing = (0,) * len(_columns_of(table)[1])
        stored = _read(connection, [select(table)], table)
        counted = _read(connection, _recount(table), table)
        for key in sorted(stored.keys() | counted.keys()):
            have, want = stored.get(key, nothing), counted.get(key, nothing)
            if have != want:
                differences.append(Difference(table=table.name, key=key, stored=have, counted=want))
    return differences


def _cells_of(vote: _Alike) -> tuple[tuple[Table, Key], ...]:
    where = (vote.day, vote.site_id, vote.desk_id)
    service = "" if vote.service_id is None else str(vote.service_id)
    hour = (vote.day[:7], vote.site_id, vote.desk_id, vote.weekday, vote.hour)
    return (
        (rollup_day, where),
        *(() if vote.is_vague else ((rollup_hour, hour),)),
        (rollup_dimension, ("service", service, *where)),
        (rollup_dimension, ("channel", vote.channel, *where)),
        (rollup_dimension, ("language", vote.language, *where)),
        (rollup_dimension, ("questionnaire", vote.questionnaire, *where)),
    )


def _recount(table: Table) -> list[Select[Any]]:
    """Give the queries that count a table's cells from the votes."""
    v = votes.c
    where = [v.day, v.site_id, v.desk_id]
    if table is rollup_day:
        return [_counting(where, by=where)]
    if table is rollup_hour:
        # Written out: of two equal parameters PostgreSQL does not know that they are equal.
        keys = [literal_column("substr(votes.day, 1, 7)"), v.site_id, v.desk_id, v.weekday, v.hour]
        return [_counting(keys, by=keys).where(v.time_error_ms <= VAGUE_MS)]
    if table is rollup_answer:
        return [_counting_answers()]
    sources = {"service": v.service_id, "channel": v.channel, "language": v.language, "questionnaire": v.questionnaire}
    values = sources | {"service": func.coalesce(cast(v.service_id, String), "")}
    return [_counting([literal(name), values[name], *where], by=[sources[name], *where]) for name in DIMENSIONS]


def _counting(keys: Sequence[ColumnElement[Any]], *, by: Sequence[ColumnElement[Any]]) -> Select[Any]:
    counts = [func.sum(case((votes.c.answer == answer, 1), else_=0)) for answer in ANSWERS]
    return select(*keys, *counts, func.sum(cast(votes.c.repeat, Integer))).where(votes.c.flag == "").group_by(*by)


def _counting_answers() -> Select[Any]:
    a = answers.c
    keys = [a.day, a.site_id, a.desk_id, a.questionnaire, a.question, a.choice]
    people = func.sum(case((a.place == 0, 1), else_=0))
    firsts = func.sum(case(((a.place == 0) & a.first, 1), else_=0))
    return select(*keys, func.count(), people, firsts).where(a.mode == _LIVE, a.flag == "").group_by(*keys)


def _read(connection: Connection, selects: list[Select[Any]], table: Table) -> dict[Key, tuple[int, ...]]:
    width = len(table.primary_key)
    rows = (tuple(row) for query in selects for row in connection.execute(query))
    return {row[:width]: tuple(int(count) for count in row[width:]) for row in rows}


def _hold_votes(connection: Connection) -> None:
    """Let nothing be added meanwhile; on SQLite a transaction already sees one unchanging state."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE votes, answers IN SHARE MODE"))
