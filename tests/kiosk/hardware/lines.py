"""What contacts, wires and a busy computer make of a press: waveforms, and how their edges arrive."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kiosk.hardware.debounce import Debounce, Rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

LOOK_S = 0.015
PLAIN = Rules()
FILTERED = Rules(glitch_s=0.003)


@dataclass(frozen=True)
class Wave:
    """Changes of a line from released, as (seconds, pressed), and how many presses a person made.

    `lost` are changes whose edges never arrive, by their place; `late_s` is how long after it happened an edge arrives.
    """

    changes: tuple[tuple[float, bool], ...]
    presses: int = 1
    lost: frozenset[int] = frozenset()
    late_s: float = 0.0
    stalled_s: float = 0.0
    rules: Rules = PLAIN

    @property
    def end_s(self) -> float:
        return self.changes[-1][0]


def bounce(random: Random, at_s: float, *, pressed: bool, length_s: float) -> list[tuple[float, bool]]:
    """A contact that closes or opens with some bounces within a time."""
    times = sorted(random.uniform(0, length_s) for _ in range(2 * random.randint(1, 6)))
    return [(at_s, pressed), *((at_s + more, (place % 2 == 1) == pressed) for place, more in enumerate(times))]


def held(random: Random, length_s: float = 0.08, on_s: float = 0.0, off_s: float = 0.0) -> list[tuple[float, bool]]:
    """A press that bounces for so long on its ends; 0 is clean."""
    down = bounce(random, 0.0, pressed=True, length_s=on_s) if on_s else [(0.0, True)]
    up = bounce(random, length_s, pressed=False, length_s=off_s) if off_s else [(length_s, False)]
    return down + up


def spikes(random: Random, start_s: float, end_s: float, *, to: bool) -> list[tuple[float, bool]]:
    """Induced spikes of 0.1 to 1 ms to a level and back."""
    slots = int((end_s - start_s) / 0.01)
    changes = []
    for slot in random.sample(range(slots), min(3, slots)):
        at_s = start_s + slot * 0.01 + random.uniform(0, 0.008)
        changes += [(at_s, to), (at_s + random.uniform(0.0001, 0.001), not to)]
    return sorted(changes)


def shifted(changes: list[tuple[float, bool]], by_s: float) -> list[tuple[float, bool]]:
    return [(at_s + by_s, pressed) for at_s, pressed in changes]


def wave(changes: list[tuple[float, bool]], presses: int = 1, **more: object) -> Wave:
    return Wave(tuple(changes), presses, **more)  # type: ignore[arg-type]


def with_losses(random: Random, changes: list[tuple[float, bool]]) -> Wave:
    lost = frozenset(place for place in range(1, len(changes)) if random.random() < 0.3)
    return wave(changes, lost=lost)


def chatter(random: Random) -> Wave:
    """A contact that a weak finger breaks for some milliseconds while it holds it."""
    breaks = [(at, at + random.uniform(0.001, 0.02)) for at in (0.05, 0.1, 0.2, 0.3)]
    return wave([(0.0, True), *((at_s, again) for pair in breaks for at_s, again in zip(pair, (False, True), strict=True)), (0.4, False)])


PATTERNS: dict[str, Callable[[Random], Wave]] = {
    "clean": lambda random: wave(held(random)),
    "bounce on press": lambda random: wave(held(random, on_s=0.003)),
    "bounce on release": lambda random: wave(held(random, off_s=0.005)),
    "bounce on both": lambda random: wave(held(random, on_s=0.008, off_s=0.01)),
    "worn contact, 25 ms": lambda random: wave(held(random, 0.15, on_s=0.025, off_s=0.025)),
    "short pulse": lambda random: wave(held(random, random.uniform(0.0005, 0.005))),
    "short and bouncing": lambda random: wave(held(random, 0.012, on_s=0.004, off_s=0.004)),
    "release edge swallowed": lambda random: wave(held(random, 0.15), lost=frozenset({1})),
    "press edge swallowed": lambda random: wave(held(random, 0.15), lost=frozenset({0})),
    "both edges swallowed": lambda random: wave(held(random, 0.15), lost=frozenset({0, 1})),
    "bounces swallowed": lambda random: with_losses(random, held(random, on_s=0.008, off_s=0.01)),
    "spikes before": lambda random: wave(spikes(random, 0.0, 0.1, to=True) + shifted(held(random), 0.12), rules=FILTERED),
    "spikes while held": lambda random: wave([(0.0, True), *spikes(random, 0.05, 0.25, to=False), (0.3, False)], rules=FILTERED),
    "spikes after": lambda random: wave(held(random) + spikes(random, 0.1, 0.3, to=True), rules=FILTERED),
    "bounce, filtered": lambda random: wave(held(random, random.uniform(0.02, 0.1), on_s=0.008, off_s=0.01), rules=FILTERED),
    "slow press": lambda random: wave(held(random, random.uniform(1.0, 4.0), on_s=0.01, off_s=0.02)),
    "double press": lambda random: wave(held(random, 0.06, 0.004, 0.004) + shifted(held(random, 0.06, 0.004, 0.004), 0.12), presses=2),
    "chattering": chatter,
    "edges come late": lambda random: wave(held(random, 0.08, on_s=0.003, off_s=0.003), late_s=random.uniform(0.02, 0.2)),
    "the computer stalls": lambda random: wave(
        held(random, 0.06, 0.003, 0.003) + shifted(held(random, 0.06, 0.003, 0.003), 0.12), presses=2, stalled_s=random.uniform(0.1, 0.4)
    ),
}


class Line:
    """Hands waves to a debounce as a computer would: edges when they arrive, looks in between."""

    def __init__(self, random: Random, rules: Rules) -> None:
        self._random = random
        self.now_s = 0.0
        self.debounce = Debounce(rules, pressed=False, at_s=0.0)
        self.presses: list[float] = []

    def play(self, played: Wave, rest_s: float = 0.1) -> None:
        """Let a wave happen now, and then nothing for a while."""
        start_s, end_s = self.now_s, self.now_s + max(played.end_s + played.late_s, played.stalled_s) + rest_s
        changes = [(start_s + at_s, pressed) for at_s, pressed in played.changes]
        arrivals = [
            (max(at_s + played.late_s, start_s + played.stalled_s), 0, at_s, pressed)
            for place, (at_s, pressed) in enumerate(changes)
            if place not in played.lost
        ]
        heapq.heapify(arrivals)
        looks = self._looks(start_s + played.stalled_s, end_s)
        next_look_s = next(looks)
        while arrivals or next_look_s < end_s:
            look_s = min(next_look_s, max(self.debounce.due_s, self.now_s))
            if arrivals and arrivals[0][0] <= look_s:
                self.now_s, _, at_s, pressed = heapq.heappop(arrivals)
                self._take(self.debounce.edge(at_s, pressed=pressed))
            else:
                self.now_s = look_s
                self._take(self.debounce.look(look_s, pressed=_level(changes, look_s)))
                if look_s == next_look_s:
                    next_look_s = next(looks)
        self.now_s = end_s

    def _looks(self, start_s: float, end_s: float) -> Iterator[float]:
        at_s = start_s + self._random.uniform(0, LOOK_S)
        while True:
            yield at_s
            at_s += self._random.uniform(0.9, 1.3) * LOOK_S if at_s < end_s else 1.0

    def _take(self, press_s: float | None) -> None:
        if press_s is not None:
            self.presses.append(press_s)


def _level(changes: list[tuple[float, bool]], at_s: float) -> bool:
    level = False
    for change_s, pressed in changes:
        if change_s > at_s:
            break
        level = pressed
    return level
