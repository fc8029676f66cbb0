"""What the rules see: the votes of one terminal on one day, what is known of that day, and the terminal's own habits. Pure."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from feedback.hours import Span
from server.misuse.parameters import ALIKE, VAGUE_S

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID


class Rule(StrEnum):
    """By what something was found."""

    BURST = "burst"
    OFF_HOURS = "off_hours"
    RHYTHM = "rhythm"
    NO_TICKET = "no_ticket"
    BURYING = "burying"
    MISSING = "missing"
    BY_HAND = "by_hand"


class Cast(NamedTuple):
    """A vote: the truth about its time lies within `error_ms` of `at_ms`; `ticket` is None where that is forgotten."""

    visit: UUID
    desk_id: int
    at_ms: int
    error_ms: int
    answer: str
    ticket: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What a terminal's last weeks were like: `busiest` is the most votes within BUSY_S, `hours` its votes by hour of the day.

    `ticketed` of `known` votes had a ticket; `answers` are the counts by desk and answer.
    """

    days: int = 0
    busiest: int = 0
    ticketed: int = 0
    known: int = 0
    hours: Sequence[int] = (0,) * 24
    answers: Mapping[int, Counter[str]] = field(default_factory=dict)

    def share(self, desk_id: int, answers: Sequence[str]) -> float:
        """Give the share of these answers at a desk, 0.9 where too little is known: most visitors are content."""
        counts = self.answers.get(desk_id, Counter())
        return sum(counts[answer] for answer in answers) / counts.total() if counts.total() >= 50 else 0.9  # noqa: PLR2004


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One terminal's day, its votes in the order of their times.

    `open` is None on a day without opening, and where no hours are known the whole day; `missing` are the times in which the terminal did
    not work and another of its site did; `unread` those in which its scanner was out of order.
    """

    casts: Sequence[Cast]
    habits: Habits
    open: Span | None
    missing: Sequence[Span] = ()
    unread: Sequence[Span] = ()
    peak: Sequence[Span] = ()

    def dated(self) -> list[Cast]:
        """Give the votes whose times are good enough to be judged by."""
        return [cast for cast in self.casts if cast.error_ms <= VAGUE_S * 1000]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Something that a rule has found. `facts` are the numbers in its words; without votes it is only worth a look."""

    rule: Rule
    casts: Sequence[Cast]
    span: Span
    facts: Mapping[str, float]


def found(rule: Rule, casts: Sequence[Cast], **facts: float) -> Found:
    """Make a finding about votes that come in the order of their times."""
    return Found(rule=rule, casts=casts, span=Span(casts[0].at_ms, casts[-1].at_ms), facts={"votes": len(casts), **facts})


def seconds(casts: Sequence[Cast]) -> float:
    """Give the time from the first of these votes to the last."""
    return (casts[-1].at_ms - casts[0].at_ms) / 1000


def within(casts: Sequence[Cast], from_ms: int, until_ms: int) -> Sequence[Cast]:
    """Give the votes of a time, both ends included."""
    first = bisect_left(casts, from_ms, key=attrgetter("at_ms"))
    return casts[first : bisect_right(casts, until_ms, lo=first, key=attrgetter("at_ms"))]


def alike(casts: Sequence[Cast], least: float = ALIKE) -> list[Cast]:
    """Give those with the commonest answer, where they are nearly all of them, else none."""
    answer, count = Counter(cast.answer for cast in casts).most_common(1)[0]
    return [cast for cast in casts if cast.answer == answer] if count >= least * len(casts) else []


def binomial_tail(count: int, least: int, share: float) -> float:
    """Give how likely `least` or more of `count` are of a kind that has this share."""
    if share >= 1:
        return 1.0
    logs = math.log(share), math.log1p(-share)
    return min(1.0, sum(math.comb(count, k) * math.exp(k * logs[0] + (count - k) * logs[1]) for k in range(least, count + 1)))


def poisson_tail(least: int, mean: float) -> float:
    """Give how likely `least` or more come where `mean` are expected (Poisson)."""
    below = sum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(least)) if mean > 0 else float(least > 0)
    return max(0.0, 1 - below)
