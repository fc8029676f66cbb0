"""Visits as a kiosk records them: the same numbers give the same bytes."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from feedback.records import Channel, Content, Context, Input, Moment, Outcome, Sealed, TicketScan, VisitEnd, Vote, new_id
from feedback.tickets import TicketToken

if TYPE_CHECKING:
    from random import Random
    from uuid import UUID

    from feedback.records import AnyRecord

MORNING_MS: Final = 1_760_000_000_000  # 2025-10-09, 11:53 in Kyiv
ANSWERS: Final = ("excellent", "good", "acceptable", "terrible")
OVER: Final = "2025-10-01"
"""The day (ISO) of every second ticket: its life is over."""
NOT_OVER: Final = "2025-10-09"
_BOX_BYTES: Final = 400


class Visit(NamedTuple):
    """What is stored together: the records, boxes and tokens by their ids; and which of the records is the vote."""

    vote: Vote
    records: tuple[AnyRecord, ...]
    boxes: dict[UUID, bytes]
    tickets: dict[UUID, TicketToken]


class Visits:
    """Makes visits out of random numbers; its clocks run on by some seconds with each."""

    def __init__(self, random: Random, *, wall_ms: int = MORNING_MS, trusted: bool = True) -> None:
        self._random = random
        self.boot_id = self.new_uuid(wall_ms)
        self.boottime_ms = 60_000
        self.wall_ms = wall_ms
        self.trusted = trusted
        self._context = random.getrandbits(47)
        self._said_context = False

    def moment(self) -> Moment:
        """Give what the kiosk's clocks say."""
        return Moment(self.boottime_ms, self.wall_ms, self.trusted)

    def pass_ms(self, ms: int) -> None:
        """Let time pass."""
        self.boottime_ms += ms
        self.wall_ms += ms

    def reboot(self) -> None:
        """Begin a new boot: its clock counts from nothing, and what stays the same over a boot is said again."""
        self.boot_id = self.new_uuid()
        self.boottime_ms = 30_000
        self._context = self._random.getrandbits(47)
        self._said_context = False

    def lose(self) -> None:
        """Say the context again with the next visit, as the kiosk's logbook does where a visit was not stored."""
        self._said_context = False

    def new_uuid(self, wall_ms: int | None = None) -> UUID:
        """Make an id."""
        return new_id(max(0, self.wall_ms if wall_ms is None else wall_ms), self._random.randbytes(10))

    def next(self, *, rich: bool = True, words: bool = False, desk: str | None = None) -> Visit:
        """Make a visit; a `rich` one may have sealed words and a ticket, one with `words` sealed words only."""
        self.pass_ms(self._random.randint(2, 90) * 1000)
        visit = self.new_uuid()
        records: list[AnyRecord] = [] if self._said_context else [self._new_context()]
        vote = Vote(
            id=self.new_uuid(),
            at=self.moment(),
            visit=visit,
            context=self._context,
            question="service",
            answer=self._random.choice(ANSWERS),
            desk=desk,
            service=None,
            channel=Channel.KIOSK,
            input=Input.TOUCH,
            language="uk",
            repeat=False,
        )
        made = Visit(vote, (*records, vote), {}, {})
        for more in (self._words, self._scan) if rich else (self._words,) if words else ():
            if self._random.random() < 0.3:  # noqa: PLR2004
                made = more(made)
        end = VisitEnd(self.new_uuid(), self.moment(), visit, self._context, Outcome.COMPLETED, 0)
        return made._replace(records=(*made.records, end))

    def _new_context(self) -> Context:
        self._said_context = True
        return Context(self.new_uuid(), self.moment(), self._context, self.boot_id, "vidhuk", "unseen", 1)

    def _words(self, made: Visit) -> Visit:
        box = self._random.randbytes(self._random.randint(60, _BOX_BYTES))
        digest = sha256(box).hexdigest()
        words = Sealed(
            self.new_uuid(), self.moment(), made.vote.visit, self._context, "comment", Content.COMMENT, digest, Input.TOUCH, "uk"
        )
        return made._replace(records=(*made.records, words), boxes={**made.boxes, words.id: box})

    def _scan(self, made: Visit) -> Visit:
        box, day = self._random.randbytes(140), self._random.choice((OVER, NOT_OVER))
        scan = TicketScan(self.new_uuid(), self.moment(), made.vote.visit, self._context, "slip", None, None, sha256(box).hexdigest())
        token = TicketToken(day, self._random.randbytes(16).hex())
        return made._replace(records=(*made.records, scan), boxes={**made.boxes, scan.id: box}, tickets={**made.tickets, scan.id: token})
