from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.queue.columns import Field
from server.queue.ticket import Contradiction, Said, State, join, out_of_order, state_by_times

M = 60_000
ISSUED = Said(issued_ms=10 * M + 7000)
CALLED = Said(1, 0, None, 10 * M + 7000, 20 * M, state=State.CALLED)
SERVING = Said(1, 2, "Коваль", 10 * M + 7000, 20 * M, 21 * M, state=State.SERVED)
SERVED = SERVING._replace(ended_ms=30 * M)


def test_whatever_the_order_the_same_is_known() -> None:
    for words in permutations((ISSUED, CALLED, SERVING, SERVED)):
        known = words[0]
        for word in words[1:]:
            joined = join(known, word)
            assert isinstance(joined, Said)
            known = joined
        assert known == SERVED


def test_a_ticket_may_be_sent_on_until_it_is_served() -> None:
    elsewhere = CALLED._replace(desk_id=5, called_ms=25 * M)
    assert join(CALLED, elsewhere) == elsewhere
    assert join(elsewhere, CALLED) == elsewhere
    assert join(SERVED, CALLED._replace(desk_id=5)) == SERVED


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"issued_ms": 12 * M}, Field.ISSUED),
        ({"started_ms": 23 * M}, Field.STARTED),
        ({"ended_ms": 33 * M}, Field.ENDED),
        ({"desk_id": 9}, Field.DESK),
        ({"service_id": 9}, Field.SERVICE),
        ({"clerk": "Мельник"}, Field.CLERK),
        ({"called_ms": 22 * M}, Field.CALLED),
    ],
)
def test_what_cannot_both_be_true_is_a_contradiction(changes: dict[str, object], field: Field) -> None:
    assert join(SERVED, SERVED._replace(**changes)) == Contradiction(field)  # type: ignore[arg-type]
    assert join(SERVED._replace(**changes), SERVED) == Contradiction(field)  # type: ignore[arg-type]


def test_a_time_without_seconds_agrees_with_one_that_has_them() -> None:
    whole = ISSUED._replace(issued_ms=10 * M)
    assert join(whole, ISSUED) == join(ISSUED, whole) == ISSUED
    assert isinstance(join(ISSUED, ISSUED._replace(issued_ms=10 * M + 9000)), Contradiction)


def test_waiting_and_service_are_measured_from_what_is_there() -> None:
    assert (SERVED.waiting_s, SERVED.service_s) == (593, 540)
    assert (SERVED._replace(called_ms=None).waiting_s, ISSUED.waiting_s) == (653, None)
    assert SERVED._replace(started_ms=None).service_s == 600
    assert CALLED._replace(ended_ms=30 * M).service_s is None
    assert [said.counted_ms for said in (SERVED, CALLED, ISSUED, Said())] == [21 * M, 20 * M, ISSUED.issued_ms, None]


def test_times_must_follow_each_other_within_a_day() -> None:
    assert out_of_order(SERVED) is None
    assert out_of_order(SERVED._replace(ended_ms=20 * M)) == (Field.STARTED, Field.ENDED, False)
    assert out_of_order(Said(issued_ms=0, ended_ms=25 * 60 * M)) == (Field.ISSUED, Field.ENDED, True)


_TIMES = st.none() | st.integers(0, 5).map(lambda minute: minute * M)


@st.composite
def _words(draw: st.DrawFn) -> Said:
    times = sorted(at for at in (draw(_TIMES) for _ in range(4)) if at is not None)
    padded = [*times, None, None, None, None][:4]
    said = Said(draw(st.integers(0, 2)), draw(st.integers(0, 1)), draw(st.none() | st.just("К")), *padded)
    return said._replace(state=str(state_by_times(said)))


@given(_words(), _words())
def test_joining_again_changes_nothing(old: Said, new: Said) -> None:
    joined = join(old, new)
    if isinstance(joined, Said):
        assert join(joined, new) == joined
        assert join(joined, joined) == joined
    assert join(old, old) == old
