"""Merkle trees as Certificate Transparency has them (RFC 6962, 2.1): one hash for many leaves, and proofs of one of them. Pure."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def leaf_hash(leaf: bytes) -> bytes:
    """Give the hash of a leaf: SHA-256 over 0x00 and its content."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Give the hash of a node: SHA-256 over 0x01 and both hashes below it."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Give the root over leaf hashes; of none it is SHA-256 of nothing."""
    if not leaves:
        return hashlib.sha256().digest()
    level = list(leaves)
    while len(level) > 1:
        level = _level_above(level)
    return level[0]


def path_to(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Give the inclusion proof of the leaf at `index` (RFC 6962, 2.1.1): the hashes beside its way up, from below.

    Raises:
        IndexError: there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    level, path = list(leaves), []
    while len(level) > 1:
        beside = index ^ 1
        if beside < len(level):
            path.append(level[beside])
        level, index = _level_above(level), index // 2
    return path


def root_by(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Give the root to which a proof leads (RFC 9162, 2.1.3.2), or None where it is no proof for that place in a tree of `size` leaves."""
    if not 0 <= index < size:
        return None
    found, last = leaf, size - 1
    for beside in path:
        if last == 0:
            return None
        if index % 2 or index == last:
            found = node_hash(beside, found)
            while not index % 2 and index:
                index, last = index >> 1, last >> 1
        else:
            found = node_hash(found, beside)
        index, last = index >> 1, last >> 1
    return found if last == 0 else None


def _level_above(level: Sequence[bytes]) -> list[bytes]:
    """Pair up a level; the last of an odd number rises as it is, which gives the very tree that the RFC splits from above."""
    pairs = [node_hash(level[place], level[place + 1]) for place in range(0, len(level) - 1, 2)]
    return [*pairs, level[-1]] if len(level) % 2 else pairs
