"""Synthetic traffic of one terminal with known truth: visitors as they are, and people who misuse it. The same seed gives the same votes.

Visitors come in rushes, with families, school classes and impatient hands; some days were delivered late, on some the clock was wrong.
Nothing in here knows the rules.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

from feedback.hours import Span
from server.misuse.seen import Cast

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

HOUR_S: Final = 3600.0
OPENS_S, CLOSES_S = 9 * HOUR_S, 18 * HOUR_S
MIDNIGHT_MS: Final = 1_760_000_400_000 // 86_400_000 * 86_400_000
STRENGTHS: Final = ("weak", "medium", "strong")
ANSWERS: Final = ("excellent", "good", "acceptable", "poor", "terrible")
_RUSH: Final = (0.8, 1.5, 1.9, 1.1, 0.7, 0.9, 1.2, 0.8, 0.5)
_CHILDREN: Final = (0.60, 0.24, 0.07, 0.03, 0.06)
_DESKS: Final = 6


class Made(NamedTuple):
    """A vote and what it really is: a situation of normal traffic, or a kind of misuse."""

    cast: Cast
    truth: str
    is_misuse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """Where votes are cast: `votes` a day, at one desk or at the exit, with tickets in that share of visits (0 without a scanner)."""

    votes: float
    is_exit: bool
    ticketed: float
    mood: tuple[float, ...]

    @classmethod
    def any(cls, chance: random.Random) -> Terminal:
        """Give one as they stand in centres."""
        is_exit = chance.random() < 0.5  # noqa: PLR2004 - half of them
        content = chance.uniform(0.55, 0.75)
        good, bad = chance.uniform(0.6, 0.8), chance.uniform(0.15, 0.4)
        rest = 1 - content
        mood = (content, rest * good, rest * (1 - good) * (1 - bad), rest * (1 - good) * bad / 2, rest * (1 - good) * bad / 2)
        ticketed = chance.choice((0.0, chance.uniform(0.84, 0.97)))
        return cls(votes=chance.uniform(120, 350) if is_exit else chance.uniform(30, 80), is_exit=is_exit, ticketed=ticketed, mood=mood)


@dataclass(slots=True)
class Traffic:
    """One day as it grows: votes as second of the day, what they say, and what they are."""

    terminal: Terminal
    chance: random.Random
    made: list[tuple[float, Made]] = field(default_factory=list)
    unread: list[Span] = field(default_factory=list)
    missing: list[Span] = field(default_factory=list)

    def add(  # noqa: PLR0913 - a vote has many sides
        self, at_s: float, answer: str, truth: str, *, ticket: bool = False, desk: int | None = None, misuse: bool = False
    ) -> None:
        """Have somebody vote."""
        desk_id = 1 if not self.terminal.is_exit else desk or self.chance.randint(1, _DESKS)
        visit = UUID(int=self.chance.getrandbits(128))
        has_ticket = None if not self.terminal.ticketed else ticket
        self.made.append((at_s, Made(Cast(visit, desk_id, MIDNIGHT_MS + round(at_s * 1000), 5_000, answer, has_ticket), truth, misuse)))

    def answer(self) -> str:
        """Give what some visitor says."""
        return self.chance.choices(ANSWERS, self.terminal.mood)[0]

    def ticket(self) -> bool:
        """Tell whether some visitor scans a ticket."""
        return self.chance.random() < self.terminal.ticketed

    def votes(self) -> list[Made]:
        """Give all votes, in the order of their times."""
        return sorted((made for _, made in self.made), key=lambda made: (made.cast.at_ms, made.cast.visit))


def normal_day(terminal: Terminal, chance: random.Random) -> Traffic:
    """Give a day without misuse."""
    day = Traffic(terminal, chance)
    _visitors(day)
    if terminal.is_exit and chance.random() < 0.12:  # noqa: PLR2004 - a class every other week
        _school_class(day)
    if terminal.ticketed:
        _scanner(day)
    _delivery(day)
    return day


def _visitors(day: Traffic) -> None:
    chance = day.chance
    at_s = OPENS_S - chance.expovariate(1 / 300)
    while True:
        hour = min(max(int((at_s - OPENS_S) // HOUR_S), 0), len(_RUSH) - 1)
        at_s += max(6.0, chance.expovariate(day.terminal.votes * _RUSH[hour] / sum(_RUSH) / HOUR_S))
        if at_s > CLOSES_S + chance.uniform(0, 1500):
            return
        day.add(at_s, day.answer(), "visitor", ticket=day.ticket())
        kind = chance.random()
        if kind < 0.05:  # noqa: PLR2004 - a family, with one ticket for all
            for _ in range(chance.randint(1, 4)):
                at_s += max(4.8, chance.lognormvariate(2.2, 0.4))
                day.add(at_s, day.answer(), "family")
        elif kind < 0.08:  # noqa: PLR2004 - somebody who presses again, because nothing seemed to happen
            answer = day.made[-1][1].cast.answer
            for _ in range(chance.randint(1, 2)):
                at_s += chance.uniform(4.3, 7.0)
                day.add(at_s, answer, "impatient")


def _school_class(day: Traffic) -> None:
    at_s = OPENS_S + day.chance.uniform(0.5, 6) * HOUR_S
    for _ in range(day.chance.randint(12, 28)):
        at_s += max(4.6, day.chance.lognormvariate(2.2, 0.4))
        day.add(at_s, day.chance.choices(ANSWERS, _CHILDREN)[0], "school class")


def _scanner(day: Traffic) -> None:
    """Let the scanner be out of order now and then: noticed by the terminal, or only by those whose tickets it does not read."""
    if day.chance.random() > 0.06:  # noqa: PLR2004
        return
    begins, lasts = OPENS_S + day.chance.uniform(0, 7) * HOUR_S, day.chance.uniform(1.2, 4) * HOUR_S
    span = Span(MIDNIGHT_MS + round(begins * 1000), MIDNIGHT_MS + round((begins + lasts) * 1000))
    if day.chance.random() < 0.5:  # noqa: PLR2004
        day.unread.append(span)
    day.made = [
        (at, made._replace(cast=made.cast._replace(ticket=False))) if span.from_ms <= made.cast.at_ms <= span.until_ms else (at, made)
        for at, made in day.made
    ]


def _delivery(day: Traffic) -> None:
    """Let what was cast be delivered late, so that it was dated by its boot, or by a terminal that did not know the time."""
    kind = day.chance.random()
    if kind < 0.1:  # noqa: PLR2004 - a backlog after a reconnect: its times have errors, and are its own
        error_ms, off_ms, truth = day.chance.randint(6_000, 90_000), 0.0, "backlog"
    elif kind < 0.15:  # noqa: PLR2004 - a clock that was wrong: the votes lie within their errors, in a heap or hours away
        error_ms = day.chance.randint(600_000, 20_000_000)
        off_ms, truth = day.chance.uniform(-error_ms, error_ms), "wrong clock"
    else:
        return
    squeezed = day.chance.random() if truth == "wrong clock" else 1.0
    begins = min(at for at, _ in day.made)
    day.made = [
        (
            at,
            made._replace(cast=made.cast._replace(at_ms=_moved(made.cast.at_ms, begins, squeezed, off_ms), error_ms=error_ms), truth=truth),
        )
        for at, made in day.made
    ]


def _moved(at_ms: int, begins_s: float, squeezed: float, off_ms: float) -> int:
    from_ms = MIDNIGHT_MS + begins_s * 1000
    return round(from_ms + (at_ms - from_ms) * squeezed + off_ms)


# --- misuse: each puts its votes into a day, at a strength of 0, 1 or 2 ----------------------------------------------------


def burst(day: Traffic, strength: int) -> None:
    """Somebody stands at the terminal and presses the same face as fast as it takes it."""
    count, slowest = ((10, 8.0), (20, 6.5), (50, 5.6))[strength]
    _press(day, "burst", _gaps(day.chance, count, 4.3, slowest))


def flood(day: Traffic, strength: int) -> None:
    """Somebody has many people press the same face, more than ever come here."""
    count, slowest = ((30, 18.0), (45, 12.0), (70, 8.0))[strength]
    _press(day, "flood", _gaps(day.chance, count, 5.5, slowest))


def rhythm(day: Traffic, strength: int) -> None:
    """Somebody presses every so many seconds, by a watch or by a machine."""
    count, shake = ((14, 0.6), (24, 0.4), (50, 0.1))[strength]
    every = day.chance.uniform(8, 120)
    _press(day, "rhythm", [max(4.3, day.chance.gauss(every, shake + 0.01 * every)) for _ in range(count)])


def off_hours(day: Traffic, strength: int) -> None:
    """Somebody with a key votes when nobody is there."""
    count = (3, 8, 25)[strength]
    at_s = day.chance.choice((day.chance.uniform(5, 7.5), day.chance.uniform(19.5, 22))) * HOUR_S
    _press(day, "off hours", _gaps(day.chance, count, 8, 90), at_s)


def no_ticket(day: Traffic, strength: int) -> None:
    """Somebody votes again and again without a ticket, at a human pace."""
    count = (10, 16, 30)[strength]
    _press(day, "no ticket", _gaps(day.chance, count, 12, 40))


def burying(day: Traffic, strength: int) -> None:
    """A bad vote is followed by good ones about the same desk."""
    count = (7, 11, 20)[strength]
    at_s, desk = OPENS_S + day.chance.uniform(0.5, 8) * HOUR_S, day.chance.randint(1, _DESKS)
    day.add(at_s, "terrible", "visitor", ticket=day.ticket(), desk=desk)
    for gap in _gaps(day.chance, count, 5, 14):
        at_s += gap
        day.add(at_s, day.chance.choice(("excellent", "excellent", "good")), "burying", desk=desk, misuse=True)


def missing(day: Traffic, strength: int) -> None:
    """Somebody pulls the plug when most people come."""
    begins = OPENS_S + HOUR_S + day.chance.uniform(0, 0.3) * HOUR_S
    lasts = (0.6, 1.0, 1.6)[strength] * HOUR_S
    day.missing.append(Span(MIDNIGHT_MS + round(begins * 1000), MIDNIGHT_MS + round((begins + lasts) * 1000)))
    day.made = [(at, made) for at, made in day.made if not begins <= at <= begins + lasts]


def _gaps(chance: random.Random, count: int, fastest: float, slowest: float) -> Iterator[float]:
    return (chance.uniform(fastest, slowest) for _ in range(count))


def _press(day: Traffic, truth: str, gaps: Iterator[float] | list[float], at_s: float | None = None) -> None:
    at_s = OPENS_S + day.chance.uniform(0.2, 7.5) * HOUR_S if at_s is None else at_s
    answer, desk = day.chance.choice(("excellent", "excellent", "terrible")), day.chance.randint(1, _DESKS)
    for gap in gaps:
        at_s += gap
        said = answer if day.chance.random() < 0.97 else day.chance.choice(ANSWERS)  # noqa: PLR2004 - a hand slips
        day.add(at_s, said, truth, desk=desk, misuse=True)


KINDS: Final[dict[str, Callable[[Traffic, int], None]]] = {
    "burst": burst,
    "flood": flood,
    "off hours": off_hours,
    "rhythm": rhythm,
    "no ticket": no_ticket,
    "burying": burying,
    "missing": missing,
}
"""Every kind of misuse by the name that its votes bear as truth."""
