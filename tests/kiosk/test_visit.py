from __future__ import annotations

import msgspec
import pytest

from feedback.questionnaire import ANSWERS, Face, Kind
from feedback.records import Context, DeskChoice, Input, Mode, Outcome, VisitEnd, Vote
from feedback.settings import Timing
from kiosk.screens import DONT_REMEMBER, SKIP, STRAY, Ask, Desk, OutOfOrder, Thanks
from kiosk.visit import IDLE_S, PRESSED_S, PROBE_S, SETTLE_S, STORE_S
from tests.kiosk.room import Room
from tests.kiosk.support import ONE_QUESTION, question, settings_of


def vote(room: Room, answer: str = "good") -> None:
    room.give(answer)


def test_a_vote_is_complete_when_stored_and_thanked_after_that() -> None:
    room = Room(settings_of(desk="desk-7"))
    room.tap("excellent")
    assert isinstance(room.screen, Ask)
    assert (room.screen.chosen, room.screen.stored) == (("excellent",), True)
    room.pass_s(1)
    assert isinstance(room.screen, Ask), "not thanked before the commit"
    room.disk()
    room.pass_s(0)
    assert room.screen == Thanks(language="uk")
    (context,) = room.of(Context)
    (cast,) = room.of(Vote)
    assert (cast.answer, cast.desk, cast.context, cast.language, cast.input) == ("excellent", "desk-7", context.number, "uk", Input.TOUCH)
    assert (cast.repeat, context.mode) == (False, Mode.LIVE)
    room.go()
    assert isinstance(room.screen, Ask)
    assert not room.screen.chosen
    (end,) = room.of(VisitEnd)
    assert (end.visit, end.outcome, end.extra_presses) == (cast.visit, Outcome.COMPLETED, 0)


def test_the_pressed_face_stays_long_enough_to_be_seen() -> None:
    room = Room(settings_of())
    room.tap("good")
    room.disk()
    room.pass_s(PRESSED_S / 2)
    assert isinstance(room.screen, Ask)
    room.pass_s(PRESSED_S / 2)
    assert isinstance(room.screen, Thanks)


@pytest.mark.parametrize("answer", [answer for answer in ANSWERS if answer != Face.POOR])
def test_thanks_is_the_same_for_every_answer(answer: str) -> None:
    room = Room(settings_of())
    vote(room, answer)
    assert room.screen == Thanks(language="uk")


def test_a_press_before_the_screen_was_drawn_counts_for_nothing() -> None:
    room = Room(settings_of())
    vote(room)
    early = room.clock.moment()
    room.clock.pass_s(4)
    room.visits.tick()
    room.visits.tap("good", Input.TOUCH, room.clock.moment())
    assert not room.screen.chosen
    room.see()
    room.visits.tap("good", Input.BUTTON, early)
    assert not room.screen.chosen
    room.tap("good")
    assert room.screen.chosen == ("good",)


def test_only_the_first_press_is_a_vote_and_later_ones_are_counted() -> None:
    room = Room(settings_of())
    room.tap("good", "terrible", "good")
    room.settle()
    room.tap(STRAY)
    room.go()
    assert [cast.answer for cast in room.of(Vote)] == ["good"]
    assert room.of(VisitEnd)[0].extra_presses == 3


def test_a_panels_buttons_answer_by_their_place() -> None:
    for position, answer in enumerate(("excellent", "good", "acceptable", "terrible", "hard_to_say"), 1):
        room = Room(settings_of())
        room.visits.press(position, room.clock.moment())
        assert (room.screen.chosen, room.screen.comfort.voice) == ((answer,), False)


def test_several_answers_to_a_first_question_are_one_vote() -> None:
    asked = msgspec.structs.replace(ONE_QUESTION, questions=(question("why", Kind.MULTIPLE, "rest", "queue", "talk"),))
    room = Room(settings_of(questionnaire=asked))
    room.tap("talk", "rest", "queue", "queue")
    assert (room.screen.chosen, room.asked[1:]) == (("rest", "talk"), [])
    room.give("done")
    assert [cast.answer for cast in room.of(Vote)] == ["rest,talk"]


def test_the_desk_is_asked_where_the_kiosk_has_none() -> None:
    room = Room(settings_of(desks=8))
    vote(room)
    assert isinstance(room.screen, Desk)
    room.tap("desk:desk-3")
    assert room.screen.pressed == "desk-3"
    room.settle()
    assert room.screen == Thanks(language="uk")
    room.go()
    (cast,) = room.of(Vote)
    (choice,) = room.of(DeskChoice)
    assert cast.desk is None
    assert (choice.visit, choice.desk) == (cast.visit, "desk-3")
    assert room.of(VisitEnd)[0].outcome == Outcome.COMPLETED


def test_the_second_tap_of_a_double_tap_chooses_no_desk() -> None:
    room = Room(settings_of(desks=8))
    vote(room)
    room.clock.pass_s(SETTLE_S / 2)
    room.visits.tap("desk:desk-3", Input.TOUCH, room.clock.moment())
    assert room.screen.pressed is None
    room.pass_s(room.visits.settings.timing.desk_s)
    room.go()
    (end,) = room.of(VisitEnd)
    assert (end.outcome, end.extra_presses) == (Outcome.TIMED_OUT, 1)


@pytest.mark.parametrize(("way", "outcome", "choices"), [(DONT_REMEMBER, Outcome.COMPLETED, [None]), (SKIP, Outcome.SKIPPED, [])])
def test_not_remembering_is_an_answer_and_skipping_is_an_outcome(way: str, outcome: Outcome, choices: list[None]) -> None:
    room = Room(settings_of(desks=2))
    vote(room)
    room.give(way)
    assert room.screen == Thanks(language="uk")
    room.go()
    assert [choice.desk for choice in room.of(DeskChoice)] == choices
    assert room.of(VisitEnd)[0].outcome == outcome


