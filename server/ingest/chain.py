"""Where a batch stands against what the server has of an epoch. Pure: no database, no network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from feedback.records import chain, genesis

if TYPE_CHECKING:
    from uuid import UUID

    from feedback.wire import Batch

FORK: Final = "fork"
MAX_SEQ: Final = 2**62


@dataclass(frozen=True, slots=True)
class Mark:
    """Everything up to `seq` is durable, and `head` is the chain hash there."""

    seq: int
    head: bytes

    @classmethod
    def start(cls, epoch: UUID) -> Mark:
        """The mark of an epoch of which nothing has come yet."""
        return cls(0, genesis(epoch))


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What to do with a batch: store the bodies in `fresh`, the first of which stands right after the old mark, and answer with `mark`.

    `heads` has the chain hash at each of them. `behind` means that the batch ends before the mark, where hashes alone cannot tell a
    retransmission from a fork.
    """

    mark: Mark
    fresh: list[bytes]
    heads: list[bytes] = field(default_factory=list)
    forked: bool = False
    behind: bool = False


def judge(batch: Batch, mark: Mark) -> Verdict:
    """Compare a batch with the mark of its epoch.

    A gap changes nothing: the answer is the mark, and the kiosk goes back to it.
    """
    before = batch.first_seq - 1
    if before > mark.seq:
        return Verdict(mark=mark, fresh=[])
    prev, bodies = bytes.fromhex(batch.prev), batch.bodies
    hashes = [prev, *chain(prev, batch.first_seq, bodies)]
    known = mark.seq - before
    if known >= len(hashes):
        return Verdict(mark=mark, fresh=[], behind=True)
    if hashes[known] != mark.head:
        return Verdict(mark=mark, fresh=[], forked=True)
    return Verdict(mark=Mark(before + len(bodies), hashes[-1]), fresh=bodies[known:], heads=hashes[known + 1 :])
