from __future__ import annotations

import itertools

import msgspec
import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from feedback.questionnaire import ANSWERS
from feedback.records import AnyRecord, Context, DeskChoice, Input, Outcome, VisitEnd, Vote
from feedback.settings import KioskSettings, Timing
from kiosk.screens import Ask, Desk, OutOfOrder, Screen, Thanks
from kiosk.visit import IDLE_S, PRESSED_S, PROBE_S, SETTLE_S, STORE_S, Makers, Visits
from tests.kiosk.support import FakeClock, counted_ids, settings_of


class Room:
    """A visit with a disk that answers when told to."""

    def __init__(self, settings: KioskSettings, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()
        self.asked: list[tuple[int, tuple[AnyRecord, ...]]] = []
        self.stored: list[AnyRecord] = []
        self.screens: list[Screen] = []
        numbers = itertools.count(7)
        self.visits = Visits(
            settings,
            language="uk",
            software="test",
            clock=self.clock,
            makers=Makers(counted_ids(), lambda: next(numbers)),
            record=lambda token, records: self.asked.append((token, records)),
            show=self.screens.append,
        )
        self.visits.start()
        self.see()

    @property
    def screen(self) -> Screen:
        return self.visits.screen

    def see(self) -> None:
        self.visits.shown(self.visits.screen)

    def disk(self, *, works: bool = True) -> None:
        while self.asked:
            token, records = self.asked.pop(0)
            if works:
                self.store(records)
                self.visits.committed(token)
            else:
                self.visits.failed(token)

    def store(self, records: tuple[AnyRecord, ...]) -> None:
        for record in records:
            if record not in self.stored:
                self.stored.append(record)

    def press(self, answer: str = "good") -> None:
        self.visits.press(answer, Input.TOUCH, self.clock.moment())

    def pass_s(self, seconds: float) -> None:
        self.clock.pass_s(seconds)
        self.visits.tick()
        self.see()

    def of(self, kind: type) -> list:
        return [record for record in self.stored if isinstance(record, kind)]

    def vote(self, answer: str = "good") -> None:
        self.press(answer)
        self.see()
        self.disk()
        self.pass_s(PRESSED_S)


def test_a_vote_is_complete_when_stored_and_thanked_after_that() -> None:
    room = Room(settings_of(desk="desk-7"))
    room.press("excellent")
    assert isinstance(room.screen, Ask)
    assert room.screen.pressed == "excellent"
    room.see()
    room.pass_s(1)
    assert isinstance(room.screen, Ask), "not thanked before the commit"
    room.disk()
    room.pass_s(0)
    assert room.screen == Thanks("uk")
    (context,) = room.of(Context)
    (vote,) = room.of(Vote)
    assert (vote.answer, vote.desk, vote.context, vote.language, vote.input) == ("excellent", "desk-7", context.number, "uk", Input.TOUCH)
    assert not vote.repeat
    room.pass_s(3)
    assert isinstance(room.screen, Ask)
    assert room.screen.pressed is None
    room.disk()
    (end,) = room.of(VisitEnd)
    assert (end.visit, end.outcome, end.extra_presses) == (vote.visit, Outcome.COMPLETED, 0)


def test_the_pressed_face_stays_long_enough_to_be_seen() -> None:
    room = Room(settings_of())
    room.press()
    room.see()
    room.disk()
    room.pass_s(PRESSED_S / 2)
    assert isinstance(room.screen, Ask)
    room.pass_s(PRESSED_S / 2)
    assert isinstance(room.screen, Thanks)


@pytest.mark.parametrize("answer", ANSWERS)
def test_thanks_is_the_same_for_every_answer(answer: str) -> None:
    room = Room(settings_of())
    room.vote(answer)
    assert room.screen == Thanks("uk")


def test_a_press_before_the_screen_was_drawn_counts_for_nothing() -> None:
    room = Room(settings_of())
    room.vote()
    early = room.clock.moment()
    room.clock.pass_s(3)
    room.visits.tick()
    room.visits.press("good", Input.TOUCH, room.clock.moment())
    assert room.screen.pressed is None  # type: ignore[union-attr]
    room.see()
    room.visits.press("good", Input.BUTTON, early)
    assert room.screen.pressed is None  # type: ignore[union-attr]
    room.press()
    assert room.screen.pressed == "good"  # type: ignore[union-attr]


def test_only_the_first_press_is_a_vote_and_later_ones_are_counted() -> None:
    room = Room(settings_of())
    room.press("good")
    room.see()
    room.press("terrible")
    room.press("good")
    room.disk()
    room.pass_s(PRESSED_S)
    room.visits.stray(room.clock.moment())
    room.pass_s(3)
    room.disk()
    assert [vote.answer for vote in room.of(Vote)] == ["good"]
    assert room.of(VisitEnd)[0].extra_presses == 3


def test_the_desk_is_asked_where_the_kiosk_has_none() -> None:
    room = Room(settings_of(desks=8))
    room.vote()
    assert isinstance(room.screen, Desk)
    room.clock.pass_s(SETTLE_S)
    room.visits.choose_desk("desk-3", Input.TOUCH, room.clock.moment())
    assert room.screen.pressed == "desk-3"
    room.see()
    room.disk()
    room.pass_s(PRESSED_S)
    assert room.screen == Thanks("uk")
    room.pass_s(3)
    room.disk()
    (vote,) = room.of(Vote)
    (choice,) = room.of(DeskChoice)
    assert vote.desk is None
    assert (choice.visit, choice.desk) == (vote.visit, "desk-3")
    assert room.of(VisitEnd)[0].outcome == Outcome.COMPLETED


def test_the_second_tap_of_a_double_tap_chooses_no_desk() -> None:
    room = Room(settings_of(desks=8))
    room.vote()
    room.clock.pass_s(SETTLE_S / 2)
    room.visits.choose_desk("desk-3", Input.TOUCH, room.clock.moment())
    assert room.screen.pressed is None  # type: ignore[union-attr]
    room.pass_s(15)
    room.pass_s(3)
    room.disk()
    (end,) = room.of(VisitEnd)
    assert (end.outcome, end.extra_presses) == (Outcome.TIMED_OUT, 1)


def test_not_remembering_is_an_answer_and_skipping_is_an_outcome() -> None:
    for act, outcome, choices in (("dont_remember", Outcome.COMPLETED, [None]), ("skip", Outcome.SKIPPED, [])):
        room = Room(settings_of(desks=2))
        room.vote()
        room.clock.pass_s(SETTLE_S)
        if act == "skip":
            room.visits.skip(room.clock.moment())
        else:
            room.visits.choose_desk(None, Input.TOUCH, room.clock.moment())
        room.see()
        room.disk()
        room.pass_s(PRESSED_S)
        assert room.screen == Thanks("uk")
        room.pass_s(3)
        room.disk()
        assert [choice.desk for choice in room.of(DeskChoice)] == choices
        assert room.of(VisitEnd)[0].outcome == outcome


def test_a_vote_that_cannot_be_stored_is_not_thanked_and_the_kiosk_mends_itself() -> None:
    room = Room(settings_of())
    room.disk()
    room.press()
    room.disk(works=False)
    assert room.screen == OutOfOrder("uk")
    room.see()
    room.press()
    room.pass_s(PROBE_S)
    room.disk(works=False)
    assert room.screen == OutOfOrder("uk")
    room.pass_s(PROBE_S)
    room.disk()
    assert isinstance(room.screen, Ask)
    assert room.of(Vote) == []
    assert [end.outcome for end in room.of(VisitEnd)] == [Outcome.TIMED_OUT]
    assert Thanks("uk") not in room.screens


def test_a_silent_disk_does_not_leave_the_visitor_waiting() -> None:
    room = Room(settings_of())
    room.press()
    room.see()
    room.pass_s(STORE_S)
    assert room.screen == OutOfOrder("uk")
    room.pass_s(PROBE_S)
    room.asked.clear()  # answers that never come
    room.pass_s(STORE_S)
    room.disk()
    assert isinstance(room.screen, Ask)
    assert Thanks("uk") not in room.screens


def test_the_context_is_stored_before_the_first_vote_even_if_the_disk_comes_late() -> None:
    room = Room(settings_of())
    room.disk(works=False)
    assert room.screen == OutOfOrder("uk")
    room.pass_s(PROBE_S)
    room.disk()
    room.see()
    room.vote()
    assert [type(record) for record in room.stored] == [Context, Vote]
    assert room.stored[0].number == room.stored[1].context


def test_an_older_commit_does_not_stand_for_the_new_context() -> None:
    room = Room(settings_of())
    fresh = settings_of(version=2)
    room.visits.use(msgspec.structs.replace(fresh, questionnaire=msgspec.structs.replace(fresh.questionnaire, version=2)))
    room.see()
    (first, old), (second, _new) = room.asked
    room.store(old)
    room.visits.committed(first)
    room.press()
    room.asked = room.asked[2:]
    room.visits.failed(second)
    room.disk()
    (vote,) = room.of(Vote)
    assert vote.context in {context.number for context in room.of(Context)}


def test_a_vote_right_after_the_last_visit_is_flagged() -> None:
    room = Room(settings_of(timing=Timing(thanks_s=3, repeat_s=5)))
    for pause in (0, 4, 6):
        room.pass_s(pause)
        room.vote()
        room.pass_s(3)
    assert [vote.repeat for vote in room.of(Vote)] == [False, True, False]


def test_the_language_lasts_for_one_visit() -> None:
    room = Room(settings_of())
    room.visits.switch_language("en", room.clock.moment())
    assert room.screen.language == "en"
    room.see()
    room.vote()
    assert room.screen == Thanks("en")
    room.pass_s(3)
    assert room.screen.language == "uk"
    assert room.of(Vote)[0].language == "en"


def test_who_changes_the_language_and_leaves_is_a_visit_that_timed_out() -> None:
    room = Room(settings_of())
    room.visits.switch_language("en", room.clock.moment())
    room.pass_s(IDLE_S)
    room.disk()
    assert room.screen.language == "uk"
    assert [end.outcome for end in room.of(VisitEnd)] == [Outcome.TIMED_OUT]


def test_new_settings_wait_for_the_visit_to_end_and_bring_a_context() -> None:
    room = Room(settings_of())
    room.press()
    other = settings_of(desk="desk-9", version=2)
    changed = msgspec.structs.replace(other.questionnaire, version=9)
    room.visits.use(msgspec.structs.replace(other, questionnaire=changed))
    room.see()
    room.disk()
    room.pass_s(PRESSED_S)
    assert room.screen == Thanks("uk")
    assert room.visits.settings.version == 1
    room.pass_s(3)
    room.vote()
    contexts, votes = room.of(Context), room.of(Vote)
    assert [context.questionnaire_version for context in contexts] == [1, 9]
    assert [vote.context for vote in votes] == [context.number for context in contexts]
    assert votes[1].desk == "desk-9"


class AnyOrder(RuleBasedStateMachine):
    """Visitors, a moody disk and time, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.room = Room(settings_of(desks=3))
        self.failed: set[object] = set()
        self.presses_accepted = 0

    @rule(answer=st.sampled_from([*ANSWERS, "nonsense"]))
    def press(self, answer: str) -> None:
        could = isinstance(self.room.screen, Ask) and self.room.screen.pressed is None
        self.room.press(answer)
        pressed = isinstance(self.room.screen, Ask) and self.room.screen.pressed is not None
        assert pressed or not could or answer == "nonsense" or self.room.visits._shown_ms is None
        self.presses_accepted += could and pressed

    @rule(desk=st.sampled_from(["desk-1", None]))
    def choose(self, desk: str | None) -> None:
        self.room.visits.choose_desk(desk, Input.TOUCH, self.room.clock.moment())

    @rule()
    def skip(self) -> None:
        self.room.visits.skip(self.room.clock.moment())

    @rule(language=st.sampled_from(["uk", "en", "fr"]))
    def language(self, language: str) -> None:
        self.room.visits.switch_language(language, self.room.clock.moment())

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

    @rule(seconds=st.sampled_from([0.05, 0.2, 1, 5, 40]))
    def time_passes(self, seconds: float) -> None:
        self.room.clock.pass_s(seconds)
        self.room.visits.tick()

    @rule(version=st.integers(2, 4))
    def new_settings(self, version: int) -> None:
        fresh = settings_of(desks=version, version=version)
        changed = msgspec.structs.replace(fresh.questionnaire, version=version)
        self.room.visits.use(msgspec.structs.replace(fresh, questionnaire=changed))

    @invariant()
    def one_vote_a_visit_and_none_not_pressed(self) -> None:
        votes = self.room.of(Vote)
        assert len({vote.visit for vote in votes}) == len(votes) <= self.presses_accepted

    @invariant()
    def thanks_only_after_a_commit(self) -> None:
        thanked = sum(isinstance(screen, Thanks) for screen in self.room.screens)
        assert thanked <= len(self.room.of(Vote))

    @invariant()
    def contexts_come_before_their_votes(self) -> None:
        known = set()
        for record in self.room.stored:
            if isinstance(record, Context):
                known.add(record.number)
            else:
                assert record.context in known

    @invariant()
    def ends_once(self) -> None:
        ends = [end.visit for end in self.room.of(VisitEnd)]
        assert len(set(ends)) == len(ends)

    def teardown(self) -> None:
        """Left alone with a working disk, it always comes back to the question, with every visit ended."""
        for _ in range(12):
            self.room.disk()
            self.room.pass_s(40)
        self.room.disk()
        assert isinstance(self.room.screen, Ask)
        assert self.room.screen.pressed is None
        assert self.room.screen.language == "uk"
        assert self.room.visits.between_visits
        assert {vote.visit for vote in self.room.of(Vote)} <= {end.visit for end in self.room.of(VisitEnd)}


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = hypothesis_settings(max_examples=150, stateful_step_count=60, deadline=None)
