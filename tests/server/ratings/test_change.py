from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, hypergeom
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep

from server.ratings.change import Verdict, compare, compare_all
from server.ratings.many import stand_out
from server.ratings.scores import proportion

# R. G. Newcombe, Statistics in Medicine 17 (1998), 873–890, table II, method 10.
NEWCOMBE = [
    (56, 70, 48, 80, 0.0524, 0.3339),
    (9, 10, 3, 10, 0.1705, 0.8090),
    (5, 56, 0, 29, -0.0381, 0.1926),
    (0, 10, 0, 20, -0.1611, 0.2775),
    (0, 10, 0, 10, -0.2775, 0.2775),
    (10, 10, 0, 20, 0.6791, 1.0),
    (10, 10, 0, 10, 0.6075, 1.0),
]
shares = st.integers(10, 4000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))


@pytest.mark.parametrize("row", NEWCOMBE)
def test_newcombes_table(row: tuple[int, int, int, int, float, float]) -> None:
    count, of, before, of_before, low, high = row
    found = compare(proportion(count, of), proportion(before, of_before))
    assert (found.low, found.high) == (pytest.approx(low, abs=0.00005), pytest.approx(high, abs=0.00005))


@given(shares, shares)
def test_interval_and_test_as_others_compute_them(now: tuple[int, int], before: tuple[int, int]) -> None:
    found = compare(proportion(*now), proportion(*before))
    low, high = confint_proportions_2indep(*now, *before, compare="diff", method="newcomb")
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-9), pytest.approx(high, abs=1e-9))
    (count, of), (other, of_before) = now, before
    both, total = count + other, of + of_before
    if min(both, total - both) == 0:
        assert found.chance == 1
    elif min(both, total - both) * min(of, of_before) / total < 5:
        law = hypergeom(total, both, of)
        mid = law.pmf(count) / 2
        assert found.chance == pytest.approx(min(1, 2 * min(law.cdf(count - 1) + mid, law.sf(count) + mid)), abs=1e-6)
    else:
        squared = (total - 1) * (count * (of_before - other) - other * (of - count)) ** 2 / (of * of_before * both * (total - both))
        assert found.chance == pytest.approx(chi2.sf(squared, 1), abs=1e-9)


@given(shares, shares)
def test_the_other_way_round_is_the_opposite(now: tuple[int, int], before: tuple[int, int]) -> None:
    there, back = compare(proportion(*now), proportion(*before)), compare(proportion(*before), proportion(*now))
    assert there.difference == -back.difference
    assert (there.low, there.chance) == (pytest.approx(-back.high, abs=1e-12), pytest.approx(back.chance, abs=1e-9))
    assert {there.verdict, back.verdict} in ({Verdict.UNSEEN}, {Verdict.HIGHER, Verdict.LOWER})


def test_too_few_votes_compare_with_nothing() -> None:
    assert compare(proportion(9, 9), proportion(0, 500)).verdict is Verdict.UNKNOWN
    assert compare(proportion(0, 0), proportion(0, 0)).difference is None


def test_a_true_change_is_seen_and_none_is_seldom() -> None:
    chance = random.Random(6)

    def votes(share: float, of: int = 300) -> tuple[int, int]:
        return sum(chance.random() < share for _ in range(of)), of

    found = [compare(proportion(*votes(0.95)), proportion(*votes(0.85))).verdict for _ in range(300)]
    assert found.count(Verdict.HIGHER) > 0.9 * 300
    for share in (0.5, 0.9, 0.98, 0.995):
        same = [compare(proportion(*votes(share)), proportion(*votes(share))).verdict for _ in range(1000)]
        assert same.count(Verdict.UNSEEN) > 0.93 * 1000, share


def test_among_many_desks_chance_is_called_chance() -> None:
    alone = (proportion(190, 200), proportion(178, 200))
    assert compare(*alone).verdict is Verdict.HIGHER
    many = compare_all({0: alone} | {desk: (proportion(180, 200), proportion(180, 200)) for desk in range(1, 100)})
    assert many[0].verdict is Verdict.CHANCE
    assert many[1].verdict is Verdict.UNSEEN
    assert compare_all({0: alone})[0].verdict is Verdict.HIGHER
    assert compare_all({}) == {}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_many_at_once_as_others_choose_them(chances: list[float]) -> None:
    assert stand_out(chances) == list(multipletests(chances, alpha=0.05, method="fdr_bh")[0])
