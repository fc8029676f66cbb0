from __future__ import annotations

import itertools
import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.hardware.debounce import MORE_THAN_BOUNCE, QUIET_S, Debounce, Rules, Trouble
from tests.kiosk.hardware.lines import PATTERNS, Line, wave

TIMES = 10_000 // len(PATTERNS)


@pytest.mark.parametrize("name", PATTERNS)
def test_of_ten_thousand_bounced_presses_every_one_counts_once(name: str) -> None:
    random = Random(name)
    for _ in range(TIMES):
        played = PATTERNS[name](random)
        line = Line(random, played.rules)
        line.play(played)
        assert len(line.presses) == played.presses, played


@pytest.mark.parametrize("name", PATTERNS)
def test_presses_one_after_another_on_the_same_line_count_each(name: str) -> None:
    random = Random(name)
    waves = [PATTERNS[name](random) for _ in range(40)]
    line = Line(random, waves[0].rules)
    for played in waves:
        line.play(played, rest_s=random.uniform(0.08, 0.6))
    assert len(line.presses) == sum(played.presses for played in waves)
    assert line.debounce.trouble is None


def test_there_are_twenty_patterns() -> None:
    assert len(PATTERNS) == 20


def test_a_press_is_accepted_at_its_first_edge() -> None:
    debounce = Debounce(Rules(), pressed=False, at_s=0.0)
    assert debounce.edge(5.0, pressed=True) == 5.0


def test_a_press_behind_a_filter_is_accepted_once_it_is_no_noise_and_has_the_time_at_which_it_began() -> None:
    debounce = Debounce(Rules(glitch_s=0.003), pressed=False, at_s=0.0)
    assert debounce.due_s == math.inf
    assert debounce.edge(5.0, pressed=True) is None
    assert debounce.due_s == pytest.approx(5.003)
    assert debounce.look(5.002, pressed=True) is None
    assert debounce.look(debounce.due_s, pressed=True) == 5.0
    assert debounce.due_s == math.inf


def test_noise_does_not_hold_back_the_press_that_follows_it_at_once() -> None:
    debounce = Debounce(Rules(glitch_s=0.003), pressed=False, at_s=0.0)
    assert debounce.edge(5.0, pressed=True) is None
    assert debounce.edge(5.001, pressed=False) is None
    assert debounce.edge(5.004, pressed=True) is None
    assert debounce.edge(5.08, pressed=False) == 5.004


def test_the_next_press_after_a_short_one_is_not_lost() -> None:
    debounce = Debounce(Rules(debounce_s=0.05), pressed=False, at_s=0.0)
    presses = [debounce.edge(at_s, pressed=level) for at_s, level in [(1.0, True), (1.01, False), (1.12, True), (1.13, False)]]
    assert presses == [1.0, None, 1.12, None]


def test_a_press_is_not_lost_where_a_look_sees_the_next_one_before_its_edges_come() -> None:
    debounce = Debounce(Rules(), pressed=False, at_s=0.0)
    assert debounce.look(1.0417, pressed=True) == 1.0417
    late = [(1.0, True), (1.0078, False), (1.039, True), (1.0468, False)]
    assert [debounce.edge(at_s, pressed=pressed) for at_s, pressed in late] == [None, None, 1.039, None]
    assert debounce.edge(2.0, pressed=True) == 2.0


def test_edges_are_in_their_order_whatever_their_stamps_say() -> None:
    debounce = Debounce(Rules(), pressed=False, at_s=0.0)
    for at_s, pressed in [(1.0, True), (1.05, False), (1.0501, True), (1.05, False)]:
        debounce.edge(at_s, pressed=pressed)
    assert debounce.edge(1.11, pressed=True) == 1.11


def test_a_button_that_is_held_from_the_start_is_no_press_until_it_is_pressed_anew() -> None:
    debounce = Debounce(Rules(), pressed=True, at_s=0.0)
    assert [debounce.look(at_s, pressed=True) for at_s in (0.1, 1.0, 5.0)] == [None] * 3
    assert debounce.edge(6.0, pressed=False) is None
    assert debounce.edge(6.5, pressed=True) == 6.5


def looked(debounce: Debounce, start_s: float, end_s: float, *, pressed: bool) -> list[float]:
    count = int((end_s - start_s) / 0.015)
    presses = [debounce.look(start_s + place * 0.015, pressed=pressed) for place in range(count + 1)]
    return [press for press in presses if press is not None]


