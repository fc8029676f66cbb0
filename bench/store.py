"""How much the vote store costs over a bare SQLite commit with the same durability."""

from __future__ import annotations

from hashlib import sha256
from os import urandom
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from bench.measure import Row, at_least, rates
from feedback.records import Channel, Input, Moment, TicketScan, Vote, encode_body, new_id
from feedback.tickets import TicketToken
from kiosk.store import Store, connect

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

VOTES: Final = 300


def measure() -> list[Row]:
    """Commit votes one by one, as visitors do."""
    with TemporaryDirectory(dir=".", prefix=".bench-") as name:
        folder = Path(name)
        with Store(folder / "votes.db", uuid4) as store:
            bare = connect(folder / "bare.db")
            bare.execute("CREATE TABLE records (n INTEGER PRIMARY KEY, body BLOB NOT NULL)")
            alone = rates(lambda: _ours(store), lambda: _bare(bare))
            with_ticket = rates(lambda: _with_tickets(store), lambda: _bare(bare))
            bare.close()
    return [
        at_least("vote committed on the kiosk", "votes/s", alone, "bare WAL+FULL insert", 0.5),
        at_least("vote with a ticket committed on the kiosk", "votes/s", with_ticket, "bare WAL+FULL insert", 0.35),
    ]


def _ours(store: Store) -> int:
    for vote in _votes():
        store.append([vote])
    return VOTES


def _with_tickets(store: Store) -> int:
    for number, vote in enumerate(_votes()):
        box, id_ = urandom(140), new_id(vote.at.wall_ms, urandom(10))
        scan = TicketScan(id_, vote.at, vote.visit, 1, "signed", "desk-1", None, sha256(box).hexdigest())
        token = TicketToken(f"2026-11-{10 + number % 10}", urandom(16).hex())
        store.append([vote, scan], {id_: box}, {id_: token})
    return VOTES


def _bare(bare: sqlite3.Connection) -> int:
    for vote in _votes():
        bare.execute("INSERT INTO records (body) VALUES (?)", (encode_body(vote),))
    return VOTES


def _votes() -> Iterator[Vote]:
    for number in range(VOTES):
        at = Moment(number, 1_795_000_000_000 + number, trusted=True)
        ids = new_id(at.wall_ms, urandom(10)), new_id(at.wall_ms, urandom(10))
        yield Vote(ids[0], at, ids[1], 1, "service", "excellent", "desk-1", None, Channel.KIOSK, Input.TOUCH, "uk", repeat=False)
