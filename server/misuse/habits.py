"""What a terminal's days were like, in a few numbers each, and what its habits are by them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from feedback.hours import Span
from server.misuse.parameters import BUSY_S, KNOWN_DAYS, PEAK_HOURS, PEAK_VOTES, VAGUE_S
from server.misuse.seen import Cast, Habits, within

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping, Sequence

_HOUR_MS = 3_600_000


class Summary(NamedTuple):
    """One terminal's day: the most votes within BUSY_S, how many of the `known` votes had a ticket, and how many came in each hour."""

    busiest: int
    ticketed: int
    known: int
    hours: tuple[int, ...]


def summarise(casts: Sequence[Cast], midnight_ms: int) -> Summary:
    """Sum a day up; `casts` come in the order of their times, without those that were flagged. `midnight_ms` is when it began."""
    dated = [cast for cast in casts if cast.error_ms <= VAGUE_S * 1000]
    busiest = max((len(within(dated, cast.at_ms, cast.at_ms + round(BUSY_S * 1000))) for cast in dated), default=0)
    known = [cast.ticket for cast in casts if cast.ticket is not None]
    hours = [0] * 24
    for cast in dated:
        hours[min(max((cast.at_ms - midnight_ms) // _HOUR_MS, 0), 23)] += 1
    return Summary(busiest, sum(known), len(known), tuple(hours))


def habits_of(days: Sequence[Summary], answers: Mapping[int, Counter[str]]) -> Habits:
    """Give a terminal's habits by its days, and by what was answered about its desks."""
    return Habits(
        days=len(days),
        busiest=max((day.busiest for day in days), default=0),
        ticketed=sum(day.ticketed for day in days),
        known=sum(day.known for day in days),
        hours=[sum(day.hours[hour] for day in days) for hour in range(24)],
        answers=answers,
    )


def peaks(habits: Habits, midnight_ms: int) -> list[Span]:
    """Give the busiest hours of a day that begins at `midnight_ms`, by the terminal's habits; none where they bring few votes."""
    if habits.days < KNOWN_DAYS:
        return []
    busiest = sorted(range(24), key=lambda hour: -habits.hours[hour])[:PEAK_HOURS]
    return [
        Span(midnight_ms + hour * _HOUR_MS, midnight_ms + (hour + 1) * _HOUR_MS)
        for hour in sorted(busiest)
        if habits.hours[hour] >= PEAK_VOTES * habits.days
    ]
