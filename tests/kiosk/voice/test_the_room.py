from __future__ import annotations

import pytest

from feedback.questionnaire import CHOSEN
from kiosk import accepted
from kiosk.screens import DONE, SKIP, VOICE, Ask, Comment, Contact, Screen, Thanks
from kiosk.voice.prompts import Manner
from kiosk.voice.reaction import CLOSING, Line, reaction
from kiosk.voice.vocabulary import confided_in
from tests.kiosk.room import Room

SETTINGS = accepted.before_any("exit-sample-1")
ANSWERS = [choice.id for choice in SETTINGS.questionnaire.questions[0].choices]


def visit(answer: str, *, voice: bool, gives: bool) -> list[Screen]:
    """Give every screen of a visit to the questionnaire that ships, answered to its end, or skipped after the vote."""
    room = Room(SETTINGS)
    room.tap(*((VOICE,) if voice else ()))
    room.give(answer)
    while not isinstance(room.screen, Thanks):
        if not gives:
            room.tap(SKIP)
            continue
        match room.screen:
            case Comment():
                room.tap("key:Я")
            case Contact():
                room.tap(*(f"key:{digit}" for digit in "671234567"))
            case Ask(kind=kind) if kind not in CHOSEN:
                room.tap(room.screen.options[0].id)
        room.give(DONE)
    room.go()
    return room.screens


def heard_in_the_room(screens: list[Screen], manner: Manner) -> list[Line | str]:
    """Give what the loudspeaker is told to play, in order, and where what it plays is cut short."""
    heard: list[Line | str] = []
    explained = False
    for before, now in zip([None, *screens], screens, strict=False):
        follows = reaction(before, now, manner, explained=explained)
        explained = explained or follows.explains
        heard += ["cut"] if follows.cut_room else []
        heard += [line for line in follows.lines if not line.private]
    return heard


@pytest.mark.parametrize("voice", [False, True], ids=["quiet", "read aloud"])
@pytest.mark.parametrize("gives", [False, True], ids=["skipped", "answered"])
@pytest.mark.parametrize("manner", [Manner(), Manner(buttons=5, headphones=True)], ids=["glass", "buttons"])
def test_the_room_does_not_hear_which_questions_follow_an_answer(manner: Manner, gives: bool, voice: bool) -> None:  # noqa: FBT001
    told = Manner(buttons=manner.buttons, headphones=manner.headphones, confided=confided_in(SETTINGS))
    rooms = {answer: heard_in_the_room(visit(answer, voice=voice, gives=gives), told) for answer in ANSWERS}
    assert CLOSING not in rooms["good"]
    assert len(rooms["good"]) > 2
    for answer in ANSWERS:
        assert rooms[answer] == rooms["good"], answer
