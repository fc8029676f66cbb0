"""How much the vote store costs over a bare SQLite commit with the same durability."""

from __future__ import annotations

from os import urandom
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from bench.measure import Row, at_least, rates
from feedback.records import Channel, Input, Moment, Vote, encode_body, new_id
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
            measured = rates(lambda: _ours(store), lambda: _bare(bare))
            bare.close()
    return [at_least("vote committed on the kiosk", "votes/s", measured, "bare WAL+FULL insert", 0.5)]


def _ours(store: Store) -> int:
    for vote in _votes():
        store.append([vote])
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