@pytest.mark.parametrize("pressed", [True, False])
def test_a_stuck_button_is_one_press_muted_and_heard_again_after_it_was_quiet(*, pressed: bool) -> None:
    debounce = Debounce(Rules(stuck_s=20), pressed=pressed, at_s=0.0)
    first = looked(debounce, 0.015, 19.9, pressed=True)
    assert first == ([] if pressed else [0.015])
    assert debounce.trouble is None
    looked(debounce, 19.9, 20.1, pressed=True)
    assert debounce.trouble is Trouble.STUCK
    looked(debounce, 100, 100 + QUIET_S - 0.1, pressed=False)
    assert debounce.trouble is Trouble.STUCK
    assert debounce.edge(102.95, pressed=True) is None
    assert debounce.edge(103.0, pressed=False) is None
    looked(debounce, 103.0, 103 + QUIET_S + 0.1, pressed=False)
    assert debounce.trouble is None
    assert debounce.edge(110.0, pressed=True) == 110.0


def test_a_chattering_line_that_is_never_let_go_is_stuck() -> None:
    debounce = Debounce(Rules(stuck_s=20), pressed=False, at_s=0.0)
    presses = [debounce.edge(1.0 + place * 0.01, pressed=place % 2 == 0) for place in range(2_200)]
    assert [press for press in presses if press is not None] == [1.0]
    assert debounce.trouble is Trouble.STUCK


@pytest.mark.parametrize(("every_s", "seconds"), [(0.05, 1), (0.09, 8)])
def test_more_presses_than_a_person_can_make_mute_the_line_until_it_is_quiet(every_s: float, seconds: float) -> None:
    debounce = Debounce(Rules(), pressed=False, at_s=0.0)
    presses = 0
    for place in range(int(3 * seconds / every_s)):
        presses += debounce.edge(1 + place * every_s, pressed=True) is not None
        debounce.edge(1 + place * every_s + 0.002, pressed=False)
    assert debounce.trouble is Trouble.NOISY
    assert presses <= 80
    end_s = 1 + 3 * seconds
    assert looked(debounce, end_s, end_s + QUIET_S + 0.1, pressed=False) == []
    assert debounce.trouble is None
    assert debounce.edge(end_s + 4, pressed=True) is not None
    assert debounce.trouble is None


def test_a_storm_of_edges_mutes_the_line_though_it_is_one_press() -> None:
    debounce = Debounce(Rules(), pressed=False, at_s=0.0)
    count, _within_s = MORE_THAN_BOUNCE
    for place in range(count):
        debounce.edge(1 + place * 0.0005, pressed=place % 2 == 0)
    assert debounce.trouble is None
    debounce.edge(1 + count * 0.0005, pressed=True)
    assert debounce.trouble is Trouble.NOISY


def test_a_hammering_child_is_no_noise() -> None:
    random = Random(1)
    line = Line(random, Rules())
    for _ in range(300):  # seven a second for most of a minute
        line.play(wave([(0.0, True), (0.002, False), (0.003, True), (0.07, False)]), rest_s=0.072)
    assert len(line.presses) == 300
    assert line.debounce.trouble is None


TIME_S = st.floats(0.0002, 0.08)


@given(
    st.lists(st.tuples(TIME_S, st.floats(0.031, 0.5)), min_size=1, max_size=5),
    st.randoms(use_true_random=False),
    st.sampled_from([0.0, 0.001, 0.05, 0.3]),
)
def test_any_presses_of_any_length_apart_by_more_than_bounce_count_each(
    presses: list[tuple[float, float]], random: Random, late_s: float
) -> None:
    changes, at_s = list[tuple[float, bool]](), 0.0
    for held_s, rest_s in presses:
        changes += [(at_s, True), (at_s + held_s, False)]
        at_s += held_s + rest_s
    line = Line(random, Rules())
    line.play(wave(changes, late_s=late_s) if late_s < 0.3 else wave(changes, stalled_s=late_s))
    pressed_s = [when for when, pressed in changes if pressed]
    if line.debounce.trouble is None:
        assert len(line.presses) == len(pressed_s)


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.floats(-0.05, 1.0)), max_size=200), st.floats(0.0, 0.02))
def test_whatever_a_line_does_presses_are_apart_and_memory_is_bounded(observed: list[tuple[bool, bool, float]], glitch_s: float) -> None:
    rules = Rules(glitch_s=glitch_s)
    debounce, at_s, presses = Debounce(rules, pressed=False, at_s=0.0), 1.0, list[float]()
    for is_edge, pressed, step_s in observed:
        at_s += step_s
        press = debounce.edge(at_s, pressed=pressed) if is_edge else debounce.look(at_s, pressed=pressed)
        if press is not None:
            presses.append(press)
    assert all(later - earlier >= rules.debounce_s for earlier, later in itertools.pairwise(presses))
