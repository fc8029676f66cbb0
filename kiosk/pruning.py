"""Deletes the oldest records of votes.db that the server has: those past their time, and when the card is full as many as it takes.

It runs on the store thread, in steps after each of which a vote can be stored. What is not delivered is never deleted.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from feedback.records import RecordError, decode_body
from kiosk.errors import StoreFullError
from kiosk.facts import DELIVERED_FACT
from kiosk.sync import delivery

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from uuid import UUID

    from feedback.records import Moment
    from kiosk.clock import Clock
    from kiosk.errors import StoreError
    from kiosk.room import Room
    from kiosk.store import Kept, Store

log = logging.getLogger(__name__)

STEP: Final = 200
GRACE: Final = timedelta(days=7)
"""What was delivered late stays so long all the same: longer than the last backup of the server is old."""
DAY_MS: Final = 86_400_000
SPARE_PAGES: Final = 64
"""On a full card so many pages of the file are kept free: some two hundred visits."""


class Pruner:
    """What may be deleted, and when."""

    def __init__(self, data_dir: Path, *, keep: timedelta, clock: Clock, room: Room, grace: timedelta = GRACE) -> None:
        """Records that are delivered stay until they are as old as `keep`, and for `grace` after the delivery."""
        self._ledger = data_dir / delivery.FILE
        self._keep_ms = round(keep.total_seconds() * 1000)
        self._grace_days = grace.days
        self._clock = clock
        self._room = room
        self._log: Store | None = None
        self._is_held = False
        self._seen_n = 0
        """Up to here every record has been looked at."""
        self._over_n = 0
        """And up to here the time of every one is over."""

    def prepare(self, store: Store) -> None:
        """See that the next records find room, as far as there is any.

        Raises:
            StoreFullError: there is none left even to delete something.
        """
        self._meet(store)
        is_held = not self._room.keep()
        if is_held != self._is_held:
            store.hold_size(min(self._room.pages, SPARE_PAGES) if is_held else None)
            self._is_held = is_held
        while is_held and store.spare_pages < SPARE_PAGES and self._delete(store, until_n=None):
            pass

    def helps(self, error: StoreError) -> bool:
        """Whether the store failed for want of room."""
        return isinstance(error, StoreFullError) or self._room.is_out

    def give_up_reserve(self) -> None:
        """Let SQLite have what was reserved."""
        log.warning("the card is full; the oldest records that the server has go before their time")
        self._room.release()

    def relieve(self, store: Store) -> None:
        """Fold the journal of a log that could not take something, so that records can be deleted; `prepare` then does."""
        store.fold()

    def step(self, store: Store) -> bool:
        """Do the next bit of what is due; tell whether there is more to do at once. What is over is known by a trusted clock alone."""
        self._meet(store)
        now = self._clock.moment()
        if not now.trusted:
            return False
        return self._delete(store, until_n=min(self._over_n, self._long_delivered(store, now))) or self._look(store, now)

    def _long_delivered(self, store: Store, now: Moment) -> int:
        """Give the number of the last record that was delivered before the grace began, and note which was today."""
        today = now.wall_ms // DAY_MS
        noted = _numbers(store.fact(DELIVERED_FACT) or "")
        newest = max((store.number_of(epoch, seq) for epoch, seq in self._delivered(store).items()), default=0)
        long_ago = max((n for day, n in noted.items() if day <= today - self._grace_days), default=0)
        kept = {day: n for day, n in noted.items() if today - self._grace_days < day < today}
        fresh = {today - self._grace_days: long_ago} | kept | {today: max(newest, noted.get(today, 0))}
        if fresh != noted:
            store.note(DELIVERED_FACT, " ".join(f"{day}:{n}" for day, n in sorted(fresh.items())))
        return fresh[today] if self._grace_days == 0 else long_ago

    def _meet(self, store: Store) -> None:
        if store is not self._log:  # another file, perhaps with other numbers
            self._log, self._is_held, self._seen_n, self._over_n = store, False, 0, 0

    def _delete(self, store: Store, *, until_n: int | None) -> bool:
        """Delete the oldest records that are delivered, up to number `until_n` of the log; tell whether there were any."""
        has = self._delivered(store)
        rows = store.oldest(0, STEP)
        going = list(takewhile(lambda row: row.epoch == rows[0].epoch and _may_go(row, until_n, has), rows))
        if going:
            store.prune(going[-1].epoch, going[-1].seq)
        return bool(going)

    def _look(self, store: Store, now: Moment) -> bool:
        """Look at the next records for some whose time is over; tell whether it is worth going on.

        A record made while the clock was not set is over once one that came after it is.
        """
        has, before = self._delivered(store), self._seen_n
        for row in takewhile(lambda row: _may_go(row, None, has), store.oldest(self._seen_n, STEP)):
            made_ms = _trusted_ms(row.body)
            if made_ms is not None and made_ms <= now.wall_ms:  # one of the future says nothing
                if made_ms > now.wall_ms - self._keep_ms:
                    break
                self._over_n = row.n
            self._seen_n = row.n
        return self._seen_n > before

    def _delivered(self, store: Store) -> dict[UUID, int]:
        """Up to which record the server has each epoch. What it says of records that are not those here counts nothing."""
        marks = delivery.delivered(self._ledger)
        heads = {epoch: store.hash_at(epoch, mark.seq) for epoch, mark in marks.items()}
        return {epoch: marks[epoch].seq for epoch, head in heads.items() if head is not None and head.hex() == marks[epoch].head}


def _may_go(row: Kept, until_n: int | None, has: Mapping[UUID, int]) -> bool:
    return (until_n is None or row.n <= until_n) and row.seq <= has.get(row.epoch, 0)


def _numbers(fact: str) -> dict[int, int]:
    pairs = [pair.partition(":") for pair in fact.split()]
    return {int(day): int(n) for day, _, n in pairs if day.isdecimal() and n.isdecimal()}


def _trusted_ms(body: bytes) -> int | None:
    try:
        at = decode_body(body).at
    except RecordError:
        return None
    return at.wall_ms if at.trusted else None
