from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from feedback.notice import Announcement, AnnouncementKind, Notice
from feedback.questionnaire import ANSWERS
from feedback.records import Answer, Call, Context, DeskChoice, Input, Outcome, Sealed, TicketScan, VisitEnd, Vote
from feedback.settings import KioskSettings, Route
from feedback.tickets import Refusal, Ticket, TicketToken
from kiosk.moves import Move
from kiosk.scanning import SAME_VISITOR_S
from kiosk.scans import Scanned
from kiosk.screens import RESTING, Announced, Ask, Closed, Desk, Screen, Thanks, changed, stops
from tests.kiosk.room import Room
from tests.kiosk.support import KIOSK, ONE_QUESTION, settings_of
from tests.kiosk.test_visit_questions import LONG
from tests.kiosk.test_visit_resting import HOURS

if TYPE_CHECKING:
    from uuid import UUID


def any_settings(number: int) -> KioskSettings:
    """Settings that differ in what they ask, whom they bind and when they are open."""
    asked = msgspec.structs.replace(LONG if number % 2 else ONE_QUESTION, version=number)
    fresh = settings_of(desks=number % 3 * 2, version=number, questionnaire=asked)
    other = msgspec.structs.replace(LONG, id="other", questions=LONG.questions[:3])
    routes = (Route("other", desks=("desk-9",)), Route("other", services=("passport",), ticket=True))
    return msgspec.structs.replace(fresh, hours=HOURS if number == 3 else None, questionnaires=(other,), routes=routes)


def _without_notice(screen: Screen) -> Screen:
    return changed(screen, notice="", closes_in_s=None) if isinstance(screen, Ask | Desk) else screen


