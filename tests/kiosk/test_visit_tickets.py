from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest

from feedback.notice import Announcement, AnnouncementKind, Notice
from feedback.records import DeskChoice, Input, Outcome, TicketScan, VisitEnd, Vote
from feedback.settings import DeskOption, Route
from feedback.tickets import Refusal, Ticket, TicketToken
from kiosk import scans
from kiosk.moves import Move
from kiosk.scanning import NOTICE_S, SAME_VISITOR_S
from kiosk.scans import Scanned
from kiosk.screens import CALL, LARGE, SKIP, STAY, Announced, Ask, Called, Desk, Thanks, changed
from kiosk.visit import CALLED_S, IDLE_S
from tests.kiosk.room import Room, upside_down
from tests.kiosk.support import KIOSK, settings_of
from tests.kiosk.test_visit_questions import LONG

DAY = "2026-11-24"


def scanned(number: str = "А17", desk: str | None = "desk-2", service: str | None = None, **more: Any) -> Scanned:
    """A ticket whose token is its number, upside down."""
    token = TicketToken(DAY, number[::-1].encode().hex(), 1_790_000_000_000)
    return Scanned(Ticket(form="own", number=number, day=DAY, desk=desk, service=service), token, **more)


CARD = Scanned(Ticket(form="card", desk="desk-3", is_card=True))


@pytest.fixture
def room() -> Room:
    room = Room(settings_of(desks=3))
    room.disk()
    return room


def test_a_scanned_ticket_is_stored_with_the_vote_and_its_token_is_sealed(room: Room) -> None:
    ticket = scanned(service="passport")
    room.scan(ticket)
    assert room.screen.desk == DeskOption("desk-2", "2")
    assert room.screen.note == scans.told_by(ticket.ticket, "uk")
    assert "анонім" not in room.screen.note
    room.tap("good")
    assert [type(record) for record in room.asked[-1][1]] == [Vote, TicketScan], "in one transaction"
    assert room.spent == [], "not before it is on the disk"
    room.settle()
    (vote,), (scan,) = room.of(Vote), room.of(TicketScan)
    assert (scan.visit, scan.form, scan.desk, scan.service) == (vote.visit, "own", "desk-2", "passport")
    assert (vote.desk, vote.service) == ("desk-2", "passport")
    assert ticket.token is not None
    assert room.boxes == {scan.id: upside_down(msgspec.json.encode(ticket.token).decode())}
    assert scan.digest == hashlib.sha256(room.boxes[scan.id]).hexdigest()
    assert ticket.token.token.encode() not in msgspec.json.encode((vote, scan))
    assert room.tickets == {scan.id: ticket.token}
    assert room.spent == [ticket.token]
    assert isinstance(room.screen, Thanks), "the ticket has answered which desk"


def test_a_vote_that_was_not_stored_spends_nothing(room: Room) -> None:
    room.scan(scanned())
    room.tap("good")
    room.disk(works=False)
    room.pass_s(10)
    room.disk()
    assert (room.of(Vote), room.of(TicketScan), room.spent) == ([], [], [])


def test_a_ticket_that_does_not_name_its_desk_leaves_the_question_for_it(room: Room) -> None:
    room.scan(scanned(desk=None))
    room.give("good")
    assert isinstance(room.screen, Desk)
    assert room.of(Vote)[0].desk is None
    room.give("desk:desk-1")
    assert [(choice.desk, choice.input) for choice in room.of(DeskChoice)] == [("desk-1", Input.TOUCH)]


def test_a_ticket_never_stays_for_the_next_visitor(room: Room) -> None:
    room.scan(scanned())
    room.pass_s(IDLE_S)
    room.disk()
    assert room.of(VisitEnd)[0].outcome is Outcome.TIMED_OUT
    room.give("good")
    (vote,) = room.of(Vote)
    assert (vote.desk, room.of(TicketScan), room.spent) == (None, [], [])
    assert isinstance(room.screen, Desk)


def test_a_ticket_with_which_nobody_answers_is_soon_nobodys(room: Room) -> None:
    """Who scans and walks away shall not lend desk and ticket to whoever comes up next, who scans nothing."""
    room.tap("language:en")
    room.scan(scanned(service="passport"))
    room.pass_s(SAME_VISITOR_S)
    assert room.screen.desk is not None
    room.pass_s(0.1)
    assert (room.screen.desk, room.screen.language) == (None, "en")
    assert room.screen.notice == scans.forgotten(scanned().ticket, "en") != scans.forgotten(CARD.ticket, "en")
    assert room.screen.note != scans.told_by(scanned().ticket, "en")
    room.give("good")
    (vote,) = room.of(Vote)
    assert (vote.desk, vote.service, room.of(TicketScan), room.spent) == (None, None, [], [])
    assert isinstance(room.screen, Desk)


