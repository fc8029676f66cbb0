"""The first question before it is answered: somebody is there, wants it in other words or larger, or has a ticket. Pure but for time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk import scans
from kiosk.screens import Ask, changed, stops

if TYPE_CHECKING:
    from feedback.tickets import Ticket
    from kiosk.scans import Scanned
    from kiosk.scene import Scene
    from kiosk.screens import Comfort


class Welcome:
    """What a visitor does before voting, and what is known of the visit by then."""

    def __init__(self, scene: Scene, *, idle_s: float) -> None:
        """Who does nothing more for `idle_s` and has not voted has left."""
        self._scene = scene
        self._idle_s = idle_s

    @property
    def is_open(self) -> bool:
        """Whether the first question stands there and is not answered."""
        screen = self._scene.stage.screen
        return isinstance(screen, Ask) and screen.first and not screen.stored

    def begin(self) -> None:
        """Let the visit have begun, if it has not: somebody is there."""
        scene = self._scene
        scene.visit.begin()
        if not scene.visit.vote_is_cast and not scene.waiting.is_for_visitor and isinstance(scene.stage.screen, Ask):
            scene.waiting.for_visitor(self._idle_s)

    def speak(self, language: str) -> None:
        """Ask in another language."""
        self._scene.script.language = language
        self._ask_again()

    def ease(self, wish: Comfort) -> None:
        """Show and speak as the visitor wishes, here and on every screen to come."""
        self.begin()
        self._scene.script.comfort = wish
        self._scene.stage.update(changed(self._scene.stage.screen, comfort=wish))

    def take(self, scanned: Scanned) -> None:
        """Take a ticket: the visit is at its desk and for its service, and is asked by them. A later one takes its place."""
        self._scene.visit.begin()
        self._scene.visit.scanned = scanned
        self._scene.know(scanned.ticket)
        self._ask_again()

    def forget_ticket(self, ticket: Ticket) -> None:
        """Ask without the ticket that was scanned, and say so; the visitor's words and wishes stay."""
        scene, before = self._scene, self._scene.stage.screen
        assert isinstance(before, Ask)  # noqa: S101 - it is taken on no other screen
        scene.visit.scanned = None
        scene.know(None)
        notice = scans.forgotten(ticket, scene.script.language)
        first = changed(scene.script.first(), focus=before.focus, closes_in_s=before.closes_in_s, notice=notice)
        same = changed(first, chosen=before.chosen)
        if changed(same, desk=before.desk, note=before.note, notice=before.notice) == before:
            scene.stage.update(same)  # whoever is just about to press presses the same answer
        else:
            scene.stage.show(changed(first, focus=first.focus if first.focus in stops(first) else None))

    def _ask_again(self) -> None:
        """Draw the first question anew: nothing counts on it before it is seen."""
        first, focus = self._scene.script.first(), self._scene.stage.screen.focus
        self._scene.visit.begin()
        self._scene.ask(changed(first, focus=focus if focus in stops(first) else None), self._idle_s)
