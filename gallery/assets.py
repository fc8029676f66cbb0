"""Pictures such as a centre uploads, drawn: photographs of clerks, a logo, a floor plan. Nobody's likeness, and small."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from PIL import Image, ImageDraw, ImageFilter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PLAN: Final = "plan"
LOGO: Final = "logo"
PHOTO: Final = "photo-{number}"
FINE: Final = 3
"""How many times finer pictures are drawn than they are kept, so that their edges are smooth."""

Shape = tuple[float, float, float, float]


class Clerk(NamedTuple):
    """What somebody on a photograph looks like."""

    skin: str
    hair: str
    jacket: str
    wall: str
    long_hair: bool


CLERKS: Final = (
    Clerk("#E8BE9E", "#5B3A23", "#2F5D8A", "#DCE5EC", long_hair=True),
    Clerk("#D9A987", "#2B2523", "#4A5560", "#E6E1D8", long_hair=False),
    Clerk("#F0CBAE", "#B98A4A", "#7A3E52", "#E0E8E0", long_hair=True),
    Clerk("#E3B591", "#8B8F94", "#33604F", "#E4E2EA", long_hair=False),
)


def write_pictures(folder: Path) -> dict[str, Path]:
    """Draw all of them into a folder; by the name under which the screens ask for them."""
    made = {PLAN: _plan(), LOGO: _logo(), **{PHOTO.format(number=n): _photograph(clerk) for n, clerk in enumerate(CLERKS)}}
    for name, picture in made.items():
        picture.save(folder / f"{name}.png")
    return {name: folder / f"{name}.png" for name in made}


def places_on_plan(count: int) -> list[tuple[float, float]]:
    """Give the places of that many desks on the plan, along its counters."""
    rows = 2 if count <= 12 else 4  # noqa: PLR2004 - as many as stand along two counters
    each = -(-count // rows)
    heights = (0.20, 0.80) if rows == 2 else (0.13, 0.37, 0.63, 0.87)  # noqa: PLR2004 - two counters, or both sides of two
    return [(0.19 + 0.76 * (index % each + 0.5) / each, heights[index // each]) for index in range(count)]


def _smooth(size: tuple[int, int], ground: str | tuple[int, int, int, int], paint: Callable[[ImageDraw.ImageDraw], None]) -> Image.Image:
    mode = "RGB" if isinstance(ground, str) else "RGBA"
    large = Image.new(mode, (size[0] * FINE, size[1] * FINE), ground)
    paint(ImageDraw.Draw(large))
    return large.resize(size, Image.Resampling.LANCZOS)


def _fine(*sides: float) -> Shape:
    left, upper, right, lower = (side * FINE for side in sides)
    return left, upper, right, lower


def _photograph(clerk: Clerk) -> Image.Image:
    """Draw head and shoulders, upright, the head in the upper half as on any photograph for a badge."""

    def paint(draw: ImageDraw.ImageDraw) -> None:
        draw.rectangle(_fine(0, 250, 300, 400), fill=_darker(clerk.wall, 0.94))
        if clerk.long_hair:
            draw.rounded_rectangle(_fine(82, 70, 218, 268), 60 * FINE, fill=clerk.hair)
        draw.rounded_rectangle(_fine(28, 262, 272, 520), 84 * FINE, fill=clerk.jacket)
        draw.polygon([(x * FINE, y * FINE) for x, y in ((112, 262), (188, 262), (150, 340))], fill="#F4F6F8")
        draw.rounded_rectangle(_fine(125, 205, 175, 292), 24 * FINE, fill=_darker(clerk.skin, 0.9))
        draw.ellipse(_fine(96, 78, 204, 226), fill=clerk.skin)
        draw.chord(_fine(90, 62, 210, 196), 186, 354, fill=clerk.hair)
        for x in (128, 172):
            draw.ellipse(_fine(x - 5, 146, x + 5, 156), fill="#2B2523")
            draw.arc(_fine(x - 13, 130, x + 13, 152), 205, 335, fill=_darker(clerk.hair, 0.8), width=4 * FINE)
        draw.arc(_fine(146, 150, 162, 182), 20, 120, fill=_darker(clerk.skin, 0.8), width=3 * FINE)
        draw.arc(_fine(124, 160, 176, 206), 25, 155, fill="#A34A45", width=5 * FINE)

    return _smooth((300, 400), clerk.wall, paint).filter(ImageFilter.GaussianBlur(0.6))


def _darker(colour: str, by: float) -> str:
    return "#" + "".join(f"{round(int(colour[i : i + 2], 16) * by):02X}" for i in (1, 3, 5))


def _logo() -> Image.Image:
    """Draw an emblem of no real centre: an open door."""

    def paint(draw: ImageDraw.ImageDraw) -> None:
        draw.rounded_rectangle(_fine(4, 4, 236, 236), 56 * FINE, fill="#0B5FA5")
        draw.rectangle(_fine(70, 52, 170, 196), fill="#FFFFFF")
        draw.polygon([(x * FINE, y * FINE) for x, y in ((70, 52), (138, 78), (138, 222), (70, 196))], fill="#F2C230")
        draw.ellipse(_fine(118, 138, 130, 150), fill="#0B5FA5")

    return _smooth((240, 240), (0, 0, 0, 0), paint)


def _plan() -> Image.Image:
    """Draw a hall with an entrance at the left, two counters, and chairs between them."""
    wall, floor, counter, chair, room = "#6B7680", "#FFFFFF", "#C9D6E2", "#DDE2E7", "#EEF1F4"

    def paint(draw: ImageDraw.ImageDraw) -> None:
        draw.rectangle(_fine(8, 8, 1192, 592), fill=floor, outline=wall, width=9 * FINE)
        draw.rectangle(_fine(12, 12, 190, 180), fill=room, outline=wall, width=5 * FINE)
        draw.rectangle(_fine(12, 420, 190, 588), fill=room, outline=wall, width=5 * FINE)
        draw.rectangle(_fine(0, 240, 20, 360), fill=floor)
        draw.arc(_fine(-112, 248, 128, 472), 270, 360, fill=wall, width=3 * FINE)
        for upper in (104, 464):
            draw.rounded_rectangle(_fine(232, upper, 1150, upper + 32), 10 * FINE, fill=counter)
        for row in range(2):
            for column in range(9):
                x, y = 330 + column * 84, 254 + row * 62
                draw.rounded_rectangle(_fine(x, y, x + 38, y + 34), 8 * FINE, fill=chair)

    return _smooth((1200, 600), floor, paint)
