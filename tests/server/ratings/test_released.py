from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from server.ratings.periods import Period
from server.ratings.released import LEAST, closed_weeks, release
from server.ratings.scores import Counts

DAYS = Period(date(2026, 11, 9), date(2026, 11, 15))
count = st.integers(0, 40)


def test_weeks_are_whole_apart_and_long_over() -> None:
    for ago in range(30):
        today = date(2026, 11, 1) + timedelta(days=ago)
        weeks = closed_weeks(today, 5)
        assert {(week.first.isoweekday(), week.days) for week in weeks} == {(1, 7)}
        assert weeks[0].last <= today - timedelta(days=2) < weeks[0].last + timedelta(days=7)
        assert [later.first - earlier.last for later, earlier in pairwise(weeks)] == [timedelta(days=1)] * 4


@given(st.builds(Counts, count, count, count, count, count, count))
def test_no_count_under_ten_can_be_worked_out(counts: Counts) -> None:
    week = release(DAYS, counts)
    if week.votes is None:
        assert week == release(DAYS, Counts())
        return
    known = [week.votes]
    if week.score is not None:
        fine = round(week.score * week.votes)
        known += [fine, week.votes - fine]
        if week.problem is not None:
            bad = round(week.problem * week.votes)
            known += [bad, week.votes - fine - bad]
    assert min(known) >= LEAST
    if week.over is not None:
        assert week.over == release(DAYS, Counts(excellent=week.votes)).over
        assert counts.excellent + counts.good >= week.over * week.votes
