from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.ratings.intervals import wilson

# `shared/research/peers.md` §5; the usual published Wilson values without continuity correction.
PUBLISHED = [
    (10, 10, 0.722, 1),
    (20, 20, 0.839, 1),
    (19, 20, 0.764, 0.991),
    (29, 30, 0.833, 0.994),
    (49, 50, 0.895, 0.996),
    (98, 100, 0.930, 0.994),
    (490, 500, 0.964, 0.989),
    (980, 1000, 0.969, 0.987),
]
# R. G. Newcombe, Statistics in Medicine 17 (1998), 857–872, table I, method 3.
NEWCOMBE = [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]


@pytest.mark.parametrize(("count", "of", "low", "high"), PUBLISHED)
def test_published_values_to_three_places(count: int, of: int, low: float, high: float) -> None:
    assert wilson(count, of) == (pytest.approx(low, abs=0.0005), pytest.approx(high, abs=0.0005))


@pytest.mark.parametrize(("count", "of", "low", "high"), NEWCOMBE)
def test_newcombes_table(count: int, of: int, low: float, high: float) -> None:
    assert wilson(count, of) == (pytest.approx(low, abs=0.00005), pytest.approx(high, abs=0.00005))


@given(st.integers(1, 10**7).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_interval_holds_its_share_and_mirrors(share: tuple[int, int]) -> None:
    count, of = share
    low, high = wilson(count, of)
    assert 0 <= low <= count / of <= high <= 1
    assert low < high
    assert wilson(of - count, of) == (pytest.approx(1 - high, abs=1e-12), pytest.approx(1 - low, abs=1e-12))


@given(st.integers(1, 10**4), st.integers(2, 50), st.data())
def test_more_votes_of_the_same_share_are_surer(of: int, times: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, of))
    low, high = wilson(count, of)
    surer_low, surer_high = wilson(count * times, of * times)
    assert surer_high - surer_low < high - low


@pytest.mark.parametrize(("count", "of"), [(0, 0), (-1, 5), (6, 5)])
def test_no_share_no_interval(count: int, of: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson(count, of)
