"""Takes what a queue said into the database, wholly or not at all, in the caller's transaction.

A day has one of two lives. While its key is there, a ticket is known by its token, so that a later word about it goes on where the earlier
one stopped. When the key is erased, nothing tells tickets apart any more: a day is then a sum, which a file that holds at least as many
of its tickets replaces as a whole, and a file that holds fewer leaves alone. Nothing is ever added to such a day.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from feedback.tickets import TOKEN_LIFE_H, ticket_token
from server.fleet.day_keys import gone_ms
from server.ingest.facts import TicketFacts, apply_queue_facts
from server.queue import problems as says
from server.queue import store
from server.queue.cells import Cells
from server.queue.columns import Field
from server.queue.problems import Problem
from server.queue.ticket import Contradiction, Said, join

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection

    from server.queue.reading import Place, Reading, Spoken

_LIFE_MS: Final = TOKEN_LIFE_H * 3_600_000
_AT_ONCE: Final = 5000


@dataclass(slots=True, kw_only=True)
class Taken:
    """What a word of the queue changed. `replaced` are days that are only sums by now; `kept` those of which more was known already."""

    tickets: int = 0
    added: int = 0
    changed: int = 0
    days: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


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
    """Take a reading in. What is wrong is added to `reading.problems`, and where anything is, or without `keep`, nothing is stored.

    `pushed` is a word by and by, else a file that holds whole days. `tick` is told how many tickets were looked at.
    """
    store.hold(connection, place.id)
    taking = _Taking(connection=connection, place=place, reading=reading, now_ms=now_ms, pushed=pushed, tick=tick)
    taking.look()
    if keep and not reading.problems:
        taking.store()
    return taking.taken


@dataclass(slots=True, kw_only=True)
class _Taking:
    """One transaction's work: first what would change is found, then it is stored."""

    connection: Connection
    place: Place
    reading: Reading
    now_ms: int
    pushed: bool
    tick: Callable[[int], object]
    taken: Taken = field(default_factory=Taken)
    by_day: dict[str, list[Spoken]] = field(default_factory=dict)
    keys: Mapping[str, bytes] = field(default_factory=dict)
    changed: list[tuple[str, str, Said]] = field(default_factory=list)
    sums: dict[str, list[tuple[object, ...]]] = field(default_factory=dict)
    cells: Cells = field(init=False)

    def __post_init__(self) -> None:
        self.cells = Cells(self.place.id, self.place.zone)

    def look(self) -> None:
        """Find what would change, and what contradicts what is known."""
        for word in self.reading.spoken.values():
            self.by_day.setdefault(word.day, []).append(word)
        live = [day for day in self.by_day if gone_ms(day, self.place.zone) > self.now_ms]
        self.keys = store.day_keys_for(self.connection, live)
        self.taken.tickets, self.taken.days = len(self.reading.spoken), sorted(self.by_day)
        self._refuse_days()
        self._join()
        self._add_up()

    def store(self) -> None:
        """Store what was found."""
        for first in range(0, len(self.changed), _AT_ONCE):
            store.write_tickets(self.connection, self.place.id, self.changed[first : first + _AT_ONCE])
        store.add_counts(self.connection, self.place.id, list(self.cells.rows()))
        for day, rows in self.sums.items():
            store.replace_day(self.connection, self.place.id, day, rows)
        self._mark_days()
        self._tell_votes()

    def _refuse_days(self) -> None:
        today = datetime.fromtimestamp(self.now_ms / 1000, self.place.zone).date().isoformat()
        for day, words in self.by_day.items():
            if day > today:
                self.reading.problems += [Problem(word.line, says.IN_FUTURE, {"column": Field.DAY}) for word in words]
            elif day not in self.keys and self.pushed:
                self.reading.problems += [Problem(word.line, says.TOO_OLD, {"day": day}) for word in words]

    def _join(self) -> None:
        """Put words about tickets that can be told apart together with what is stored of them."""
        words = [(ticket_token(key, self.place.key, day, word.number), word) for day, key in self.keys.items() for word in self.by_day[day]]
        stored = store.tickets_of(self.connection, self.place.id, self.keys.keys(), [token for token, _ in words])
        for token, word in words:
            before = stored.get(token)
            said = word.said if before is None else join(before, word.said)
            if isinstance(said, Contradiction):
                self.reading.problems.append(Problem(word.line, says.CONTRADICTS_STORED, {"column": said.field}))
            elif said != before:
                self.changed.append((token, word.day, said))
                self.cells.add(word.day, said)
                if before is not None:
                    self.cells.add(word.day, before, sign=-1)
                self.taken.added += before is None
                self.taken.changed += before is not None
        self.tick(len(words))

    def _add_up(self) -> None:
        """Count the days whose tickets nobody can tell apart."""
        over = {day: words for day, words in self.by_day.items() if day not in self.keys}
        known = store.days_of(self.connection, self.place.id, over.keys())
        for day, words in over.items():
            before = known[day].tickets if day in known else 0
            rows = list(Cells.of(self.place.id, self.place.zone, ((day, word.said) for word in words)).rows())
            if len(words) < before:
                self.taken.kept.append(day)
            elif rows != store.counts_of(self.connection, self.place.id, day):
                self.taken.replaced.append(day)
                self.taken.added += len(words) - before
                self.sums[day] = rows
            self.tick(len(words))

    def _mark_days(self) -> None:
        """Remember of which days how much is known, and whether that is all of the day."""
        known = store.days_of(self.connection, self.place.id, self.by_day.keys())
        counted = store.count_tickets(self.connection, self.place.id, self.keys.keys())
        rows = []
        for day, words in self.by_day.items():
            if day in self.taken.kept:
                continue
            before = known.get(day)
            is_over = not self.pushed and self.now_ms >= gone_ms(day, self.place.zone) - _LIFE_MS
            pushed, whole = self.pushed or bool(before and before.pushed), is_over or bool(before and before.whole)
            row = (self.place.id, day, counted.get(day, len(words)), pushed, whole)
            if before is None or row != tuple(before)[:5]:
                rows.append((*row, self.now_ms))
        store.write_days(self.connection, rows)

    def _tell_votes(self) -> None:
        """Give the votes that were cast with these tickets their desk, service and clerk."""
        clerks = store.clerk_ids(self.connection, {said.clerk for _, _, said in self.changed if said.clerk})
        facts = [
            TicketFacts(token, day, said.desk_id or None, said.service_id or None, clerks[said.clerk] if said.clerk else None)
            for token, day, said in self.changed
            if said.desk_id or said.service_id or said.clerk
        ]
        if facts:
            apply_queue_facts(self.connection, facts)
