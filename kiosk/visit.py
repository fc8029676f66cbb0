"""The visit: touches, buttons, commits and the passing of time in, one screen value out.

It knows no widget, device, database or thread. `record` hands records to whoever stores them, and the answer comes later, never
from within the call, as `committed` or `failed`; `show` is called with every new screen; time, ids and numbers are injected.
Everything runs on one thread.
"""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003 - msgspec reads it
from typing import TYPE_CHECKING, Final
from uuid import UUID  # noqa: TC003 - as above

from feedback.questionnaire import Kind
from feedback.records import How, Input, Outcome
from feedback.tickets import TicketToken  # noqa: TC001 - as above
from kiosk.asking import NOTHING, Writable
from kiosk.calls import Calls
from kiosk.logbook import Logbook, Makers, Record
from kiosk.moves import ON_FIVE_BUTTONS, Move, stop_after
from kiosk.questions import Questions
from kiosk.resting import reason_of
from kiosk.scanning import Scanning
from kiosk.scene import Scene
from kiosk.screens import CALL, SKIP, STAY, Announced, Ask, Called, Closed, Comfort, OutOfOrder, Screen, Thanks, changed, stops
from kiosk.script import Script
from kiosk.stage import Stage
from kiosk.taps import AtDesk, Choose, Ease, Meaning, Out, Redraw, Speak, Write, meaning
from kiosk.visit_records import VisitRecords
from kiosk.waiting import Step, Waiting
from kiosk.welcome import Welcome

if TYPE_CHECKING:
    from feedback.notice import Notice
    from feedback.records import AnyRecord, Moment
    from feedback.settings import KioskSettings
    from feedback.tickets import Refusal
    from kiosk.clock import Clock
    from kiosk.logbook import Parcel
    from kiosk.scans import Scanned

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


def _nothing(_comfort: Comfort) -> Writable:
    return NOTHING


class Means(Makers, frozen=True):
    """What a visit needs from outside: ids and numbers, the box in which own words are sealed, and what it may set off.

    `seal` is None where the server's key is not known; `writable` tells for what this screen has room, as the visitor wants to see it.
    `lamp` lights the call for a person, `say_again` repeats what was spoken, `is_speaking` is whether the voice still speaks. `spend` hears
    of each ticket that has voted; `hand_out` gives the visitor a slip for the vote of that id in that language.
    """

    seal: Callable[[str], bytes] | None = None
    writable: Callable[[Comfort], Writable] = _nothing
    lamp: Callable[[bool], None] = lambda _lit: None
    say_again: Step = lambda: None
    is_speaking: Callable[[], bool] = lambda: False
    spend: Callable[[TicketToken], None] = lambda _token: None
    hand_out: Callable[[UUID, str], None] = lambda _vote, _language: None


