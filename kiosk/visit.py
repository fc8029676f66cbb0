"""The visit: touches, buttons, commits and the passing of time in, one screen value out.

It knows no widget, device, database or thread. `record` hands records to whoever stores them, and the answer comes later, never
from within the call, as `committed` or `failed`; `show` is called with every new screen; time, ids and numbers are injected.
Everything runs on one thread.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from uuid import UUID  # noqa: TC003 - msgspec reads it

from feedback.notice import AnnouncementKind
from feedback.questionnaire import Kind
from feedback.records import How, Input, Mode, Outcome
from kiosk import comfort, filling, texts
from kiosk.asking import NOTHING, Writable, first_screen, is_answered_by_one_tap, next_question, screen_of
from kiosk.calls import Calls
from kiosk.logbook import Logbook, Makers, Record
from kiosk.moves import ON_FIVE_BUTTONS, Move, on_the_same_place, stop_after
from kiosk.patience import Patience
from kiosk.resting import announcement_now, reason_of, resting_screen, thanks_screen
from kiosk.screens import (
    CALL,
    DONE,
    DONT_REMEMBER,
    LEAVE,
    RESTING,
    SKIP,
    STAY,
    Announced,
    Ask,
    Called,
    Closed,
    Comfort,
    Comment,
    Contact,
    Desk,
    OutOfOrder,
    Screen,
    Thanks,
    changed,
    stops,
)
from kiosk.visit_records import VisitRecords

if TYPE_CHECKING:
    from feedback.notice import Notice
    from feedback.questionnaire import Question
    from feedback.records import Moment
    from feedback.settings import KioskSettings
    from feedback.tickets import Ticket
    from kiosk.clock import Clock

PRESSED_S: Final = 0.2
"""A pressed answer stays at least this long, so that the eye sees which one it was."""
SETTLE_S: Final = 0.35
"""The second tap of a double tap falls within this after a screen appears; it answers nothing there."""
STORE_S: Final = 5.0
"""A vote not stored by then is not thanked."""
PROBE_S: Final = 3.0
"""How often an out-of-order kiosk tries to write."""
IDLE_S: Final = 30.0
"""Who changed the language and then did nothing for this long has left."""
CALLED_S: Final = 20.0
"""How long the screen says what happens after a call for a person."""
LOOK_S: Final = 1.0
"""How often the opening hours and the announcements are looked at."""

Step = Callable[[], None]


class Means(Makers, frozen=True):
    """What a visit needs from outside: ids and numbers, the box in which own words are sealed, and what it may set off.

    `seal` is None where the server's key is not known; `writable` tells for what this screen has room, as the visitor wants to see it.
    `lamp` lights the call for a person, `say_again` repeats what was spoken, `is_speaking` is whether the voice still speaks.
    """

    seal: Callable[[str], bytes] | None = None
    writable: Callable[[Comfort], Writable] = lambda _comfort: NOTHING
    lamp: Callable[[bool], None] = lambda _lit: None
    say_again: Step = lambda: None
    is_speaking: Callable[[], bool] = lambda: False


class Visits:
    """One visit after another, from the first press to the question's return."""

    def __init__(  # noqa: PLR0913 - its whole world is injected
        self,
        settings: KioskSettings,
        *,
        language: str,
        software: str,
        clock: Clock,
        means: Means,
        record: Record,
        show: Callable[[Screen], None],
    ) -> None:
        self.settings = settings
        self.notice: Notice | None = None
        self._next_settings: KioskSettings | None = None
        self._default_language = language
        self._clock = clock
        self._means = means
        self._show_screen = show
        self._log = Logbook(record, software=software, clock=clock, makers=means)
        self._mode: Mode | None = None
        self._visit = VisitRecords(self._log, clock=clock, makers=means)
        self._when_stored: dict[int, Step] = {}
        self._awaited: int | None = None
        self._alarm: tuple[int, Step] | None = None
        self._patience = Patience()
        self._calls = Calls(means.lamp)
        self._look_ms = 0
        self._shown_ms: int | None = None
        self._is_back = False
        self._begin_anew()
        self.screen: Screen = self._first_screen()

    # --- what happens ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Show the question; once it is seen, the context of the votes to come is recorded."""
        self._show(self.screen)

    @property
    def between_visits(self) -> bool:
        """Nobody is being served and nothing waits to be stored."""
        return self._visit.id is None and self._log.is_settled and isinstance(self.screen, Ask | Closed | Announced)

    @property
    def showing(self) -> str:
        """Why nothing is asked just now, as the kiosk's state says it."""
        return reason_of(self.screen)

    def use(self, settings: KioskSettings) -> None:
        """Ask by these settings from the next visit on; at once when there is none."""
        self._next_settings = settings
        if self._visit.id is None and isinstance(self.screen, Ask | Closed | Announced):
            self._rest()

    def hear(self, notice: Notice) -> None:
        """Take what the server lets visitors know. An air raid alert ends a visit; whatever else waits until it is over."""
        self.notice = notice
        if self._visit.id in self._calls.answered(notice.answered_calls) and isinstance(self.screen, Called):
            self._update(changed(self.screen, coming=True))
        self._look_ms = 0

    def begin_test(self) -> bool:
        """Ask once for a technician, recorded as a test and counted nowhere; tell whether it began: not while anybody is served."""
        if not self.between_visits:
            return False
        self._mode = Mode.TEST
        self._begin_anew()
        self._show(self._first_screen())
        self._begin_visit()
        return True

    def shown(self, screen: Screen) -> None:
        """Take note that `screen` is now before the visitor's eyes; presses made earlier count for nothing."""
        if screen == self.screen and self._shown_ms is None:
            self._shown_ms = self._clock.moment().boottime_ms
            if self._log.has_nothing:
                self._log.commit()

    def tap(self, name: str, via: Input, at: Moment) -> None:
        """Take a touch on the thing of that name, or its selection by a button, made at `at`."""
        screen = self.screen
        if not self._could_see(at) or isinstance(screen, RESTING):
            return
        if self._is_taken(screen) or not self._has_settled(screen, at):
            self.stray(at)
            return
        self._stay_open()
        if name == STAY:
            return
        if name == CALL and self.settings.call_person:
            self._call(via, at)
            return
        screen = self.screen  # it stays open now, and no longer says that it closes
        match screen:
            case Ask():
                self._tap_question(name, via, at)
            case Comment():
                self._tap_comment(screen, name, via, at)
            case Contact():
                self._tap_contact(screen, name, via, at)
            case Desk():
                self._tap_desk(screen, name, via, at)
            case Called():
                self._resume()
            case _:
                self.stray(at)

    def press(self, position: int, at: Moment) -> None:
        """Take a press of the panel's button at `position` from 1: an answer where the first question shows faces, else a move."""
        screen = self.screen
        if isinstance(screen, Ask) and screen.first and screen.kind is Kind.FACES:
            if position <= len(screen.options):
                self.tap(screen.options[position - 1].id, Input.BUTTON, at)
        elif position <= len(ON_FIVE_BUTTONS):
            self.move(ON_FIVE_BUTTONS[position - 1], at)

    def move(self, move: Move, at: Moment) -> None:
        """Take a step through the screen by buttons. Who walks by buttons is also spoken to."""
        screen = self.screen
        if not self._could_see(at) or isinstance(screen, RESTING) or self._is_taken(screen):
            self.stray(at)
            return
        if move is Move.HELP:
            self.tap(CALL, Input.BUTTON, at)
            return
        self._begin_visit()
        self._stay_open()
        self._be_comfortable(changed(self._comfort, voice=True))
        match move:
            case Move.SELECT if screen.focus is not None:
                self.tap(screen.focus, Input.BUTTON, at)
            case Move.SKIP if SKIP in stops(screen):
                self.tap(SKIP, Input.BUTTON, at)
            case Move.NEXT | Move.PREVIOUS:
                self._update(changed(self.screen, focus=stop_after(self.screen, move)))
            case _:
                self._means.say_again()

    def scan(self, ticket: Ticket, at: Moment) -> None:
        """Take a ticket scanned before the first answer: the visit is then at its desk and for its service. Anywhere else it is a stray."""
        screen = self.screen
        if not (isinstance(screen, Ask) and screen.first and not screen.stored and self._could_see(at)):
            self.stray(at)
            return
        self._begin_visit()
        self._visit.desk = ticket.desk or self._visit.desk
        self._visit.service = ticket.service
        self._ask_by_what_is_known(ticket=True)
        self._show_first_again()

    def stray(self, at: Moment) -> None:
        """Count a press that answers nothing because its screen has been answered."""
        if self._visit.id is not None and self._could_see(at):
            self._visit.extra_presses += 1

    def committed(self, token: int) -> None:
        """Take note that the records handed over under `token` are on the disk."""
        self._log.committed(token)
        then = self._when_stored.pop(token, None)
        if token != self._awaited:
            if then is not None:
                then()
            return
        self._awaited = None
        if isinstance(self.screen, OutOfOrder):
            self._rest()
        elif then is not None:
            self._after(self._hold_left_s(), then)

    def failed(self, token: int) -> None:
        """Take note that they are not. A vote is then gone and said to be; contexts, skips and ends are written later."""
        self._log.failed(token)
        self._when_stored.pop(token, None)
        if token != self._awaited and self._awaited is not None:
            return
        self._awaited = None
        if isinstance(self.screen, OutOfOrder):
            self._after(PROBE_S, self._probe)
        else:
            self._break_down()

    def tick(self) -> None:
        """Do what the passing of time asks for."""
        now_ms = self._clock.moment().boottime_ms
        self._calls.tick(now_ms)
        if self._alarm is not None and now_ms >= self._alarm[0]:
            _, act = self._alarm
            self._alarm = None
            act()
            return
        if self._patience.is_running:
            self._watch_closing(now_ms)
        if now_ms >= self._look_ms:
            self._look_ms = now_ms + round(LOOK_S * 1000)
            self._look_around()

    # --- the first question, and the visit's frame -------------------------------------------------------------------------

    def _begin_visit(self) -> None:
        self._visit.begin()
        if not self._visit.vote_is_cast and not self._patience.is_running and isinstance(self.screen, Ask):
            self._wait(IDLE_S)

    def _begin_anew(self) -> None:
        """Forget the last visitor."""
        self._comfort = comfort.usual(self.settings.look)
        self._visit.desk = self.settings.desk.id if self.settings.desk else None
        self._language = self._default_language
        self._resumed: Screen | None = None
        self._ask_by_what_is_known(ticket=False)

    def _ask_by_what_is_known(self, *, ticket: bool) -> None:
        self._questionnaire = self.settings.questionnaire_for(self._visit.desk, self._visit.service, ticket=ticket)
        if self._language not in self._questionnaire.languages:
            self._language = self._questionnaire.languages[0]
        self._ticket = ticket
        self._log.ask_by(self._questionnaire, self._mode or (Mode.PILOT if self._questionnaire.pilot else Mode.LIVE))

    def _first_screen(self) -> Ask:
        screen = first_screen(self.settings, self._questionnaire, self._language, self._comfort, ticket=self._ticket)
        if self._mode is Mode.TEST:  # or a visitor who comes up meanwhile would not know that it counts for nothing
            return changed(screen, opening=texts.words_in(self._language)("Test vote"))
        return screen

    def _tap_question(self, name: str, via: Input, at: Moment) -> None:
        assert isinstance(self.screen, Ask)  # noqa: S101 - as `tap` has seen
        kind, _, rest = name.partition(":")
        if kind == "language" and self.screen.first and rest in self._questionnaire.languages:
            self._language = rest
            self._show_first_again()
        elif kind == "comfort":
            self._begin_visit()
            self._be_comfortable(comfort.toggled(self._comfort, name, self.settings.look))
        elif any(option.id == name for option in self.screen.options):
            self._choose(self.screen, name, via, at)
        elif name == DONE and self.screen.kind is Kind.MULTIPLE and self.screen.chosen:
            self._answer(self.screen, self.screen.chosen, via, at)
        elif not self.screen.first:
            self._tap_way_out(name, via, at)

    def _show_first_again(self) -> None:
        """Draw the first question in another language; it answers nothing yet, but somebody is there."""
        focus = self.screen.focus
        self._begin_visit()
        self._show(changed(self._first_screen(), focus=focus if focus in stops(self._first_screen()) else None))
        self._wait(IDLE_S)

    def _be_comfortable(self, wish: Comfort) -> None:
        self._comfort = wish
        self._update(changed(self.screen, comfort=wish))

    def _choose(self, screen: Ask, answer: str, via: Input, at: Moment) -> None:
        if is_answered_by_one_tap(screen):
            self._answer(screen, (answer,), via, at)
            return
        self._begin_visit()
        taken = set(screen.chosen) ^ {answer}
        self._update(changed(screen, chosen=tuple(option.id for option in screen.options if option.id in taken)))

    def _answer(self, screen: Ask, chosen: tuple[str, ...], via: Input, at: Moment) -> None:
        if screen.first:
            vote = self._visit.vote(screen, chosen, via, at, repeat_s=self.settings.timing.repeat_s)
            self._await(self._log.commit(vote), self._ask_desk)
        else:
            answer = self._visit.answer(screen, How.ANSWERED, chosen, via, at)
            self._await(self._log.commit(answer), lambda: self._ask_after(screen.id))
        self._show(changed(screen, chosen=chosen, stored=True, closes_in_s=None))

    # --- what is asked after the vote ---------------------------------------------------------------------------------------

    def _ask_desk(self) -> None:
        if self._visit.desk is not None or not self.settings.desks:
            self._ask_after(self._questionnaire.questions[0].id)
            return
        self._show(Desk(language=self._language, comfort=self._comfort, desks=self.settings.desks, plan=self.settings.plan))
        self._wait(self.settings.timing.desk_s)

    def _tap_desk(self, screen: Desk, name: str, via: Input, at: Moment) -> None:
        kind, _, rest = name.partition(":")
        first = self._questionnaire.questions[0].id
        if name == SKIP:
            self._visit.outcome = Outcome.SKIPPED
            self._ask_after(first)
        elif name == LEAVE:
            self._leave(Outcome.LEFT, None)
        elif name == DONT_REMEMBER or (kind == "desk" and any(desk.id == rest for desk in screen.desks)):
            desk = None if name == DONT_REMEMBER else rest
            self._await(self._log.commit(self._visit.desk_choice(desk, via, at)), lambda: self._ask_after(first))
            self._show(changed(screen, pressed=desk or DONT_REMEMBER, closes_in_s=None))

    def _ask_after(self, question: str) -> None:
        writable = self._means.writable(self._comfort) if self._means.seal is not None else NOTHING
        following = next_question(self._questionnaire, question, self._visit.given, writable)
        if following is None:
            if self._visit.outcome is Outcome.TIMED_OUT:
                self._visit.outcome = Outcome.COMPLETED
            self._thank()
            return
        self._show(screen_of(following, self._language, self._comfort, writable))
        self._wait(self._patience_s(following))

    def _patience_s(self, question: Question) -> float:
        timing = self.settings.timing
        return question.time_out_s or (timing.writing_s if question.kind in {Kind.WORDS, Kind.CONTACT} else timing.answer_s)

    def _tap_way_out(self, name: str, via: Input, at: Moment) -> None:
        """Skip the question, or leave the visit; both are answers too."""
        screen = self.screen
        assert isinstance(screen, Ask | Comment | Contact)  # noqa: S101 - as `tap` has seen
        if name == SKIP:
            self._visit.outcome = Outcome.SKIPPED
            self._log.commit(self._visit.answer(screen, How.SKIPPED, (), via, at))
            self._ask_after(screen.id)
        elif name == LEAVE:
            self._leave(Outcome.LEFT, How.LEFT, via)

    def _leave(self, outcome: Outcome, how: How | None, via: Input | None = None, *, then: Step | None = None) -> None:
        """End the questions: what was chosen and not yet sent is kept, what was written and not sent is not."""
        screen = self._resumed if isinstance(self.screen, Called) and self._resumed is not None else self.screen
        if not isinstance(screen, Thanks):
            self._visit.outcome = outcome
        voted = self._visit.vote_is_cast
        if how is not None and voted and isinstance(screen, Ask | Comment | Contact) and not self._is_taken(screen):
            chosen = screen.chosen if isinstance(screen, Ask) else ()
            self._log.commit(self._visit.answer(screen, how, chosen, via, self._clock.moment()))
        (then or (self._thank if voted else self._finish))()

    # --- own words and contacts ---------------------------------------------------------------------------------------------

    def _tap_comment(self, screen: Comment, name: str, via: Input, at: Moment) -> None:
        if name == DONE:
            words = filling.given(screen)
            if words:
                self._seal(screen, words, via, at)
        elif name in {SKIP, LEAVE}:
            self._tap_way_out(name, via, at)
        else:
            self._update(on_the_same_place(screen, filling.typed(screen, name)))

    def _tap_contact(self, screen: Contact, name: str, via: Input, at: Moment) -> None:
        if name == DONE:
            checked = filling.checked(screen)
            if checked.mistake:
                self._update(checked)
            else:
                self._seal(screen, filling.given(screen), via, at)
        elif name in {SKIP, LEAVE}:
            self._tap_way_out(name, via, at)
        else:
            self._update(on_the_same_place(screen, filling.typed(screen, name)))

    def _seal(self, screen: Comment | Contact, text: str, via: Input, at: Moment) -> None:
        assert self._means.seal is not None  # noqa: S101 - not offered without
        box = self._means.seal(text)
        record = self._visit.sealed(screen, box, via, at)
        self._await(self._log.commit(record, boxes={record.id: box}), lambda: self._ask_after(screen.id))
        self._show(changed(screen, stored=True, closes_in_s=None))

    # --- a person is called ---------------------------------------------------------------------------------------------------

    def _call(self, via: Input, at: Moment) -> None:
        if isinstance(self.screen, Called) or self._awaited is not None:
            return
        self._begin_visit()
        token, visit = self._log.commit(self._visit.call(via, at)), self._visit.begin()
        self._when_stored[token] = lambda: self._called(visit)

    def _called(self, visit: UUID) -> None:
        self._calls.open(visit, self._clock.moment().boottime_ms + round(self.settings.timing.call_s * 1000))
        if visit == self._visit.id and self._awaited is None and not isinstance(self.screen, (*RESTING, Thanks, Called)):
            self._resumed = changed(self.screen, closes_in_s=None)
            self._show(Called(language=self._language, comfort=self._comfort))
            self._patience.end()
            self._after(CALLED_S, self._resume)

    def _resume(self) -> None:
        """Go back to the screen on which a person was called."""
        resumed, self._resumed = self._resumed or self._first_screen(), None
        self._alarm = None
        self._show(changed(resumed, comfort=self._comfort))
        self._is_back = True
        self._patience.begin_again(self._clock.moment().boottime_ms)

    # --- thanks, and back ---------------------------------------------------------------------------------------------------------

    def _thank(self) -> None:
        self._patience.end()
        now = self._clock.moment()
        self._show(thanks_screen(self._questionnaire, self.notice, now, language=self._language, comfort=self._comfort))
        self._after(self.settings.timing.thanks_s, self._finish_when_said)

    def _finish_when_said(self) -> None:
        if self._is_listened_to():
            self._after(LOOK_S, self._finish_when_said)
        else:
            self._finish()

    def _is_listened_to(self) -> bool:
        """Tell whether somebody who asked for the voice has not heard it out: no screen closes under it."""
        return self._comfort.voice and self._means.is_speaking()

    def _finish(self) -> None:
        self._log.commit(self._visit.end())
        self._rest()

    def _rest(self) -> None:
        """Show the question again, or why there is none; between visits new settings come into use."""
        if self._next_settings is not None:
            self.settings, self._next_settings = self._next_settings, None
        self._mode = None
        self._begin_anew()
        if self._log.is_behind:
            self._log.commit()
        self._alarm = None
        self._patience.end()
        self._show(self._resting_screen() or self._first_screen())

    def _resting_screen(self) -> Screen | None:
        return resting_screen(self.settings, self.notice, self._clock.moment(), language=self._language, comfort=self._comfort)

    def _look_around(self) -> None:
        """Is it time to close, to open, or to announce something? Only an air raid alert does not wait for the visitor."""
        if self._awaited is not None or isinstance(self.screen, OutOfOrder):
            return
        if self._visit.id is not None:
            alert = announcement_now(self.notice, self._clock.moment())
            if alert is not None and alert.kind is AnnouncementKind.AIR_RAID:
                self._leave(Outcome.LEFT, How.LEFT, then=self._finish)
            return
        wanted = self._resting_screen()
        if wanted != (None if isinstance(self.screen, Ask) else self.screen):
            self._show(wanted or self._first_screen())

    # --- when nothing can be stored ---------------------------------------------------------------------------------------------

    def _give_up(self) -> None:
        if self._awaited is not None:  # it may still be stored; nothing is asked after it then, for its visit is over
            self._when_stored.pop(self._awaited, None)
        self._awaited = None
        self._break_down()

    def _break_down(self) -> None:
        if self._visit.id is not None:
            if not isinstance(self.screen, Thanks):
                self._visit.outcome = Outcome.TIMED_OUT
            self._log.owe(self._visit.end())
        self._patience.end()
        self._show(OutOfOrder(language=self._language, comfort=self._comfort))
        self._after(PROBE_S, self._probe)

    def _probe(self) -> None:
        self._awaited = self._log.commit()
        self._after(STORE_S, self._probe)

    # --- time and what is seen --------------------------------------------------------------------------------------------------

    def _await(self, token: int, then: Step) -> None:
        self._awaited = token
        self._when_stored[token] = then
        self._patience.end()
        self._after(STORE_S, self._give_up)

    def _after(self, seconds: float, act: Step) -> None:
        self._alarm = (self._clock.moment().boottime_ms + round(seconds * 1000), act)

    def _wait(self, seconds: float) -> None:
        """Let the screen close by itself in so many seconds, unless somebody touches it."""
        self._alarm = None
        self._patience.begin(self._clock.moment().boottime_ms, seconds)

    def _stay_open(self) -> None:
        if self._patience.is_running:
            self._patience.begin_again(self._clock.moment().boottime_ms)
            if self.screen.closes_in_s is not None:
                self._update(changed(self.screen, closes_in_s=None))

    def _watch_closing(self, now_ms: int) -> None:
        if self.screen.closes_in_s is None and self._is_listened_to():
            self._patience.begin_again(now_ms)
        left_s = self._patience.left_s(now_ms)
        assert left_s is not None  # noqa: S101 - as `tick` has seen
        if left_s <= 0:
            self._patience.end()
            self._leave(Outcome.TIMED_OUT, How.TIMED_OUT)
        elif left_s <= self.settings.timing.warn_s and left_s != self.screen.closes_in_s:
            self._update(changed(self.screen, closes_in_s=left_s))

    def _hold_left_s(self) -> float:
        if self._shown_ms is None:
            return PRESSED_S
        return max(0.0, PRESSED_S - (self._clock.moment().boottime_ms - self._shown_ms) / 1000)

    def _could_see(self, at: Moment) -> bool:
        return self._shown_ms is not None and at.boottime_ms >= self._shown_ms

    def _has_settled(self, screen: Screen, at: Moment) -> bool:
        if isinstance(screen, Ask) and screen.first and not self._is_back:
            return True
        return self._shown_ms is not None and at.boottime_ms >= self._shown_ms + SETTLE_S * 1000

    @staticmethod
    def _is_taken(screen: Screen) -> bool:
        """Tell whether the screen's answer is being stored, so that nothing more is taken."""
        return bool(getattr(screen, "stored", False) or getattr(screen, "pressed", None)) or isinstance(screen, Thanks)

    def _show(self, screen: Screen) -> None:
        """Show another screen: nothing counts on it before it is drawn."""
        self._shown_ms = None
        self._is_back = False
        self._update(screen)

    def _update(self, screen: Screen) -> None:
        """Show a change on the same screen."""
        if screen != self.screen or self._shown_ms is None:
            self.screen = screen
            self._show_screen(screen)
