"""Reckons every kiosk's chain of records again, from the bodies that are stored, and says where it does not hold. Reads only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import func, select

from feedback.records import genesis, link
from server.db.schema import NO_EPOCH, chain_places, chains, quarantine, records
from server.ingest.chain import MAX_SEQ

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from sqlalchemy import Connection

_AT_ONCE: Final = 5_000


class Problem(NamedTuple):
    """Something that is not as it was taken in: where, and what is wrong there."""

    where: str
    what: str


class _Place(NamedTuple):
    seq: int
    name: str
    body: bytes | None
    head: bytes | None


@dataclass(slots=True)
class _Walk:
    """How far a chain has been walked. `head` is None where it cannot be known."""

    kiosk: str
    epoch: UUID
    places: Iterator[_Place]
    head: bytes | None
    seq: int = 0
    next_place: _Place | None = None
    problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.next_place = next(self.places, None)

    def up_to(self, seq: int) -> None:
        """Walk what stands before `seq` and is no record of its own."""
        while self.next_place is not None and self.next_place.seq < seq:
            self.step(self.next_place)
            self.next_place = next(self.places, None)

    def step(self, place: _Place) -> None:
        """Walk on to a place."""
        if place.seq != self.seq + 1:
            self._complain(
                f"{place.seq - self.seq - 1} records before {place.name} are missing"
                if place.seq > self.seq
                else f"{place.name} is there twice"
            )
            self.head = None
        reckoned = None if self.head is None or place.body is None else link(self.head, place.seq, place.body)
        if place.body is None:
            self._complain(f"{place.name} is missing")
        elif place.head is not None and reckoned is not None and reckoned != place.head:
            self._complain(f"{place.name} is not what the kiosk sent")
        self.head = reckoned if place.head is None else place.head
        self.seq = max(self.seq, place.seq)

    def end(self, seq: int, head: bytes) -> None:
        """Compare with what the kiosk was told last."""
        self.up_to(MAX_SEQ + 1)
        if self.seq != seq:
            self._complain(f"it ends at {self.seq}, and the kiosk was told that everything up to {seq} is here")
        elif self.head is not None and self.head != head:
            self._complain(f"its hash at {seq} is not the one that the kiosk was told")

    def end_untold(self) -> None:
        """Walk the rest of a chain of which nothing says what the kiosk was told."""
        self.up_to(MAX_SEQ + 1)
        self._complain(f"what the kiosk was told of it is missing, and it goes up to {self.seq}")

    def _complain(self, what: str) -> None:
        self.problems.append(Problem(f"kiosk {self.kiosk}, epoch {self.epoch}", what))


def count_records(connection: Connection) -> int:
    """Give how many records there are to walk."""
    return connection.execute(select(func.count()).select_from(records).where(records.c.epoch != NO_EPOCH)).scalar_one()


def verify_chains(connection: Connection, on_step: Callable[[int], None] = lambda _count: None) -> list[Problem]:
    """Walk every chain; give what does not hold, each chain's first problem first. `on_step` is told how many records more were walked."""
    walks: dict[tuple[str, UUID], _Walk] = {}
    r = records.c
    query = select(r.kiosk, r.epoch, r.seq, r.id, r.body, r.head).where(r.epoch != NO_EPOCH).order_by(r.n)
    for chunk in connection.execute(query, execution_options={"yield_per": _AT_ONCE}).partitions():
        for row in chunk:
            walk = walks.get((row.kiosk, row.epoch))
            if walk is None:
                walk = walks[row.kiosk, row.epoch] = _begin(connection, row.kiosk, row.epoch)
            walk.up_to(row.seq)
            walk.step(_Place(row.seq, f"record {row.id} at {row.seq}", row.body, row.head))
        on_step(len(chunk))
    told = {(chain.kiosk, chain.epoch): chain for chain in connection.execute(select(chains).order_by(chains.c.kiosk, chains.c.changed_ms))}
    for key in (*told, *sorted({*walks, *_with_places(connection)} - told.keys())):
        walk = walks[key] = walks.get(key) or _begin(connection, *key)
        if key in told:
            walk.end(told[key].seq, told[key].head)
        else:
            walk.end_untold()
    return [*(problem for walk in walks.values() for problem in walk.problems), *_verify_replayed(connection)]


def _verify_replayed(connection: Connection) -> list[Problem]:
    """Look whether what stands in no chain is what is kept in quarantine under its number."""
    r, q = records.c, quarantine.c
    query = select(r.id, r.seq, r.body, q.payload).outerjoin(quarantine, (q.id == r.seq) & (q.kiosk == r.kiosk)).where(r.epoch == NO_EPOCH)
    found = connection.execute(query, execution_options={"yield_per": _AT_ONCE})
    return [
        Problem(f"record {row.id}", f"number {row.seq} of the quarantine does not hold it")
        for row in found
        if row.body not in (row.payload or b"")
    ]


def _with_places(connection: Connection) -> set[tuple[str, UUID]]:
    """Give the chains that have places without records of their own; some have no other."""
    return {(row.kiosk, row.epoch) for row in connection.execute(select(chain_places.c.kiosk, chain_places.c.epoch).distinct())}


def _begin(connection: Connection, kiosk: str, epoch: UUID) -> _Walk:
    p, r = chain_places.c, records.c
    query = (
        select(p.seq, p.record, p.body, r.body.label("there"), p.head)
        .outerjoin(records, r.id == p.record)
        .where(p.kiosk == kiosk, p.epoch == epoch)
        .order_by(p.seq)
    )
    return _Walk(kiosk, epoch, map(_place, connection.execute(query).all()), genesis(epoch))


def _place(row: Any) -> _Place:  # noqa: ANN401 - a row of the query above
    if row.record is None:
        return _Place(row.seq, f"what is in quarantine from {row.seq}", row.body, row.head)
    return _Place(row.seq, f"record {row.record} at {row.seq}", row.there if row.body is None else row.body, row.head)
