"""Erases what the visitor of a visit wrote, for good: also what is still on its way, and what a kiosk or a restored backup brings again.

A record keeps the digest of its box, so chains and proofs hold as before.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, func, select, union_all, update

from server.db.among import Several
from server.db.bulk import insert_rows
from server.db.schema import answers, erasures, quarantine, sealed, votes
from server.errors import ErasureError
from server.keys import write_privately

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from sqlalchemy import Connection

FILE: Final = "erasures.json"
"""Kept in the data folder beside the database, for `restore`: ids only, nothing about anybody."""
_BOXES: Final = re.compile(rb'(?s)\n.*\Z|(?<="sealed":)\{[^}]*\}')
"""The boxes in what quarantine keeps: behind the first line, or in a message as it came."""
_ERASED: Final = Several(
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
    """Erase what was written in these visits, whether it is there or comes later; give the number of texts that were there."""
    rows = [(erasure.kiosk, erasure.visit, erasure.erased_ms) for erasure in wanted]
    insert_rows(connection, erasures, ("kiosk", "visit", "erased_ms"), rows, on_conflict="ON CONFLICT DO NOTHING")
    return sum(_empty(connection, kiosk, visit) for kiosk, visit, _ in rows)


def erased_among(connection: Connection, kiosk: str, visits: Collection[UUID]) -> set[UUID]:
    """Give those of the visits in which what was written is erased."""
    wanted = {"of_kiosk": kiosk, "visits": list(visits)}
    return set(connection.execute(_ERASED.on(connection), wanted).scalars()) if visits else set()


def write_list(connection: Connection, data_dir: Path) -> None:
    """Write down beside the database what was erased: a backup may be older."""
    found = [Erasure(*row) for row in connection.execute(select(erasures).order_by(erasures.c.erased_ms, erasures.c.visit))]
    write_privately(data_dir / FILE, msgspec.json.format(msgspec.json.encode(found)).decode())


def read_list(text: str, source: str) -> list[Erasure]:
    """Read what `write_list` has written.

    Raises:
        ErasureError: it is something else.
    """
    try:
        return msgspec.json.decode(text, type=list[Erasure])
    except msgspec.DecodeError as error:
        raise ErasureError(f"{source} is no list of erasures as {FILE} in a server's data folder: {error}") from error


def _empty(connection: Connection, kiosk: str, visit: UUID) -> int:
    of_visit = (sealed.c.kiosk == kiosk, sealed.c.visit == visit)
    count = connection.execute(select(func.count()).where(*of_visit, sealed.c.box.is_not(None))).scalar_one()
    connection.execute(update(sealed).where(*of_visit).values(box=None))
    q = quarantine.c
    for number, payload in connection.execute(select(q.id, q.payload).where(q.kiosk == kiosk)).all():
        if str(visit).encode() in payload:
            connection.execute(update(quarantine).where(q.id == number).values(payload=_BOXES.sub(_without, payload)))
    return int(count)


def _without(found: re.Match[bytes]) -> bytes:
    return b"" if found[0].startswith(b"\n") else b"{}"
