from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from feedback import looks
from feedback.questionnaire import HARD_TO_SAY, Face
from feedback.records import DeskChoice, Input, VisitEnd, Vote
from kiosk.screens import Ask
from kiosk.visit import PRESSED_S, PROBE_S
from tests.kiosk.at_the_window import AtTheWindow
from tests.kiosk.support import KivyThing, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.window

OFFERED = ("excellent", "good", "acceptable", "terrible", HARD_TO_SAY)


@pytest.fixture
def room(window: KivyThing, data_dir: Path, request: pytest.FixtureRequest) -> Iterator[AtTheWindow]:
    room = AtTheWindow(getattr(request, "param", settings_of()), window, data_dir)
    yield room
    room.leave()


def rgb(token: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(token[1:]))


@pytest.mark.parametrize("answer", OFFERED)
def test_a_tap_on_a_face_is_one_vote_and_thanked_after_the_commit(room: AtTheWindow, answer: str) -> None:
    room.tap(answer)
    room.loop(5)
    assert room.app.screen_name == "Ask"
    room.disk()
    room.later(PRESSED_S)
    assert room.app.screen_name == "Thanks"
    room.later(4)
    assert room.app.screen_name == "Ask"
    room.disk()
    assert [(vote.answer, vote.input) for vote in room.of(Vote)] == [(answer, Input.TOUCH)]


def test_the_pressed_face_shows_it_in_the_very_next_frame(room: AtTheWindow) -> None:
    x, y = room.app.targets["terrible"]
    other_x, other_y = room.app.targets["excellent"]

    def column(x: float) -> list[tuple[int, ...]]:
        return [room.pixel(x, y + step / 400) for step in range(-100, 20, 2)]

    before, other_before = column(x), column(other_x)
    frames = room.frames
    room.tap("terrible")
    assert room.frames == frames + 1
    assert isinstance(room.screen, Ask)
    assert room.screen.stored
    red, green = rgb(looks.ANSWER_COLOURS[Face.TERRIBLE]), rgb(looks.ANSWER_COLOURS[Face.EXCELLENT])
    assert column(x).count(red) > before.count(red), "neither grown nor ringed"
    assert other_before.count(green) > 0
    assert column(other_x).count(green) == 0, f"the others fade, {other_y}"


def test_nothing_is_drawn_while_nothing_moves(room: AtTheWindow) -> None:
    room.loop(3)
    before = room.frames
    room.loop(30)
    assert room.frames == before


@pytest.mark.parametrize(("key", "answer"), list(zip("12345", OFFERED, strict=True)))
def test_keys_are_simulated_buttons(room: AtTheWindow, key: str, answer: str) -> None:
    room.key(key)
    room.disk()
    assert [(vote.answer, vote.input) for vote in room.of(Vote)] == [(answer, Input.BUTTON)]


def test_there_is_one_input_provider(window: KivyThing) -> None:
    from kivy.base import EventLoop

    assert [type(provider).__name__ for provider in EventLoop.input_providers] == ["MouseMotionEventProvider"]


def test_fast_taps_are_one_vote(room: AtTheWindow) -> None:
    for answer in ("good", "good", "terrible", "excellent"):
        room.tap(answer)
    room.disk()
    room.later(PRESSED_S)
    assert room.app.screen_name == "Thanks"
    room.tap_at(0.5, 0.5)
    room.later(4)
    room.disk()
    assert [vote.answer for vote in room.of(Vote)] == ["good"]
    assert room.of(VisitEnd)[0].extra_presses == 4


@pytest.mark.parametrize("room", [settings_of(desks=8)], indirect=True)
@pytest.mark.parametrize(("target", "desk"), [("desk:desk-5", ["desk-5"]), ("dont_remember", [None]), ("skip", [])])
def test_the_desk_is_picked_by_number_or_not_at_all(room: AtTheWindow, target: str, desk: list[str | None]) -> None:
    room.give("good")
    assert room.app.screen_name == "Desk"
    room.give(target)
    assert room.app.screen_name == "Thanks"
    assert [choice.desk for choice in room.of(DeskChoice)] == desk


def test_the_language_switch_changes_the_words(room: AtTheWindow) -> None:
    room.tap("language:en")
    assert room.screen.language == "en"
    assert "language:uk" in room.app.targets
    room.tap("good")
    room.disk()
    assert room.of(Vote)[0].language == "en"


def test_out_of_order_is_shown_and_ends_by_itself(room: AtTheWindow) -> None:
    room.tap("good")
    room.disk(works=False)
    room.loop()
    assert room.app.screen_name == "OutOfOrder"
    assert room.app.targets == {}
    room.later(PROBE_S)
    room.disk()
    room.loop()
    assert room.app.screen_name == "Ask"
    assert room.of(Vote) == []
