"""Contact sheets: all screens of one size and look side by side, each with its name under it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw, ImageFont

from feedback.looks import INK, LINE, PAPER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FONT: Final = "kiosk/ui/fonts/Inter-SemiBold.otf"
CELL: Final = 360
"""The longer side of a picture on a sheet, in pixels."""
BROAD: Final = 1.4
"""How many times broader than high a sheet is."""
GAP: Final = 16
CAPTION: Final = 26
TITLE: Final = 44


def make_sheet(title: str, pictures: Sequence[Path], sheet: Path, root: Path) -> None:
    """Put pictures on one sheet; `root` is the folder in which the font is found."""
    small = [_shrunk(path) for path in pictures]
    w, h = max(picture.width for picture in small), max(picture.height for picture in small)
    columns = min(len(small), max(1, round(math.sqrt(BROAD * len(small) * (h + CAPTION) / w))))
    rows = math.ceil(len(small) / columns)
    paper = Image.new("RGB", (columns * (w + GAP) + GAP, rows * (h + CAPTION + GAP) + TITLE + GAP), PAPER)
    draw = ImageDraw.Draw(paper)
    draw.text((GAP, GAP), title, fill=INK, font=ImageFont.truetype(str(root / FONT), 22))
    font = ImageFont.truetype(str(root / FONT), 14)
    for index, (picture, path) in enumerate(zip(small, pictures, strict=True)):
        x, y = GAP + index % columns * (w + GAP), TITLE + GAP + index // columns * (h + CAPTION + GAP)
        paper.paste(picture, (x, y))
        draw.rectangle((x - 1, y - 1, x + picture.width, y + picture.height), outline=LINE)
        draw.text((x, y + picture.height + 5), path.stem, fill=INK, font=font)
    paper.save(sheet)


def _shrunk(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        by = CELL / max(picture.size)
        return picture.convert("RGB").resize((round(picture.width * by), round(picture.height * by)), Image.Resampling.LANCZOS)