def test_a_forgotten_ticket_that_is_scanned_again_is_taken(room: Room) -> None:
    ticket = scanned()
    room.scan(ticket)
    room.pass_s(SAME_VISITOR_S + 0.1)
    room.scan(ticket)
    assert (room.screen.desk, room.screen.notice) == (DeskOption("desk-2", "2"), "")
    room.give("good")
    assert room.spent == [ticket.token]


def test_a_press_or_the_same_ticket_again_says_that_its_visitor_is_there(room: Room) -> None:
    ticket = scanned()
    for stay in (lambda: room.scan(ticket), lambda: room.tap(LARGE), lambda: room.scan(ticket), lambda: room.move(Move.NEXT)):
        stay()
        room.pass_s(SAME_VISITOR_S - 1)
    room.give("good")
    assert room.spent == [ticket.token]


def test_whoever_is_being_read_the_question_keeps_the_ticket(room: Room) -> None:
    room.move(Move.REPEAT)
    room.scan(scanned())
    room.speaks = True
    for _ in range(5):
        room.pass_s(SAME_VISITOR_S)
    room.speaks = False
    room.pass_s(SAME_VISITOR_S - 1)
    room.give("good")
    assert len(room.of(TicketScan)) == 1


def test_a_call_for_a_person_keeps_no_ticket_that_is_late(room: Room) -> None:
    room.scan(scanned())
    room.tap(CALL)
    room.disk()
    assert isinstance(room.screen, Called)
    room.pass_s(CALLED_S)
    assert (room.screen.desk, room.screen.notice) == (None, scans.forgotten(scanned().ticket, "uk"))
    room.give("good")
    assert room.of(TicketScan) == []


def test_the_questionnaire_of_a_forgotten_ticket_gives_way_and_takes_no_press_meant_for_it() -> None:
    other = msgspec.structs.replace(LONG, id="other", questions=LONG.questions[1:])
    settings = msgspec.structs.replace(
        settings_of(desks=3, desk="desk-1"), questionnaires=(other,), routes=(Route("other", services=("passport",), ticket=True),)
    )
    room = Room(settings)
    room.disk()
    before = room.screen
    room.scan(scanned(service="passport", desk="desk-3"))
    assert room.screen.id != before.id
    room.clock.pass_s(SAME_VISITOR_S + 0.1)
    room.visits.tick()
    room.visits.tap("queue", Input.TOUCH, room.clock.moment())
    assert room.asked == [], "not drawn yet"
    assert changed(room.screen, notice="") == before
    room.see()
    room.give("good")
    assert [(vote.desk, vote.question) for vote in room.of(Vote)] == [("desk-1", before.id)]


def test_a_later_ticket_takes_the_place_of_an_earlier_one(room: Room) -> None:
    first, second = scanned("А1", desk="desk-1", service="passport"), scanned("А2", desk=None)
    room.scan(first, second)
    assert room.screen.desk is None
    room.give("good")
    (scan,) = room.of(TicketScan)
    assert (room.of(Vote)[0].desk, room.of(Vote)[0].service, scan.desk) == (None, None, None)
    assert room.spent == [second.token]


def test_the_same_ticket_again_is_no_error_for_its_own_visitor(room: Room) -> None:
    ticket = scanned(desk=None)
    room.scan(ticket, ticket)
    assert room.screen.notice == ""
    room.give("good")
    room.scan(changed(ticket, is_spent=True))
    assert (room.screen.notice, room.screen.pressed) == ("", None)
    room.give(SKIP)
    room.go()
    assert room.of(VisitEnd)[0].extra_presses == 0
    assert len(room.of(TicketScan)) == 1
    room.scan(changed(ticket, is_spent=True))
    assert room.screen.notice == scans.refused(Refusal.SPENT, "uk")


def test_another_ticket_after_the_vote_is_not_this_visitors(room: Room) -> None:
    room.scan(scanned("А1", desk=None))
    room.give("good")
    room.scan(scanned("А2"))
    assert isinstance(room.screen, Desk)
    assert (room.screen.pressed, room.screen.notice) == (None, "")
    room.give(SKIP)
    room.go()
    assert len(room.of(TicketScan)) == 1
    assert room.of(VisitEnd)[0].extra_presses == 1


