"""Whether bytes are a picture that ui can show: PNG or JPEG by their beginning, and not larger than a screen's memory takes. Pure."""

from __future__ import annotations

import struct
from typing import Final

MAX_SIDE: Final = 4096
"""In pixels: small files can hold pictures of gigabytes."""

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8\xff"
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The markers of a JPEG behind which its size stands."""


def fault_of(content: bytes) -> str | None:
    """Say why it cannot be shown; None where it can."""
    size = size_of(content)
    if size is None:
        return "it is neither a PNG nor a JPEG picture"
    if not all(0 < side <= MAX_SIDE for side in size):
        return f"it is {size[0]} × {size[1]} pixels large; each side may have {MAX_SIDE}"
    return None


def size_of(content: bytes) -> tuple[int, int] | None:
    """Give a picture's width and height in pixels, None where it is none."""
    if content.startswith(_PNG) and content[12:16] == b"IHDR" and len(content) >= 24:  # noqa: PLR2004 - the header's end
        width, height = struct.unpack(">II", content[16:24])
        return width, height
    return _size_of_jpeg(content) if content.startswith(_JPEG) else None


def _size_of_jpeg(content: bytes) -> tuple[int, int] | None:
    at = 2
    while len(content) >= at + 9 and content[at] == 0xFF:  # noqa: PLR2004 - every segment begins so
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 1 if marker == 0xFF else 2 + length  # noqa: PLR2004 - bytes that only fill
    return None
