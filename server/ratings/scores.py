"""From counts of answers to shares with their intervals. Knows no database and no page.

*Scored* are all answers but «складно відповісти», which never counts for or against. The *score* is the share of чудово and
добре among the scored, the *problem share* that of жахливо, and of погано where it is asked; прийнятно is reported apart and is neither.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from feedback.questionnaire import ANSWERS, HARD_TO_SAY, Face
from server.ratings.intervals import wilson

ENOUGH: Final = 50
"""From so many scored votes a number stands without a mark (RAND 2004 for one provider's rating)."""
CONCLUSIVE: Final = 10
"""Below so many scored votes nothing can be concluded."""


class Counts(msgspec.Struct, frozen=True):
    """How many votes gave each answer. `repeats` are those of them that came suspiciously soon after another."""

    excellent: int = 0
    good: int = 0
    acceptable: int = 0
    poor: int = 0
    terrible: int = 0
    hard_to_say: int = 0
    repeats: int = 0

    @property
    def total(self) -> int:
        """All votes."""
        return sum(getattr(self, answer) for answer in ANSWERS)

    @property
    def scored(self) -> int:
        """Votes that count for the score."""
        return self.total - self.hard_to_say

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, name) + getattr(other, name) for name in self.__struct_fields__))

    def __sub__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, name) - getattr(other, name) for name in self.__struct_fields__))


class Mark(StrEnum):
    """How far the votes carry a conclusion."""

    ENOUGH = "enough"
    FEW = "few"
    TOO_FEW = "too_few"


class Proportion(msgspec.Struct, frozen=True):
    """`count` out of `of`, as a share with its 95 % Wilson interval; all three are null where nothing was counted."""

    count: int
    of: int
    share: float | None = None
    low: float | None = None
    high: float | None = None


class Rating(msgspec.Struct, frozen=True):
    """All numbers of some votes. Shares of the faces are of the scored votes, that of `hard_to_say` is of all votes."""

    counts: Counts
    score: Proportion
    problem: Proportion
    answers: dict[str, Proportion]
    mark: Mark


def rate(counts: Counts) -> Rating:
    """Give every number of these votes."""
    scored = counts.scored
    answers = {str(face): proportion(getattr(counts, face), scored) for face in Face}
    answers[HARD_TO_SAY] = proportion(counts.hard_to_say, counts.total)
    return Rating(
        counts=counts,
        score=proportion(counts.excellent + counts.good, scored),
        problem=proportion(counts.poor + counts.terrible, scored),
        answers=answers,
        mark=mark(scored),
    )


def proportion(count: int, of: int) -> Proportion:
    """Give the share of `count` in `of` with its interval."""
    if of == 0:
        return Proportion(count, of)
    return Proportion(count, of, count / of, *wilson(count, of))


def mark(scored: int) -> Mark:
    """Say how far so many scored votes carry."""
    if scored < CONCLUSIVE:
        return Mark.TOO_FEW
    return Mark.FEW if scored < ENOUGH else Mark.ENOUGH
