"""./run gallery [--out FOLDER] [--only NAME]: every screen of the kiosk × language × size × theme as PNG, and contact sheets.

--docs writes the kiosk's pictures in docs/pictures, --accept the pictures against which tests/kiosk/ui/test_pictures.py compares.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from PIL import Image
from rich.console import Console
from rich.progress import Progress

from gallery import accepted
from gallery.pictures import LOOKS, SIZES
from gallery.sheets import make_sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

ROOT: Final = Path(__file__).parents[1]
DOCS: Final = ROOT / "docs" / "pictures"
DOCS_COLOURS: Final = 96
IN_DOCS: Final = {
    "kiosk.png": ("1280x800", "light/first-default.uk"),
    "kiosk-reasons.png": ("1280x800", "light/multiple.uk"),
    "kiosk-words.png": ("1280x800", "light/comment.uk"),
    "kiosk-contact.png": ("1280x800", "light/contact-phone.uk"),
    "kiosk-desk.png": ("1280x800", "light/desk-8.uk"),
    "kiosk-thanks.png": ("1280x800", "light/thanks-done.uk"),
    "kiosk-contrast.png": ("1280x800", "contrast/first-default.uk"),
    "kiosk-small.png": ("800x480", "light/first-default.uk"),
}
"""The pictures in the documents: their size, look, screen and language."""

console = Console()


def main() -> None:
    """Make all pictures, or those asked for."""
    parser = argparse.ArgumentParser(prog="./run gallery", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("gallery-pictures"), metavar="FOLDER", help="where pictures and sheets go")
    parser.add_argument("--only", default="", metavar="NAME", help="only screens in whose name is this, as in dark/comment.en")
    parser.add_argument("--size", action="append", choices=SIZES, help="only this size; may be given again")
    parser.add_argument("--docs", action="store_true", help="write the pictures of the documents instead")
    parser.add_argument("--accept", action="store_true", help="accept the pictures that the tests compare with instead")
    arguments = parser.parse_args()
    if arguments.docs or arguments.accept:
        with TemporaryDirectory() as folder:
            if arguments.docs:
                write_docs(Path(folder))
            if arguments.accept:
                accept(Path(folder))
        return
    folder = arguments.out.resolve()
    take(dict.fromkeys(arguments.size or SIZES, ()), folder, arguments.only)
    sheets = make_sheets(folder)
    console.print(f"{len(list(folder.glob('*/*/*.png')))} pictures and {sheets} sheets are in {folder}")


def take(names: Mapping[str, Iterable[str]], folder: Path, only: str = "") -> None:
    """Take the pictures of these sizes, of each those named or all, each size in a process of its own: Kivy opens one window."""
    with Progress(transient=True, console=console) as progress, ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [
            pool.submit(
                _take_one, [size, str(folder), *called, "--only", only], partial(progress.advance, progress.add_task(size, total=None))
            )
            for size, called in names.items()
        ]
        for job in jobs:
            job.result()


def _take_one(arguments: list[str], taken: Callable[[], object]) -> None:
    command = [sys.executable, "-m", "gallery.pictures", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        for _line in process.stdout or ():
            taken()
    if process.returncode != 0:
        sys.exit(f"The pictures of {arguments[0]} could not be taken: see above.")


def make_sheets(folder: Path) -> int:
    """Make one sheet of every size and look; how many there are."""
    made = 0
    for size in SIZES:
        for look in LOOKS:
            pictures = sorted((folder / size / look).glob("*.png"))
            if pictures:
                make_sheet(f"{size} {look}", pictures, folder / f"{size}-{look}.png", ROOT)
                made += 1
    return made


def write_docs(folder: Path) -> None:
    """Write the kiosk's pictures of the documents."""
    sizes = {size for size, _name in IN_DOCS.values()}
    take({size: [name for at, name in IN_DOCS.values() if at == size] for size in sizes}, folder)
    for file, (size, name) in IN_DOCS.items():
        with Image.open(folder / size / f"{name}.png") as picture:
            picture.quantize(DOCS_COLOURS, kmeans=2, dither=Image.Dither.NONE).save(DOCS / file, optimize=True)
    console.print(f"Pictures are in {DOCS}")


def accept(folder: Path) -> None:
    """Accept the screens as they are drawn now."""
    take(accepted.CHOSEN, folder)
    for old in accepted.FOLDER.glob("*.png"):
        old.unlink()
    for size, names in accepted.CHOSEN.items():
        for name in names:
            with Image.open(folder / size / f"{name}.png") as picture:
                accepted.accept(picture, size, name)
    console.print(f"{sum(map(len, accepted.CHOSEN.values()))} pictures are accepted in {accepted.FOLDER}: look at them before you commit")


if __name__ == "__main__":
    main()
