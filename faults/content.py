"""What votes say, in a kiosk's log and in a server's database: one that is there with another answer, desk or comment is not there."""

from __future__ import annotations

from collections import defaultdict
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

import msgspec

from feedback.records import RecordError, Sealed, Vote, decode_body

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from feedback.records import AnyRecord

_VOTES: Final = (
    "SELECT votes.id, votes.visit, votes.answer, desks.key, records.body FROM votes"
    " LEFT JOIN desks ON desks.id = votes.desk_id LEFT JOIN records ON records.id = votes.id"
)
_WORDS: Final = "SELECT visit, record, box FROM sealed"
Words = dict[UUID, list[tuple[str, bytes]]]
"""Sealed boxes, with the ids of their records, by the visits that have left them."""


class Said(NamedTuple):
    """What one vote says: its answer, the key of its desk, its record byte for byte, and the sealed words that were left with it."""

    answer: str
    desk: str | None
    body: bytes | None
    words: tuple[tuple[str, bytes], ...]

    def line(self, vote: UUID) -> str:
        """Give a word that stands for the vote and everything that it says."""
        return f"{vote.hex}:{sha256(msgspec.msgpack.encode(self)).hexdigest()[:32]}"


def vote_of(line: str) -> UUID:
    """Give the id of the vote that a line stands for."""
    return UUID(line.partition(":")[0])


def said_by(bodies: Iterable[bytes], boxes: Mapping[UUID, bytes]) -> dict[UUID, Said]:
    """Give what the votes among these records say; a body that is none is passed over."""
    found = [(record, body) for body in bodies if (record := _decoded(body)) is not None]
    words: Words = defaultdict(list)
    for record, _ in found:
        if isinstance(record, Sealed):
            words[record.visit].append((record.id.hex, boxes.get(record.id, b"")))
    votes = ((record, body) for record, body in found if isinstance(record, Vote))
    return {vote.id: Said(vote.answer, vote.desk, body, tuple(sorted(words.get(vote.visit, ())))) for vote, body in votes}


def said_in_log(db: sqlite3.Connection) -> dict[UUID, Said]:
    """Give what the votes in a kiosk's log say, whatever version wrote it."""
    columns = {name for _, name, *_ in db.execute("PRAGMA table_info(sealed)")}
    own = "SELECT record, box FROM sealed WHERE day IS NULL" if "day" in columns else "SELECT record, box FROM sealed"
    boxes = {UUID(record): box for record, box in db.execute(own)} if columns else {}
    return said_by((body for (body,) in db.execute("SELECT body FROM records")), boxes)


def said_on_server(ask: Callable[[str], Iterable[Sequence[Any]]]) -> dict[UUID, Said]:
    """Give what the votes in a server's database say; `ask` puts a query to it."""
    words: Words = defaultdict(list)
    for visit, record, box in ask(_WORDS):
        words[_uuid(visit)].append((_uuid(record).hex, b"" if box is None else bytes(box)))
    return {
        _uuid(vote): Said(answer, desk, None if body is None else bytes(body), tuple(sorted(words.get(_uuid(visit), ()))))
        for vote, visit, answer, desk, body in ask(_VOTES)
    }


def altered(said: Mapping[UUID, Said], there: Mapping[UUID, Said]) -> set[UUID]:
    """Give the votes that are there and do not say what they said."""
    return {vote for vote in said.keys() & there.keys() if said[vote] != there[vote]}


def _uuid(value: object) -> UUID:
    return value if isinstance(value, UUID) else UUID(str(value))


def _decoded(body: bytes) -> AnyRecord | None:
    try:
        return decode_body(body)
    except RecordError:
        return None
