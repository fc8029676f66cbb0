"""Photographs, the logo and the floor plan, from files that were accepted. A picture that cannot be read is no picture, never a fault."""

from __future__ import annotations

import io
import logging
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from kivy.core.image import Image
from kivy.graphics import Color, Rectangle

from kiosk.ui.arrange import Box

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

_STARTS: Final = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg", b"RIFF": "webp"}
KEPT: Final = 96
_EDGE_PX: Final = 1.5
"""What is left out at a picture's edges, where smaller copies of it mix with what lies beyond."""
HEADROOM: Final = 0.2
"""How much of what a photograph loses in height it loses above the head."""


def picture(path: Path | None) -> Any:  # noqa: ANN401 - Kivy ships no types
    """Give a picture's texture, None where there is none to show."""
    return None if path is None else _read(path)


@lru_cache(maxsize=KEPT)
def _read(path: Path) -> Any:  # noqa: ANN401
    try:
        content = path.read_bytes()
        kind = next((kind for start, kind in _STARTS.items() if content.startswith(start)), None)
        if kind is None:
            log.warning("%s is no PNG, JPEG or WebP picture: it is not shown", path)
            return None
        texture = Image(io.BytesIO(content), ext=kind, mipmap=True).texture
    except Exception:  # noqa: BLE001 - Kivy's readers raise whatever they meet, and a picture is never worth the question
        log.warning("%s cannot be read as a picture: it is not shown", path)
        return None
    texture.min_filter = "linear_mipmap_linear"
    return texture


def within(texture: Any, box: Box, *, align: float = 0.5) -> Box:  # noqa: ANN401
    """Give the largest place of the picture's own shape within a box; `align` 0 stands it left, 1 right."""
    by = min(box.w / texture.width, box.h / texture.height)
    w, h = texture.width * by, texture.height * by
    return Box(box.x + (box.w - w) * align, box.y + (box.h - h) / 2, w, h)


def draw_whole(texture: Any, place: Box) -> None:  # noqa: ANN401
    """Draw the whole picture into the open canvas."""
    Color(1, 1, 1, 1)
    Rectangle(texture=texture, pos=(place.x, place.y), size=(place.w, place.h))


def draw_cropped(texture: Any, place: Box, *, opacity: float = 1.0) -> None:  # noqa: ANN401
    """Draw the picture into the open canvas so that it fills the place; what is cut off is mostly its lower part, for heads are above.

    Its corners are square: Kivy's rounded rectangle distorts textures whose sides are no powers of two.
    """
    by = max(place.w / texture.width, place.h / texture.height)
    w, h = place.w / by, place.h / by
    x, y = (texture.width - w) / 2, (texture.height - h) * (1 - HEADROOM)
    part = texture.get_region(x + _EDGE_PX, y + _EDGE_PX, max(1.0, w - 2 * _EDGE_PX), max(1.0, h - 2 * _EDGE_PX))
    Color(1, 1, 1, opacity)
    Rectangle(texture=part, pos=(place.x, place.y), size=(place.w, place.h))
