from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, norm

from server.ratings.binomial import Binomial
from server.ratings.funnel import Funnel, Standing, make_funnel
from server.ratings.scores import proportion

SHARES = st.floats(0.002, 0.998)


@given(st.integers(1, 3000), SHARES, st.data())
def test_scores_are_those_of_the_binomial_law(of: int, share: float, data: st.DataObject) -> None:
    law, count = binom(of, share), data.draw(st.integers(0, of))
    middle = law.cdf(count - 1) + law.pmf(count) / 2
    if 1e-6 < middle < 1 - 1e-6:
        assert Binomial(of, share).score(count) == pytest.approx(norm.ppf(middle), abs=0.02)


@given(st.integers(10, 3000), SHARES, st.sampled_from([-3.09, -1.96, 0.0, 1.96, 3.09]))
def test_limits_are_where_the_binomial_law_has_them(of: int, share: float, score: float) -> None:
    count, law = Binomial(of, share).count_at(score), binom(of, share)
    assert law.cdf(int(count) - 1) - 1e-4 <= norm.cdf(score) <= law.cdf(int(count) + 1) + 1e-4 or count in {0, of}


@given(st.integers(10, 200_000), SHARES)
def test_where_few_become_many_nothing_jumps(of: int, share: float) -> None:
    near, exact = Binomial(of, share), Binomial(of, share)
    exact._first, exact._middles = exact._walk(share)
    for score in (-3.09, -1.96, 1.96, 3.09):
        if near._deviation**2 >= 400:
            assert near.count_at(score) == pytest.approx(exact.count_at(score), abs=0.15)


def test_limits_without_spread_are_the_papers() -> None:
    # What 95 % and 99.8 % leave of 100 votes at 90 %: binomial 2.5, 97.5, 0.1 and 99.9 % points are 84, 95, 80 and 98.
    limits = Funnel(0.9, 0.0, []).limits(100)
    assert [binom.ppf(p, 100, 0.9) for p in (0.025, 0.975, 0.001, 0.999)] == [84, 95, 80, 98]
    found = [100 * share for share in (limits.low, limits.high, limits.outer_low, limits.outer_high)]
    assert found == [pytest.approx(edge, abs=1) for edge in (84, 95, 80, 98)]


def test_desks_that_are_alike_are_seldom_told_apart() -> None:
    chance = random.Random(1)
    outside = spread = beyond = 0
    for _ in range(100):
        desks = [proportion(sum(chance.random() < 0.93 for _ in range(of)), of) for of in [30, 60, 100, 200, 300] * 4]
        found = make_funnel(desks)
        assert found is not None
        spread += found.spread > 0
        beyond += sum(one.standing is not Standing.INSIDE for one in found.compared)
        outside += any(one.standing in {Standing.BELOW, Standing.ABOVE} for one in found.compared)
    assert outside <= 8
    assert spread <= 8
    assert 0.02 < beyond / 2000 < 0.08


def test_a_bad_desk_is_found_among_many() -> None:
    chance = random.Random(2)
    found = 0
    for _ in range(50):
        desks = [proportion(sum(chance.random() < (0.8 if n == 0 else 0.93) for _ in range(300)), 300) for n in range(20)]
        funnel = make_funnel(desks)
        assert funnel is not None
        found += funnel.compared[0].standing is Standing.BELOW
    assert found >= 45


def test_desks_that_differ_among_themselves_widen_the_funnel() -> None:
    chance = random.Random(3)
    desks = [proportion(round(20_000 * (0.9 + chance.gauss(0, 0.02))), 20_000) for _ in range(100)]
    funnel = make_funnel(desks)
    assert funnel is not None
    assert funnel.spread == pytest.approx(0.02, rel=0.3)
    assert sum(one.standing is Standing.INSIDE for one in funnel.compared) > 80


def test_few_votes_and_nothing_to_compare() -> None:
    assert make_funnel([proportion(9, 9), proportion(100, 200)]) is None
    funnel = make_funnel([proportion(0, 0), proportion(0, 9), proportion(100, 200), proportion(101, 200)])
    assert funnel is not None
    assert [one.standing for one in funnel.compared] == [Standing.TOO_FEW, Standing.TOO_FEW, Standing.INSIDE, Standing.INSIDE]
    same = make_funnel([proportion(10, 10), proportion(50, 50), proportion(3, 3)])
    assert same is not None
    assert [one.standing for one in same.compared] == [Standing.INSIDE, Standing.INSIDE, Standing.TOO_FEW]


@given(st.lists(st.integers(0, 500).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))), max_size=30))
def test_every_share_is_inside_or_outside_of_limits_that_nest(counted: list[tuple[int, int]]) -> None:
    funnel = make_funnel([proportion(*one) for one in counted])
    for one in funnel.compared if funnel else ():
        if one.limits:
            assert 0 <= one.limits.outer_low <= one.limits.low <= funnel.target <= one.limits.high <= one.limits.outer_high <= 1
            assert (one.limits.low <= one.proportion.share <= one.limits.high) == (one.standing is Standing.INSIDE)
