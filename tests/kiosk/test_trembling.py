"""Hands that tremble: a second press of the same thing, sooner than a centre wants it taken (EN 301 549, 5.7 and 5.8)."""

from __future__ import annotations

import pytest

from feedback.questionnaire import Kind, Questionnaire
from feedback.settings import Timing
from kiosk.hardware import PanelButton
from kiosk.screens import Comment, stops
from kiosk.visitor import AtTheScreen
from tests.kiosk.room import Room
from tests.kiosk.support import FACES, question, settings_of

WRITTEN = Questionnaire(id="written", version=1, languages=("uk",), questions=(FACES, question("comment", Kind.WORDS)))
HELD_S, AGAIN_S = 0.5, 0.08  # as kiosk/ui/keys.py lets a held key type
SLOW_S = 0.75


class Typing:
    """A visitor at the comment, behind what leads touches and buttons to the visit."""

    def __init__(self, timing: Timing) -> None:
        self.room = Room(settings_of(questionnaire=WRITTEN, timing=timing))
        self.room.give("good")
        self.visitor = AtTheScreen(self.room.visits, clock=self.room.clock, key=lambda _character: None)
        self.room.pass_s(1)

    def type(self, key: str, *pauses_s: float) -> str:
        for pause_s in pauses_s:
            self.room.pass_s(pause_s)
            self.visitor.tap(f"key:{key}")
        assert isinstance(self.room.screen, Comment)
        return self.room.screen.text.lower()


def test_a_key_struck_twice_is_one_letter_where_the_centre_wants_it() -> None:
    assert Typing(Timing(same_press_s=0.7)).type("а", 1, 0.2, 0.2) == "а"
    assert Typing(Timing(same_press_s=0.7)).type("а", 1, SLOW_S, SLOW_S) == "ааа"
    assert Typing(Timing()).type("а", 1, 0.2, 0.2) == "ааа"


def test_another_key_is_never_held_back() -> None:
    typing = Typing(Timing(same_press_s=0.7))
    typing.type("а", 1)
    typing.type("б", 0.1)
    assert typing.type("а", 0.1) == "аба"


def test_a_held_key_types_once_where_the_centre_wants_it() -> None:
    held = (1, HELD_S, *[AGAIN_S] * 20)
    assert Typing(Timing(same_press_s=0.7)).type("а", *held) == "а"
    assert len(Typing(Timing()).type("а", *held)) == len(held)


@pytest.mark.parametrize(("same_press_s", "steps"), [(0.0, 3), (0.7, 1)])
def test_a_button_pressed_by_a_trembling_hand_is_one_step(same_press_s: float, steps: int) -> None:
    typing = Typing(Timing(same_press_s=same_press_s))
    for _ in range(3):
        typing.room.pass_s(0.2)
        typing.visitor.button(PanelButton.NEXT, typing.room.clock.moment())
    assert typing.room.screen.focus == stops(typing.room.screen)[steps - 1]
