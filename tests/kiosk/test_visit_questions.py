from __future__ import annotations

import hashlib

import msgspec
import pytest

from feedback.notice import Notice
from feedback.questionnaire import ContactWay, Kind, Questionnaire, Waiver
from feedback.records import Answer, Call, Content, How, Input, Outcome, Sealed, VisitEnd, Vote
from feedback.settings import Route
from kiosk.moves import Move
from kiosk.screens import CALL, DONE, LEAVE, SKIP, STAY, STRAY, Ask, Called, Comment, Contact, Desk, OutOfOrder, Thanks, stops
from kiosk.visit import CALLED_S, IDLE_S, PRESSED_S
from tests.kiosk.room import Room, upside_down
from tests.kiosk.support import FACES, ONE_QUESTION, question, settings_of

BAD = question("bad", Kind.MULTIPLE, "queue", "seats", when={"service": ("acceptable", "terrible")})
GOOD = question("good_reasons", Kind.MULTIPLE, "kind", "quick", when={"service": ("excellent", "good")})
LOYAL = question("loyal", Kind.SCALE, scale=(0, 10))
AGAIN = question("again", Kind.YES_NO, when={"loyal": ("9", "10")})
WORDS = question("comment", Kind.WORDS)
REACH = question(
    "contact",
    Kind.CONTACT,
    ways=(ContactWay.PHONE, ContactWay.EMAIL),
    purpose={"uk": "щоб відповісти", "en": "to answer"},
    consent={"uk": "погоджуюсь", "en": "I agree"},
    when={"service": ("terrible",)},
)
LONG = Questionnaire(id="long", version=3, languages=("uk", "en"), questions=(FACES, BAD, GOOD, LOYAL, AGAIN, WORDS, REACH))


def room_of(questionnaire: Questionnaire = LONG, **more: object) -> Room:
    return Room(settings_of(questionnaire=questionnaire), **more)  # type: ignore[arg-type]


def answers(room: Room) -> list[tuple[str, How, tuple[str, ...]]]:
    return [(answer.question, answer.how, answer.choices) for answer in room.of(Answer)]


def shows(room: Room) -> str:
    return getattr(room.screen, "id", type(room.screen).__name__)


def type_in(room: Room, text: str) -> None:
    room.tap(*(f"key:{'space' if character == ' ' else character}" for character in text))


def test_what_is_asked_depends_on_what_was_answered() -> None:
    for face, loyalty, expected in (
        ("terrible", "3", ["bad", "loyal", "comment", "contact", "Thanks"]),
        ("acceptable", "9", ["bad", "loyal", "again", "comment", "Thanks"]),
        ("good", "10", ["good_reasons", "loyal", "again", "comment", "Thanks"]),
        ("hard_to_say", "0", ["loyal", "comment", "Thanks"]),
    ):
        room, seen = room_of(), []
        room.give(face)
        while shows(room) != "Thanks":
            seen.append(shows(room))
            room.give(loyalty if shows(room) == "loyal" else SKIP)
        assert [*seen, shows(room)] == expected


def test_every_answer_is_a_record_of_its_own_and_skips_are_answers_too() -> None:
    room = room_of()
    room.give("terrible")
    room.tap("seats", "queue")
    room.give(DONE)
    room.give("7")
    room.give(SKIP)
    room.give(SKIP)
    assert isinstance(room.screen, Thanks)
    room.go()
    (vote,) = room.of(Vote)
    assert answers(room) == [
        ("bad", How.ANSWERED, ("queue", "seats")),
        ("loyal", How.ANSWERED, ("7",)),
        ("comment", How.SKIPPED, ()),
        ("contact", How.SKIPPED, ()),
    ]
    assert {record.visit for record in room.of(Answer)} == {vote.visit}
    assert room.of(VisitEnd)[0].outcome == Outcome.SKIPPED


def test_done_without_a_choice_does_nothing_and_one_tap_toggles() -> None:
    room = room_of()
    room.give("terrible")
    room.tap(DONE)
    assert shows(room) == "bad"
    room.tap("seats", "queue", "seats")
    assert room.screen.chosen == ("queue",)


