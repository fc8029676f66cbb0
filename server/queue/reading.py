"""From written words to tickets: one word at a time, and a whole export. Pure."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from feedback.tickets import normal_number
from server.ingest.times import FUTURE_MS
from server.queue import problems as says
from server.queue.columns import MOMENTS, Field, names_visitors
from server.queue.moments import NeverWasError, NotAMomentError, day_and_hour, quarter_of, read_day, read_moment
from server.queue.names import Names, clerk_key
from server.queue.problems import Problem
from server.queue.ticket import Contradiction, Said, join, out_of_order, state_by_times, state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date
    from zoneinfo import ZoneInfo

    from server.queue.written import Table

MAX_NUMBER: Final = 64
TICK: Final = 500
"""After so many rows a reading says how far it is."""
_MAX_CLERK: Final = 100
_NO_NAME: Final = re.compile(r"@|\d{5}")
_MANY_TICKETS: Final = 50
_MANY_PEOPLE: Final = 0.3
"""More clerks than this share of the tickets are no clerks."""
_SHOWN: Final = 40


class Place(NamedTuple):
    """The site whose queue speaks, and what its queue calls desks and services."""

    id: int
    key: str
    zone: ZoneInfo
    desks: Names
    services: Names


class Spoken(NamedTuple):
    """One word about a ticket: where it was said, the ticket's day (ISO) and number (as tokens are made from it), and what."""

    line: int
    day: str
    number: str
    said: Said


