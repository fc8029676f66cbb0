"""One signed hash for every day, over all records that were received on it: published, nobody can change or delete a vote unseen any more.

A day's tree (RFC 6962) has a leaf for each record, in the order of their ids: the id and the SHA-256 of the body. Each document names the
root before it, so that no day can be left out either. Sealed words are no part of a body; they can be erased, and every proof still holds.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from sqlalchemy import func, select, update

from feedback.signed import sign
from feedback.wire import Signed, encode
from server.audit.log import end_of
from server.db.bulk import insert_rows
from server.db.centre import zone_of
from server.db.engine import reading, writing
from server.db.schema import day_roots, records, server, sites
from server.integrity.merkle import leaf_hash, root_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection, Engine

PURPOSE: Final = "vidhuk day root 1"
DUE_MS: Final = 3_600_000
"""So long after its end a day gets its root: what was received before midnight has been stored by then."""


class DayRoot(msgspec.Struct, frozen=True):
    """What is published: `size` records were received from `from_ms` until before `until_ms` (ms since 1970 UTC), the centre's `day` (ISO).

    `root` is the hash over them, `previous` that of the day before which has one, both in hexadecimal; the first day has none before it.
    The audit log had `audit_lines` lines then, and `audit` is the hash over them; roots of versions without one say nothing of it.
    """

    centre: str
    day: str
    from_ms: int
    until_ms: int
    size: int
    root: str
    previous: str
    audit_lines: int = 0
    audit: str = ""


class Root(NamedTuple):
    """A day's root as it is kept. `document` is the signed `DayRoot`, as published; later records have numbers beyond `last_n`."""

    day: str
    from_ms: int
    until_ms: int
    last_n: int
    size: int
    root: bytes
    document: str

    def signed(self) -> Signed:
        """Give the document with its signature."""
        return msgspec.json.decode(self.document, type=Signed)


class Roots:
    """Makes the roots of days that are over; `signer` gives the server's Ed25519 signature."""

    def __init__(self, engine: Engine, *, signer: Callable[[bytes], bytes]) -> None:
        self._engine = engine
        self._signer = signer
        self._done_until_ms = 0

    def make_due(self, now_ms: int) -> list[str]:
        """Make the roots of all days that are over by `now_ms` and have none; give those days (ISO). Many may do this at once."""
        if now_ms < self._done_until_ms:
            return []
        made = []
        while True:
            with reading(self._engine) as connection:
                zone = zone_of(connection)
                day = _next_day(connection, zone)
            if day is None or bounds_of(day, zone)[1] + DUE_MS > now_ms:
                break
            with writing(self._engine) as connection:
                # Whoever takes records in holds a site: wait for them, so that none counts as received before a root that lacks it.
                connection.execute(select(sites.c.id).order_by(sites.c.id).with_for_update(key_share=True)).all()
                if _next_day(connection, zone) == day:
                    made.append(self._make(connection, day, zone))
        today = datetime.fromtimestamp((now_ms - DUE_MS) / 1000, zone).date()
        self._done_until_ms = bounds_of(today, zone)[1] + DUE_MS
        return made

    def _make(self, connection: Connection, day: date, zone: ZoneInfo) -> str:
        from_ms, until_ms = bounds_of(day, zone)
        before = latest_root(connection)
        after_n = _settle_last(connection, before)
        leaves, last_n = leaves_of(connection, after_n, from_ms, until_ms)
        root = root_of([hashed for _, hashed in leaves])
        centre = connection.execute(select(server.c.centre)).scalar_one()
        previous = "" if before is None else before.root.hex()
        lines, head = end_of(connection)
        document = DayRoot(centre, day.isoformat(), from_ms, until_ms, len(leaves), root.hex(), previous, lines, head.hex())
        signed = encode(sign(document, PURPOSE, self._signer)).decode()
        row = Root(day.isoformat(), from_ms, until_ms, last_n, len(leaves), root, signed)
        insert_rows(connection, day_roots, Root._fields, [row], on_conflict="ON CONFLICT DO NOTHING")
        return row.day


def leaves_of(connection: Connection, after_n: int, from_ms: int, until_ms: int) -> tuple[list[tuple[UUID, bytes]], int]:
    """Give the leaves of the records received in a time, as ids and leaf hashes in their order, and the number of the newest of them.

    Those up to number `after_n` are under earlier roots: it spares reading the whole table.
    """
    r = records.c
    query = select(r.n, r.id, r.body).where(r.n > after_n, r.received_ms >= from_ms, r.received_ms < until_ms)
    found, last_n = [], after_n
    for row in connection.execute(query, execution_options={"yield_per": 5_000}):
        found.append((row.id, leaf_hash(leaf(row.id, row.body))))
        last_n = max(last_n, row.n)
    return sorted(found, key=lambda one: one[0].bytes), last_n


def leaf(id_: UUID, body: bytes) -> bytes:
    """Give a record's leaf: its id (16 bytes) and the SHA-256 of its body."""
    return id_.bytes + hashlib.sha256(body).digest()


def latest_root(connection: Connection) -> Root | None:
    """Give the newest root."""
    row = connection.execute(select(day_roots).order_by(day_roots.c.day.desc()).limit(1)).first()
    return None if row is None else Root(*row)


def find_root(connection: Connection, day: str) -> Root | None:
    """Give the root of a day (ISO), of "" the newest."""
    row = connection.execute(select(day_roots).where(day_roots.c.day == day)).first() if day else None
    return latest_root(connection) if not day else None if row is None else Root(*row)


def all_roots(connection: Connection) -> list[Root]:
    """Give all roots, the oldest first."""
    return [Root(*row) for row in connection.execute(select(day_roots).order_by(day_roots.c.day))]


def _settle_last(connection: Connection, before: Root | None) -> int:
    """Give the number after which all records stand that were received after the last root's day, and keep it as that root's `last_n`.

    Of workers that take records in at once, one may number a record of the next day before another numbers its last one of this day.
    """
    if before is None:
        return 0
    r, d = records.c, day_roots.c
    early = select(func.min(r.n)).where(r.n > _older_n(connection, before), r.n <= before.last_n, r.received_ms >= before.until_ms)
    first_n = connection.execute(early).scalar()
    if first_n is None:
        return before.last_n
    connection.execute(update(day_roots).where(d.day == before.day).values(last_n=first_n - 1))
    return int(first_n) - 1


def _older_n(connection: Connection, root: Root) -> int:
    """Give a number after which all records of a root stand, and of all later days."""
    d = day_roots.c
    return connection.execute(select(d.last_n).where(d.day < root.day).order_by(d.day.desc()).limit(1)).scalar() or 0


def _next_day(connection: Connection, zone: ZoneInfo) -> date | None:
    """Give the first day without a root on which something was received."""
    before = latest_root(connection)
    query = select(func.min(records.c.received_ms))
    if before is not None:
        query = query.where(records.c.n > _older_n(connection, before), records.c.received_ms >= before.until_ms)
    first_ms = connection.execute(query).scalar()
    return None if first_ms is None else datetime.fromtimestamp(first_ms / 1000, zone).date()


def bounds_of(day: date, zone: ZoneInfo) -> tuple[int, int]:
    """Give when a day begins and ends, in ms since 1970; days on which clocks are changed have 23 or 25 hours."""
    midnights = (datetime.combine(day + timedelta(days=more), datetime.min.time(), zone) for more in (0, 1))
    begins, ends = (round(midnight.astimezone(UTC).timestamp() * 1000) for midnight in midnights)
    return begins, ends
