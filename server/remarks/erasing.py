"""Erases what the visitor of a visit wrote, for good: also what is still on its way, and what a kiosk or a restored backup brings again.

A record keeps the digest of its box, so chains and proofs hold as before.
"""

from __future__ import annotations

import re
from time import monotonic
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, func, select, union_all, update

from server.db.bulk import insert_rows
from server.db.locks import WRITTEN, hold_written
from server.db.prepared import Prepared
from server.db.schema import answers, erasures, quarantine, sealed, votes
from server.errors import ErasureError
from server.fleet.forgetting import sweep, write_anew

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sqlalchemy import Connection, Engine

_BOXES: Final = re.compile(rb'("sealed"\s*:\s*)\{[^}]*(?:\}|\Z)')
"""The boxes in a message as it came."""
_SWEEP_S: Final = 15.0
_ERASED: Final = Prepared(
    lambda among: select(erasures.c.visit).where(erasures.c.kiosk == bindparam("of_kiosk"), among(erasures.c.visit, "visits"))
)


class Erasure(msgspec.Struct, frozen=True):
    """What was written in `visit` at `kiosk` was erased at `erased_ms`."""

    kiosk: str
    visit: UUID
    erased_ms: int


def erase(connection: Connection, vote: UUID, now_ms: int) -> int:
    """Erase whatever was written in the visit of a vote; give the number of texts that were there.

    Raises:
        ErasureError: there is no such vote.
    """
    v, a = votes.c, answers.c
    visits = union_all(select(v.kiosk, v.visit).where(v.id == vote), select(a.kiosk, a.visit).where(a.record == vote, a.first))
    row = connection.execute(visits).first()
    if row is None:
        raise ErasureError("no vote with this code has come; if its kiosk is offline, try again when it has delivered")
    return erase_visits(connection, [Erasure(row.kiosk, row.visit, now_ms)])


def erase_visits(connection: Connection, wanted: Iterable[Erasure]) -> int:
    """Erase what was written in these visits, whether it is there or comes later; give the number of texts that were there.

    On PostgreSQL it waits for backups and verifications that go on. SQLite's log has it still: `sweep_within`, after the transaction.

    Raises:
        DatabaseUnavailableError: another program reads what is to be written anew; nothing was erased.
    """
    rows = [(erasure.kiosk, erasure.visit, erasure.erased_ms) for erasure in wanted]
    if rows:
        hold_written(connection)
    insert_rows(connection, erasures, ("kiosk", "visit", "erased_ms"), rows, on_conflict="ON CONFLICT DO NOTHING")
    count = sum(_empty(connection, kiosk, visit) for kiosk, visit, _ in rows)
    for table in WRITTEN if rows and connection.dialect.name == "postgresql" else ():
        write_anew(connection, table)
    return count


def sweep_within(engine: Engine, within_s: float = _SWEEP_S) -> bool:
    """Empty SQLite's log of what was erased, as soon as nobody reads what was before; tell whether that is done.

    Raises:
        DatabaseUnavailableError: the database is away or busy.
    """
    until = monotonic() + within_s
    while not (is_done := sweep(engine)) and monotonic() < until:
        pass  # each try has waited for those who read
    return is_done


def erased_among(connection: Connection, kiosk: str, visits: Collection[UUID]) -> set[UUID]:
    """Give those of the visits in which what was written is erased."""
    return {visit for (visit,) in _ERASED.rows(connection, of_kiosk=kiosk, visits=list(visits))} if visits else set()


def _empty(connection: Connection, kiosk: str, visit: UUID) -> int:
    of_visit = (sealed.c.kiosk == kiosk, sealed.c.visit == visit)
    count = connection.execute(select(func.count()).where(*of_visit, sealed.c.box.is_not(None))).scalar_one()
    connection.execute(update(sealed).where(*of_visit).values(box=None))
    q, names = quarantine.c, (str(visit).encode(), visit.hex.encode())
    for number, payload in connection.execute(select(q.id, q.payload).where(q.kiosk == kiosk)).all():
        if any(name in payload.lower() for name in names):
            connection.execute(update(quarantine).where(q.id == number).values(payload=_without_boxes(payload)))
    return int(count)


def _without_boxes(payload: bytes) -> bytes:
    """Give what quarantine keeps without its boxes: in a message as it came, or behind the first line where that is a record."""
    try:
        msgspec.json.decode(payload, type=msgspec.Raw)
    except msgspec.DecodeError:
        payload = payload.partition(b"\n")[0]
    return _BOXES.sub(rb"\1{}", payload)