class Visits:
    """One visit after another, from the first press to the question's return.

    The script says what there is to show, the stage shows it and knows what is seen, and `Waiting` knows what the visit waits for: together
    with the records they are its scene. Here stands what happens: before the first answer, around the questions, and where nothing works.
    """

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
        self._clock = clock
        self._means = means
        self._log = Logbook(record, software=software, clock=clock, makers=means, spend=means.spend)
        self._visit = VisitRecords(self._log, clock=clock, makers=means)
        self._script = Script(settings, language=language, writable=_nothing if means.seal is None else means.writable)
        self._stage = Stage(self._script.first(), clock=clock, show=show)
        self._waiting = Waiting(clock)
        self._scene = Scene(clock, self._log, self._visit, self._script, self._stage, self._waiting)
        self._scene.begin_anew()
        self._welcome = Welcome(self._scene, idle_s=IDLE_S)
        self._questions = Questions(self._scene, seal=means.seal, store=self._store, thank=self._thank)
        self._scanning = Scanning(self._scene, self._welcome, self._questions)
        self._calls = Calls(self._scene, lamp=means.lamp, said_s=CALLED_S)
        self._look_ms = 0

    # --- how it stands ----------------------------------------------------------------------------------------------------

    @property
    def settings(self) -> KioskSettings:
        """What holds for the present visit, or for the next."""
        return self._script.settings

    @property
    def screen(self) -> Screen:
        """What the visitor is shown."""
        return self._stage.screen

    @property
    def between_visits(self) -> bool:
        """Nobody is being served and nothing waits to be stored."""
        return self._is_free and self._log.is_settled

    @property
    def _is_free(self) -> bool:
        return self._visit.id is None and isinstance(self.screen, Ask | Closed | Announced)

    @property
    def showing(self) -> str:
        """Why nothing is asked just now, as the kiosk's state says it."""
        return reason_of(self.screen)

    # --- what the program says --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Show the question; once it is seen, the context of the votes to come is recorded."""
        self._stage.show(self.screen)

    def shown(self, screen: Screen) -> None:
        """Take note that `screen` is now before the visitor's eyes; presses made earlier count for nothing."""
        if self._stage.drawn(screen) and self._log.has_nothing:
            self._log.commit()

    def use(self, settings: KioskSettings) -> None:
        """Ask by these settings from the next visit on; at once when there is none."""
        self._script.use(settings)
        if self._is_free:
            self._rest()

    def hear(self, notice: Notice) -> None:
        """Take what the server lets visitors know. An air raid alert ends a visit; whatever else waits until it is over."""
        self._script.notice = notice
        self._calls.answered(notice.answered_calls)
        self._look_ms = 0

    def begin_test(self) -> bool:
        """Ask once for a technician, recorded as a test and counted nowhere; tell whether it began: not while anybody is served."""
        if not self.between_visits:
            return False
        self._scene.begin_anew(test=True)
        self._stage.show(self._script.first())
        self._welcome.begin()
        return True

    def keep(self, make: Callable[[int], AnyRecord]) -> None:
        """Store a record that is no visitor's, made by the number of the context in which it stands."""
        self._log.commit(make(self._log.context))

    def committed(self, token: int) -> None:
        """Take note that the records handed over under `token` are on the disk."""
        self._log.committed(token)
        self._waiting.stored(token)

    def failed(self, token: int) -> None:
        """Take note that they are not. A vote is then gone and said to be; contexts, skips and ends are written later."""
        self._log.failed(token)
        if not self._waiting.not_stored(token):
            return
        if isinstance(self.screen, OutOfOrder):
            self._waiting.for_time(PROBE_S, self._probe)
        else:
            self._break_down()

    def tick(self) -> None:
        """Do what the passing of time asks for."""
        now_ms = self._clock.moment().boottime_ms
        self._calls.tick(now_ms)
        self._scanning.tick(now_ms)
        if self._waiting.tick(now_ms) and not self._waiting.is_for_visitor:
            return
        if self._waiting.is_for_visitor:
            if self._is_listened_to():
                self._scanning.pressed(now_ms)
            self._scanning.let_go(now_ms)
            self._watch_closing(now_ms)
        if now_ms >= self._look_ms:
            self._look_ms = now_ms + round(LOOK_S * 1000)
            self._look_around()

    # --- what the visitor does --------------------------------------------------------------------------------------------

    def tap(self, name: str, via: Input, at: Moment) -> None:
        """Take a touch on the thing of that name, or its selection by a button, made at `at`."""
        stage = self._stage
        if not stage.could_be_seen(at) or stage.is_resting:
            return
        if stage.is_taken or not (stage.stood_there_before or stage.could_be_seen(at, for_s=SETTLE_S)):
            self.stray(at)
            return
        self._scanning.pressed(at.boottime_ms)
        self._stay_open()
        if name == STAY:
            return
        if name == CALL and self.settings.call_person:
            self._call(via, at)
        elif isinstance(self.screen, Called):
            self._calls.resume()
        else:
            self._take(meaning(self.screen, name, self.settings.look), via, at)

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
        if not self._stage.could_be_seen(at) or self._stage.is_resting or self._stage.is_taken:
            self.stray(at)
            return
        if move is Move.HELP:
            self.tap(CALL, Input.BUTTON, at)
            return
        self._welcome.begin()
        self._scanning.pressed(at.boottime_ms)
        self._stay_open()
        self._welcome.ease(changed(self._script.comfort, voice=True))
        match move:
            case Move.SELECT if self.screen.focus is not None:
                self.tap(self.screen.focus, Input.BUTTON, at)
            case Move.SKIP if SKIP in stops(self.screen):
                self.tap(SKIP, Input.BUTTON, at)
            case Move.NEXT | Move.PREVIOUS:
                self._stage.update(changed(self.screen, focus=stop_after(self.screen, move)))
            case _:
                self._means.say_again()

    def stray(self, at: Moment) -> None:
        """Count a press that answers nothing because its screen has been answered."""
        if self._visit.id is not None and self._stage.could_be_seen(at):
            self._visit.extra_presses += 1

    def scan(self, reading: Scanned | Refusal, at: Moment) -> None:
        """Take a scan before the first answer or on the question for the desk, where it names the desk. Anywhere else it is a stray.

        One that may be the next visitor's ends the visit as time would, but for thanks and slip, and begins theirs.
        """
        if not self._scanning.is_open or not self._stage.could_be_seen(at):
            self.stray(at)
            return
        if self._scanning.is_by_another(reading, at):
            self._questions.stop(How.TIMED_OUT)
            self._finish()
            if not self._welcome.is_open:  # the centre has closed, or has something to announce
                return
        self._stay_open()
        if not self._scanning.take(reading, at):
            self.stray(at)

    # --- what is meant by it ----------------------------------------------------------------------------------------------

    def _take(self, meant: Meaning | None, via: Input, at: Moment) -> None:
        match meant:
            case Speak(language):
                self._welcome.speak(language)
            case Ease(wish):
                self._welcome.ease(wish)
            case Redraw(screen):
                self._welcome.begin()
                self._stage.update(screen)
            case Choose() | Write() | AtDesk():
                self._questions.answer(meant, via, at)
            case Out(How.SKIPPED):
                self._questions.skip(via, at)
            case Out(how):
                self._leave(how, via)

    def _call(self, via: Input, at: Moment) -> None:
        if isinstance(self.screen, Called) or self._waiting.is_for_store:
            return
        self._welcome.begin()
        self._calls.call(via, at)

    def _store(self, given: Parcel, taken: Screen, then: Step) -> None:
        """Hand over what was given and show that it is taken; go on once it is stored and the eye has seen which answer it was."""

        def go_on() -> None:
            self._waiting.for_time(self._stage.left_of_s(PRESSED_S), then)

        token = self._log.commit(*given.records, boxes=given.boxes, tickets=given.tickets)
        self._waiting.for_store(token, go_on, at_most_s=STORE_S, otherwise=self._break_down)
        self._stage.show(taken)

    def _leave(self, how: How, via: Input | None = None) -> None:
        """Ask nothing more; thanks are for those who have voted."""
        self._questions.stop(how, via)
        if self._visit.vote_is_cast:
            self._thank()
        else:
            self._finish()

    # --- thanks, and back -------------------------------------------------------------------------------------------------

    def _thank(self) -> None:
        if self._visit.vote_id is not None:
            self._means.hand_out(self._visit.vote_id, self._script.language)
        self._scene.say(self._script.thanks(self._clock.moment()), self.settings.timing.thanks_s, self._finish_when_said)

    def _finish_when_said(self) -> None:
        if self._is_listened_to():
            self._waiting.for_time(LOOK_S, self._finish_when_said)
        else:
            self._finish()

    def _finish(self) -> None:
        self._log.commit(self._visit.end())
        self._rest()

    def _rest(self) -> None:
        """Show the question again, or why there is none; between visits new settings come into use."""
        self._scene.begin_anew()
        if self._log.is_behind:
            self._log.commit()
        self._waiting.for_nobody()
        self._stage.show(self._script.in_place_of_first(self._clock.moment()) or self._script.first())

    # --- when nothing can be stored ---------------------------------------------------------------------------------------

    def _break_down(self) -> None:
        if self._visit.id is not None:
            if not isinstance(self.screen, Thanks):
                self._visit.outcome = Outcome.TIMED_OUT
            self._log.owe(self._visit.end())
        self._scene.say(self._script.out_of_order(), PROBE_S, self._probe)

    def _probe(self) -> None:
        self._waiting.for_store(self._log.commit(), self._rest, at_most_s=STORE_S, otherwise=self._probe)

    # --- time passes ------------------------------------------------------------------------------------------------------

    def _stay_open(self) -> None:
        self._scanning.hush()
        if self._waiting.is_for_visitor:
            self._waiting.for_visitor_again()
            if self.screen.closes_in_s is not None:
                self._stage.update(changed(self.screen, closes_in_s=None))

    def _watch_closing(self, now_ms: int) -> None:
        if self.screen.closes_in_s is None and self._is_listened_to():
            self._waiting.for_visitor_again()
        left_s = self._waiting.left_s(now_ms)
        assert left_s is not None  # noqa: S101 - as `tick` has seen
        if left_s <= 0:
            self._leave(How.TIMED_OUT)
        elif left_s <= self.settings.timing.warn_s and left_s != self.screen.closes_in_s:
            self._stage.update(changed(self.screen, closes_in_s=left_s))

    def _is_listened_to(self) -> bool:
        """Tell whether somebody who asked for the voice has not heard it out: no screen closes under it."""
        return self._script.comfort.voice and self._means.is_speaking()

    def _look_around(self) -> None:
        """Is it time to close, to open, or to announce something? Only an air raid alert does not wait for the visitor."""
        if self._waiting.is_for_store or isinstance(self.screen, OutOfOrder):
            return
        now = self._clock.moment()
        if self._visit.id is None:
            wanted = self._script.in_place_of_first(now)
            if wanted != (None if isinstance(self.screen, Ask) else self.screen):
                self._stage.show(wanted or self._script.first())
        elif self._script.is_air_raid(now):
            self._questions.stop(How.LEFT)
            self._finish()