class AnyOrder(RuleBasedStateMachine):
    """Visitors, a moody disk, a moody clock, a server and time, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.room = Room(any_settings(1))
        self.taken: list[tuple[Ask, str]] = []
        self.numbers = 0
        self.scanned: set[tuple[str, UUID | None]] = set()
        """Which forms of tickets were scanned in which visits."""
        self.pressed_ms = 0
        """When a visitor last pressed anything."""
        self.scanned_ms = 0
        """When anything was last scanned."""

    def taps(self, name: str, via: Input = Input.TOUCH) -> None:
        before, handed_over, there_ms = self.room.screen, len(self.room.asked), max(self.pressed_ms, self.scanned_ms)
        self.pressed_ms = self.room.clock.now_ms
        self.room.visits.tap(name, via, self.room.clock.moment())
        after = self.room.screen
        if self.pressed_ms - there_ms > SAME_VISITOR_S * 1000:
            assert not any(isinstance(record, TicketScan) for _, records in self.room.asked[handed_over:] for record in records)
        if isinstance(before, Ask) and before.first and not before.stored and isinstance(after, Ask) and after.stored:
            self.taken.append((before, name))

    @rule(answer=st.sampled_from([*ANSWERS, "nonsense"]))
    def press(self, answer: str) -> None:
        self.taps(answer)

    @precondition(lambda self: stops(self.room.screen))
    @rule(place=st.integers(0, 60))
    def tap_something(self, place: int) -> None:
        names = stops(self.room.screen)
        self.taps(names[place % len(names)])

    @rule(name=st.text(max_size=6))
    def tap_nonsense(self, name: str) -> None:
        self.taps(name)

    @rule(position=st.integers(1, 6))
    def press_a_button(self, position: int) -> None:
        before = self.room.screen
        self.pressed_ms = self.room.clock.now_ms
        self.room.visits.press(position, self.room.clock.moment())
        after = self.room.screen
        if isinstance(before, Ask) and before.first and not before.stored and isinstance(after, Ask) and after.stored:
            self.taken.append((before, after.chosen[0]))

    @rule(move=st.sampled_from([*Move]))
    def walk(self, move: Move) -> None:
        before = self.room.screen
        self.pressed_ms = self.room.clock.now_ms
        self.room.visits.move(move, self.room.clock.moment())
        after = self.room.screen
        if isinstance(before, Ask) and before.first and isinstance(after, Ask) and after.stored and not before.stored:
            self.taken.append((before, after.chosen[0]))

    @rule(number=st.integers(0, 5), desk=st.sampled_from([None, "desk-1", "desk-9"]), service=st.sampled_from([None, "passport"]))
    def scan(self, number: int, desk: str | None, service: str | None) -> None:
        """Scan a ticket, 0 is one without a number; the same numbers come again and again."""
        token = TicketToken("2026-11-24", f"{number:032x}") if number else None
        self.scans(Scanned(Ticket(form=f"own-{number}", desk=desk, service=service), token, is_spent=token in self.room.spent))

    def scans(self, reading: Scanned) -> None:
        """Scan; on the question for the desk, later than the visitor can be taken to be there, nothing comes of it in their visit."""
        before, visit, handed_over = self.room.screen, self.room.visits._visit.id, len(self.room.asked)
        self.scanned_ms = self.room.clock.now_ms
        self.room.visits.scan(reading, self.room.clock.moment())
        self.scanned.add((reading.ticket.form, self.room.visits._visit.id))
        if isinstance(before, Desk) and self.room.clock.now_ms - self.pressed_ms > SAME_VISITOR_S * 1000:
            records = [record for _, records in self.room.asked[handed_over:] for record in records]
            assert not any(isinstance(record, TicketScan | DeskChoice) for record in records)
            assert all(record.outcome is Outcome.TIMED_OUT for record in records if isinstance(record, VisitEnd) and record.visit == visit)

    @rule(number=st.integers(0, 3), desk=st.sampled_from([None, "desk-1"]))
    def the_next_visitor_scans(self, number: int, desk: str | None) -> None:
        """Do what happens where somebody votes and goes: the next one has a ticket while the question for the desk still stands."""
        self.room.see()
        self.taps("good")
        for _ in range(3):
            self.room.settle()
        self.room.pass_s(SAME_VISITOR_S)
        self.scan(number, desk, None)

    @rule(number=st.integers(0, 2), first=st.booleans())
    def scan_and_vote(self, number: int, first: bool) -> None:  # noqa: FBT001
        """Do what visitors mostly do, on a kiosk at rest or in the middle of anything: vote, after a scan or before it."""
        for step in (lambda: self.scan(number, None, None), lambda: self.taps("good"))[:: 1 if first else -1]:
            self.room.see()
            step()
            self.room.settle()

    @rule()
    def everybody_leaves(self) -> None:
        for _ in range(4):
            self.room.disk()
            self.room.pass_s(100)

    @rule(desk=st.sampled_from(["desk-1", "desk-9"]))
    def scan_a_card(self, desk: str) -> None:
        self.scans(Scanned(Ticket(form="card", desk=desk, is_card=True)))

    @rule(why=st.sampled_from([*Refusal]))
    def scan_what_gives_nothing(self, why: Refusal) -> None:
        before = self.room.screen, self.room.visits._visit.id
        self.room.visits.scan(why, self.room.clock.moment())
        after = self.room.screen, self.room.visits._visit.id
        assert (_without_notice(before[0]), before[1]) == (_without_notice(after[0]), after[1])

    @rule()
    def draw(self) -> None:
        self.room.see()

    @precondition(lambda self: self.room.asked)
    @rule(works=st.booleans())
    def disk_answers(self, works: bool) -> None:  # noqa: FBT001
        token, records = self.room.asked.pop(0)
        if works:
            self.room.store(records)
            self.room.visits.committed(token)
        else:
            self.room.visits.failed(token)

    @rule(seconds=st.sampled_from([0.05, 0.2, 0.4, 1, 5, 25, 100]))
    def time_passes(self, seconds: float) -> None:
        self.room.clock.pass_s(seconds)
        self.room.visits.tick()

    @rule(seconds=st.integers(-(10**9), 10**9), trusted=st.booleans())
    def clock_jumps(self, seconds: int, trusted: bool) -> None:  # noqa: FBT001
        self.room.clock.wall_offset_ms = max(0, self.room.clock.wall_offset_ms + seconds * 1000)
        self.room.clock.trusted = trusted

    @rule(number=st.integers(1, 6))
    def new_settings(self, number: int) -> None:
        self.room.visits.use(any_settings(number))

    @rule(kinds=st.lists(st.sampled_from([*AnnouncementKind]), max_size=2))
    def a_notice(self, kinds: list[AnnouncementKind]) -> None:
        self.numbers += 1
        announcements = tuple(Announcement(f"{place}", kind, {"uk": "Увага"}) for place, kind in enumerate(kinds))
        calls = tuple(call.id for call in self.room.of(Call))
        self.room.visits.hear(Notice(self.numbers, KIOSK, announcements=announcements, answered_calls=calls))

    @rule()
    def a_technician_tests(self) -> None:
        self.room.visits.begin_test()

    @invariant()
    def never_two_votes_from_one_screen_and_none_that_was_not_pressed(self) -> None:
        votes = self.room.of(Vote)
        assert len({vote.visit for vote in votes}) == len(votes) <= len(self.taken)
        pressed = [(screen.id, name) for screen, name in self.taken]
        for vote in votes:
            assert any(vote.question == question and (name in {vote.answer, "done"}) for question, name in pressed)

    @invariant()
    def thanks_only_after_a_commit(self) -> None:
        shown = [screen for previous, screen in zip([None, *self.room.screens], self.room.screens, strict=False) if screen != previous]
        thanked = sum(isinstance(screen, Thanks) for screen in shown)
        assert thanked <= len(self.room.of(Vote))

    @invariant()
    def contexts_come_before_what_names_them(self) -> None:
        known = set()
        for record in self.room.stored:
            if isinstance(record, Context):
                known.add(record.number)
            else:
                assert record.context in known

    @invariant()
    def every_visit_ends_once_and_answers_each_question_once(self) -> None:
        ends = [end.visit for end in self.room.of(VisitEnd)]
        assert len(set(ends)) == len(ends)
        answered = [(record.visit, record.question) for record in (*self.room.of(Answer), *self.room.of(Sealed))]
        assert len(set(answered)) == len(answered)

    @invariant()
    def nothing_follows_without_a_vote(self) -> None:
        voted = {vote.visit for vote in self.room.of(Vote)}
        followed = {record.visit for kind in (Answer, Sealed, DeskChoice, TicketScan) for record in self.room.of(kind)}
        assert followed <= voted

    @invariant()
    def a_ticket_belongs_to_the_visit_in_which_it_was_scanned(self) -> None:
        records = self.room.of(TicketScan)
        assert {(scan.form, scan.visit) for scan in records} <= self.scanned
        assert len({scan.visit for scan in records}) == len(records), "one a visit"

    @invariant()
    def one_ticket_one_vote(self) -> None:
        with_token = [scan.form for scan in self.room.of(TicketScan) if scan.digest]
        assert len(set(with_token)) == len(with_token)
        assert {self.room.tickets[scan.id] for scan in self.room.of(TicketScan) if scan.digest} >= set(self.room.spent)

    @invariant()
    def a_notice_does_not_outlive_its_screen(self) -> None:
        assert isinstance(self.room.screen, Ask | Desk) or not getattr(self.room.screen, "notice", "")

    @invariant()
    def every_sealed_record_has_its_box(self) -> None:
        boxed = (*self.room.of(Sealed), *(scan for scan in self.room.of(TicketScan) if scan.digest))
        assert {record.id for record in boxed} <= self.room.boxes.keys()

    @invariant()
    def the_focus_can_be_selected(self) -> None:
        screen = self.room.screen
        assert screen.focus is None or screen.focus in stops(screen) or screen.focus.startswith("key:")

    def teardown(self) -> None:
        """Left alone with a working disk, it always comes back to rest, with every visit ended."""
        self.room.clock.trusted = False
        self.room.visits.hear(Notice(10_000, KIOSK))
        for _ in range(24):
            self.room.disk()
            self.room.pass_s(100)
        self.room.disk()
        self.room.visits.use(any_settings(2))
        self.room.disk()
        screen = self.room.screen
        assert isinstance(screen, Ask)
        assert screen.first
        assert not isinstance(screen, (*RESTING, Closed, Announced))
        assert (screen.chosen, screen.focus, screen.language, screen.comfort.voice) == ((), None, "uk", False)
        assert (screen.notice, screen.desk) == ("", None)
        assert self.room.visits.between_visits
        assert not self.room.lamp or not self.room.lamp[-1]
        assert {vote.visit for vote in self.room.of(Vote)} <= {end.visit for end in self.room.of(VisitEnd)}


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = hypothesis_settings(max_examples=150, stateful_step_count=60, deadline=None)