class _WrongError(ValueError):
    def __init__(self, sentence: str, **values: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.values = values


@dataclass(slots=True)
class Reading:
    """Everything that an export or a push said, one word a ticket; what is wrong with it; and services that nobody knows."""

    spoken: dict[tuple[str, str], Spoken] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    services: Counter[str] = field(default_factory=Counter)
    rows: int = 0

    def add(self, word: Spoken) -> None:
        """Take a word about a ticket; one that contradicts an earlier one is a problem."""
        key = (word.day, word.number)
        before = self.spoken.get(key)
        if before is None:
            self.spoken[key] = word
            return
        joined = join(before.said, word.said)
        if isinstance(joined, Contradiction):
            self.problems.append(Problem(word.line, says.CONTRADICTS, {"column": joined.field, "line": str(before.line)}))
        else:
            self.spoken[key] = before._replace(said=joined)


def read_export(table: Table, columns: Mapping[Field, str], place: Place, now_ms: int, tick: Callable[[int], object]) -> Reading:
    """Read every row of an export by the columns that say something; all others are never looked at."""
    wanted = [(what, table.header.index(name)) for what, name in columns.items()]
    width = len(table.header)
    reading = Reading()
    clerks: set[str] = set()
    for number, (line, cells) in enumerate(table.rows, 1):
        if len(cells) > width and any(cells[width:]):
            reading.problems.append(Problem(line, says.MORE_CELLS))
            continue
        values = {what: cells[at] for what, at in wanted if at < len(cells) and cells[at]}
        try:
            reading.add(read_word(line, values, place, now_ms, columns))
        except _WrongError as error:
            reading.problems.append(Problem(line, error.sentence, error.values))
        if Field.CLERK in values:
            clerks.add(values[Field.CLERK])
        _count_service(reading, values, place)
        if number % TICK == 0:
            tick(TICK)
    tick(len(table.rows) % TICK)
    reading.rows = len(table.rows)
    if reading.rows >= _MANY_TICKETS and len(clerks) > reading.rows * _MANY_PEOPLE:
        values_ = {"column": columns[Field.CLERK], "people": str(len(clerks)), "tickets": str(reading.rows)}
        reading.problems.insert(0, Problem(table.rows[0].line, says.VISITORS_NOT_CLERKS, values_))
    return reading


def read_words(words: list[Mapping[Field, str]], place: Place, now_ms: int) -> Reading:
    """Read words that were pushed; the line of each is its place in the list, from 0."""
    reading = Reading(rows=len(words))
    for number, values in enumerate(words):
        try:
            reading.add(read_word(number, values, place, now_ms, {}))
        except _WrongError as error:
            reading.problems.append(Problem(number, error.sentence, error.values))
        _count_service(reading, values, place)
    return reading


def read_word(line: int, values: Mapping[Field, str], place: Place, now_ms: int, columns: Mapping[Field, str]) -> Spoken:
    """Read one word about a ticket.

    Raises:
        ValueError: with the sentence of a problem.
    """
    number = _number(values)
    day = _day(values, columns)
    times = _times(values, day, place.zone, now_ms, columns)
    first = next((at for at in times if at is not None), None)
    if day is None and first is None:
        raise _WrongError(says.NO_DAY)
    there = day_and_hour(quarter_of(first), place.zone)[0] if first is not None else ""
    if day is not None and first is not None and there != day.isoformat():
        first_field = next(what for what, at in zip(MOMENTS, times, strict=True) if at is not None)
        raise _WrongError(says.OTHER_DAY, column=columns.get(first_field, first_field))
    said = Said(_desk(values, place), _service(values, place), _clerk(values, columns), *times)
    said = said._replace(state=str(_state(values, said, columns)))
    wrong = out_of_order(said)
    if wrong is not None:
        earlier, later, is_long = wrong
        names = {"earlier": columns.get(earlier, earlier), "later": columns.get(later, later)}
        raise _WrongError(says.TOO_LONG if is_long else says.OUT_OF_ORDER, **names)
    return Spoken(line, day.isoformat() if day is not None else there, number, said)


def without_visitors(table: Table) -> Table:
    """Give a table in which columns that name visitors hold nothing."""
    places = [place for place, name in enumerate(table.header) if names_visitors(name)]
    for row in table.rows:
        for place in places:
            if place < len(row.cells):
                row.cells[place] = ""
    return table


def dropped(header: tuple[str, ...], columns: Mapping[Field, str]) -> tuple[list[str], list[str]]:
    """Give the columns that are not read: those that name visitors, and the others."""
    unread = [name for name in header if name not in columns.values()]
    return [name for name in unread if names_visitors(name)], [name for name in unread if not names_visitors(name)]


def _number(values: Mapping[Field, str]) -> str:
    written = values.get(Field.NUMBER)
    if not written:
        raise _WrongError(says.NO_NUMBER)
    number = normal_number(written)
    if not number or len(written) > MAX_NUMBER:
        raise _WrongError(says.LONG_NUMBER)
    return number


def _day(values: Mapping[Field, str], columns: Mapping[Field, str]) -> date | None:
    written = values.get(Field.DAY)
    if not written:
        return None
    try:
        return read_day(written)
    except NotAMomentError:
        raise _WrongError(says.BAD_DAY, column=columns.get(Field.DAY, Field.DAY)) from None


def _times(
    values: Mapping[Field, str], day: date | None, zone: ZoneInfo, now_ms: int, columns: Mapping[Field, str]
) -> tuple[int | None, int | None, int | None, int | None]:
    times: list[int | None] = []
    before: int | None = None
    for what in MOMENTS:
        written = values.get(what)
        at = None
        if written:
            try:
                at = read_moment(written, zone, day=day, not_before_ms=before)
            except NeverWasError:
                raise _WrongError(says.NO_SUCH_HOUR, column=columns.get(what, what)) from None
            except NotAMomentError:
                raise _WrongError(says.BAD_MOMENT, column=columns.get(what, what)) from None
            if at > now_ms + FUTURE_MS:
                raise _WrongError(says.IN_FUTURE, column=columns.get(what, what))
            before = at
        times.append(at)
    return times[0], times[1], times[2], times[3]


def _desk(values: Mapping[Field, str], place: Place) -> int:
    written = values.get(Field.DESK)
    if not written:
        return 0
    desk = place.desks.find(written)
    if desk is None:
        raise _WrongError(says.UNKNOWN_DESK, desk=written[:_SHOWN])
    return desk


def _service(values: Mapping[Field, str], place: Place) -> int:
    written = values.get(Field.SERVICE)
    return (place.services.find(written) or 0) if written else 0


def _count_service(reading: Reading, values: Mapping[Field, str], place: Place) -> None:
    written = values.get(Field.SERVICE)
    if written and place.services.find(written) is None:
        reading.services[written[:_MAX_CLERK]] += 1


def _clerk(values: Mapping[Field, str], columns: Mapping[Field, str]) -> str | None:
    written = values.get(Field.CLERK)
    if not written:
        return None
    if _NO_NAME.search(written) or len(written) > _MAX_CLERK:
        raise _WrongError(says.NOT_A_CLERK, column=columns.get(Field.CLERK, Field.CLERK))
    return clerk_key(written)


def _state(values: Mapping[Field, str], said: Said, columns: Mapping[Field, str]) -> str:
    written = values.get(Field.STATE)
    if not written:
        return state_by_times(said)
    state = state_of(written)
    if state is None:
        raise _WrongError(says.UNKNOWN_STATE, column=columns.get(Field.STATE, Field.STATE), state=written[:_SHOWN])
    return state
