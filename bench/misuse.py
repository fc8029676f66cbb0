"""How much planted misuse the rules find, and how many normal votes they flag, on seeds that were not used while the rules were written.

The rules were written against `DEVELOPMENT`; what is printed and held comes from `UNSEEN`.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, Final

from bench import traffic
from bench.measure import Row
from feedback.hours import Span
from server.misuse.habits import habits_of, peaks, summarise
from server.misuse.rules import judge
from server.misuse.seen import Day, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.traffic import Terminal, Traffic
    from server.misuse.seen import Habits

DEVELOPMENT: Final = range(100)
UNSEEN: Final = range(20_000, 20_060)
RECALL: Final = 0.9
FALSE: Final = 0.01
_DAYS: Final = 28
_QUIET: Final = 10


class Score:
    """Counts of what was made and what of it was found, by truth: kinds of misuse with their strength, and situations of normal traffic."""

    def __init__(self) -> None:
        self.misuse: Counter[tuple[str, str]] = Counter()
        self.found: Counter[tuple[str, str]] = Counter()
        self.normal: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()

    def recall(self, kind: str, strength: str | None = None) -> float:
        """Give the share of a kind that was found."""
        keys = [key for key in self.misuse if key[0] == kind and strength in (None, key[1])]
        return sum(self.found[key] for key in keys) / sum(self.misuse[key] for key in keys)

    def false(self, situation: str | None = None) -> float:
        """Give the share of normal votes that were flagged, of all or of one situation."""
        chosen = [one for one in self.normal if situation in (None, one)]
        return sum(self.wrong[one] for one in chosen) / sum(self.normal[one] for one in chosen)


def measure() -> list[Row]:
    """Judge the unseen seeds."""
    score = score_of(UNSEEN)
    rows = []
    for kind in traffic.KINDS:
        rows.append(_row(f"misuse found: {kind}", score.recall(kind), f">= {RECALL:.0%}", holds=score.recall(kind) >= RECALL))
        rows += [_row(f"  {kind}, {strength}", score.recall(kind, strength), "told", holds=True) for strength in traffic.STRENGTHS]
    rows.append(_row("normal votes flagged: all", score.false(), f"<= {FALSE:.0%}", holds=score.false() <= FALSE))
    rows += [
        _row(f"  {situation} ({score.normal[situation]:,} votes)", score.false(situation), "told", holds=True)
        for situation in sorted(score.normal)
    ]
    return rows


def score_of(seeds: Iterable[int]) -> Score:
    """Have the rules judge one terminal for each seed: quiet days, and one for each kind and strength of misuse."""
    score = Score()
    for seed in seeds:
        chance = random.Random(seed)
        terminal = traffic.Terminal.any(chance)
        habits = _habits(terminal, chance)
        for _ in range(_QUIET):
            _judge(score, traffic.normal_day(terminal, chance), habits)
        for kind, misuse in traffic.KINDS.items():
            for number, strength in enumerate(traffic.STRENGTHS):
                if kind == "no ticket" and not terminal.ticketed:
                    continue
                day = traffic.normal_day(terminal, chance)
                misuse(day, number)
                _judge(score, day, habits, (kind, strength))
    return score


def _habits(terminal: Terminal, chance: random.Random) -> Habits:
    days = [[made.cast for made in traffic.normal_day(terminal, chance).votes()] for _ in range(_DAYS)]
    answers: dict[int, Counter[str]] = {}
    for cast in (cast for day in days for cast in day):
        answers.setdefault(cast.desk_id, Counter())[cast.answer] += 1
    return habits_of([summarise(day, traffic.MIDNIGHT_MS) for day in days], answers)


def _judge(score: Score, day: Traffic, habits: Habits, planted: tuple[str, str] = ("", "")) -> None:
    votes = day.votes()
    seen = Day(
        casts=[made.cast for made in votes],
        habits=habits,
        open=Span(*(traffic.MIDNIGHT_MS + round(at * 1000) for at in (traffic.OPENS_S, traffic.CLOSES_S))),
        missing=day.missing,
        unread=day.unread,
        peak=peaks(habits, traffic.MIDNIGHT_MS),
    )
    results = judge(seen)
    flagged = {cast.visit for one in results for cast in one.casts}
    if day.missing and seen.peak:  # where hardly anybody comes, there is no peak to miss
        score.misuse[planted] += 1
        score.found[planted] += any(one.rule is Rule.MISSING for one in results)
    for made in votes:
        if made.is_misuse:
            score.misuse[planted] += 1
            score.found[planted] += made.cast.visit in flagged
        else:
            score.normal[made.truth] += 1
            score.wrong[made.truth] += made.cast.visit in flagged


def _row(name: str, share: float, goal: str, *, holds: bool) -> Row:
    return Row(name, 100 * share, "%", "", 0.0, 1.0, goal, holds=holds)
