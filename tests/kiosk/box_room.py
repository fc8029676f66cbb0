"""Staff before two ticket boxes, with real tickets, time that passes when told to and a disk that answers when told to."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from feedback.records import AnyRecord, BoxCount, TicketScan, Undo, Vote
from feedback.tickets import Regex, TicketRules
from kiosk import accepted
from kiosk.boxes import QUESTIONNAIRE, SETTLE_S, Boxes, BoxMeans
from kiosk.screens import Closed
from kiosk.ticket_desk import TicketDesk
from tests.kiosk.room import upside_down
from tests.kiosk.support import FakeClock, counted_ids, settings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from feedback.tickets import TicketToken
    from kiosk.screens import Screen

R = TypeVar("R", bound=AnyRecord)
RULES = TicketRules(
    scope="exit",
    centre="cnap",
    time_zone="Europe/Kyiv",
    forms=(Regex(name="paper", pattern=r"(?P<number>[A-Z]\d+)@(?P<centre>\w+)( (?P<issued>\d+))?(?P<desk>desk-\d)?"),),
)
SETTINGS = msgspec.structs.replace(settings_of(desks=2), tickets=RULES)
VISIT = Closed(opens_at="09:00")


class Keys:
    """One key for all days, or none."""

    def __init__(self) -> None:
        self.has_any = True

    def key(self, day: str) -> bytes | None:
        return f"key of {day}".encode() if self.has_any else None


class BoxRoom:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.keys = Keys()
        self.tickets = TicketDesk(self.keys, verify=lambda *_: False)
        self.asked: list[tuple[int, tuple[AnyRecord, ...]]] = []
        self.sealed: dict[UUID, bytes] = {}
        self.tokens: dict[UUID, TicketToken] = {}
        self.stored: list[AnyRecord] = []
        self.settings = SETTINGS
        self.screen: Screen | None = None
        self.on_show: Callable[[Screen], None] = lambda _screen: None
        numbers = itertools.count(7)
        means = BoxMeans(
            counted_ids(),
            lambda: next(numbers),
            read=lambda code, at: self.tickets.read(code, at, self.settings),
            seal=upside_down,
            spend=self.tickets.spend,
            give_back=self.tickets.give_back,
        )
        self.boxes = Boxes(
            lambda: accepted.shipped(QUESTIONNAIRE),
            software="test",
            clock=self.clock,
            means=means,
            record=self._record,
            show=self._show,
        )
        self.boxes.visit_shows(VISIT)

    def _record(self, token: int, records: tuple[AnyRecord, ...], boxes: Mapping[UUID, bytes], tickets: Mapping[UUID, TicketToken]) -> None:
        self.asked.append((token, records))
        self.sealed.update(boxes)
        self.tokens.update(tickets)

    def _show(self, screen: Screen) -> None:
        self.screen = screen
        self.on_show(screen)

    @property
    def shown(self) -> Any:
        return self.screen

    def see(self) -> None:
        assert self.screen is not None
        self.boxes.shown(self.screen)

    def tap(self, *names: str) -> None:
        """Tap, each on a screen that has been seen long enough."""
        for name in names:
            self.see()
            self.clock.pass_s(SETTLE_S)
            self.boxes.tap(name, self.clock.moment())
            self.see()

    def open(self, box: str = "good") -> None:
        assert self.boxes.begin("uk")
        self.tap(box)

    def scan(self, *codes: str) -> None:
        """Scan, and let each be stored."""
        for code in codes:
            self.drop(code)
            self.disk()

    def drop(self, code: str) -> None:
        """Scan, and let the disk take its time."""
        self.clock.pass_s(0.3)
        self.boxes.scan(code, self.clock.moment())

    def answer(self, *, works: bool) -> None:
        """Let the disk say what became of what it was handed first."""
        token, records = self.asked.pop(0)
        if works:
            for record in records:
                if all(record.id != known.id for known in self.stored):
                    self.stored.append(record)
            self.boxes.committed(token)
        else:
            self.boxes.failed(token)

    def disk(self, *, works: bool = True) -> None:
        while self.asked:
            self.answer(works=works)

    def pass_s(self, seconds: float) -> None:
        self.clock.pass_s(seconds)
        self.boxes.tick()

    def of(self, kind: type[R]) -> list[R]:
        return [record for record in self.stored if isinstance(record, kind)]

    def counted(self, answer: str | None = None) -> list[Vote]:
        """The votes on record that were not taken back."""
        undone = {record.visit for record in self.of(Undo)}
        return [vote for vote in self.of(Vote) if vote.visit not in undone and answer in (None, vote.answer)]

    def tokens_of(self, kind: type[AnyRecord]) -> dict[UUID, TicketToken]:
        """The tokens that were handed over with records of a kind."""
        return {record.id: self.tokens[record.id] for record in self.stored if isinstance(record, kind) and record.id in self.tokens}

    @property
    def counts(self) -> list[BoxCount]:
        return self.of(BoxCount)

    def scan_of(self, vote: Vote) -> TicketScan:
        return next(scan for scan in self.of(TicketScan) if scan.visit == vote.visit)
