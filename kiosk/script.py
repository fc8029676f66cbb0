"""What one visitor is shown, and in which words: the questionnaire by what is known of the visit, their language, their comfort. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feedback.notice import AnnouncementKind
from feedback.questionnaire import Kind
from feedback.records import Mode
from kiosk import comfort, resting, texts
from kiosk.asking import first_screen, next_question, screen_of
from kiosk.screens import Ask, Called, Desk, OutOfOrder, Thanks, changed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from feedback.notice import Notice
    from feedback.questionnaire import Question
    from feedback.records import Moment
    from feedback.settings import KioskSettings
    from feedback.tickets import Ticket
    from kiosk.asking import Writable
    from kiosk.screens import Comfort, Comment, Contact, Screen


class Script:
    """The screens of one visitor after another, made from the settings and from what the server lets visitors know."""

    def __init__(self, settings: KioskSettings, *, language: str, writable: Callable[[Comfort], Writable]) -> None:
        """`language` is that of the first screen, `writable` what can be written on a screen and sealed."""
        self.settings = settings
        self.notice: Notice | None = None
        self._next_settings: KioskSettings | None = None
        self._default_language = language
        self._writable = writable
        self.begin_anew()

    # --- for whom ---------------------------------------------------------------------------------------------------------

    def use(self, settings: KioskSettings) -> None:
        """Go by these settings from the next visitor on."""
        self._next_settings = settings

    def begin_anew(self, *, test: bool = False) -> None:
        """Forget the last visitor. Of the next one nothing is known but at which desk the kiosk stands."""
        if self._next_settings is not None:
            self.settings, self._next_settings = self._next_settings, None
        self._is_test = test
        self.comfort = comfort.usual(self.settings.look)
        self.language = self._default_language
        self.know(self.settings.desk.id if self.settings.desk else None, None, None)

    def know(self, desk: str | None, service: str | None, ticket: Ticket | None) -> None:
        """Ask by what is known of the visit."""
        self.questionnaire = self.settings.questionnaire_for(desk, service, ticket=ticket is not None)
        if self.language not in self.questionnaire.languages:
            self.language = self.questionnaire.languages[0]
        self._ticket = ticket

    # --- the question, or what stands in its place ------------------------------------------------------------------------

    @property
    def mode(self) -> Mode:
        """Whether the answers count."""
        if self._is_test:
            return Mode.TEST
        return Mode.PILOT if self.questionnaire.pilot else Mode.LIVE

    def first(self) -> Ask:
        """Give the first question."""
        screen = first_screen(self.settings, self.questionnaire, self.language, self.comfort, ticket=self._ticket)
        if self._is_test:  # or a visitor who comes up meanwhile would not know that it counts for nothing
            return changed(screen, opening=texts.words_in(self.language)("Test vote"))
        return screen

    def in_place_of_first(self, now: Moment) -> Screen | None:
        """Give what stands in place of the question just now; None where the question does."""
        return resting.resting_screen(self.settings, self.notice, now, language=self.language, comfort=self.comfort)

    def is_air_raid(self, now: Moment) -> bool:
        """Tell whether there is an alert, which ends a visit; whatever else is announced waits until it is over."""
        alert = resting.announcement_now(self.notice, now)
        return alert is not None and alert.kind is AnnouncementKind.AIR_RAID

    def out_of_order(self) -> OutOfOrder:
        """Give what is said while nothing can be stored."""
        return OutOfOrder(language=self.language, comfort=self.comfort)

    # --- after the vote ---------------------------------------------------------------------------------------------------

    def desks(self) -> Desk:
        """Give the question which desk it was."""
        return Desk(language=self.language, comfort=self.comfort, desks=self.settings.desks, plan=self.settings.plan)

    def after(self, question: str, given: Mapping[str, tuple[str, ...]]) -> tuple[Ask | Comment | Contact, float] | None:
        """Give the screen that follows a question, and how many seconds it waits; None where nothing more is asked."""
        writable = self._writable(self.comfort)
        following = next_question(self.questionnaire, question, given, writable)
        if following is None:
            return None
        return screen_of(following, self.language, self.comfort, writable), self._patience_s(following)

    def _patience_s(self, question: Question) -> float:
        timing = self.settings.timing
        return question.time_out_s or (timing.writing_s if question.kind in {Kind.WORDS, Kind.CONTACT} else timing.answer_s)

    def called(self) -> Called:
        """Give what is said to a visitor who called for a person."""
        return Called(language=self.language, comfort=self.comfort)

    def thanks(self, now: Moment) -> Thanks:
        """Give the thanks."""
        return resting.thanks_screen(self.questionnaire, self.notice, now, language=self.language, comfort=self.comfort)
