"""The visit: presses, commits and the passing of time in, one screen value out.

It knows no widget, device, database or thread. `record` hands records to whoever stores them, and the answer comes later, never
from within the call, as `committed` or `failed`; `show` is called with every new screen; time, ids and numbers are injected.
Everything runs on one thread.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec

from feedback.records import AnyRecord, Channel, Context, DeskChoice, Input, Moment, Outcome, VisitEnd, Vote
from kiosk.screens import DONT_REMEMBER, Ask, Desk, Option, OutOfOrder, Screen, Thanks

if TYPE_CHECKING:
    from feedback.settings import KioskSettings
    from kiosk.clock import Clock

PRESSED_S: Final = 0.2
"""A pressed face stays at least this long, so that the eye sees which one it was."""
SETTLE_S: Final = 0.35
"""The second tap of a double tap falls within this after the desks appear; it chooses no desk."""
STORE_S: Final = 5.0
"""A vote not stored by then is not thanked."""
PROBE_S: Final = 3.0
"""How often an out-of-order kiosk tries to write."""
IDLE_S: Final = 30.0
"""Who changed the language and then did nothing for this long has left."""


class Makers(msgspec.Struct, frozen=True):
    """Where new ids and context numbers come from."""

    new_id: Callable[[], UUID]
    new_number: Callable[[], int]


class Visits:
    """One visit after another, from the first press to the question's return."""

    def __init__(  # noqa: PLR0913 - its whole world is injected
        self,
        settings: KioskSettings,
        *,
        language: str,
        software: str,
        clock: Clock,
        makers: Makers,
        record: Callable[[int, tuple[AnyRecord, ...]], None],
        show: Callable[[Screen], None],
    ) -> None:
        self.settings = settings
        self._next_settings: KioskSettings | None = None
        self._language = language
        self._software = software
        self._clock = clock
        self._makers = makers
        self._record = record
        self._show_screen = show
        self.screen: Screen = self._question(self._first_language())
        self._shown_ms: int | None = None
        self._context = self._new_context()
        self._context_is_stored = False
        self._visit: UUID | None = None
        self._outcome = Outcome.TIMED_OUT
        self._extra_presses = 0
        self._last_end_ms: int | None = None
        self._last_token = 0
        self._awaited: int | None = None
        self._then: Callable[[], None] = self._thank
        self._pending: dict[int, tuple[AnyRecord, ...]] = {}
        self._owed: tuple[AnyRecord, ...] = ()
        self._alarm: tuple[int, Callable[[], None]] | None = None

    def start(self) -> None:
        """Show the question and record the context of the votes to come."""
        self._commit()
        self._show(self.screen)

    @property
    def between_visits(self) -> bool:
        """Nobody is being served and nothing waits to be stored."""
        return isinstance(self.screen, Ask) and self._visit is None and not self._pending

    def use(self, settings: KioskSettings) -> None:
        """Ask by these settings from the next visit on; at once when there is none."""
        self._next_settings = settings
        if isinstance(self.screen, Ask) and self._visit is None:
            self._return_to_question()

    def shown(self, screen: Screen) -> None:
        """Take note that `screen` is now before the visitor's eyes; presses made earlier count for nothing."""
        if screen == self.screen and self._shown_ms is None:
            self._shown_ms = self._clock.moment().boottime_ms

    def press(self, answer: str, via: Input, at: Moment) -> None:
        """Take a press on an answer, made at `at`. Only the first on a screen is a vote; later ones are counted."""
        if not self._could_see(at):
            return
        screen = self.screen
        if isinstance(screen, Ask) and screen.pressed is None:
            if any(option.id == answer for option in screen.options):
                self._vote(screen, answer, via, at)
        else:
            self.stray(at)

    def choose_desk(self, desk: str | None, via: Input, at: Moment) -> None:
        """Take the visitor's desk; None for «не пам'ятаю»."""
        screen = self.screen
        if not self._may_answer_desk(screen, at) or self._visit is None:
            return
        self._outcome = Outcome.COMPLETED
        choice = DeskChoice(self._makers.new_id(), at, self._visit, self._context.number, desk, via)
        self._await(self._commit(choice), self._thank)
        self._show(msgspec.structs.replace(screen, pressed=desk or DONT_REMEMBER))

    def skip(self, at: Moment) -> None:
        """Leave the desk unsaid."""
        if self._may_answer_desk(self.screen, at):
            self._outcome = Outcome.SKIPPED
            self._thank()

    def switch_language(self, language: str, at: Moment) -> None:
        """Go on in another language of the questionnaire."""
        screen = self.screen
        if not self._could_see(at) or language not in self.settings.questionnaire.languages:
            return
        if isinstance(screen, Ask) and screen.pressed is None:
            self._visit = self._visit or self._makers.new_id()
            self._show(self._question(language))
            self._after(IDLE_S, self._finish)

    def stray(self, at: Moment) -> None:
        """Count a press that answers nothing because its screen has been answered."""
        if self._visit is not None and self._could_see(at):
            self._extra_presses += 1

    def committed(self, token: int) -> None:
        """Take note that the records handed over under `token` are on the disk."""
        if self._context in self._pending.pop(token, ()):
            self._context_is_stored = True
        if token != self._awaited:
            return
        self._awaited = None
        if isinstance(self.screen, OutOfOrder):
            self._return_to_question()
        else:
            self._after(self._hold_left_s(), self._then)

    def failed(self, token: int) -> None:
        """Take note that they are not. A vote is then gone and said to be; contexts and ends are written later."""
        lost = self._pending.pop(token, ())
        self._owed = (*(record for record in lost if isinstance(record, Context | VisitEnd)), *self._owed)
        if token != self._awaited and self._awaited is not None:
            return
        self._awaited = None
        if isinstance(self.screen, OutOfOrder):
            self._after(PROBE_S, self._probe)
        else:
            self._break_down()

    def tick(self) -> None:
        """Do what the passing of time asks for."""
        if self._alarm is None or self._clock.moment().boottime_ms < self._alarm[0]:
            return
        _, act = self._alarm
        self._alarm = None
        act()

    def _vote(self, screen: Ask, answer: str, via: Input, at: Moment) -> None:
        self._visit = self._visit or self._makers.new_id()
        self._outcome = Outcome.TIMED_OUT
        vote = Vote(
            self._makers.new_id(),
            at,
            visit=self._visit,
            context=self._context.number,
            question=self.settings.questionnaire.questions[0].id,
            answer=answer,
            desk=self.settings.desk.id if self.settings.desk else None,
            service=None,
            channel=Channel.KIOSK,
            input=via,
            language=screen.language,
            repeat=self._is_repeat(at),
        )
        self._await(self._commit(vote), self._ask_desk)
        self._show(msgspec.structs.replace(screen, pressed=answer))

    def _is_repeat(self, at: Moment) -> bool:
        return self._last_end_ms is not None and at.boottime_ms - self._last_end_ms < self.settings.timing.repeat_s * 1000

    def _ask_desk(self) -> None:
        if self.settings.desk is not None or not self.settings.desks:
            self._outcome = Outcome.COMPLETED
            self._thank()
            return
        self._show(Desk(self.screen.language, self.settings.desks))
        self._after(self.settings.timing.desk_s, self._thank)

    def _thank(self) -> None:
        self._show(Thanks(self.screen.language))
        self._after(self.settings.timing.thanks_s, self._finish)

    def _finish(self) -> None:
        self._commit(self._visit_end())
        self._return_to_question()

    def _return_to_question(self) -> None:
        if self._next_settings is not None:
            asked = self.settings.questionnaire
            self.settings, self._next_settings = self._next_settings, None
            if (asked.id, asked.version) != (self.settings.questionnaire.id, self.settings.questionnaire.version):
                self._context, self._context_is_stored = self._new_context(), False
        if self._owed or not self._context_is_stored:
            self._commit()
        self._alarm = None
        self._show(self._question(self._first_language()))

    def _give_up(self) -> None:
        self._awaited = None
        self._break_down()

    def _break_down(self) -> None:
        if self._visit is not None:
            self._outcome = self._outcome if isinstance(self.screen, Thanks) else Outcome.TIMED_OUT
            self._owed = (*self._owed, self._visit_end())
        self._show(OutOfOrder(self.screen.language))
        self._after(PROBE_S, self._probe)

    def _probe(self) -> None:
        self._awaited = self._commit()
        self._after(STORE_S, self._probe)

    def _visit_end(self) -> VisitEnd:
        at = self._clock.moment()
        visit = self._visit or self._makers.new_id()
        end = VisitEnd(self._makers.new_id(), at, visit, self._context.number, self._outcome, self._extra_presses)
        self._visit, self._extra_presses, self._outcome = None, 0, Outcome.TIMED_OUT
        self._last_end_ms = at.boottime_ms
        return end

    def _new_context(self) -> Context:
        asked = self.settings.questionnaire
        at, number = self._clock.moment(), self._makers.new_number()
        return Context(self._makers.new_id(), at, number, self._clock.boot_id, self._software, asked.id, asked.version)

    def _commit(self, *records: AnyRecord) -> int:
        """Hand over records, what is owed, and their context until it is known to be stored; the store takes each once."""
        self._last_token += 1
        context = () if self._context_is_stored else (self._context,)
        batch, self._owed = (*context, *self._owed, *records), ()
        self._pending[self._last_token] = batch
        self._record(self._last_token, batch)
        return self._last_token

    def _await(self, token: int, then: Callable[[], None]) -> None:
        self._awaited, self._then = token, then
        self._after(STORE_S, self._give_up)

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        self._alarm = (self._clock.moment().boottime_ms + round(seconds * 1000), act)

    def _hold_left_s(self) -> float:
        if self._shown_ms is None:
            return PRESSED_S
        return max(0.0, PRESSED_S - (self._clock.moment().boottime_ms - self._shown_ms) / 1000)

    def _could_see(self, at: Moment) -> bool:
        return self._shown_ms is not None and at.boottime_ms >= self._shown_ms

    def _may_answer_desk(self, screen: Screen, at: Moment) -> bool:
        if not isinstance(screen, Desk) or self._shown_ms is None:
            return False
        if screen.pressed is None and at.boottime_ms >= self._shown_ms + SETTLE_S * 1000:
            return True
        self.stray(at)
        return False

    def _show(self, screen: Screen) -> None:
        self._shown_ms = None
        self.screen = screen
        self._show_screen(screen)

    def _question(self, language: str) -> Ask:
        asked = self.settings.questionnaire
        question = asked.questions[0]
        options = tuple(Option(choice.id, choice.words[language], choice.face) for choice in question.choices)
        return Ask(language, asked.languages, question.text[language], options)

    def _first_language(self) -> str:
        languages = self.settings.questionnaire.languages
        return self._language if self._language in languages else languages[0]
