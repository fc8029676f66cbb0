from __future__ import annotations

import random
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.records import Moment
from kiosk.gesture import ROUND, WITHIN_S, Corner, Corners

Touch: TypeAlias = tuple[float, float]
MIDDLES: dict[Corner | None, Touch] = {
    Corner.UPPER_LEFT: (0.01, 0.01),
    Corner.UPPER_RIGHT: (0.99, 0.01),
    Corner.LOWER_RIGHT: (0.99, 0.99),
    Corner.LOWER_LEFT: (0.01, 0.99),
    None: (0.5, 0.5),
}


def at_ms(ms: int) -> Moment:
    return Moment(ms, 0, trusted=False)


def fires(corners: list[Corner | None], step_ms: int = 500) -> list[bool]:
    watched = Corners(1280, 800, 10.1)
    return [watched.touched(*MIDDLES[corner], at_ms(1000 + n * step_ms)) for n, corner in enumerate(corners)]


def test_the_round_of_the_corners_is_the_gesture_every_time() -> None:
    assert fires([*ROUND, *ROUND]) == ([False] * 4 + [True]) * 2


def test_a_false_start_does_not_spoil_the_round_that_follows() -> None:
    assert fires([Corner.UPPER_LEFT, Corner.UPPER_RIGHT, *ROUND])[-1]
    assert fires([Corner.UPPER_LEFT, *ROUND])[-1]


@pytest.mark.parametrize("place", range(1, 5))
@pytest.mark.parametrize("other", [None, Corner.LOWER_RIGHT, Corner.LOWER_LEFT])
def test_anything_between_the_corners_spoils_it(place: int, other: Corner | None) -> None:
    assert not any(fires([*ROUND[:place], None, *ROUND[place:]]))
    if other is not ROUND[place]:
        assert not any(fires([*ROUND[:place], other, *ROUND[place + 1 :]]))


def test_it_takes_six_seconds_at_most() -> None:
    assert fires(list(ROUND), step_ms=1500)[-1]
    assert not any(fires(list(ROUND), step_ms=1501))


def test_counter_clockwise_is_nothing() -> None:
    assert not any(fires(list(reversed(ROUND))))


@given(st.lists(st.tuples(st.sampled_from(list(MIDDLES)), st.integers(0, 3000)), max_size=40))
def test_it_fires_exactly_after_the_five_touches(touches: list[tuple[Corner | None, int]]) -> None:
    watched, now_ms, seen, last = Corners(1280, 800, 10.1), 0, [], -1
    for number, (corner, pause_ms) in enumerate(touches):
        now_ms += pause_ms
        seen.append((corner, now_ms))
        five = seen[max(number - 4, last + 1) :]
        is_gesture = tuple(corner for corner, _ in five) == ROUND and five[-1][1] - five[0][1] <= WITHIN_S * 1000
        assert watched.touched(*MIDDLES[corner], at_ms(now_ms)) is is_gesture
        last = number if is_gesture else last


@pytest.mark.parametrize(
    ("width", "height", "inches"), [(1280, 800, 10.1), (800, 480, 7), (1080, 1920, 24), (3840, 2160, 55), (320, 240, 3)]
)
def test_hands_on_the_glass_do_not_find_it(width: int, height: int, inches: float) -> None:
    watched, hands = Corners(width, height, inches), random.Random(4)
    touches = [(hands.random(), hands.random()) for _ in range(40_000)]
    for corner in Corner:
        share = sum(watched.at(*touch) is corner for touch in touches) / len(touches)
        assert share**5 < 2e-7
    assert not any(watched.touched(*touch, at_ms(n * 300)) for n, touch in enumerate(touches))


def test_a_corner_is_twelve_millimetres_or_more() -> None:
    seven_inches = Corners(800, 480, 7)  # 152 × 91 mm
    assert seven_inches.at(11.9 / 152.4, 11.9 / 91.5) is Corner.UPPER_LEFT
    assert seven_inches.at(12.2 / 152.4, 0) is None
    wall = Corners(3840, 2160, 55)
    assert wall.at(0, 0.079) is Corner.UPPER_LEFT
