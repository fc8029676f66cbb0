"""Takes what a queue said into the database, wholly or not at all, in the caller's transaction.

A day has one of two lives. While its key is there, a ticket is known by its token, so that a later word about it goes on where the earlier
one stopped. When the key is erased, nothing tells tickets apart any more: a day is then a sum, which a file that holds at least as many
of its tickets replaces as a whole, and a file that holds fewer leaves alone. Nothing is ever added to such a day.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from feedback.tickets import ticket_token
from server.fleet.day_keys import day_keys_of, gone_ms
from server.ingest.facts import TicketFacts, apply_queue_facts
from server.queue import problems as says
from server.queue import store
from server.queue.cells import Cells
from server.queue.columns import Field
from server.queue.problems import Problem
from server.queue.reading import TICK
from server.queue.ticket import Contradiction, Said, join

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sqlalchemy import Connection

    from server.queue.reading import Place, Reading, Spoken

_DAY_MS: Final = 86_400_000


@dataclass(slots=True, kw_only=True)
class Taken:
    """What a word of the queue changed. `replaced` are days that are only sums by now; `kept` those of which more was known already."""

    tickets: int = 0
    added: int = 0
    changed: int = 0
    days: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Named:
    """The tickets that can still be told apart, and what the word changes of them."""

    cells: Cells
    changed: list[tuple[str, str, Said]] = field(default_factory=list)
    new: dict[str, int] = field(default_factory=dict)


def take(  # noqa: PLR0913 - one of each
    connection: Connection,
    place: Place,
    reading: Reading,
    *,
    now_ms: int,
    pushed: bool,
    keep: bool = True,
    tick: Callable[[int], object] = lambda _: None,
) -> Taken:
    """Take a reading in. What is wrong is added to `reading.problems`, and where anything is, or without `keep`, nothing is stored."""
    store.hold(connection, place.id)
    keys = day_keys_of(connection)
    by_day: dict[str, list[Spoken]] = {}
    for word in reading.spoken.values():
        by_day.setdefault(word.day, []).append(word)
    _refuse_days(by_day, keys, place, reading, now_ms=now_ms, pushed=pushed)
    named = _join(connection, place, reading, {day: words for day, words in by_day.items() if day in keys}, keys, tick)
    taken = Taken(tickets=len(reading.spoken), days=sorted(by_day))
    taken.added = sum(named.new.values())
    taken.changed = len(named.changed) - taken.added
    sums = _sums(connection, place, {day: words for day, words in by_day.items() if day not in keys}, taken, tick)
    if keep and not reading.problems:
        _store(connection, place, named, sums)
        _mark_days(connection, place, by_day, taken, keys.keys(), now_ms=now_ms, pushed=pushed)
        _tell_votes(connection, named)
    return taken


def _refuse_days(
    by_day: Mapping[str, list[Spoken]], keys: Mapping[str, bytes], place: Place, reading: Reading, *, now_ms: int, pushed: bool
) -> None:
    today = datetime.fromtimestamp(now_ms / 1000, place.zone).date().isoformat()
    for day, words in by_day.items():
        if day > today:
            reading.problems += [Problem(word.line, says.IN_FUTURE, {"column": Field.DAY}) for word in words]
        elif day not in keys and pushed:
            reading.problems += [Problem(word.line, says.TOO_OLD, {"day": day}) for word in words]


def _join(  # noqa: PLR0913, PLR0917 - one of each
    connection: Connection,
    place: Place,
    reading: Reading,
    by_day: Mapping[str, list[Spoken]],
    keys: Mapping[str, bytes],
    tick: Callable[[int], object],
) -> _Named:
    named = _Named(Cells(place.id, place.zone))
    tokens = [(ticket_token(keys[day], place.key, day, word.number), word) for day, words in by_day.items() for word in words]
    stored = store.tickets_of(connection, place.id, by_day.keys(), [token for token, _ in tokens])
    for token, word in tokens:
        before = stored.get(token)
        said = word.said if before is None else join(before, word.said)
        if isinstance(said, Contradiction):
            reading.problems.append(Problem(word.line, says.CONTRADICTS_STORED, {"column": said.field}))
        elif said != before:
            named.changed.append((token, word.day, said))
            named.cells.add(word.day, said)
            if before is None:
                named.new[word.day] = named.new.get(word.day, 0) + 1
            else:
                named.cells.add(word.day, before, sign=-1)
    tick(len(tokens))
    return named


def _sums(
    connection: Connection, place: Place, by_day: Mapping[str, list[Spoken]], taken: Taken, tick: Callable[[int], object]
) -> dict[str, list[tuple[object, ...]]]:
    """Give the counts of days whose tickets nobody can tell apart, where they are to be replaced."""
    known = store.days_of(connection, place.id, by_day.keys())
    sums = {}
    for day, words in by_day.items():
        before = known[day].tickets if day in known else 0
        rows = list(Cells.of(place.id, place.zone, ((day, word.said) for word in words)).rows())
        if len(words) < before:
            taken.kept.append(day)
        elif rows != store.counts_of(connection, place.id, day):
            taken.replaced.append(day)
            taken.added += len(words) - before
            sums[day] = rows
        tick(len(words))
    return sums


def _store(connection: Connection, place: Place, named: _Named, sums: Mapping[str, list[tuple[object, ...]]]) -> None:
    for first in range(0, len(named.changed), TICK * 10):
        store.write_tickets(connection, place.id, named.changed[first : first + TICK * 10])
    store.add_counts(connection, place.id, list(named.cells.rows()))
    for day, rows in sums.items():
        store.replace_day(connection, place.id, day, rows)


def _mark_days(  # noqa: PLR0913 - one of each
    connection: Connection,
    place: Place,
    by_day: Mapping[str, list[Spoken]],
    taken: Taken,
    keyed: Iterable[str],
    *,
    now_ms: int,
    pushed: bool,
) -> None:
    known = store.days_of(connection, place.id, by_day.keys())
    counted = store.count_tickets(connection, place.id, [day for day in by_day if day in keyed])
    rows = []
    for day, words in by_day.items():
        before = known.get(day)
        if day in taken.kept:
            continue
        tickets = counted.get(day, len(words)) if day in keyed else len(words)
        is_over = not pushed and now_ms >= _over_ms(day, place)
        row = (place.id, day, tickets, pushed or bool(before and before.pushed), is_over or bool(before and before.whole))
        if before is None or row != tuple(before)[:5]:
            rows.append((*row, now_ms))
    store.write_days(connection, rows)


def _over_ms(day: str, place: Place) -> int:
    """Give when a day is over: 72 hours before nothing may name its tickets."""
    return gone_ms(day, place.zone) - 3 * _DAY_MS


def _tell_votes(connection: Connection, named: _Named) -> None:
    """Give the votes that were cast with these tickets their desk, service and clerk."""
    clerks = store.clerk_ids(connection, {said.clerk for _, _, said in named.changed if said.clerk})
    facts = [
        TicketFacts(token, day, said.desk_id or None, said.service_id or None, clerks[said.clerk] if said.clerk else None)
        for token, day, said in named.changed
        if said.desk_id or said.service_id or said.clerk
    ]
    if facts:
        apply_queue_facts(connection, facts)