@pytest.mark.parametrize("reading", [scanned(), CARD], ids=["ticket", "card"])
def test_a_scan_after_the_vote_answers_which_desk(room: Room, reading: Scanned) -> None:
    room.give("terrible")
    room.scan(reading)
    assert room.screen.pressed == reading.ticket.desk
    room.scan(scanned("Б9", desk="desk-1"))
    room.settle()
    (scan,), (vote,) = room.of(TicketScan), room.of(Vote)
    assert (scan.visit, scan.desk, vote.desk) == (vote.visit, reading.ticket.desk, None)
    assert (scan.digest == "", room.spent) == (reading.token is None, [] if reading.token is None else [reading.token])
    assert isinstance(room.screen, Thanks)


def test_a_scan_after_the_vote_without_a_desk_says_so_and_leaves_the_question(room: Room) -> None:
    room.give("good")
    room.scan(scanned(desk=None))
    assert room.screen.notice == scans.read_without_desk("uk")
    room.disk()
    assert len(room.spent) == len(room.of(TicketScan)) == 1
    room.scan(CARD)
    room.settle()
    assert [(choice.desk, choice.input) for choice in room.of(DeskChoice)] == [("desk-3", Input.SCAN)]
    assert len(room.of(TicketScan)) == 1
    assert isinstance(room.screen, Thanks)


@pytest.mark.parametrize("reading", [scanned(), scanned(desk=None), CARD], ids=["ticket", "without a desk", "card"])
@pytest.mark.parametrize("first", [None, scanned("А1", desk=None)], ids=["without", "with a ticket"])
def test_a_late_scan_after_the_vote_is_the_next_visitors(room: Room, reading: Scanned, first: Scanned | None) -> None:
    if first is not None:
        room.scan(first)
    room.give("terrible")
    room.pass_s(SAME_VISITOR_S - 0.1)
    assert isinstance(room.screen, Desk), "the question still stands there"
    room.scan(reading)
    room.disk()
    (vote,), (end,) = room.of(Vote), room.of(VisitEnd)
    assert (end.visit, end.outcome, end.extra_presses) == (vote.visit, Outcome.TIMED_OUT, 0)
    assert [scan.visit for scan in room.of(TicketScan)] == ([vote.visit] if first else [])
    assert isinstance(room.screen, Ask)
    assert (room.screen.first, room.screen.note) == (True, scans.told_by(reading.ticket, "uk"))
    assert room.slips == [], "nobody is there to take it, and it is not for the next visitor"
    room.give("good")
    second = room.of(Vote)[1]
    assert second.visit != vote.visit
    assert room.of(TicketScan)[-1].visit == second.visit
    assert (vote.desk, second.desk) == (None, reading.ticket.desk)
    assert room.of(DeskChoice) == []


def test_whoever_presses_is_still_there_for_a_while(room: Room) -> None:
    room.give("good")
    room.pass_s(SAME_VISITOR_S - 1)
    room.tap(STAY)
    room.pass_s(SAME_VISITOR_S - 1)
    room.scan(scanned())
    room.settle()
    assert [scan.visit for scan in room.of(TicketScan)] == [vote.visit for vote in room.of(Vote)]
    assert isinstance(room.screen, Thanks)


def test_whoever_is_being_read_the_desks_is_still_there(room: Room) -> None:
    room.move(Move.REPEAT)
    room.give("good")
    room.speaks = True
    for _ in range(4):
        room.pass_s(SAME_VISITOR_S)
    room.speaks = False
    room.pass_s(SAME_VISITOR_S - 1)
    room.scan(scanned())
    room.settle()
    assert [scan.visit for scan in room.of(TicketScan)] == [vote.visit for vote in room.of(Vote)]


def test_a_late_scan_that_gives_nothing_ends_no_visit(room: Room) -> None:
    mine = scanned("А1", desk=None)
    room.scan(mine)
    room.give("good")
    room.pass_s(SAME_VISITOR_S)
    room.scan(Refusal.UNKNOWN, scanned("Б2", is_spent=True), changed(mine, is_spent=True))
    room.disk()
    assert isinstance(room.screen, Desk)
    assert room.of(VisitEnd) == []


def test_a_late_scan_where_the_centre_has_closed_begins_no_visit(room: Room) -> None:
    room.give("good")
    room.visits.hear(Notice(1, KIOSK, announcements=(Announcement("1", AnnouncementKind.MAINTENANCE, {"uk": "Перерва"}),)))
    room.pass_s(SAME_VISITOR_S)
    room.scan(scanned())
    room.disk()
    assert isinstance(room.screen, Announced)
    assert [end.outcome for end in room.of(VisitEnd)] == [Outcome.TIMED_OUT]
    assert (room.of(TicketScan), room.spent) == ([], [])


