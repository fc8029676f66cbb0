"""A visit with time that passes when told to and a disk that answers when told to."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, TypeVar

from feedback.questionnaire import ContactWay
from feedback.records import AnyRecord, Input
from kiosk.asking import NOTHING, Writable
from kiosk.visit import PRESSED_S, SETTLE_S, Means, Visits
from tests.kiosk.support import FakeClock, counted_ids

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from feedback.settings import KioskSettings
    from feedback.tickets import Refusal, TicketToken
    from kiosk.moves import Move
    from kiosk.scans import Scanned
    from kiosk.screens import Comfort, Screen

R = TypeVar("R", bound=AnyRecord)


def upside_down(text: str) -> bytes:
    """A box that a test can open."""
    return text[::-1].encode()


class Room:
    def __init__(self, settings: KioskSettings, clock: FakeClock | None = None, *, offered: bool = True) -> None:
        self.clock = clock or FakeClock()
        self.asked: list[tuple[int, tuple[AnyRecord, ...]]] = []
        self.boxes: dict[UUID, bytes] = {}
        self.tickets: dict[UUID, TicketToken] = {}
        """Tokens that were handed over with scans, by the records' ids."""
        self.spent: list[TicketToken] = []
        """Those of which the disk has taken the scans."""
        self.slips: list[tuple[UUID, str]] = []
        self.stored: list[AnyRecord] = []
        self._ids: set[UUID] = set()
        self.screens: list[Screen] = []
        self.lamp: list[bool] = []
        self.said_again = 0
        self.speaks = False
        numbers = itertools.count(7)
        self.visits = Visits(
            settings,
            language="uk",
            software="test",
            clock=self.clock,
            means=Means(
                counted_ids(),
                lambda: next(numbers),
                seal=upside_down,
                writable=self.writable if offered else lambda _comfort: NOTHING,
                lamp=self.lamp.append,
                say_again=self._say_again,
                is_speaking=lambda: self.speaks,
                spend=self.spent.append,
                hand_out=lambda vote, language: self.slips.append((vote, language)),
            ),
            record=self._record,
            show=self.show,
        )
        self.visits.start()
        self.see()

    def _record(self, token: int, records: tuple[AnyRecord, ...], boxes: Mapping[UUID, bytes], tickets: Mapping[UUID, TicketToken]) -> None:
        self.asked.append((token, records))
        self.boxes.update(boxes)
        self.tickets.update(tickets)

    def show(self, screen: Screen) -> None:
        self.screens.append(screen)

    def writable(self, comfort: Comfort) -> Writable:
        return Writable(words=True, ways=frozenset(ContactWay))

    def _say_again(self) -> None:
        self.said_again += 1

    @property
    def screen(self) -> Any:
        return self.visits.screen

    def see(self) -> None:
        self.visits.shown(self.visits.screen)

    def disk(self, *, works: bool = True) -> None:
        while self.asked:
            token, records = self.asked.pop(0)
            if works:
                self.store(records)
                self.visits.committed(token)
            else:
                self.visits.failed(token)

    def store(self, records: tuple[AnyRecord, ...]) -> None:
        for record in records:
            if record.id not in self._ids:
                self._ids.add(record.id)
                self.stored.append(record)

    def tap(self, *names: str) -> None:
        """Tap, each on a screen that has been seen long enough."""
        for name in names:
            self.clock.pass_s(SETTLE_S)
            self.visits.tap(name, Input.TOUCH, self.clock.moment())
            self.see()

    def scan(self, *readings: Scanned | Refusal) -> None:
        """Scan, each time on a screen that has been seen."""
        for reading in readings:
            self.clock.pass_s(SETTLE_S)
            self.visits.scan(reading, self.clock.moment())
            self.see()

    def move(self, *moves: Move) -> None:
        for move in moves:
            self.clock.pass_s(SETTLE_S)
            self.visits.move(move, self.clock.moment())
            self.see()

    def pass_s(self, seconds: float) -> None:
        self.clock.pass_s(seconds)
        self.visits.tick()
        self.see()

    def of(self, kind: type[R]) -> list[R]:
        return [record for record in self.stored if isinstance(record, kind)]

    def settle(self) -> None:
        """Let what was answered be stored, and the next screen come."""
        self.disk()
        self.pass_s(PRESSED_S)

    def give(self, *names: str) -> None:
        """Answer, and let it be stored."""
        for name in names:
            self.tap(name)
            self.settle()

    def go(self) -> None:
        """Let the thanks pass and the visit end."""
        self.pass_s(self.visits.settings.timing.thanks_s)
        self.disk()
