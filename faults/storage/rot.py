"""Bytes that rot: one byte of a file on a kiosk's card is another one at its next start.

In the log and in what is delivered, that is found out or does no harm: no vote changes, no vote that is left is kept back, and what the
server has it keeps. A byte of the log's journal is another matter: SQLite ends reading there, and votes after it that were not delivered
are gone without a trace; how many is counted. There is such a journal only after a power cut, until the next start.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import select

from faults.storage.pair import NeverSettledError, Server, Terminal
from faults.storage.recording import in_silence, scratch
from faults.storage.tally import Tally
from faults.storage.visits import MORNING_MS, Visits
from faults.table import Fault
from feedback.records import RecordError, Vote, decode_body
from kiosk.errors import StoreError
from kiosk.salvage import ASIDE
from kiosk.store import FILE
from kiosk.sync import delivery
from server.db.engine import reading
from server.db.schema import votes
from server.ingest.quarantine import Reason

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random
    from uuid import UUID

    from faults.table import Row

_JOURNAL: Final = f"{FILE}-wal"
_CARDS: Final = 10
"""After so many rounds it is another card that rots."""


class _Card(NamedTuple):
    """Where a card is, which file of it rots, the answers of all votes on it, and what of the file is to rot, if not any byte."""

    place: Path
    file: str
    answers: dict[UUID, str]
    spots: tuple[bytes, ...]


def rot(name: str, file: str, rounds: int, step: Callable[[int], None]) -> Row:
    """Change one byte of a file in each round, start, and let everything be delivered."""
    tally = Tally(name, detected=0)
    with in_silence():
        for start in range(0, rounds, _CARDS):
            with scratch() as place:
                is_fresh = file == FILE and start % (2 * _CARDS) == _CARDS
                switched_off = file != _JOURNAL and start % (2 * _CARDS) == 0
                answers = _make_card(place, tally.random(start), switched_off=switched_off, delivered=not is_fresh)
                firsts = _first_records(place / "card" / FILE) if is_fresh else ()
                if file != _JOURNAL and start % (4 * _CARDS) != 3 * _CARDS:
                    _fold(place / "card" / file)
                for number in range(start, min(rounds, start + _CARDS)):
                    _change_one_byte(_Card(place, file, answers, firsts if number % 2 else ()), tally, tally.random(f"byte {number}"))
                    step(tally.rounds)
    if file == FILE and not tally.detected:
        tally.problems.append("no byte was noticed: nothing that matters was changed")
    return tally.row()


def _make_card(place: Path, random: Random, *, switched_off: bool, delivered: bool) -> dict[UUID, str]:
    """Make a card, `switched_off` or as a power cut leaves it; give the answers of all votes on it.

    The server has a part of it where it is `delivered`, else nothing.
    """
    (place / "living").mkdir()
    with Server(place, MORNING_MS + 86_400_000) as server:
        terminal = Terminal(place / "living", server, random)
        for _ in range(random.randint(1, 4)):
            terminal.vote(random.randint(5, 25))
            if delivered:
                terminal.settle()
        terminal.vote(random.randint(0, 12))
        answers = _answers_in_log(place / "living" / FILE)
        if switched_off:
            terminal.switch_off()
        shutil.copytree(place / "living", place / "card", ignore=shutil.ignore_patterns("*-shm"))
        if not switched_off:
            terminal.switch_off()
    return answers


def _fold(path: Path) -> None:
    """Bring what is in the journal of a file into the file: a byte that the journal has anew would not be read."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _change_one_byte(card: _Card, tally: Tally, random: Random) -> None:
    place, file, answers, spots = card
    with scratch() as folder:
        shutil.copytree(place / "card", folder / "card")
        shutil.copyfile(place / "server.db", folder / "server.db")
        where = _flip(folder / "card" / file, random, spots)
        with Server(folder, MORNING_MS + 2 * 86_400_000) as server:
            had = set(server.votes())
            try:
                terminal = Terminal(folder / "card", server, random, Visits(random, wall_ms=server.now_ms))
                terminal.vote(random.randint(1, 3))
                terminal.settle()
            except (StoreError, NeverSettledError, sqlite3.Error) as error:
                tally.count(acknowledged=len(answers), problem=f"byte {where} of {file}: {error}")
                return
            on_card = _answers_in_log(folder / "card" / FILE)
            terminal.switch_off()
            counted, told = server.votes(), _told(server)
            problem = server.problem(expected=(Reason.BAD_BOX.value,))  # sealed words that rot come as they are, and are told there
        missing = answers.keys() - set(counted)
        is_noticed = any(any((folder / "card").glob(pattern)) for pattern in (ASIDE, "*-damaged"))
        tally.detect(is_noticed)
        is_told = file == _JOURNAL or is_noticed
        changed = sum(told[id_] != answers[id_] for id_ in answers.keys() & told.keys())
    wrong = f"{changed} votes have changed" if changed else "" if is_told or not missing else f"{len(missing)} votes are gone in silence"
    tally.count(
        acknowledged=len(answers),
        lost=len(had - set(counted)),
        doubled=len(counted) - len(set(counted)),
        dropped=len(((answers.keys() & on_card.keys()) | terminal.thanked.keys()) - set(counted)),
        problem=f"byte {where} of {file}: {wrong or problem}" if wrong or problem else "",
    )
    tally.count_only(lost=len(missing - had))


def _flip(path: Path, random: Random, spots: tuple[bytes, ...]) -> int:
    """Change a byte, one of these spots' where they are in the file; give its place."""
    content = bytearray(path.read_bytes())
    places = [start + n for spot in spots if (start := content.find(spot)) >= 0 for n in range(len(spot))]
    where = random.choice(places or range(len(content)))
    content[where] ^= random.randint(1, 255)
    path.write_bytes(content)
    return where


def _first_records(path: Path) -> tuple[bytes, ...]:
    """Give body and hash of the first record of every epoch: nothing stands before it that would be compared on its own."""
    with closing(sqlite3.connect(path)) as db:
        return tuple(part for row in db.execute("SELECT body, hash FROM records WHERE seq = 1") for part in row)


def _answers_in_log(path: Path) -> dict[UUID, str]:
    with closing(sqlite3.connect(path)) as db:
        found = [_vote(body) for (body,) in db.execute("SELECT body FROM records")]
    return {vote.id: vote.answer for vote in found if vote is not None}


def _vote(body: bytes) -> Vote | None:
    try:
        record = decode_body(body)
    except RecordError:
        return None
    return record if isinstance(record, Vote) else None


def _told(server: Server) -> dict[UUID, str]:
    with reading(server.engine) as connection:
        return {row.id: row.answer for row in connection.execute(select(votes.c.id, votes.c.answer))}


def _fault(name: str, file: str, *, test: int, usual: int, full: int) -> Fault:
    return Fault(name=name, test=test, usual=usual, full=full, run=partial(rot, name, file))


FAULTS: Final = (
    _fault("a byte rots: vote store", FILE, test=20, usual=120, full=600),
    _fault("a byte rots: journal of the vote store", _JOURNAL, test=20, usual=80, full=400),
    _fault("a byte rots: what is delivered", delivery.FILE, test=20, usual=80, full=400),
)
