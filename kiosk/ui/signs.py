"""The signs of the screens that ask nothing, drawn in strokes on a disc."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from kivy.graphics import Color, Mesh

from kiosk.ui.parts import arc, disc, stroke, tick

if TYPE_CHECKING:
    from kiosk.ui.theme import Colour

Point = tuple[float, float]
LINE: Final = 0.15
"""A stroke's width as a share of the disc's radius."""


def done(centre: Point, radius: float, ground: Colour, front: Colour) -> None:
    """Draw a tick: it is saved."""
    disc(centre, radius, ground)
    Color(*front)
    tick(centre, 1.06 * radius, LINE * radius)


def mark(centre: Point, side: float, ground: Colour, front: Colour, well: bool) -> None:  # noqa: FBT001 - it is well or it is not
    """Draw a small tick where something is well, an exclamation mark where it is not."""
    disc(centre, side / 2, ground)
    Color(*front)
    if well:
        tick(centre, 0.62 * side, 0.11 * side)
        return
    x, y = centre
    stroke([(x, y + 0.28 * side), (x, y - 0.04 * side)], 0.12 * side)
    disc((x, y - 0.24 * side), 0.075 * side, front)


def pause(centre: Point, radius: float, ground: Colour, front: Colour) -> None:
    """Draw two bars: nothing goes on just now."""
    disc(centre, radius, ground)
    Color(*front)
    x, y = centre
    for side in (-0.24, 0.24):
        stroke([(x + side * radius, y - 0.34 * radius), (x + side * radius, y + 0.34 * radius)], 0.17 * radius)


def information(centre: Point, radius: float, ground: Colour, front: Colour) -> None:
    """Draw an i."""
    disc(centre, radius, ground)
    x, y = centre
    disc((x, y + 0.42 * radius), 0.11 * radius, front)
    Color(*front)
    stroke([(x, y + 0.1 * radius), (x, y - 0.48 * radius)], 0.17 * radius)


def clock(centre: Point, radius: float, ground: Colour, front: Colour) -> None:
    """Draw a clock."""
    disc(centre, radius, ground)
    Color(*front)
    x, y = centre
    stroke(arc(centre, 0.62 * radius, 0, 360), 0.11 * radius)
    stroke([(x, y + 0.4 * radius), (x, y), (x + 0.28 * radius, y - 0.16 * radius)], 0.11 * radius)


def works(centre: Point, radius: float, ground: Colour, front: Colour) -> None:
    """Draw a spanner: somebody works on it."""
    disc(centre, radius, ground)
    Color(*front)
    x, y = centre
    turn = math.radians(45)
    head = (x + 0.3 * radius * math.cos(turn), y + 0.3 * radius * math.sin(turn))
    stroke(arc(head, 0.26 * radius, 85, 365), 0.17 * radius)
    stroke([(x + 0.12 * radius, y + 0.12 * radius), (x - 0.46 * radius, y - 0.46 * radius)], 0.2 * radius)


def person(centre: Point, radius: float, ground: Colour, front: Colour) -> None:
    """Draw head and shoulders."""
    disc(centre, radius, ground)
    x, y = centre
    disc((x, y + 0.28 * radius), 0.24 * radius, front)
    _fill(arc((x, y - 0.5 * radius), 0.5 * radius, 0, 180), front)


def warning(centre: Point, radius: float, ground: Colour, front: Colour) -> None:
    """Draw a triangle with an exclamation mark."""
    x, y = centre
    corners = [
        (x + radius * math.cos(math.radians(angle)), y - 0.16 * radius + radius * math.sin(math.radians(angle))) for angle in (90, 210, 330)
    ]
    _fill(corners, front)
    Color(*front)
    stroke([*corners, corners[0]], 0.24 * radius)
    Color(*ground)
    stroke([(x, y + 0.34 * radius), (x, y - 0.16 * radius)], 0.17 * radius)
    disc((x, y - 0.46 * radius), 0.1 * radius, ground)


def way(centre: Point, radius: float, ground: Colour, front: Colour) -> None:
    """Draw an arrow: go there."""
    disc(centre, radius, ground)
    Color(*front)
    x, y = centre
    stroke([(x - 0.48 * radius, y), (x + 0.46 * radius, y)], LINE * radius)
    stroke([(x + 0.1 * radius, y + 0.36 * radius), (x + 0.46 * radius, y), (x + 0.1 * radius, y - 0.36 * radius)], LINE * radius)


def _fill(points: list[Point], colour: Colour) -> None:
    """Fill a convex shape in the open canvas."""
    Color(*colour)
    Mesh(vertices=[value for x, y in points for value in (x, y, 0, 0)], indices=list(range(len(points))), mode="triangle_fan")
