"""Drawings of many strokes, drawn once and shown as pictures from then on: circles and curves cost time in every frame."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

from kivy.graphics import ClearBuffers, ClearColor, Color, Fbo, Rectangle
from kivy.graphics.texture import Texture

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from kiosk.ui.arrange import Box
    from kiosk.ui.theme import Colour

MOST: Final = 48

_drawn: OrderedDict[Hashable, Any] = OrderedDict()


def sprite(key: Hashable, box: Box, ground: Colour, draw: Callable[[float], None], *, grown: float = 1.0) -> None:
    """Show in `box` what `draw` draws into a square from (0, 0) with the side that it is given, on the colour `ground`.

    What has the same `key`, side and ground is drawn once; `grown` shows it that much larger about its middle, without drawing it anew.
    """
    side = max(1, round(box.w))
    whole = (key, side, tuple(ground))
    if whole not in _drawn:
        _drawn[whole] = _texture(side, ground, draw)
        while len(_drawn) > MOST:
            _drawn.popitem(last=False)
    _drawn.move_to_end(whole)
    Color(1, 1, 1, 1)
    over = side * (grown - 1) / 2
    Rectangle(texture=_drawn[whole], pos=(round(box.x) - over, round(box.y) - over), size=(side * grown, side * grown))


def _texture(side: int, ground: Colour, draw: Callable[[float], None]) -> Any:  # noqa: ANN401 - Kivy ships no types
    buffer = Fbo(size=(side, side))
    with buffer:
        ClearColor(*ground)
        ClearBuffers()
        draw(float(side))
    return as_picture(buffer)


def as_picture(buffer: Fbo) -> Any:  # noqa: ANN401
    """Draw a buffer and give what it shows as a plain texture: Mesa's software renderer takes eight times as long with the buffer's own."""
    buffer.draw()
    plain = Texture.create(size=buffer.size, colorfmt="rgba")
    plain.blit_buffer(buffer.pixels, colorfmt="rgba", bufferfmt="ubyte")
    return plain