def test_leaving_keeps_what_was_chosen_and_forgets_what_was_written() -> None:
    room = room_of()
    room.give("terrible")
    room.tap("seats")
    room.give(LEAVE)
    assert isinstance(room.screen, Thanks)
    room.go()
    assert answers(room) == [("bad", How.LEFT, ("seats",))]
    assert room.of(VisitEnd)[0].outcome == Outcome.LEFT

    room = room_of(msgspec.structs.replace(LONG, questions=(FACES, WORDS)))
    room.give("terrible")
    type_in(room, "так")
    room.give(LEAVE)
    room.go()
    assert answers(room) == [("comment", How.LEFT, ())]
    assert room.boxes == {}


def test_a_screen_says_that_it_is_about_to_close_and_stays_when_asked() -> None:
    room = room_of()
    room.give("terrible")
    room.tap("seats")
    timing = room.visits.settings.timing
    room.pass_s(timing.answer_s - timing.warn_s - 1)
    assert room.screen.closes_in_s is None
    room.pass_s(1)
    assert room.screen.closes_in_s == timing.warn_s
    room.pass_s(4)
    assert room.screen.closes_in_s == timing.warn_s - 4
    room.tap(STAY)
    assert room.screen.closes_in_s is None
    assert room.screen.chosen == ("seats",)
    room.pass_s(timing.answer_s - 1)
    assert room.screen.closes_in_s == 1
    room.pass_s(1)
    assert isinstance(room.screen, Thanks)
    room.go()
    assert answers(room) == [("bad", How.TIMED_OUT, ("seats",))]
    assert room.of(VisitEnd)[0].outcome == Outcome.TIMED_OUT


def test_who_goes_on_writing_is_no_longer_told_that_the_screen_closes() -> None:
    room = room_of()
    room.give("terrible", SKIP, SKIP)
    timing = room.visits.settings.timing
    for shown, key in (("comment", "т"), ("contact", "5")):
        assert shows(room) == shown
        room.pass_s(timing.writing_s - timing.warn_s)
        assert room.screen.closes_in_s == timing.warn_s
        type_in(room, key)
        assert room.screen.text.lower().endswith(key)
        assert room.screen.closes_in_s is None
        room.give(SKIP)


def test_a_question_may_wait_longer_than_others() -> None:
    patient = msgspec.structs.replace(LONG, questions=(FACES, msgspec.structs.replace(LOYAL, time_out_s=100.0)))
    room = room_of(patient)
    room.give("good")
    room.pass_s(99)
    assert shows(room) == "loyal"
    room.pass_s(1)
    assert isinstance(room.screen, Thanks)


def test_the_next_visitor_sees_nothing_of_the_last_one() -> None:
    room = room_of()
    fresh = room.screen
    room.tap("comfort:large", "language:en")
    room.give("terrible")
    room.tap("seats")
    room.give(LEAVE)
    room.go()
    assert room.screen == fresh
    room.see()
    room.give("terrible")
    assert room.screen.chosen == ()


def test_own_words_are_sealed_and_only_their_digest_is_recorded() -> None:
    room = room_of(msgspec.structs.replace(LONG, questions=(FACES, WORDS)))
    room.give("good")
    assert isinstance(room.screen, Comment)
    room.tap(DONE)
    assert isinstance(room.screen, Comment), "nothing is written yet"
    assert room.screen.shifted
    type_in(room, "Їжак ґанку")
    assert (room.screen.text, room.screen.cursor) == ("Їжак ґанку", 10)
    room.tap("cursor:1", "key:backspace", "key:є")
    room.give(DONE)
    (sealed,) = room.of(Sealed)
    box = upside_down("єжак ґанку")
    assert (room.boxes, sealed.digest, sealed.content) == ({sealed.id: box}, hashlib.sha256(box).hexdigest(), Content.COMMENT)
    assert isinstance(room.screen, Thanks)


