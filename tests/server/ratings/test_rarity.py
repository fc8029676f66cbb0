from __future__ import annotations

import random

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from server.ratings.rarity import DayCount, Rhythm, rarity, usual_gap

# D. C. Montgomery, Introduction to Statistical Quality Control, example 7.6: hours between failures of a valve, and their centre line.
VALVE = [286, 948, 536, 124, 816, 729, 4, 143, 431, 8, 2837, 596, 81, 227, 603, 492, 1199, 1214, 2831, 96]


def test_montgomerys_valve() -> None:
    found = usual_gap(VALVE)
    assert found.middle ** (1 / 3.6) == pytest.approx(5.386, abs=0.01)
    powers = np.array(VALVE) ** (1 / 3.6)
    upper = powers.mean() + 3 * np.abs(np.diff(powers)).mean() / 1.128
    assert found.high == pytest.approx(upper**3.6, rel=0.005)
    assert found.low == 0


def test_problems_per_thousand_have_the_interval_of_their_share() -> None:
    found = rarity([DayCount(500, 3), DayCount(500, 2)])
    low, high = proportion_confint(5, 1000, method="wilson")
    assert (found.per_thousand, found.low, found.high) == (5, pytest.approx(1000 * low), pytest.approx(1000 * high))


def test_votes_between_problems() -> None:
    found = rarity([DayCount(100, 0), DayCount(100, 1), DayCount(0, 0), DayCount(100, 2), DayCount(80, 0)])
    assert (found.since_last, found.last_gap, found.rhythm) == (105, 50, Rhythm.TOO_FEW)
    nothing = rarity([DayCount(40, 0)])
    assert (nothing.per_thousand, nothing.since_last, nothing.last_gap, nothing.usual) == (0, None, None, None)
    assert rarity([]).per_thousand is None


def test_what_is_unusual_is_marked() -> None:
    steady = [DayCount(50, 1 if day % 2 else 0) for day in range(60)]
    assert rarity(steady).rhythm is Rhythm.USUAL
    assert rarity([*steady, DayCount(50, 6)]).rhythm is Rhythm.SOONER
    assert rarity([*steady, *[DayCount(50, 0)] * 6]).rhythm is Rhythm.LATER


def test_chance_alone_is_seldom_marked_and_a_burst_often() -> None:
    chance = random.Random(5)

    def days(count: int, share: float) -> list[DayCount]:
        return [DayCount(40, sum(chance.random() < share for _ in range(40))) for _ in range(count)]

    marks = [rarity(days(120, 0.01)).rhythm for _ in range(400)]
    assert marks.count(Rhythm.USUAL) > 0.96 * 400
    better = [rarity([*days(120, 0.01), *days(40, 0)]).rhythm for _ in range(100)]
    assert better.count(Rhythm.LATER) > 60
