"""Hands records to the store: each with its context before it, what could not be written again later, and every record once.

The answer to a hand-over comes later, never from within the call, as `committed` or `failed`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final, Protocol
from uuid import UUID

import msgspec

from feedback.records import Answer, AnyRecord, BoxCount, Call, Context, DeviceChange, How, Mode, Presence, SelfTest, Undo, VisitEnd
from feedback.tickets import TicketToken

if TYPE_CHECKING:
    from feedback.questionnaire import Questionnaire
    from kiosk.clock import Clock

NO_BOXES: Final[Mapping[UUID, bytes]] = {}
NO_TICKETS: Final[Mapping[UUID, TicketToken]] = {}


class Parcel(msgspec.Struct, frozen=True):
    """Records that are stored together or not at all, with boxes and tickets by the ids of theirs."""

    records: tuple[AnyRecord, ...]
    boxes: Mapping[UUID, bytes] = NO_BOXES
    tickets: Mapping[UUID, TicketToken] = NO_TICKETS


class Record(Protocol):
    """Whoever stores records."""

    def __call__(
        self, token: int, records: tuple[AnyRecord, ...], boxes: Mapping[UUID, bytes], tickets: Mapping[UUID, TicketToken], /
    ) -> None:
        """Take records in their order, by their ids the sealed boxes of some, and the tokens that scans spend and undoing gives back."""


class Makers(msgspec.Struct, frozen=True):
    """Where new ids and context numbers come from."""

    new_id: Callable[[], UUID]
    new_number: Callable[[], int]


class Logbook:
    """The visit's side of the store."""

    def __init__(  # noqa: PLR0913 - its whole world is injected
        self,
        record: Record,
        *,
        software: str,
        clock: Clock,
        makers: Makers,
        spend: Callable[[TicketToken], None] = lambda _token: None,
        give_back: Callable[[TicketToken], None] = lambda _token: None,
    ) -> None:
        """`spend` hears of every ticket once the record of its scan is on the disk, `give_back` once that of its undoing is."""
        self._record = record
        self._spend = spend
        self._give_back = give_back
        self._software = software
        self._clock = clock
        self._makers = makers
        self._context: Context | None = None
        self._context_is_stored = False
        self._last_token = 0
        self._pending: dict[int, tuple[AnyRecord, ...]] = {}
        self._tickets: dict[int, Mapping[UUID, TicketToken]] = {}
        self._owed: tuple[AnyRecord, ...] = ()

    @property
    def has_nothing(self) -> bool:
        """Nothing has ever been handed over."""
        return self._last_token == 0

    @property
    def is_settled(self) -> bool:
        """Nothing waits to be stored."""
        return not self._pending

    @property
    def is_behind(self) -> bool:
        """Something is owed: a context, or records of which the disk took none."""
        return bool(self._owed) or not self._context_is_stored

    @property
    def context(self) -> int:
        """The number by which records name the present context."""
        assert self._context is not None  # noqa: S101 - `ask_by` comes first
        return self._context.number

    def ask_by(self, questionnaire: Questionnaire, mode: Mode) -> None:
        """Let the records to come say that they were asked by this questionnaire, in this mode."""
        wanted = (questionnaire.id, questionnaire.version, mode)
        now = self._context
        if now is not None and (now.questionnaire, now.questionnaire_version, now.mode) == wanted:
            return
        at, number = self._clock.moment(), self._makers.new_number()
        self._context = Context(self._makers.new_id(), at, number, self._clock.boot_id, self._software, *wanted)
        self._context_is_stored = False

    def commit(self, *records: AnyRecord, boxes: Mapping[UUID, bytes] = NO_BOXES, tickets: Mapping[UUID, TicketToken] = NO_TICKETS) -> int:
        """Hand over records, what is owed, and their context until it is known to be stored; give the token of the answer.

        By the records' ids, `boxes` are the sealed boxes of some of them, and `tickets` the tokens that scans spend and `Undo` gives back.
        """
        self._last_token += 1
        context = (self._context,) if self._context is not None and not self._context_is_stored else ()
        batch, self._owed = (*context, *self._owed, *records), ()
        self._pending[self._last_token] = batch
        if tickets:
            self._tickets[self._last_token] = tickets
        self._record(self._last_token, batch, boxes, tickets)
        return self._last_token

    def owe(self, *records: AnyRecord) -> None:
        """Hand these over with the next ones."""
        self._owed = (*self._owed, *records)

    def committed(self, token: int) -> None:
        """Take note that the records of `token` are on the disk."""
        records = self._pending.pop(token, ())
        if self._context in records:
            self._context_is_stored = True
        undone = undone_by(records)
        for record, ticket in self._tickets.pop(token, NO_TICKETS).items():
            (self._give_back if record in undone else self._spend)(ticket)

    def failed(self, token: int) -> None:
        """Take note that they are not. What a visitor was about to be thanked for is gone and said to be; the rest is written later."""
        self._tickets.pop(token, None)
        self._owed = (*(record for record in self._pending.pop(token, ()) if _outlives_failure(record)), *self._owed)


def undone_by(records: Iterable[AnyRecord]) -> frozenset[UUID]:
    """Give the ids of those records that take a ticket back: their tokens vote no more."""
    return frozenset(record.id for record in records if isinstance(record, Undo))


def _outlives_failure(record: AnyRecord) -> bool:
    if isinstance(record, Context | VisitEnd | Call | DeviceChange | Presence | SelfTest | BoxCount):
        return True
    return isinstance(record, Answer) and record.how is not How.ANSWERED