def test_a_contact_is_checked_then_sealed() -> None:
    room = room_of(msgspec.structs.replace(LONG, questions=(FACES, REACH)))
    room.give("terrible")
    assert isinstance(room.screen, Contact)
    type_in(room, "067123")
    room.tap(DONE)
    assert room.screen.mistake
    type_in(room, "4567")
    assert (room.screen.mistake, room.screen.shown) == ("", "+380 67 123 45 67")
    room.give(DONE)
    assert room.of(Sealed)[0].content == Content.PHONE
    assert list(room.boxes.values()) == [upside_down("+380671234567")]

    room = room_of(msgspec.structs.replace(LONG, questions=(FACES, REACH)))
    room.give("terrible")
    room.tap("way:email")
    type_in(room, "olha")
    room.tap("key:ukr.net")
    room.give(DONE)
    assert room.of(Sealed)[0].content == Content.EMAIL
    assert list(room.boxes.values()) == [upside_down("olha@ukr.net")]


def test_nothing_written_is_asked_where_it_cannot_be_sealed_or_typed() -> None:
    room = room_of(offered=False)
    room.give("terrible", SKIP, "3")
    assert isinstance(room.screen, Thanks)


def test_an_answer_that_cannot_be_stored_is_not_thanked() -> None:
    room = room_of()
    room.give("terrible", SKIP)
    room.tap("7")
    room.disk(works=False)
    assert isinstance(room.screen, OutOfOrder)
    room.pass_s(3)
    room.disk()
    assert isinstance(room.screen, Ask)
    assert room.screen.first
    assert answers(room) == [("bad", How.SKIPPED, ())]
    assert [vote.answer for vote in room.of(Vote)] == ["terrible"]


def test_a_double_tap_answers_one_question_only() -> None:
    room = room_of()
    room.give("hard_to_say")
    room.visits.tap("7", Input.TOUCH, room.clock.moment())
    assert not room.screen.stored
    room.tap("7")
    room.settle()
    assert answers(room) == [("loyal", How.ANSWERED, ("7",))]


def test_the_first_question_is_answered_directly_by_buttons_and_everything_after_by_moves() -> None:
    room = room_of()
    room.visits.press(4, room.clock.moment())
    room.see()
    room.settle()
    assert shows(room) == "bad"
    first, second, third = stops(room.screen)[:3]
    for _ in range(2):
        room.clock.pass_s(1)
        room.visits.press(2, room.clock.moment())
    assert (room.screen.focus, room.screen.comfort.voice) == (second, True)
    room.visits.press(3, room.clock.moment())
    assert room.screen.chosen == (second,)
    room.visits.press(1, room.clock.moment())
    assert room.screen.focus == first
    room.move(Move.NEXT, Move.NEXT)
    assert room.screen.focus == third == DONE
    room.move(Move.SELECT)
    room.settle()
    assert shows(room) == "loyal"
    assert room.screen.focus is None
    room.visits.press(4, room.clock.moment())
    assert room.said_again == 1
    room.clock.pass_s(1)
    room.visits.press(5, room.clock.moment())
    assert room.of(Answer)[0].input == Input.BUTTON
    room.disk()
    assert answers(room)[-1] == ("loyal", How.SKIPPED, ())


def test_buttons_walk_round_and_round_in_the_fixed_order() -> None:
    room = room_of()
    room.give("terrible")
    walked = []
    for _ in range(2 * len(stops(room.screen))):
        room.move(Move.NEXT)
        walked.append(room.screen.focus)
    assert walked == [*stops(room.screen)] * 2


def test_words_can_be_typed_by_buttons() -> None:
    room = room_of(msgspec.structs.replace(LONG, questions=(FACES, WORDS)))
    room.give("good")
    for key in ("key:Т", "key:а", "key:к", DONE):
        while room.screen.focus != key:
            room.move(Move.NEXT)
        room.move(Move.SELECT)
    room.disk()
    assert list(room.boxes.values()) == [upside_down("Так")]
    assert room.of(Sealed)[0].input == Input.BUTTON


def test_a_call_for_a_person_is_recorded_lit_and_said_and_the_visit_goes_on() -> None:
    room = room_of()
    room.tap(CALL)
    assert isinstance(room.screen, Ask), "not said before the commit"
    room.disk()
    room.see()
    assert room.screen == Called(language="uk")
    assert room.lamp == [True]
    (call,) = room.of(Call)
    room.visits.hear(Notice(1, "exit", answered_calls=(call.id,)))
    assert room.screen.coming
    assert room.lamp == [True, False]
    room.pass_s(CALLED_S)
    assert isinstance(room.screen, Ask)
    room.see()
    room.give("good")
    assert room.of(Vote)[0].visit == call.visit


