"""Rules about what comes in a row: votes without tickets where they usually have one, and good votes right after a bad one. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.misuse.parameters import (
    BURY_AROUND_S,
    BURY_GAP_S,
    BURY_VOTES,
    BURY_WITHIN_S,
    CHANCE,
    NO_TICKET_ALIKE,
    NO_TICKET_AROUND,
    NO_TICKET_AROUND_S,
    NO_TICKET_S,
    NO_TICKET_VOTES,
    TICKETED,
    TICKETED_VOTES,
)
from server.misuse.seen import Rule, alike, binomial_tail, found, poisson_tail, seconds, within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.misuse.seen import Cast, Day, Found, Habits

_BAD: Final = ("terrible", "poor")
_GOOD: Final = ("excellent", "good")
_MISSED: Final = 0.02
"""However many of the votes had a ticket, now and then one has none."""


def without_tickets(day: Day) -> list[Found]:
    """Find runs of alike votes without tickets at a terminal whose votes usually have one."""
    habits = day.habits
    if habits.known < TICKETED_VOTES or habits.ticketed < TICKETED * habits.known:
        return []
    read = [cast for cast in day.dated() if not any(span.from_ms <= cast.at_ms <= span.until_ms for span in day.unread)]
    lacking = [place for place, cast in enumerate(read) if cast.ticket is False]
    results, done = [], -1
    for start, first in enumerate(lacking):
        near = [last for last in lacking[start + NO_TICKET_VOTES - 1 :] if seconds((read[first], read[last])) <= NO_TICKET_S]
        if first <= done or not near:
            continue
        last = next((last for last in reversed(near) if _is_unticketed(read, first, last, day.habits)), -1)
        if last > first:
            done = last
            run = alike([cast for cast in read[first : last + 1] if cast.ticket is False], NO_TICKET_ALIKE)
            usual = round(100 * habits.ticketed / habits.known)
            results.append(found(Rule.NO_TICKET, run, seconds=round(seconds(run)), usual=usual))
    return results


def _is_unticketed(casts: Sequence[Cast], first: int, last: int, habits: Habits) -> bool:
    """Tell whether alike votes without tickets hardly come together by chance from one vote to another, and not around them as well."""
    inside = casts[first : last + 1]
    lacking = [cast for cast in inside if cast.ticket is False]
    same = alike(lacking, NO_TICKET_ALIKE)
    if not same:
        return False
    share = max(habits.share(cast.desk_id, (cast.answer,)) for cast in same)
    missed = max(1 - habits.ticketed / habits.known, _MISSED)
    if len(casts) * binomial_tail(len(inside), len(same), missed * share) > CHANCE:
        return False
    return not any(_is_around(casts, inside, len(lacking), round(around_s * 1000)) for around_s in NO_TICKET_AROUND_S)


def _is_around(casts: Sequence[Cast], inside: Sequence[Cast], lacking: int, around_ms: int) -> bool:
    """Tell whether tickets are missing before and after as well: then the scanner does not read, or a school class is there."""
    around = [cast.ticket for cast in within(casts, inside[0].at_ms - around_ms, inside[-1].at_ms + around_ms)]
    others, theirs = len(around) - len(inside), around.count(False) - lacking
    return theirs >= NO_TICKET_AROUND and 2 * theirs > others


def buryings(day: Day) -> list[Found]:
    """Find runs of good votes that follow a bad one about the same desk sooner than the terminal's pace explains."""
    results = []
    casts = day.dated()
    for desk_id in sorted({cast.desk_id for cast in casts}):
        some = [cast for cast in casts if cast.desk_id == desk_id]
        for place, bad in enumerate(some):
            if bad.answer in _BAD:
                run = _good_after(some, place)
                if len(run) >= BURY_VOTES and _is_sudden(some, bad, run, day.habits.share(desk_id, _GOOD)):
                    results.append(found(Rule.BURYING, run, seconds=round(seconds((bad, run[-1])))))
    return results


def _good_after(casts: Sequence[Cast], bad: int) -> list[Cast]:
    run: list[Cast] = []
    for before, cast in zip(casts[bad:], casts[bad + 1 :], strict=False):
        soon = seconds((before, cast)) <= BURY_GAP_S * (1 if run else 2) and seconds((casts[bad], cast)) <= BURY_WITHIN_S
        if not soon or cast.answer not in _GOOD:
            break
        run.append(cast)
    return run


def _is_sudden(casts: Sequence[Cast], bad: Cast, run: Sequence[Cast], good: float) -> bool:
    """Tell whether so many good votes hardly follow by chance, at the pace around them; a crowd was there before the bad vote, too."""
    last_ms, lasted_s = run[-1].at_ms, max(seconds((bad, run[-1])), 1.0)
    before = within(casts, bad.at_ms - round(max(lasted_s, 60.0) * 1000), bad.at_ms - 1)
    if len(before) > 1:
        return False
    around_ms = round(BURY_AROUND_S * 1000)
    around = len(within(casts, bad.at_ms - around_ms, last_ms + around_ms)) - len(run)
    expected = around / (2 * BURY_AROUND_S) * lasted_s
    return poisson_tail(len(run), expected) * good ** len(run) <= CHANCE
