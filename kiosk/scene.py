"""A visit as it stands: what is recorded, what is shown and in which words, and what is waited for. The parts of a visit work on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from feedback.tickets import Ticket
    from kiosk.clock import Clock
    from kiosk.logbook import Logbook
    from kiosk.screens import Screen
    from kiosk.script import Script
    from kiosk.stage import Stage
    from kiosk.visit_records import VisitRecords
    from kiosk.waiting import Step, Waiting


@dataclass(frozen=True, slots=True)
class Scene:
    """The same for all visits; `begin_anew` wipes out what was one visitor's."""

    clock: Clock
    log: Logbook
    visit: VisitRecords
    script: Script
    stage: Stage
    waiting: Waiting

    def begin_anew(self, *, test: bool = False) -> None:
        """Forget the last visitor."""
        self.script.begin_anew(test=test)
        desk = self.script.settings.desk
        self.visit.desk = desk.id if desk else None
        self.log.ask_by(self.script.questionnaire, self.script.mode)

    def know(self, ticket: Ticket | None) -> None:
        """Ask by the desk and the service that a ticket names; without one, by where the kiosk stands."""
        own = self.script.settings.desk
        self.visit.desk = (ticket.desk if ticket else None) or (own.id if own else None)
        self.visit.service = ticket.service if ticket else None
        self.script.know(self.visit.desk, self.visit.service, ticket)
        self.log.ask_by(self.script.questionnaire, self.script.mode)

    def ask(self, screen: Screen, seconds: float) -> None:
        """Show a screen on which the visitor has so many seconds, and with every touch as many again."""
        self.stage.show(screen)
        self.waiting.for_visitor(seconds)

    def say(self, screen: Screen, seconds: float, then: Step) -> None:
        """Show a screen for so many seconds."""
        self.stage.show(screen)
        self.waiting.for_time(seconds, then)
