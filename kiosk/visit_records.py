"""What one visit gives, as records: they all bear its number, and its end says how it ended. Pure but for ids and the clock."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from feedback.questionnaire import ContactWay
from feedback.records import Answer, Call, Channel, Content, DeskChoice, How, Input, Outcome, Sealed, TicketScan, VisitEnd, Vote
from kiosk.logbook import NO_BOXES, NO_TICKETS, Parcel
from kiosk.screens import Ask, Comment, Contact

if TYPE_CHECKING:
    from uuid import UUID

    from feedback.records import Moment
    from kiosk.clock import Clock
    from kiosk.logbook import Logbook, Makers
    from kiosk.scans import Scanned

Seal = Callable[[str], bytes]
"""Gives the sealed box of a text, which only the server can open."""


class VisitRecords:
    """The records of one visit after another. `id` is None while nobody is there."""

    def __init__(self, log: Logbook, *, clock: Clock, makers: Makers) -> None:
        self._log = log
        self._clock = clock
        self._makers = makers
        self.id: UUID | None = None
        self.vote_id: UUID | None = None
        self.given: dict[str, tuple[str, ...]] = {}
        """The answers by their questions, for conditions."""
        self.desk: str | None = None
        self.service: str | None = None
        self.scanned: Scanned | None = None
        """The ticket or card that this visitor has scanned."""
        self.outcome = Outcome.TIMED_OUT
        self.extra_presses = 0
        self._last_end_ms: int | None = None

    @property
    def vote_is_cast(self) -> bool:
        """Whether there is a vote, stored or about to be."""
        return self.vote_id is not None

    def begin(self) -> UUID:
        """Let the visit have begun, if it has not; give its number."""
        self.id = self.id or self._makers.new_id()
        return self.id

    def vote(self, screen: Ask, chosen: tuple[str, ...], via: Input, at: Moment, *, repeat_s: float) -> Vote:
        """Give the vote; one within `repeat_s` of the last visit's end is flagged."""
        self.vote_id = self._makers.new_id()
        self.outcome = Outcome.TIMED_OUT
        self.given[screen.id] = chosen
        return Vote(
            self.vote_id,
            at,
            visit=self.begin(),
            context=self._log.context,
            question=screen.id,
            answer=",".join(chosen),
            desk=self.desk,
            service=self.service,
            channel=Channel.KIOSK,
            input=via,
            language=screen.language,
            repeat=self._last_end_ms is not None and at.boottime_ms - self._last_end_ms < repeat_s * 1000,
        )

    def scan(self, scanned: Scanned, seal: Seal | None, at: Moment) -> Parcel:
        """Give the scan made at `at` with its token, sealed to the server: on the disk nothing but the box ties it to the vote."""
        return scan_of(scanned, seal, at, id_=self._makers.new_id(), visit=self.begin(), context=self._log.context)

    def answer(self, screen: Ask | Comment | Contact, how: How, chosen: tuple[str, ...], via: Input | None, at: Moment) -> Answer:
        """Give what became of a question after the first."""
        self.given[screen.id] = chosen
        return Answer(self._makers.new_id(), at, self.begin(), self._log.context, screen.id, how, chosen, via, screen.language)

    def desk_choice(self, desk: str | None, via: Input, at: Moment) -> DeskChoice:
        """Give the visitor's desk."""
        return DeskChoice(self._makers.new_id(), at, self.begin(), self._log.context, desk, via)

    def sealed(self, screen: Comment | Contact, box: bytes, via: Input, at: Moment) -> Sealed:
        """Give what was written, by the digest of its box."""
        content = _content(screen)
        self.given[screen.id] = (content,)
        digest = hashlib.sha256(box).hexdigest()
        return Sealed(self._makers.new_id(), at, self.begin(), self._log.context, screen.id, content, digest, via, screen.language)

    def call(self, via: Input, at: Moment) -> Call:
        """Give the call for a person."""
        return Call(self._makers.new_id(), at, self.begin(), self._log.context, via)

    def end(self) -> VisitEnd:
        """End the visit, and forget the visitor."""
        at = self._clock.moment()
        end = VisitEnd(self._makers.new_id(), at, self.begin(), self._log.context, self.outcome, self.extra_presses)
        self.id, self.vote_id, self.given = None, None, {}
        self.desk = self.service = self.scanned = None
        self.outcome, self.extra_presses = Outcome.TIMED_OUT, 0
        self._last_end_ms = at.boottime_ms
        return end


def scan_of(scanned: Scanned, seal: Seal | None, at: Moment, *, id_: UUID, visit: UUID, context: int) -> Parcel:  # noqa: PLR0913
    """Give the record of a scan in a visit, with the ticket's token sealed to the server."""
    ticket, token = scanned.ticket, scanned.token
    box = seal(msgspec.json.encode(token).decode()) if token is not None and seal is not None else b""
    digest = hashlib.sha256(box).hexdigest() if box else ""
    record = TicketScan(id_, at, visit, context, ticket.form, ticket.desk, ticket.service, digest)
    return Parcel((record,), {id_: box} if box else NO_BOXES, {id_: token} if token is not None else NO_TICKETS)


def _content(screen: Comment | Contact) -> Content:
    if isinstance(screen, Comment):
        return Content.COMMENT
    return Content.PHONE if screen.way is ContactWay.PHONE else Content.EMAIL
