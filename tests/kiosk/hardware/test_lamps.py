from __future__ import annotations

import itertools
import time
from collections import defaultdict
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.config_devices import Buttons, StatusLamp
from kiosk.errors import Fault
from kiosk.hardware import FACE_BUTTONS, Device, PanelButton, Status
from kiosk.hardware.lamps import LitLamps, open_lamps
from kiosk.hardware.lighting import CONFIRM_DARK_S, CONFIRM_S, HOLD_S, Lamp, Lighting
from kiosk.hardware.simulated.lamps import SimulatedLamps
from tests.kiosk.hardware.pins import Board, Told, config_with
from tests.kiosk.support import wait_until

ALL: tuple[Lamp, ...] = (*FACE_BUTTONS, PanelButton.HELP, *Status)
BUTTONS = Buttons(faces=(17, 27, 22, 5, 6), face_lamps=(23, 24, 25, 12, 16), help=26, help_lamp=13)
STATUS = StatusLamp(working=9, offline=10, fault=11)
FACE_PINS = (23, 24, 25, 12, 16)


def lit(lighting: Lighting, at_s: float) -> set[Lamp]:
    return set(lighting.show(at_s)[0])


def test_an_invitation_lights_the_first_faces_steadily() -> None:
    lighting = Lighting(ALL)
    lighting.invite(4)
    assert lighting.show(1.0) == (frozenset(FACE_BUTTONS[:4]), float("inf"))
    lighting.invite(0)
    assert lit(lighting, 2.0) == set()


def test_a_confirmation_is_of_all_faces_whatever_was_invited_and_ends_in_the_invitation() -> None:
    lighting = Lighting(ALL)
    lighting.invite(2)
    assert lit(lighting, 1.0) == set(FACE_BUTTONS[:2])
    lighting.confirm(2.0)
    assert lit(lighting, 2.0) == set()
    assert lit(lighting, 2.0 + CONFIRM_DARK_S) == set(FACE_BUTTONS)
    assert lit(lighting, 2.0 + CONFIRM_S) == set(FACE_BUTTONS[:2])


def test_a_confirmation_within_a_confirmation_is_the_same_one() -> None:
    lighting = Lighting(ALL)
    lighting.confirm(2.0)
    lighting.confirm(2.5)
    assert lit(lighting, 2.5) == set(FACE_BUTTONS)
    assert lit(lighting, 2.0 + CONFIRM_S) == set()


def test_a_call_is_lit_steadily() -> None:
    lighting = Lighting(ALL)
    lighting.call(lit=True)
    assert lighting.show(1.0) == (frozenset({PanelButton.HELP}), float("inf"))
    lighting.call(lit=False)
    assert lit(lighting, 2.0) == set()


@pytest.mark.parametrize(
    ("lamps", "status", "shown"),
    [
        (Status, Status.WORKING, {Status.WORKING}),
        (Status, Status.OFFLINE, {Status.OFFLINE}),
        (Status, Status.FAULT, {Status.FAULT}),
        ((Status.WORKING, Status.FAULT), Status.OFFLINE, {Status.WORKING, Status.FAULT}),
        ((Status.WORKING,), Status.FAULT, {Status.WORKING}),
        ((Status.FAULT,), Status.WORKING, set()),
    ],
)
def test_a_status_is_shown_by_its_lamp_or_by_all_that_there_are(lamps: tuple[Status, ...], status: Status, shown: set[Status]) -> None:
    lighting = Lighting(lamps)
    lighting.status(status, 1.0)
    assert lit(lighting, 1.0) == shown


@pytest.mark.parametrize(("status", "length_s"), [(Status.OFFLINE, 1.0), (Status.FAULT, 0.3)])
def test_a_status_that_needs_somebody_is_told_by_its_rhythm(status: Status, length_s: float) -> None:
    lighting = Lighting(Status)
    lighting.status(status, 1.0)
    at_s, seen = 1.0, []
    for _ in range(6):
        shown, again_s = lighting.show(at_s)
        seen.append((bool(shown), round(again_s - at_s, 6)))
        at_s = again_s
    assert seen == [(True, length_s), (False, length_s)] * 3


CALLS = st.one_of(
    st.tuples(st.just("invite"), st.integers(0, 5)),
    st.tuples(st.just("confirm"), st.none()),
    st.tuples(st.just("call"), st.booleans()),
    st.tuples(st.just("status"), st.sampled_from(Status)),
)


def played(calls: list[tuple[tuple[str, object], float]]) -> tuple[dict[Lamp, list[float]], frozenset[Lamp]]:
    """Let the calls happen, with all that lamps do by themselves until 5 s later; give when each lamp changed."""
    lighting, at_s, before, changes = Lighting(ALL), 1.0, frozenset[Lamp](), defaultdict[Lamp, list[float]](list)
    again_s = at_s
    for (name, value), pause_s in [*calls, (("end", None), 5.0)]:
        match name:
            case "invite":
                lighting.invite(value)  # type: ignore[arg-type]
            case "confirm":
                lighting.confirm(at_s)
            case "call":
                lighting.call(lit=bool(value))
            case "status":
                lighting.status(value, at_s)  # type: ignore[arg-type]
        end_s = at_s + pause_s
        again_s = at_s
        while again_s <= end_s:
            at_s = again_s
            shown, again_s = lighting.show(at_s)
            assert again_s > at_s, "a lamp must not be asked again at once"
            for lamp in shown ^ before:
                changes[lamp].append(at_s)
            before = shown
        at_s = end_s
    return changes, before


