"""A byte rots in the first page, where SQLite keeps in words what the tables are: messages cannot be decoded, columns have other names."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from kiosk.salvage import open_store
from kiosk.store import FILE
from kiosk.sync import delivery
from kiosk.sync.outbox import Outbox
from tests.kiosk.test_store import a_vote

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VOTES = 5
SHIFTS = range(3)
EVERY = 97


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound")
    store = open_store(folder, uuid4)
    for _ in range(VOTES):
        store.append([a_vote()])
    store.close()
    with delivery.open_ledger(folder / delivery.FILE):
        pass
    for name in (FILE, delivery.FILE):
        with closing(sqlite3.connect(folder / name)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder


@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("flipped", [0x80, 0x01])
def test_every_vote_is_there_whatever_byte_of_the_schema_has_rotted(sound: Path, tmp_path: Path, shift: int, flipped: int) -> None:
    for folder in _rotten(sound, tmp_path, FILE, shift, flipped):
        open_store(folder, uuid4).close()
        with closing(sqlite3.connect(folder / FILE)) as db:
            assert db.execute("SELECT count(*) FROM records WHERE kind = 'vote'").fetchone() == (VOTES,), folder.name


@pytest.mark.parametrize("shift", SHIFTS)
def test_what_is_delivered_is_begun_anew_where_its_schema_has_rotted(sound: Path, tmp_path: Path, shift: int) -> None:
    for folder in _rotten(sound, tmp_path, delivery.FILE, shift, 0x80):
        assert delivery.wanted_look(folder / delivery.FILE) is None
        with delivery.open_ledger(folder / delivery.FILE) as ledger:
            assert (ledger.fork, ledger.generation, ledger.left(), ledger.look) == (None, None, set(), None)


def test_sync_has_the_log_looked_through_whose_schema_rots_while_it_reads(sound: Path, tmp_path: Path) -> None:
    looks = 0
    for folder in _rotten(sound, tmp_path, FILE, 0, 0x80):
        with Outbox(folder) as outbox:
            looks += not outbox.epochs() and outbox.wants_look
    assert looks


def _rotten(sound: Path, tmp_path: Path, name: str, shift: int, flipped: int) -> Iterator[Path]:
    """Give copies, one byte of the first page of each another one."""
    data = (sound / name).read_bytes()
    for place in range(100 + shift * 7, 4096, EVERY):
        if data[place]:
            folder = tmp_path / str(place)
            shutil.copytree(sound, folder)
            rotten = bytearray(data)
            rotten[place] ^= flipped
            (folder / name).write_bytes(rotten)
            yield folder
            shutil.rmtree(folder)