@pytest.mark.parametrize("why", [*Refusal])
@pytest.mark.parametrize("language", ["uk", "en"])
def test_a_refusal_is_told_without_closing_the_question(why: Refusal, language: str) -> None:
    room = Room(settings_of(desks=3))
    room.disk()
    if language == "en":
        room.tap("language:en")
    before = room.screen
    room.scan(scanned(is_spent=True) if why is Refusal.SPENT else why)
    assert room.screen == changed(before, notice=scans.refused(why, language))
    assert any(word in room.screen.notice for word in ("without a ticket", "без талона")), "one can always vote without"
    room.pass_s(NOTICE_S - 0.1)
    assert room.screen.notice
    room.pass_s(0.1)
    assert room.screen == before
    room.give("good")
    assert (room.of(Vote)[0].desk, room.of(TicketScan)) == (None, [])


def test_a_code_that_gives_nothing_begins_no_visit(room: Room) -> None:
    room.scan(Refusal.UNKNOWN, Refusal.FORGED)
    assert room.visits.between_visits
    room.pass_s(IDLE_S + NOTICE_S)
    room.disk()
    assert room.of(VisitEnd) == []


def test_a_notice_goes_with_the_next_press(room: Room) -> None:
    room.scan(Refusal.FOREIGN)
    room.tap(LARGE)
    assert (room.screen.notice, room.screen.comfort.large) == ("", True)
    room.scan(Refusal.FOREIGN)
    room.tap("good")
    assert (room.screen.notice, room.screen.chosen) == ("", ("good",))
    room.settle()
    room.scan(Refusal.UNKNOWN)
    assert room.screen.notice == scans.refused(Refusal.UNKNOWN, "uk"), "on the question for the desk too"
    room.give("desk:desk-1")
    assert [choice.desk for choice in room.of(DeskChoice)] == ["desk-1"]


def test_a_scan_that_nothing_waits_for_changes_nothing() -> None:
    room = Room(settings_of(desks=2, questionnaire=LONG))
    room.disk()
    room.give("good", SKIP)
    before = room.screen
    assert isinstance(before, Ask)
    assert not before.first
    for reading in (scanned(), CARD, Refusal.UNKNOWN):
        room.scan(reading)
    assert room.screen == before
    unseen = Room(settings_of(desks=2))
    unseen.visits.scan(scanned(), msgspec.structs.replace(unseen.clock.moment(), boottime_ms=0))
    assert unseen.screen.desk is None


def test_a_ticket_chooses_the_questionnaire_and_the_kiosks_own_desk_gives_way() -> None:
    other = msgspec.structs.replace(LONG, id="other")
    settings = msgspec.structs.replace(
        settings_of(desks=3, desk="desk-1"),
        questionnaires=(other,),
        routes=(Route("other", services=("passport",), ticket=True),),
    )
    room = Room(settings)
    room.disk()
    room.scan(scanned(service="passport", desk="desk-3"))
    assert room.screen.id == LONG.questions[0].id
    room.scan(scanned("Б2", desk=None))
    assert room.screen.id == "service"
    room.give("good")
    assert room.of(Vote)[0].desk == "desk-1"


def test_a_desk_card_names_the_desk_and_is_never_spent(room: Room) -> None:
    for _ in range(3):
        room.scan(CARD)
        assert room.screen.note == scans.told_by(CARD.ticket, "uk") != scans.told_by(scanned().ticket, "uk")
        room.give("good")
        room.go()
        room.pass_s(60)
    assert [scan.desk for scan in room.of(TicketScan)] == ["desk-3"] * 3
    assert [vote.desk for vote in room.of(Vote)] == ["desk-3"] * 3
    assert (room.boxes, room.spent) == ({}, [])


def test_a_technicians_test_uses_up_no_ticket(room: Room) -> None:
    assert room.visits.begin_test()
    room.see()
    room.scan(scanned(), scanned())
    room.give("good")
    assert (room.of(TicketScan)[0].digest, room.tickets, room.spent) == ("", {}, [])


def test_a_slip_is_handed_out_once_and_only_for_a_stored_vote(room: Room) -> None:
    room.scan(scanned())
    room.tap("good")
    assert room.slips == []
    room.settle()
    assert isinstance(room.screen, Thanks)
    assert room.slips == [(room.of(Vote)[0].id, "uk")]
    room.go()
    room.scan(CARD)
    room.pass_s(IDLE_S)
    assert len(room.slips) == 1
    assert isinstance(room.screen, Ask)
