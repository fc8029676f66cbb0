from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.questionnaire import ANSWERS, HARD_TO_SAY
from server.ratings.intervals import wilson
from server.ratings.scores import Counts, Mark, mark, rate

some = st.integers(0, 5000)
counts = st.builds(Counts, some, some, some, some, some, some)


def test_numbers_of_a_desk() -> None:
    rating = rate(Counts(excellent=60, good=30, acceptable=6, terrible=4, hard_to_say=25))
    assert (rating.score.count, rating.score.of, rating.score.share) == (90, 100, 0.9)
    assert (rating.score.low, rating.score.high) == wilson(90, 100)
    assert (rating.problem.count, rating.problem.share) == (4, 0.04)
    assert rating.answers["hard_to_say"].share == 0.2
    assert rating.mark is Mark.ENOUGH


def test_hard_to_say_never_scores() -> None:
    without, with_them = rate(Counts(excellent=7, terrible=3)), rate(Counts(excellent=7, terrible=3, hard_to_say=1000))
    assert with_them.score == without.score
    assert with_them.mark is Mark.FEW


def test_nothing_counted_gives_no_share() -> None:
    rating = rate(Counts())
    assert rating.score.share is rating.score.low is rating.problem.share is None
    assert rating.mark is Mark.TOO_FEW


@pytest.mark.parametrize(("scored", "expected"), [(0, "too_few"), (9, "too_few"), (10, "few"), (49, "few"), (50, "enough")])
def test_marks(scored: int, expected: str) -> None:
    assert mark(scored) == expected


@given(counts)
def test_shares_of_the_faces_make_one_and_each_is_in_its_interval(votes: Counts) -> None:
    rating = rate(votes)
    faces = [rating.answers[answer] for answer in ANSWERS if answer != HARD_TO_SAY]
    if votes.scored:
        assert sum(face.share for face in faces) == pytest.approx(1)
        assert all(face.low <= face.share <= face.high for face in faces)
    assert sum(face.count for face in faces) == votes.scored


@given(counts, counts)
def test_counts_add_and_subtract(first: Counts, second: Counts) -> None:
    assert (first + second) - second == first
    assert (first + second).total == first.total + second.total