def test_a_vote_that_cannot_be_stored_is_not_thanked_and_the_kiosk_mends_itself() -> None:
    room = Room(settings_of())
    room.disk()
    room.tap("good")
    room.disk(works=False)
    assert room.screen == OutOfOrder(language="uk")
    room.see()
    room.tap("good")
    room.pass_s(PROBE_S)
    room.disk(works=False)
    assert room.screen == OutOfOrder(language="uk")
    room.pass_s(PROBE_S)
    room.disk()
    assert isinstance(room.screen, Ask)
    assert room.of(Vote) == []
    assert [end.outcome for end in room.of(VisitEnd)] == [Outcome.TIMED_OUT]
    assert not any(isinstance(screen, Thanks) for screen in room.screens)


def test_a_silent_disk_does_not_leave_the_visitor_waiting() -> None:
    room = Room(settings_of())
    room.tap("good")
    room.pass_s(STORE_S)
    assert room.screen == OutOfOrder(language="uk")
    room.pass_s(PROBE_S)
    room.asked.clear()  # answers that never come
    room.pass_s(STORE_S)
    room.disk()
    assert isinstance(room.screen, Ask)
    assert not any(isinstance(screen, Thanks) for screen in room.screens)


def test_the_context_is_stored_before_the_first_vote_even_if_the_disk_comes_late() -> None:
    room = Room(settings_of())
    room.disk(works=False)
    assert room.screen == OutOfOrder(language="uk")
    room.pass_s(PROBE_S)
    room.disk()
    room.see()
    vote(room)
    assert [type(record) for record in room.stored] == [Context, Vote]
    assert room.of(Context)[0].number == room.of(Vote)[0].context


def test_an_older_commit_does_not_stand_for_the_new_context() -> None:
    room = Room(settings_of())
    room.visits.use(settings_of(version=2, questionnaire=msgspec.structs.replace(ONE_QUESTION, version=2)))
    room.see()
    (first, old), (second, _new) = room.asked
    room.store(old)
    room.visits.committed(first)
    room.tap("good")
    room.asked = room.asked[2:]
    room.visits.failed(second)
    room.disk()
    (cast,) = room.of(Vote)
    assert cast.context in {context.number for context in room.of(Context)}


def test_a_vote_right_after_the_last_visit_is_flagged() -> None:
    room = Room(settings_of(timing=Timing(thanks_s=3, repeat_s=5)))
    for pause in (0, 4, 6):
        room.pass_s(pause)
        vote(room)
        room.go()
    assert [cast.repeat for cast in room.of(Vote)] == [False, True, False]


def test_the_language_lasts_for_one_visit() -> None:
    room = Room(settings_of())
    room.tap("language:en")
    assert room.screen.language == "en"
    vote(room)
    assert room.screen == Thanks(language="en")
    room.go()
    assert room.screen.language == "uk"
    assert room.of(Vote)[0].language == "en"


def test_who_changes_the_language_and_leaves_is_a_visit_that_timed_out() -> None:
    room = Room(settings_of())
    room.tap("language:en")
    room.pass_s(IDLE_S)
    room.disk()
    assert room.screen.language == "uk"
    assert [end.outcome for end in room.of(VisitEnd)] == [Outcome.TIMED_OUT]


@pytest.mark.parametrize("name", ["comfort:large", "comfort:contrast", "comfort:low", "comfort:voice"])
def test_comfort_lasts_for_one_visit_and_can_be_taken_back(name: str) -> None:
    room = Room(settings_of(desks=2))
    usual = room.screen.comfort
    room.tap(name)
    comfort = room.screen.comfort
    assert comfort != usual
    vote(room)
    assert (type(room.screen), room.screen.comfort) == (Desk, comfort)
    room.give(SKIP)
    room.go()
    assert room.screen.comfort == usual
    room.tap(name, name)
    assert room.screen.comfort == usual


def test_new_settings_wait_for_the_visit_to_end_and_bring_a_context() -> None:
    room = Room(settings_of())
    room.tap("good")
    room.visits.use(settings_of(desk="desk-9", version=2, questionnaire=msgspec.structs.replace(ONE_QUESTION, version=9)))
    room.settle()
    assert room.screen == Thanks(language="uk")
    assert room.visits.settings.version == 1
    room.go()
    vote(room)
    contexts, votes = room.of(Context), room.of(Vote)
    assert [context.questionnaire_version for context in contexts] == [1, 9]
    assert [cast.context for cast in votes] == [context.number for context in contexts]
    assert votes[1].desk == "desk-9"


def test_a_technicians_test_is_recorded_as_one_and_the_next_visit_counts() -> None:
    room = Room(settings_of())
    room.disk()
    room.visits.begin_test()
    room.see()
    assert room.screen.opening == "Пробний голос"
    vote(room)
    room.go()
    assert room.screen.opening == ""
    vote(room)
    modes = {context.number: context.mode for context in room.of(Context)}
    assert [modes[cast.context] for cast in room.of(Vote)] == [Mode.TEST, Mode.LIVE]


def test_a_test_that_nobody_takes_ends_by_itself() -> None:
    room = Room(settings_of())
    room.disk()
    room.visits.begin_test()
    room.pass_s(IDLE_S)
    room.disk()
    vote(room)
    assert room.of(Context)[-1].mode == Mode.LIVE


def test_a_pilot_says_so_in_its_context() -> None:
    room = Room(settings_of(questionnaire=msgspec.structs.replace(ONE_QUESTION, pilot=True)))
    vote(room)
    assert [context.mode for context in room.of(Context)] == [Mode.PILOT]
