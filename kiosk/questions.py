"""The questions of a visit: what was given is stored, and then what follows is asked, down to the thanks. Pure but for the clock."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from feedback.records import How, Outcome
from kiosk.logbook import Parcel
from kiosk.screens import DONT_REMEMBER, Ask, Comment, Contact, Desk, Screen, Thanks, changed
from kiosk.stage import is_answered
from kiosk.taps import AtDesk, Choose, Write
from kiosk.waiting import Step

if TYPE_CHECKING:
    from feedback.records import Input, Moment
    from kiosk.scans import Scanned
    from kiosk.scene import Scene
    from kiosk.visit_records import Seal

Store = Callable[[Parcel, Screen, Step], None]
"""Takes records, the screen that says that they are taken, and what follows once they are stored."""


class Questions:
    """From the first answer to the last."""

    def __init__(self, scene: Scene, *, seal: Seal | None, store: Store, thank: Step) -> None:
        """`seal` is None where nothing can be written; `thank` follows the last question."""
        self._scene = scene
        self._seal = seal
        self._store = store
        self._thank = thank

    # --- what is given ----------------------------------------------------------------------------------------------------

    def answer(self, given: Choose | Write | AtDesk, via: Input, at: Moment) -> None:
        """Take an answer to the present screen."""
        match self._scene.stage.screen, given:
            case Ask(first=True) as screen, Choose(chosen):
                self._vote(screen, chosen, via, at)
            case Ask() as screen, Choose(chosen):
                answer = self._scene.visit.answer(screen, How.ANSWERED, chosen, via, at)
                self._store(Parcel((answer,)), changed(screen, chosen=chosen, stored=True), partial(self._ask_after, screen.id))
            case Comment() | Contact() as screen, Write(text):
                self._keep_sealed(screen, text, via, at)
            case Desk() as screen, AtDesk(desk):
                choice = self._scene.visit.desk_choice(desk, via, at)
                self._store(Parcel((choice,)), changed(screen, pressed=desk or DONT_REMEMBER), self._ask_after_vote)

    def _vote(self, screen: Ask, chosen: tuple[str, ...], via: Input, at: Moment) -> None:
        visit = self._scene.visit
        vote = visit.vote(screen, chosen, via, at, repeat_s=self._scene.script.settings.timing.repeat_s)
        scan = Parcel(()) if visit.scanned is None else visit.scan(visit.scanned, self._seal, at)
        self._store(changed(scan, records=(vote, *scan.records)), changed(screen, chosen=chosen, stored=True), self._ask_desk)

    def scan(self, scanned: Scanned, at: Moment) -> bool:
        """Take a ticket on the question for the desk; whether it names the desk, which answers the question."""
        screen, visit = self._scene.stage.screen, self._scene.visit
        assert isinstance(screen, Desk)  # noqa: S101 - it is taken nowhere else
        parcel = visit.scan(scanned, self._seal, at)
        visit.scanned, visit.desk = scanned, scanned.ticket.desk
        if scanned.ticket.desk is None:
            self._scene.log.commit(*parcel.records, boxes=parcel.boxes, tickets=parcel.tickets)
            return False
        self._store(parcel, changed(screen, pressed=scanned.ticket.desk), self._ask_after_vote)
        return True

    def _keep_sealed(self, screen: Comment | Contact, text: str, via: Input, at: Moment) -> None:
        assert self._seal is not None  # noqa: S101 - not offered without
        box = self._seal(text)
        record = self._scene.visit.sealed(screen, box, via, at)
        self._store(Parcel((record,), {record.id: box}), changed(screen, stored=True), partial(self._ask_after, screen.id))

    def skip(self, via: Input, at: Moment) -> None:
        """Go on without an answer, which is an answer too."""
        scene = self._scene
        screen = scene.stage.screen
        scene.visit.outcome = Outcome.SKIPPED
        if isinstance(screen, Ask | Comment | Contact):
            scene.log.commit(scene.visit.answer(screen, How.SKIPPED, (), via, at))
            self._ask_after(screen.id)
        else:
            self._ask_after_vote()

    def stop(self, how: How, via: Input | None = None) -> None:
        """Ask nothing more: what was chosen and not yet sent is kept, what was written and not sent is not."""
        scene = self._scene
        screen = scene.stage.asking
        if not isinstance(screen, Thanks):
            scene.visit.outcome = Outcome(how.value)
        if scene.visit.vote_is_cast and isinstance(screen, Ask | Comment | Contact) and not is_answered(screen):
            chosen = screen.chosen if isinstance(screen, Ask) else ()
            scene.log.commit(scene.visit.answer(screen, how, chosen, via, scene.clock.moment()))

    # --- what follows -----------------------------------------------------------------------------------------------------

    def _ask_desk(self) -> None:
        scene = self._scene
        settings = scene.script.settings
        if scene.visit.desk is not None or not settings.desks:
            self._ask_after_vote()
        else:
            scene.ask(scene.script.desks(), settings.timing.desk_s)

    def _ask_after_vote(self) -> None:
        self._ask_after(self._scene.script.questionnaire.questions[0].id)

    def _ask_after(self, question: str) -> None:
        visit = self._scene.visit
        following = self._scene.script.after(question, visit.given)
        if following is not None:
            self._scene.ask(*following)
            return
        if visit.outcome is Outcome.TIMED_OUT:
            visit.outcome = Outcome.COMPLETED
        self._thank()
