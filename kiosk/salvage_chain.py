"""Which records of a damaged log are what was chained, and which only look like records. Pure.

A byte may have changed in a body, in a hash, or in a number. A body is genuine where its own hash or the next one says so; where neither
can be asked, because what stands beside it cannot be read, it is taken as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from feedback.records import link

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class Row(NamedTuple):
    """A row of `records` as it can be read; any value but the body may be of any type."""

    epoch: object
    seq: object
    body: bytes
    head: object


def genuine(rows: Iterable[Row], beginnings: Mapping[object, frozenset[bytes]]) -> Iterator[tuple[Row, bool]]:
    """Give the rows, which come in their order, each with whether its body is what was chained.

    `beginnings` are the hashes that may stand before the first record of each epoch.
    """
    before: Row | None = None
    heads: frozenset[bytes] = frozenset()
    for row, after in _with_next(rows):
        if before is None or not _follows(row, before):
            heads = beginnings.get(row.epoch, frozenset()) if row.seq == 1 else frozenset()
        computed = frozenset(head for prev in heads if (head := _linked(prev, row)) is not None)
        yield row, not heads or row.head in computed or _vouches(after, row, computed)
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
