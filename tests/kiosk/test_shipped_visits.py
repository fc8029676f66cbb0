"""A complete visit in every questionnaire that ships, before the real window, in both languages."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import pytest

from feedback.questionnaire import CHOSEN, Kind, Questionnaire, choices_of, is_asked
from feedback.questionnaire_file import parse
from feedback.records import Answer, Content, How, Outcome, Sealed, VisitEnd, Vote
from kiosk.screens import DONE, Ask, Comment, Contact, Thanks
from tests.kiosk.at_the_window import AtTheWindow
from tests.kiosk.support import KivyThing, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.window

SHIPPED = sorted(file.name for file in resources.files("feedback").joinpath("questionnaires").iterdir() if file.name.endswith(".yaml"))
KINDS = {Kind.FACES, Kind.SINGLE, Kind.MULTIPLE, Kind.SCALE, Kind.YES_NO, Kind.WORDS, Kind.CONTACT}


def shipped(name: str) -> Questionnaire:
    return parse(resources.files("feedback").joinpath("questionnaires", name).read_text(encoding="utf-8"), name)


@pytest.fixture
def room(window: KivyThing, data_dir: Path, request: pytest.FixtureRequest) -> Iterator[AtTheWindow]:
    room = AtTheWindow(settings_of(desk="desk-1", questionnaire=shipped(request.param)), window, data_dir)
    yield room
    room.leave()


def show_page_of(room: AtTheWindow, name: str) -> None:
    """Turn the pages until that answer is on the screen, as a visitor would."""
    for _ in range(12):
        if name in room.app.targets:
            return
        room.tap("more")
    pytest.fail(f"{name} is on no page")


def answer(room: AtTheWindow, *, last: bool) -> tuple[str, ...] | str:
    """Answer the present screen; give what was answered."""
    screen = room.screen
    room.clock.pass_s(1)
    match screen:
        case Ask(kind=Kind.MULTIPLE):
            chosen = [screen.options[0].id, screen.options[-1].id]
            for name in chosen:
                show_page_of(room, name)
                room.tap(name)
            room.give(DONE)
            return tuple(dict.fromkeys(chosen))
        case Ask():
            assert screen.kind in CHOSEN
            name = screen.options[-1 if last else 0].id
            show_page_of(room, name)
            room.give(name)
            return (name,)
        case Comment():
            for key in ("key:a", "key:b", "key:space") if screen.language == "en" else ("key:ї", "key:ґ", "key:space"):
                room.tap(key if key in room.app.targets else f"key:{key[-1].upper()}")
            room.give(DONE)
            return Content.COMMENT
        case Contact():
            room.tap(*(f"key:{digit}" for digit in "671234567"))
            room.give(DONE)
            return Content.PHONE
    raise AssertionError(screen)


@pytest.mark.parametrize("last", [False, True], ids=["first answers", "last answers"])
@pytest.mark.parametrize("language", ["uk", "en"])
@pytest.mark.parametrize("room", SHIPPED, indirect=True)
def test_a_whole_visit(room: AtTheWindow, language: str, *, last: bool) -> None:
    questionnaire = room.visits.settings.questionnaire
    if language != room.screen.language:
        room.tap(f"language:{language}")
    given: dict[str, tuple[str, ...] | str] = {}
    while not isinstance(room.screen, Thanks):
        assert room.screen.language == language
        question = room.screen.id
        given[question] = answer(room, last=last)
        assert len(given) <= len(questionnaire.questions)
    assert room.screen.closing == questionnaire.closing.get(language, "")
    room.later(10)
    room.disk()
    assert isinstance(room.screen, Ask)
    assert room.screen.first

    chosen = {question: answers for question, answers in given.items() if isinstance(answers, tuple)}
    assert [*given] == [question.id for question in questionnaire.questions if is_asked(question, chosen)]
    first = questionnaire.questions[0].id
    assert [vote.answer for vote in room.of(Vote)] == [",".join(given[first])]
    assert {record.question: record.choices for record in room.of(Answer)} == {q: a for q, a in chosen.items() if q != first}
    assert {record.how for record in room.of(Answer)} <= {How.ANSWERED}
    assert {record.question: record.content for record in room.of(Sealed)} == {q: a for q, a in given.items() if isinstance(a, str)}
    assert {record.language for record in (*room.of(Vote), *room.of(Answer), *room.of(Sealed))} == {language}
    assert [end.outcome for end in room.of(VisitEnd)] == [Outcome.COMPLETED]


def test_what_ships_has_every_kind_of_question() -> None:
    shown = {question.kind for name in SHIPPED for question in shipped(name).questions}
    assert shown == KINDS
    assert all(choices_of(question) for name in SHIPPED for question in shipped(name).questions if question.kind in CHOSEN)
