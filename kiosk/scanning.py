"""Scans in a visit: a ticket before the first answer, or on the question for the desk; and what a code that gave nothing is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from feedback.records import Input, Mode
from feedback.tickets import Refusal
from kiosk import scans
from kiosk.screens import Ask, Desk, changed
from kiosk.taps import AtDesk

if TYPE_CHECKING:
    from feedback.records import Moment
    from kiosk.questions import Questions
    from kiosk.scans import Scanned
    from kiosk.scene import Scene
    from kiosk.welcome import Welcome

NOTICE_S: Final = 8.0
"""How long a notice about a code stands, where nobody presses anything."""
SAME_VISITOR_S: Final = 10.0
"""So long after a visitor's last press a scan on the question for the desk is theirs, and a ticket that was scanned before the first answer
is. Who looks for a ticket has it at hand by then, and by then who has gone is out of sight: whoever scans or answers later may be the next
one, and no ticket shall be tied to another's vote."""


class Scanning:
    """A ticket belongs to the visitor who scans it, and to nobody before or after."""

    def __init__(self, scene: Scene, welcome: Welcome, questions: Questions) -> None:
        self._scene = scene
        self._welcome = welcome
        self._questions = questions
        self._hush_at_ms = 0
        self._pressed_ms = 0

    @property
    def is_open(self) -> bool:
        """Whether a scan means something on the present screen."""
        screen = self._scene.stage.screen
        return self._welcome.is_open or (isinstance(screen, Desk) and screen.pressed is None)

    def pressed(self, now_ms: int) -> None:
        """Take note that the visitor is there: they press something, or the voice that they asked for still speaks."""
        self._pressed_ms = now_ms

    def is_by_another(self, reading: Scanned | Refusal, at: Moment) -> bool:
        """Tell whether a scan after the vote comes so late that it may be the next visitor's. A code that gives nothing is nobody's."""
        if self._welcome.is_open or isinstance(reading, Refusal) or reading.is_spent or self._is_mine(reading):
            return False
        return at.boottime_ms - self._pressed_ms > SAME_VISITOR_S * 1000

    def take(self, reading: Scanned | Refusal, at: Moment) -> bool:
        """Take a scan; False where it is another ticket than the visitor's. A code that gives nothing begins no visit and ends none."""
        if isinstance(reading, Refusal):
            self._refuse(reading)
            return True
        if self._is_mine(reading):
            if self._welcome.is_open:
                self.pressed(at.boottime_ms)
            return True
        if reading.is_spent:
            self._refuse(Refusal.SPENT)
            return True
        if self._scene.script.mode is Mode.TEST:
            reading = changed(reading, token=None)  # a technician's test uses up no ticket
        if self._welcome.is_open:
            self.pressed(at.boottime_ms)
            self._welcome.take(reading)
            return True
        return self._answer_desk(reading, at)

    def let_go(self, now_ms: int) -> None:
        """Forget a ticket with which nobody has answered for so long that who answers now may be somebody else."""
        scanned = self._scene.visit.scanned
        if scanned is not None and self._welcome.is_open and now_ms - self._pressed_ms > SAME_VISITOR_S * 1000:
            self._hush_at_ms = now_ms + round(NOTICE_S * 1000)
            self._welcome.forget_ticket(scanned.ticket)

    def hush(self) -> None:
        """Take away what is said about a code: somebody goes on."""
        screen = self._scene.stage.screen
        if isinstance(screen, Ask | Desk) and screen.notice:
            self._scene.stage.update(changed(screen, notice=""))

    def tick(self, now_ms: int) -> None:
        """Let time pass."""
        if now_ms >= self._hush_at_ms:
            self.hush()

    def _is_mine(self, reading: Scanned) -> bool:
        mine = self._scene.visit.scanned
        if mine is None:
            return False
        if mine.token is not None and reading.token is not None:
            return mine.token.token == reading.token.token
        return mine.ticket == reading.ticket

    def _answer_desk(self, reading: Scanned, at: Moment) -> bool:
        if self._scene.visit.scanned is None:
            if not self._questions.scan(reading, at):
                self._tell(scans.read_without_desk(self._scene.script.language))
            return True
        if reading.ticket.is_card:
            self._questions.answer(AtDesk(reading.ticket.desk), Input.SCAN, at)
        return reading.ticket.is_card

    def _refuse(self, why: Refusal) -> None:
        self._tell(scans.refused(why, self._scene.script.language))

    def _tell(self, notice: str) -> None:
        self._hush_at_ms = self._scene.clock.moment().boottime_ms + round(NOTICE_S * 1000)
        self._scene.stage.update(changed(self._scene.stage.screen, notice=notice))
