"""Rules about pace: bursts that are too fast for different people, and rhythms that no crowd keeps. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.misuse.parameters import (
    BUSY_S,
    BUSY_TIMES,
    BUSY_VOTES,
    CHANCE,
    KNOWN_DAYS,
    PACE_S,
    PACE_VOTES,
    QUICK_S,
    QUICK_VOTES,
    RHYTHM_OFF_S,
    RHYTHM_OFF_SHARE,
    RHYTHM_S,
    RHYTHM_STARTS,
    RHYTHM_VOTES,
)
from server.misuse.seen import Rule, alike, binomial_tail, found, seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from server.misuse.seen import Cast, Day, Found

_LOOSE_S: Final = 3 * PACE_S
"""A pause that ends a burst, however fast it was before."""


def bursts(day: Day) -> list[Found]:
    """Find many votes in little time, beyond what a visit's length and the terminal's own history allow."""
    casts, habits = day.dated(), day.habits
    usual = max(BUSY_VOTES, habits.busiest) if habits.days >= KNOWN_DAYS else float("inf")
    most = max(usual, BUSY_TIMES * habits.busiest)

    def is_rare(some: Sequence[Cast], same: Sequence[Cast]) -> bool:
        share = max(habits.share(cast.desk_id, (cast.answer,)) for cast in same)
        return len(casts) * binomial_tail(len(some), len(same), share) <= CHANCE

    def is_burst(some: Sequence[Cast]) -> bool:
        return (
            (len(some) >= PACE_VOTES and seconds(some) <= PACE_S * (len(some) - 1) and bool(alike(some)))
            or (len(some) >= QUICK_VOTES and all(seconds(some[n : n + 2]) <= QUICK_S for n in range(len(some) - 1)))
            or (len(some) >= usual and seconds(some) <= BUSY_S and bool(same := alike(some)) and (len(some) >= most or is_rare(some, same)))
        )

    runs = _runs(casts, is_burst)
    return [
        found(Rule.BURST, alike(run) or run, seconds=round(seconds(run)), pace=round(PACE_S + 0.5), busiest=habits.busiest) for run in runs
    ]


def rhythms(day: Day) -> list[Found]:
    """Find votes that come so regularly as no crowd does, whatever comes in between."""
    casts = day.dated()
    taken: set[Cast] = set()
    results = []
    for some in (casts, *([cast for cast in casts if cast.answer == answer] for answer in sorted({cast.answer for cast in casts}))):
        for beats in _beats(some):
            if not taken.intersection(beats):
                taken.update(beats)
                results.append(found(Rule.RHYTHM, beats, beat=round(seconds(beats) / (len(beats) - 1))))
    return results


def _runs(casts: Sequence[Cast], is_one: Callable[[Sequence[Cast]], bool]) -> Iterator[list[Cast]]:
    """Give the longest stretches of votes that are covered by ones of which `is_one` holds."""
    marked = [False] * len(casts)
    for first in range(len(casts)):
        last, reach = -1, first
        while reach + 1 < len(casts) and _goes_on(casts, first, reach):
            reach += 1
            if reach - first + 1 >= QUICK_VOTES and is_one(casts[first : reach + 1]):
                last = reach
        for place in range(first, last + 1):
            marked[place] = True
    run: list[Cast] = []
    for cast, is_marked in zip(casts, marked, strict=True):
        if is_marked:
            run.append(cast)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _goes_on(casts: Sequence[Cast], first: int, reach: int) -> bool:
    """Tell whether the next vote may still belong to a stretch."""
    return seconds((casts[reach], casts[reach + 1])) <= _LOOSE_S or seconds((casts[first], casts[reach + 1])) <= BUSY_S


def _beats(casts: Sequence[Cast]) -> Iterator[list[Cast]]:
    """Give rhythms, the longest from each vote on, none beginning within another."""
    first = 0
    while first < len(casts):
        starts = range(first + 1, min(first + 1 + RHYTHM_STARTS, len(casts)))
        longest = max((_follow(casts, first, second) for second in starts), key=len, default=[])
        if _is_rhythm(casts, longest):
            yield [casts[place] for place in longest]
            first = longest[-1]
        first += 1


def _follow(casts: Sequence[Cast], first: int, second: int) -> list[int]:
    """Give the places of the votes on the beat that two of them set."""
    beat = seconds((casts[first], casts[second]))
    if not RHYTHM_S[0] <= beat <= RHYTHM_S[1]:
        return []
    places, place = [first, second], second
    while True:
        due_s = seconds((casts[first], casts[places[-1]])) + beat
        off = RHYTHM_OFF_S + RHYTHM_OFF_SHARE * beat
        best, best_off = -1, off
        while place + 1 < len(casts) and seconds((casts[first], casts[place + 1])) <= due_s + off:
            place += 1
            missed = abs(seconds((casts[first], casts[place])) - due_s)
            if missed <= best_off:
                best, best_off = place, missed
        if best < 0:
            return places
        places.append(best)
        place, beat = best, seconds((casts[first], casts[best])) / (len(places) - 1)


def _is_rhythm(casts: Sequence[Cast], places: Sequence[int]) -> bool:
    """Tell whether so many votes on one beat hardly come about by chance, at the pace of the votes around them.

    The first two set the beat; each further one is there by chance as often as votes fall within what it may be off.
    """
    if len(places) < RHYTHM_VOTES:
        return False
    span_s = seconds((casts[places[0]], casts[places[-1]]))
    beat = span_s / (len(places) - 1)
    rate = (places[-1] - places[0]) / span_s
    chance = min(1.0, rate * 2 * (RHYTHM_OFF_S + RHYTHM_OFF_SHARE * beat))
    return RHYTHM_STARTS * len(casts) * chance ** (len(places) - 2) <= CHANCE
