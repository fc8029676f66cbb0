"""How buttons walk through a screen: five moves, in the one order of `stops`. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from kiosk.screens import S, changed, stops

if TYPE_CHECKING:
    from kiosk.screens import Screen


class Move(StrEnum):
    """What a button means where it answers nothing by itself."""

    PREVIOUS = "previous"
    NEXT = "next"
    SELECT = "select"
    REPEAT = "repeat"
    SKIP = "skip"
    HELP = "help"


ON_FIVE_BUTTONS: Final = (Move.PREVIOUS, Move.NEXT, Move.SELECT, Move.REPEAT, Move.SKIP)
"""What the five buttons of a panel mean, from left to right, on every screen that they do not answer directly."""


def stop_after(screen: Screen, move: Move) -> str | None:
    """Give the name on which the buttons stand after a step; round and round, None where there is nothing to stand on."""
    names = stops(screen)
    if not names:
        return None
    forward = move is Move.NEXT
    if screen.focus not in names:
        return names[0] if forward else names[-1]
    return names[(names.index(screen.focus) + (1 if forward else -1)) % len(names)]


def on_the_same_place(before: Screen, after: S) -> S:
    """Give the screen with the buttons where they stood, though the thing there has another name: a capital has become a small letter."""
    names = stops(before)
    if before.focus not in names or after.focus in stops(after):
        return after
    place = min(names.index(before.focus), len(stops(after)) - 1)
    return changed(after, focus=stops(after)[place] if place >= 0 else None)