@given(st.lists(st.tuples(CALLS, st.floats(0.0, 0.5)), max_size=40))
def test_whatever_they_are_asked_for_no_lamp_flashes_more_than_three_times_a_second(calls: list[tuple[tuple[str, object], float]]) -> None:
    changes, _ = played(calls)
    for times in changes.values():
        assert all(later - earlier > HOLD_S - 1e-9 for earlier, later in itertools.pairwise(times))
        for start_s in times:
            within = [at_s for at_s in times if start_s <= at_s < start_s + 1]
            assert len(within) <= 6, "two changes are a flash"


@given(st.lists(st.tuples(CALLS, st.floats(0.0, 0.5)), max_size=40))
def test_lamps_come_to_rest_at_what_was_wanted_last(calls: list[tuple[tuple[str, object], float]]) -> None:
    _, last = played(calls)
    faces = [value for (name, value), _ in calls if name == "invite"]
    called = [value for (name, value), _ in calls if name == "call"]
    assert {lamp for lamp in last if lamp in FACE_BUTTONS} == set(FACE_BUTTONS[: faces[-1] if faces else 0])  # type: ignore[misc]
    assert (PanelButton.HELP in last) == bool(called and called[-1])


def lamps_on(board: Board, told: Told | None = None) -> LitLamps:
    lamps = open_lamps(config_with(buttons=BUTTONS, status_lamp=STATUS), told or Told(), factory=board)
    assert lamps is not None
    return lamps


def test_the_pins_are_lit() -> None:
    board = Board()
    with closing(lamps_on(board)) as lamps:
        lamps.invite(3)
        lamps.call(lit=True)
        lamps.status(Status.WORKING)
        wait_until(lambda: board.is_high(*FACE_PINS, 13, 9, 10, 11) == [True, True, True, False, False, True, True, False, False])
        lamps.confirm()
        wait_until(lambda: board.is_high(*FACE_PINS) == [False] * 5)
        wait_until(lambda: board.is_high(*FACE_PINS) == [True] * 5)
        wait_until(lambda: board.is_high(*FACE_PINS) == [True, True, True, False, False])
    assert board.is_high(*FACE_PINS, 13, 9, 10, 11) == [False] * 9


def test_lamps_that_are_missing_hold_up_nobody_and_show_what_is_wanted_when_they_come() -> None:
    board, told = Board(missing=1), Told()
    with closing(lamps_on(board, told)) as lamps:
        wait_until(lambda: told.all == [(Device.LAMPS, Fault.LAMPS_MISSING)])
        started_s = time.monotonic()
        for _ in range(1_000):
            lamps.confirm()
            lamps.invite(5)
        assert time.monotonic() - started_s < 1
        wait_until(lambda: told.all[-1] == (Device.LAMPS, None), seconds=5)
        wait_until(lambda: board.is_high(*FACE_PINS) == [True] * 5)


def test_a_lamp_that_fails_at_work_is_a_fault_and_comes_back_within_five_seconds() -> None:
    board, told = Board(), Told()
    with closing(lamps_on(board, told)) as lamps:
        lamps.invite(5)
        wait_until(lambda: all(board.is_high(*FACE_PINS)))
        board.pin(24).broken = True
        lamps.invite(1)
        wait_until(lambda: told.all == [(Device.LAMPS, Fault.LAMPS_MISSING)])
        board.pin(24).broken = False
        wait_until(lambda: told.all[-1] == (Device.LAMPS, None), seconds=5)
        assert board.is_high(*FACE_PINS) == [True, False, False, False, False]


def test_closed_lamps_stay_dark_and_take_everything() -> None:
    board = Board()
    lamps = lamps_on(board)
    lamps.close()
    lamps.close()
    lamps.invite(5)
    lamps.confirm()
    assert not any(board.is_high(*FACE_PINS))


def test_simulated_lamps_can_be_asked() -> None:
    told = Told()
    lamps = open_lamps(config_with("simulated"), told)
    assert isinstance(lamps, SimulatedLamps)
    with closing(lamps):
        lamps.invite(2)
        lamps.call(lit=True)
        lamps.status(Status.WORKING)
        wait_until(lambda: lamps.lit == {PanelButton.FACE_1, PanelButton.FACE_2, PanelButton.HELP, Status.WORKING})
    assert lamps.lit == frozenset()
    assert told.all == []


def test_simulated_lamps_are_those_of_the_tables_where_they_are_there() -> None:
    lamps = open_lamps(config_with("simulated", buttons=Buttons(faces=(17, 27), face_lamps=(23, 24))), Told())
    assert isinstance(lamps, SimulatedLamps)
    with closing(lamps):
        lamps.call(lit=True)
        lamps.invite(5)
        wait_until(lambda: lamps.lit == {PanelButton.FACE_1, PanelButton.FACE_2})


def test_without_lamps_in_the_tables_there_are_none() -> None:
    assert open_lamps(config_with(), Told()) is None
    assert open_lamps(config_with(buttons=Buttons(faces=(17, 27))), Told()) is None
