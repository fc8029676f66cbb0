"""The counting of a pair of ticket boxes by staff (K2): scans, taps, commits and the passing of time in, one screen value out.

It stands between the technician's menu and the visit: while it is open, the visit's screens are held back, and scans are of the box.
Each ticket is a vote of its own, stored at once and shown as counted only then. Everything runs on one thread.
"""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003 - msgspec reads it
from typing import TYPE_CHECKING, Final

import msgspec

from feedback.notice import AnnouncementKind
from feedback.records import BoxCount, Channel, Input, Mode, Moment, Undo, Vote
from feedback.tickets import Refusal, TicketToken
from kiosk.box_tally import Drop, Tally, names_of
from kiosk.logbook import NO_TICKETS, Logbook, Makers
from kiosk.scans import Scanned
from kiosk.screens import FINISH, LEAVE, OTHER_BOX, UNDO, Announced, BoxChoice, BoxResult, BoxScan, BoxSummary, Option, changed
from kiosk.stage import Stage
from kiosk.visit_records import scan_of

if TYPE_CHECKING:
    from feedback.questionnaire import Questionnaire
    from kiosk.clock import Clock
    from kiosk.logbook import Record
    from kiosk.screens import Screen

QUESTIONNAIRE: Final = "two-faces"
"""The shipped questionnaire whose two answers are the boxes, satisfied first."""
IDLE_S: Final = 180.0
"""After so long without a scan or a touch the count is finished by itself."""
CLOSE_S: Final = 60.0
"""How long the first screen and the summary stay without a touch."""
SETTLE_S: Final = 0.35
"""The second tap of a double tap falls within this after a screen appears or a ticket was taken back; it does nothing there."""
SLOW_S: Final = 1.0
"""From then on it is said that a ticket is still being stored."""
RETRY_S: Final = 3.0
"""How often a finished count is tried to be stored."""


class BoxMeans(Makers, frozen=True):
    """What counting needs from outside: ids and numbers, what a code tells, and the box in which tokens are sealed.

    `read` gives None where this kiosk reads no tickets; `seal` is None where the server's key is not known. `spend` hears of each ticket
    that has voted, `give_back` of each whose vote was taken back.
    """

    read: Callable[[str, Moment], Scanned | Refusal | None]
    seal: Callable[[str], bytes] | None = None
    spend: Callable[[TicketToken], None] = lambda _token: None
    give_back: Callable[[TicketToken], None] = lambda _token: None


class _Counting(msgspec.Struct, frozen=True):
    """A ticket on its way to the disk."""

    drop: Drop
    since_ms: int


class _Undoing(msgspec.Struct, frozen=True):
    """The taking back of a ticket on its way to the disk."""

    drop: Drop
    since_ms: int


