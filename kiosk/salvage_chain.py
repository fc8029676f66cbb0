"""Which records of a damaged log are what was chained, and which only look like records. Pure.

A byte may have changed in a body, in a hash, or in a number. A body is genuine where its own hash or the next one says so; where neither
can be asked, because what stands beside it cannot be read, it is taken as it is. Where a single byte has rotted, the hash tells which.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, NamedTuple

from feedback.records import link

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_MOST_BYTES: Final = 1_000
_MOST_TRIED: Final = 20
"""So long a body, and so many of one log, are tried with every byte changed: a tenth of a second each. A destroyed page has more."""


class Row(NamedTuple):
    """A row of `records` as it can be read; any value but the body may be of any type."""

    epoch: object
    seq: object
    body: bytes
    head: object


def genuine(rows: Iterable[Row], beginnings: Mapping[object, frozenset[bytes]]) -> Iterator[tuple[Row, bool]]:
    """Give the rows, which come in their order, each with whether its body is what was chained; a single rotted byte is put right.

    `beginnings` are the hashes that may stand before the first record of each epoch.
    """
    before: Row | None = None
    heads: frozenset[bytes] = frozenset()
    tries = _MOST_TRIED
    for row, after in _with_next(rows):
        if before is None or not _follows(row, before):
            heads = beginnings.get(row.epoch, frozenset()) if row.seq == 1 else frozenset()
        computed = frozenset(head for prev in heads if (head := _linked(prev, row)) is not None)
        is_genuine = not heads or row.head in computed or _vouches(after, row, computed)
        mended = None
        if not is_genuine and tries:
            tries -= 1
            mended = _mended(heads, row)
        yield mended or row, is_genuine or mended is not None
        heads = computed | {row.head} if isinstance(row.head, bytes) else computed
        before = row


def _with_next(rows: Iterable[Row]) -> Iterator[tuple[Row, Row | None]]:
    last: Row | None = None
    for row in rows:
        if last is not None:
            yield last, row
        last = row
    if last is not None:
        yield last, None


def _follows(row: Row, before: Row) -> bool:
    return row.epoch == before.epoch and isinstance(before.seq, int) and row.seq == before.seq + 1


def _vouches(after: Row | None, row: Row, heads: frozenset[bytes]) -> bool:
    """Whether the next row was chained after one of these hashes: then it is the row's own hash that has changed."""
    return after is not None and _follows(after, row) and any(_linked(head, after) == after.head for head in heads)


def _linked(head: bytes, row: Row) -> bytes | None:
    if not isinstance(row.seq, int) or not 0 <= row.seq < 1 << 63:
        return None
    return link(head, row.seq, row.body)


def _mended(heads: frozenset[bytes], row: Row) -> Row | None:
    """Give the row with the one byte put right that makes its body what its hash was made of, None where no single one does."""
    if not isinstance(row.seq, int) or not 0 <= row.seq < 1 << 63 or len(row.body) > _MOST_BYTES:
        return None
    for head in heads:
        before = hashlib.sha256(head + row.seq.to_bytes(8, "big"))
        for place in range(len(row.body)):
            rest = row.body[place + 1 :]
            for value in range(256):
                hashed = before.copy()
                hashed.update(bytes((value,)) + rest)
                if hashed.digest() == row.head:
                    return row._replace(body=row.body[:place] + bytes((value,)) + rest)
            before.update(row.body[place : place + 1])
    return None