def test_a_second_call_of_the_same_visit_is_open_although_the_first_was_taken() -> None:
    room = room_of()
    for calls in (1, 2):
        room.tap(CALL)
        room.disk()
        room.see()
        assert len(room.of(Call)) == calls
        room.visits.hear(Notice(calls, "exit", answered_calls=tuple(call.id for call in room.of(Call)[:1])))
        if calls == 1:
            room.pass_s(CALLED_S)
            room.see()
    assert not room.screen.coming
    assert room.lamp == [True, False, True]


def test_a_call_that_is_open_is_not_made_again_by_the_same_visitor() -> None:
    """A child at the button, or somebody who waits, is one call: staff who take it answer all of them."""
    room = room_of()
    room.tap(CALL, CALL)
    room.disk()
    room.see()
    for _ in range(3):
        assert room.screen == Called(language="uk")
        room.tap(STRAY, CALL)
        room.disk()
        room.see()
    (call,) = room.of(Call)
    room.visits.hear(Notice(1, "exit", answered_calls=(call.id,)))
    assert room.screen.coming
    assert room.lamp[-1] is False
    room.pass_s(CALLED_S)
    room.pass_s(IDLE_S)
    room.disk()
    room.see()
    room.tap(CALL)
    room.disk()
    assert len({call.visit for call in room.of(Call)}) == len(room.of(Call)) == 2, "the next visitor is another one"


def test_a_call_that_nobody_takes_goes_out_by_itself() -> None:
    room = room_of()
    room.tap(CALL)
    room.disk()
    room.see()
    room.tap(STRAY)
    assert isinstance(room.screen, Ask)
    room.pass_s(IDLE_S)
    room.pass_s(room.visits.settings.timing.call_s)
    room.pass_s(1)
    assert room.lamp == [True, False]
    room.disk()
    assert room.visits.between_visits
    assert len(room.of(VisitEnd)) == 1


def test_help_by_button_comes_back_to_the_question_where_it_was_pressed() -> None:
    room = room_of()
    room.give("terrible")
    room.tap("seats")
    room.move(Move.HELP)
    room.disk()
    room.see()
    assert isinstance(room.screen, Called)
    room.pass_s(CALLED_S)
    assert (shows(room), room.screen.chosen) == ("bad", ("seats",))


def test_the_desk_comes_before_the_reasons() -> None:
    room = Room(settings_of(desks=3, questionnaire=LONG))
    room.give("terrible")
    assert isinstance(room.screen, Desk)
    room.give("desk:desk-2")
    assert shows(room) == "bad"


def test_another_questionnaire_may_be_asked_at_a_desk() -> None:
    settings = settings_of(desk="desk-5")
    settings = msgspec.structs.replace(settings, questionnaires=(LONG,), routes=(Route("long", desks=("desk-5",)),))
    room = Room(settings)
    room.give("terrible")
    assert shows(room) == "bad"
    room = Room(msgspec.structs.replace(settings, routes=(Route("long", desks=("desk-6",)),)))
    room.give("terrible")
    assert isinstance(room.screen, Thanks)


def test_opening_and_closing_words_are_said() -> None:
    spoken = msgspec.structs.replace(
        ONE_QUESTION, opening={"uk": "Прошу", "en": "Please"}, closing={"uk": "Дякуємо Вам", "en": "Thanks"}, waivers=(Waiver("x", "y"),)
    )
    room = room_of(spoken)
    assert room.screen.opening == "Прошу"
    room.give("good")
    assert room.screen == Thanks(closing="Дякуємо Вам")


@pytest.mark.parametrize("tap", ["nonsense", "desk:desk-1", "key:й", "way:fax", "language:fr", DONE, LEAVE, SKIP])
def test_names_that_are_not_on_the_screen_do_nothing(tap: str) -> None:
    room = room_of()
    before = room.screen
    room.tap(tap)
    assert room.screen == before
    room.pass_s(PRESSED_S)
    assert room.of(Vote) == []
