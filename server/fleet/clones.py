"""Tells a copied kiosk from one that was restarted, restored or badly connected, by who speaks under its name in turn. Pure.

Each start of a kiosk's delivery names itself, and so does each epoch of its log. A voice that another one followed never comes back, but
where two devices have the same identity: those speak in turns.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

GRACE_MS: Final = 60_000
"""What is heard so soon after a new voice may be late: another worker had it, or the broker."""
TURNS: Final = 3
"""So often a voice must come back: once may be a backlog that stood still, or a card that was exchanged twice."""
SPAN_MS: Final = 60_000
"""And over so long."""
QUIET_MS: Final = 7 * 24 * 3_600_000
"""After so long without a sign nothing is said of it any more."""
_KEPT: Final = 64
"""So many voices are remembered: those that a delivery leaves which starts and fails each second, for as long as they may come late."""


class Kind(StrEnum):
    """What was heard: a start of delivery, an epoch in which something new came, or a log that contradicts ours."""

    PROCESS = "process"
    EPOCH = "epoch"
    FORK = "fork"


class Heard(NamedTuple):
    """One thing that was heard of a kiosk. Voices of another `era`, a restored database's, are not compared with it."""

    kiosk: str
    kind: Kind
    voice: UUID
    at_ms: int
    era: str = ""


class Verdict(StrEnum):
    """What is to be thought of a kiosk: nothing, that its card was put back to an older state, or that it was copied."""

    SINGLE = ""
    RESTORED = "restored"
    COPIED = "copied"


class Trail(msgspec.Struct, frozen=True):
    """The voices of one kind, each with when it was first heard, and the one that spoke last."""

    heard: dict[UUID, int] = {}
    speaking: UUID | None = None
    era: str = ""


class Signs(msgspec.Struct, frozen=True):
    """What is kept of one kiosk: its trails, how often and when a voice came back, and when its log last contradicted ours."""

    processes: Trail = Trail()
    epochs: Trail = Trail()
    turns: int = 0
    first_ms: int = 0
    last_ms: int = 0
    forked_ms: int = 0

    def verdict(self, now_ms: int) -> Verdict:
        """Say what is to be thought of it now."""
        if self.turns >= TURNS and self.last_ms - self.first_ms >= SPAN_MS and now_ms - self.last_ms < QUIET_MS:
            return Verdict.COPIED
        return Verdict.RESTORED if self.forked_ms and now_ms - self.forked_ms < QUIET_MS else Verdict.SINGLE


def listen(signs: Signs, heard: Iterable[Heard]) -> Signs:
    """Take in what was heard of one kiosk."""
    for one in heard:
        match one.kind:
            case Kind.FORK:
                signs = msgspec.structs.replace(signs, forked_ms=max(signs.forked_ms, one.at_ms))
            case Kind.PROCESS:
                trail, is_turn = _follow(signs.processes, one)
                signs = _count(msgspec.structs.replace(signs, processes=trail), one.at_ms, is_turn=is_turn)
            case Kind.EPOCH:
                trail, is_turn = _follow(signs.epochs, one)
                signs = _count(msgspec.structs.replace(signs, epochs=trail), one.at_ms, is_turn=is_turn)
    return signs


def believe_single(signs: Signs) -> Signs:
    """Forget what a technician has seen to; what comes after it counts anew."""
    return msgspec.structs.replace(signs, turns=0, first_ms=0, last_ms=0, forked_ms=0)


def _follow(trail: Trail, one: Heard) -> tuple[Trail, bool]:
    """Give the trail with this voice in it, and whether an earlier one came back."""
    if trail.era != one.era:
        trail = Trail(era=one.era)
    if one.voice == trail.speaking:
        return trail, False
    if one.voice not in trail.heard:
        newest = sorted((trail.heard | {one.voice: one.at_ms}).items(), key=lambda entry: entry[1])[-_KEPT:]
        return Trail(dict(newest), one.voice, one.era), False
    if one.at_ms <= max(trail.heard.values()) + GRACE_MS:
        return trail, False
    return Trail(trail.heard, one.voice, one.era), True


def _count(signs: Signs, at_ms: int, *, is_turn: bool) -> Signs:
    if not is_turn:
        return signs
    if at_ms - signs.last_ms >= QUIET_MS:
        signs = msgspec.structs.replace(signs, turns=0, first_ms=at_ms)
    return msgspec.structs.replace(signs, turns=signs.turns + 1, last_ms=max(signs.last_ms, at_ms))
