from __future__ import annotations

from feedback.notice import Announcement, AnnouncementKind, Notice
from feedback.records import Call, How, Input, Outcome, Sealed, VisitEnd, Vote
from kiosk.screens import CALL, DONE, LEAVE, SKIP
from kiosk.visit import PROBE_S, SETTLE_S, STORE_S
from tests.kiosk.room import Room
from tests.kiosk.support import KIOSK, settings_of
from tests.kiosk.test_visit_questions import answers, room_of, shows, type_in

ALERT = Notice(3, KIOSK, announcements=(Announcement("raid", AnnouncementKind.AIR_RAID, {"uk": "Повітряна тривога"}),))


def test_a_vote_stored_after_it_was_given_up_counts_and_asks_nobody_anything() -> None:
    room = room_of()
    room.disk()
    room.tap("terrible")
    room.pass_s(STORE_S)
    assert shows(room) == "OutOfOrder"
    room.disk()
    assert shows(room) == "OutOfOrder"
    room.pass_s(PROBE_S)
    room.disk()
    room.see()
    assert room.screen.first
    assert [end.visit for end in room.of(VisitEnd)] == [vote.visit for vote in room.of(Vote)]
    room.give("good")
    assert [vote.answer for vote in room.of(Vote)] == ["terrible", "good"]
    assert shows(room) == "good_reasons"


def test_own_words_stored_after_they_were_given_up_ask_nobody_anything() -> None:
    room = room_of()
    room.give("good", SKIP, "3")
    type_in(room, "так")
    room.tap(DONE)
    room.pass_s(STORE_S)
    room.disk()
    assert shows(room) == "OutOfOrder"
    assert len(room.of(Sealed)) == 1


def test_a_call_stored_while_out_of_order_lights_the_lamp_and_changes_no_screen() -> None:
    room = room_of()
    room.disk()
    room.tap(CALL, "terrible")
    room.pass_s(STORE_S)
    room.disk()
    assert shows(room) == "OutOfOrder"
    assert room.lamp == [True]
    assert len(room.of(Call)) == 1


def test_an_alert_during_the_thanks_leaves_a_completed_visit_completed() -> None:
    room = Room(settings_of())
    room.give("good")
    assert shows(room) == "Thanks"
    room.visits.hear(ALERT)
    room.pass_s(0)
    room.disk()
    assert shows(room) == "Announced"
    assert [end.outcome for end in room.of(VisitEnd)] == [Outcome.COMPLETED]


def test_an_alert_while_a_person_is_called_keeps_what_was_chosen() -> None:
    room = room_of()
    room.give("terrible")
    room.tap("queue", CALL)
    room.disk()
    assert shows(room) == "Called"
    room.visits.hear(ALERT)
    room.pass_s(0)
    room.disk()
    assert answers(room) == [("bad", How.LEFT, ("queue",))]


def test_the_second_tap_of_a_double_tap_on_the_way_back_is_no_vote() -> None:
    room = room_of()
    room.disk()
    room.tap(CALL)
    room.disk()
    room.see()
    room.tap(LEAVE)
    assert shows(room) == "service"
    room.clock.pass_s(SETTLE_S / 2)
    room.visits.tap("terrible", Input.TOUCH, room.clock.moment())
    room.disk()
    assert room.of(Vote) == []
    room.give("good")
    assert [vote.answer for vote in room.of(Vote)] == ["good"]
