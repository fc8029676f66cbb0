"""Commands of the server that the screen's process carries out: between visits, each at most once, and what became of them.

That one is begun is on the disk before it is; so whatever kills the process, none is done twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol
from uuid import UUID

import msgspec

from feedback.commands import Because, CommandKind, Outcome
from feedback.records import Moment
from kiosk.facts import COMMANDS_FACT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kiosk.clock import Clock

log = logging.getLogger(__name__)

REMEMBERED: Final = 32
"""So many reports are kept: more than sync ever hands over before it has read the first."""


class Order(msgspec.Struct, frozen=True):
    """A command that sync has found good, and its end."""

    id: UUID
    kind: str
    expires_ms: int


class Report(msgspec.Struct, frozen=True):
    """What ui lets sync know of an order; without an outcome it is begun."""

    id: UUID
    kind: str
    at: Moment
    outcome: Outcome | None = None
    reason: str = ""


Answer = Callable[[Outcome, str], None]
"""Hears, on the main thread, what became of an order, and why."""
Act = Callable[[Answer], None]
"""Carries an order out; it returns at once."""


class Memory(Protocol):
    """Where reports are kept."""

    def read_fact(self, name: str, answer: Callable[[str | None], None], /) -> None:
        """Give a fact to `answer`; never, where nothing can be read just now."""

    def note(self, name: str, value: str, answer: Callable[[bool], None] | None = None, /) -> None:
        """Keep a fact, and tell whether it is on the disk."""


def reports_in(fact: str | None) -> tuple[Report, ...]:
    """Give the reports that COMMANDS_FACT holds; none where it is no longer what was written."""
    try:
        return msgspec.json.decode(fact or "[]", type=tuple[Report, ...])
    except msgspec.DecodeError:
        log.warning("what became of commands cannot be read any more")
        return ()


def is_over(expires_ms: int, now: Moment) -> bool:
    """Tell whether the end of a command is past; only a trusted clock can."""
    return now.trusted and now.wall_ms >= expires_ms


class Orders:
    """Carries orders out. All of it is on the main thread."""

    def __init__(
        self,
        look: Callable[[], tuple[Order, ...]],
        memory: Memory,
        acts: Mapping[str, Act],
        *,
        clock: Clock,
        is_free: Callable[[], bool],
    ) -> None:
        """`look` gives the orders that sync hands over, `is_free` whether neither a visitor nor a technician is at the kiosk."""
        self._look = look
        self._memory = memory
        self._acts = acts
        self._clock = clock
        self._is_free = is_free
        self._reports: dict[UUID, Report] | None = None
        self._is_unwritten = self._is_writing = False
        self._next: Order | None = None
        self._begun: Order | None = None

    def tick(self) -> None:
        """Let time pass; to be called about once a second."""
        if self._reports is None:
            self._memory.read_fact(COMMANDS_FACT, self._remember)
        elif self._is_writing:
            return
        elif self._is_unwritten:
            self._write()
        elif self._begun is not None:
            self._act()
        else:
            self._take_next(self._reports)

    def _remember(self, fact: str | None) -> None:
        if self._reports is not None:
            return
        self._reports = {report.id: report for report in reports_in(fact)}
        for report in [report for report in self._reports.values() if report.outcome is None]:
            has_restarted = report.kind == CommandKind.RESTART
            self._report(report.id, report.kind, *((Outcome.DONE, "") if has_restarted else (Outcome.FAILED, Because.INTERRUPTED)))

    def _take_next(self, known: Mapping[UUID, Report]) -> None:
        order = next((order for order in self._look() if order.id not in known), None)
        if order is None:
            return
        now = self._clock.moment()
        if not now.trusted:
            self._report(order.id, order.kind, Outcome.REFUSED, Because.CLOCK_UNSET)
        elif is_over(order.expires_ms, now):
            self._report(order.id, order.kind, Outcome.EXPIRED)
        elif order.kind not in self._acts:
            self._report(order.id, order.kind, Outcome.REFUSED, Because.UNKNOWN_KIND)
        elif self._is_free():
            self._next = order
            self._report(order.id, order.kind, None)

    def _act(self) -> None:
        order = self._begun
        if order is None or not self._is_free():
            return
        self._begun = None
        if is_over(order.expires_ms, self._clock.moment()):
            self._report(order.id, order.kind, Outcome.EXPIRED)
            return
        log.info("command %s: %s", order.id, order.kind)
        self._acts[order.kind](partial(self._report, order.id, order.kind))

    def _report(self, order: UUID, kind: str, outcome: Outcome | None, reason: str = "") -> None:
        reports = {**(self._reports or {}), order: Report(order, kind, self._clock.moment(), outcome, reason)}
        self._reports = dict(list(reports.items())[-REMEMBERED:])
        self._is_unwritten = True
        if not self._is_writing:
            self._write()

    def _write(self) -> None:
        self._is_writing, self._is_unwritten = True, False
        written = msgspec.json.encode(list((self._reports or {}).values())).decode()
        self._memory.note(COMMANDS_FACT, written, self._written)

    def _written(self, is_written: bool) -> None:  # noqa: FBT001 - as the store answers
        self._is_writing = False
        self._is_unwritten |= not is_written
        if is_written and self._next is not None:
            self._begun, self._next = self._next, None
            self._act()