class Boxes:
    """One count after another."""

    def __init__(  # noqa: PLR0913 - its whole world is injected
        self,
        questionnaire: Callable[[], Questionnaire],
        *,
        software: str,
        clock: Clock,
        means: BoxMeans,
        record: Record,
        show: Callable[[Screen], None],
    ) -> None:
        """`questionnaire` gives the one whose first question has the two boxes as its answers; it is asked when it is needed."""
        self._questionnaire = questionnaire
        self._clock = clock
        self._means = means
        self._show = show
        self._log = Logbook(record, software=software, clock=clock, makers=means, spend=means.spend, give_back=means.give_back)
        self._stage: Stage | None = None
        self._behind: Screen | None = None
        self._language = "uk"
        self._box: str | None = None
        self._tally = Tally()
        self._pending: dict[int, _Counting | _Undoing] = {}
        self._is_finishing = False
        self._count_token: int | None = None
        self._is_count_stored: bool | None = None
        self._result: BoxResult | None = None
        self._close_at_ms = 0
        self._settled_at_ms = 0
        self._retry_at_ms: int | None = None
        self._free_ms = 0

    # --- before the visit -------------------------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether staff are counting."""
        return self._stage is not None

    def begin(self, language: str) -> bool:
        """Ask which box is counted; tell whether that is possible now: not while something of the last count is being stored."""
        if self.is_open or self._pending or self._is_finishing:
            return False
        known = self._questionnaire().languages
        self._language = language if language in known else known[0]
        self._box, self._result = None, None
        self._tally, self._is_count_stored = Tally(), None
        self._log.ask_by(self._questionnaire(), Mode.LIVE)
        self._stage = Stage(BoxChoice(language=self._language, boxes=self._boxes()), clock=self._clock, show=self._show)
        self._stay_open()
        self._stage.show(self._stage.screen)
        return True

    def visit_shows(self, screen: Screen) -> None:
        """Show the visit's screen, or keep it for later. Only an air raid alert does not wait: it ends the count."""
        self._behind = screen
        if not self.is_open:
            self._show(screen)
        elif isinstance(screen, Announced) and screen.kind is AnnouncementKind.AIR_RAID:
            self._finish()
            self._close()

    def button(self) -> bool:
        """Take a press of a button, which does nothing here; whether it was taken."""
        if self.is_open:
            self._stay_open()
        return self.is_open

    def tap(self, name: str, at: Moment) -> bool:
        """Take a tap if staff are counting or have just left; whether it was taken and is none of the visit's business."""
        stage = self._stage
        if stage is None:
            return at.boottime_ms < self._free_ms
        self._stay_open()
        if not stage.could_be_seen(at, for_s=SETTLE_S) or at.boottime_ms < self._settled_at_ms:
            return True
        match stage.screen, name:
            case BoxChoice(boxes=boxes), _ if name in {box.id for box in boxes}:
                self._count(name)
            case ((BoxChoice() | BoxSummary()), str() as tapped) if tapped == LEAVE:
                self._close()
            case BoxScan(), str() as tapped:
                self._choose(tapped, at)
        return True

    def scan(self, code: str, at: Moment) -> bool:
        """Take a scan if staff are counting; whether it was taken. Before a box is chosen and after the end it counts nothing."""
        if not self.is_open:
            return False
        self._stay_open()
        if self._box is not None and not self._is_finishing and isinstance(self._screen, BoxScan):
            reading = self._means.read(code, at)
            if isinstance(reading, Scanned):
                self._take(code, reading, self._box, at)
            else:
                self._tally.refuse(code)
                self._tell(_REFUSED[reading or Refusal.UNKNOWN])
        return True

    # --- what the program says --------------------------------------------------------------------------------------------

    def shown(self, screen: Screen) -> None:
        """Take note that `screen` is now before the eyes of staff."""
        if self._stage is not None:
            self._stage.drawn(screen)

    def committed(self, token: int) -> None:
        """Take note that the records handed over under `token` are on the disk."""
        self._log.committed(token)
        match self._pending.pop(token, None):
            case _Counting(drop):
                self._tally.add(drop)
                self._tell(BoxResult.COUNTED)
            case _Undoing(drop):
                self._tally.remove(drop)
                self._settled_at_ms = self._now_ms() + round(SETTLE_S * 1000)
                self._tell(BoxResult.UNDONE)
        self._count_answered(token, is_stored=True)

    def failed(self, token: int) -> None:
        """Take note that they are not: that ticket does not count, or that one still does. The finished count is tried again."""
        self._log.failed(token)
        match self._pending.pop(token, None):
            case _Counting(drop):
                self._tally.remove(drop)
                self._tell(BoxResult.NOT_STORED)
            case _Undoing():
                self._tell(BoxResult.NOT_UNDONE)
        self._count_answered(token, is_stored=False)

    def tick(self) -> None:
        """Do what the passing of time asks for."""
        now_ms = self._now_ms()
        if self._retry_at_ms is not None and now_ms >= self._retry_at_ms:
            self._retry_at_ms = None
            self._count_token = self._log.commit()
        if not self.is_open:
            return
        if any(now_ms - step.since_ms >= SLOW_S * 1000 for step in self._pending.values()):
            self._tell(BoxResult.STORING)
        if now_ms < self._close_at_ms:
            return
        if isinstance(self._screen, BoxScan) and not self._is_finishing:
            self._stay_open(CLOSE_S)
            self._finish()
        else:
            self._close()

    # --- counting ---------------------------------------------------------------------------------------------------------

    def _choose(self, name: str, at: Moment) -> None:
        if self._is_finishing:
            return
        if name == UNDO:
            self._undo(at)
        elif name == OTHER_BOX:
            self._count(next(box.id for box in self._boxes() if box.id != self._box))
        elif name == FINISH:
            self._finish()

    def _count(self, box: str) -> None:
        self._box, self._result = box, None
        self._show_scanning(anew=True)
        self._stay_open()

    def _take(self, code: str, scanned: Scanned, box: str, at: Moment) -> None:
        names = names_of(code, scanned)
        was_here = self._tally.knows(names)
        if was_here or scanned.is_spent:
            self._tally.repeat()
            self._tell(BoxResult.REPEATED if was_here else BoxResult.VOTED)
            return
        drop = Drop(self._means.new_id(), box, names, scanned.token)
        ticket, context = scanned.ticket, self._log.context
        vote = Vote(
            self._means.new_id(),
            at,
            visit=drop.visit,
            context=context,
            question=self._questionnaire().questions[0].id,
            answer=box,
            desk=ticket.desk,
            service=ticket.service,
            channel=Channel.BOX,
            input=Input.SCAN,
            language=self._language,
            repeat=False,
        )
        scan = scan_of(scanned, self._means.seal, at, id_=self._means.new_id(), visit=drop.visit, context=context)
        self._tally.expect(drop)
        token = self._log.commit(vote, *scan.records, boxes=scan.boxes, tickets=scan.tickets)
        self._pending[token] = _Counting(drop, self._now_ms())

    def _undo(self, at: Moment) -> None:
        """Take back the last ticket; while something is being stored, nobody knows which is the last."""
        drop = self._tally.last
        if drop is None or self._pending:
            return
        undo = Undo(self._means.new_id(), at, drop.visit, self._log.context)
        token = self._log.commit(undo, tickets={undo.id: drop.token} if drop.token else NO_TICKETS)
        self._pending[token] = _Undoing(drop, self._now_ms())

    def _tell(self, result: BoxResult) -> None:
        self._result = result
        if isinstance(self._screen, BoxScan):
            self._show_scanning()

    # --- the end ----------------------------------------------------------------------------------------------------------

    def _finish(self) -> None:
        """Record the count once everything that was scanned is stored or known not to be; without a scan there is nothing to record."""
        if self._box is None or self._is_finishing or isinstance(self._screen, BoxSummary):
            return
        self._is_finishing = True
        self._finish_if_settled()

    def _finish_if_settled(self) -> None:
        if not self._is_finishing or self._pending or self._count_token is not None or self._retry_at_ms is not None:
            return
        if self._tally.is_empty:
            self._is_finishing = False
            self._close()
            return
        satisfied, dissatisfied = (self._tally.count(box.id) for box in self._boxes())
        at, tally = self._clock.moment(), self._tally
        record = BoxCount(self._means.new_id(), at, self._log.context, satisfied, dissatisfied, tally.repeated, tally.foreign)
        self._count_token = self._log.commit(record)
        self._show_summary(anew=True)

    def _count_answered(self, token: int, *, is_stored: bool) -> None:
        if token == self._count_token:
            self._count_token = None
            self._is_finishing = not is_stored
            self._is_count_stored = is_stored
            if not is_stored:
                self._retry_at_ms = self._now_ms() + round(RETRY_S * 1000)
            if isinstance(self._screen, BoxSummary):
                self._show_summary()
        self._finish_if_settled()

    def _close(self) -> None:
        if self._stage is None:
            return
        self._stage = None
        self._free_ms = self._now_ms() + round(SETTLE_S * 1000)
        if self._behind is not None:
            self._show(self._behind)

    # --- what is shown ----------------------------------------------------------------------------------------------------

    @property
    def _screen(self) -> Screen | None:
        return None if self._stage is None else self._stage.screen

    def _show_scanning(self, *, anew: bool = False) -> None:
        box, other = sorted(self._boxes(), key=lambda option: option.id != self._box)
        tally = self._tally
        screen = BoxScan(
            language=self._language,
            box=box,
            other=other,
            count=tally.count(box.id),
            other_count=tally.count(other.id),
            repeated=tally.repeated,
            foreign=tally.foreign,
            result=self._result,
            undoable=tally.last is not None,
        )
        self._put(screen, anew=anew)

    def _show_summary(self, *, anew: bool = False) -> None:
        if self._stage is None:
            return
        if anew:
            self._stay_open(CLOSE_S)
            boxes, tally = self._boxes(), self._tally
            counts = tuple(tally.count(box.id) for box in boxes)
            screen: Screen = BoxSummary(
                language=self._language, boxes=boxes, counts=counts, repeated=tally.repeated, foreign=tally.foreign, stored=None
            )
        else:
            screen = changed(self._stage.screen, stored=self._is_count_stored)
        self._put(screen, anew=anew)

    def _put(self, screen: Screen, *, anew: bool) -> None:
        if self._stage is not None:
            (self._stage.show if anew else self._stage.update)(screen)

    def _boxes(self) -> tuple[Option, ...]:
        choices = self._questionnaire().questions[0].choices
        return tuple(Option(choice.id, choice.words[self._language], choice.face) for choice in choices)

    def _stay_open(self, seconds: float | None = None) -> None:
        seconds = seconds or (IDLE_S if isinstance(self._screen, BoxScan) else CLOSE_S)
        self._close_at_ms = self._now_ms() + round(seconds * 1000)

    def _now_ms(self) -> int:
        return self._clock.moment().boottime_ms


_REFUSED: Final = {
    Refusal.UNKNOWN: BoxResult.UNKNOWN,
    Refusal.FOREIGN: BoxResult.FOREIGN,
    Refusal.FORGED: BoxResult.FORGED,
    Refusal.TOO_OLD: BoxResult.TOO_OLD,
    Refusal.SPENT: BoxResult.VOTED,
}
