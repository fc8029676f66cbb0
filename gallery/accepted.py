"""Pictures that were looked at and accepted: small copies, against which later ones are compared within a tolerance."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from PIL import Image, ImageChops, ImageStat

FOLDER: Final = Path(__file__).parents[1] / "tests" / "samples" / "pictures"
SHARE: Final = 0.5
"""The scale of the accepted copies."""
COLOURS: Final = 160
BLOCK: Final = 8
"""The side, in pixels of the copies, of the blocks whose mean colours are compared: how edges are smoothed differs between renderers."""
MEAN: Final = 1.5
MOST: Final = 18.0
"""How far a picture may be from the accepted one, in steps of 256: on the whole, and in any block."""

CHOSEN: Final[dict[str, tuple[str, ...]]] = {
    "1280x800": (
        "light/first-default.uk",
        "light/first-default.en",
        "light/first-pressed.uk",
        "light/first-focus.uk",
        "dark/first-default.uk",
        "contrast/first-default.uk",
        "large/first-default.uk",
        "low/first-default.uk",
        "light/faces-5.uk",
        "light/multiple.uk",
        "light/scale-10.uk",
        "light/comment.uk",
        "dark/comment.en",
        "contrast/contact-phone-mistake.uk",
        "light/contact-email.uk",
        "light/desk-8.uk",
        "light/desk-plan.uk",
        "light/thanks-done.uk",
        "light/air-raid.uk",
        "light/pin.uk",
        "light/menu.uk",
    ),
    "800x480": (
        "light/first-default.uk",
        "light/single.uk",
        "light/single-closing.uk",
        "light/comment-full.uk",
        "contrast/comment-focus.uk",
        "light/contact-phone.uk",
        "light/contact-email-mistake.uk",
        "light/desk-24.uk",
        "light/out-of-order.uk",
    ),
}


class Difference(NamedTuple):
    """How far two pictures are from each other: on the whole, and in the block that differs most."""

    mean: float
    most: float

    @property
    def is_small(self) -> bool:
        """Whether the eye would not tell them apart."""
        return self.mean <= MEAN and self.most <= MOST


def path_of(size: str, name: str) -> Path:
    """Give the file of an accepted picture; `name` is look, screen and language, as in "dark/comment.en"."""
    return FOLDER / f"{size}-{name.replace('/', '-')}.png"


def small(picture: Image.Image) -> Image.Image:
    """Give the copy of a picture that is kept."""
    size = (round(picture.width * SHARE), round(picture.height * SHARE))
    return picture.convert("RGB").resize(size, Image.Resampling.BOX)


def accept(picture: Image.Image, size: str, name: str) -> None:
    """Keep a picture as accepted."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    small(picture).quantize(COLOURS, kmeans=2, dither=Image.Dither.NONE).save(path_of(size, name), optimize=True)


def difference(got: Image.Image, accepted: Image.Image) -> Difference:
    """Compare a new picture with an accepted copy."""
    mine, theirs = small(got), accepted.convert("RGB")
    if mine.size != theirs.size:
        return Difference(255.0, 255.0)
    blocks = (max(1, mine.width // BLOCK), max(1, mine.height // BLOCK))
    apart = ImageChops.difference(mine.resize(blocks, Image.Resampling.BOX), theirs.resize(blocks, Image.Resampling.BOX))
    return Difference(max(ImageStat.Stat(apart).mean), float(max(most for _least, most in ImageStat.Stat(apart).extrema)))


def side_by_side(got: Image.Image, accepted: Image.Image) -> Image.Image:
    """Give the new picture, the accepted one and where they differ, next to each other."""
    mine, theirs = small(got), accepted.convert("RGB").resize(small(got).size)
    apart = ImageChops.difference(mine, theirs).point(lambda value: min(255, value * 4))
    sheet = Image.new("RGB", (3 * mine.width + 20, mine.height), "#888888")
    for index, picture in enumerate((mine, theirs, apart)):
        sheet.paste(picture, (index * (mine.width + 10), 0))
    return sheet
