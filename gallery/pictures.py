"""Screens to pictures, by the real window off-screen. Kivy opens one window a process: run this module once for each size."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from PIL import Image

from feedback.settings import Look, Theme
from gallery.assets import LOGO, write_pictures
from gallery.screens import LANGUAGES, every_screen
from gallery.words import WORDS
from kiosk.config import Display
from kiosk.screens import Comfort

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kiosk.screens import Screen

SIZES: Final = {
    "800x480": Display(800, 480, fullscreen=False, diagonal_inch=7.0),
    "1024x600": Display(1024, 600, fullscreen=False, diagonal_inch=7.0),
    "1280x800": Display(1280, 800, fullscreen=False, diagonal_inch=10.1),
    "1920x1080": Display(1920, 1080, fullscreen=False, diagonal_inch=15.6),
    "480x800": Display(480, 800, fullscreen=False, diagonal_inch=7.0),
    "800x1280": Display(800, 1280, fullscreen=False, diagonal_inch=10.1),
}
LOOKS: Final = {
    **{theme.value: Comfort(theme=theme) for theme in Theme},
    "large": Comfort(large=True),
    "low": Comfort(low=True),
}
"""How the screens look: each theme, and the layouts that a visitor can ask for."""

FRAMES: Final = 3


class Camera:
    """Takes pictures of screens in the one window."""

    def __init__(self, window: Any, display: Display, assets: Path) -> None:  # noqa: ANN401 - Kivy ships no types
        """Stand before an open window; `assets` is a folder for the floor plan and the photographs."""
        from kiosk.ui.app import KioskApp

        self._window = window
        files = write_pictures(assets)
        self._app = KioskApp(window, banner=False, alive=lambda: None, diagonal_inch=display.diagonal_inch, asset=files.get)

    def take(self, screen: Screen, *, logo: bool = False) -> Image.Image:
        """Give a screen as it is drawn, at a centre that has a logo or none."""
        from kivy.base import EventLoop
        from kivy.graphics.opengl import GL_RGB, GL_UNSIGNED_BYTE, glReadPixels

        width, height = self._window.size
        seen: list[bytes] = []

        def read(*_: object) -> None:
            seen[:] = [glReadPixels(0, 0, width, height, GL_RGB, GL_UNSIGNED_BYTE)]

        self._app.dress(WORDS["centre"]["uk"], Look(quiet=True, logo=LOGO if logo else None))
        self._app.show(screen)
        self._window.bind(on_flip=read)
        for _ in range(FRAMES):
            self._window.canvas.ask_update()
            EventLoop.idle()
        self._window.unbind(on_flip=read)
        return Image.frombytes("RGB", (width, height), seen[0]).transpose(Image.Transpose.FLIP_TOP_BOTTOM)

    def close(self) -> None:
        """Leave the window as it was."""
        self._app.close()


def chosen(only: str, names: frozenset[str] = frozenset()) -> Iterator[tuple[str, Screen]]:
    """Give screens by look, name and language, as in "dark/comment.en": those called so, or those in whose name is `only`."""
    for look, comfort in LOOKS.items():
        for language in LANGUAGES:
            for called, screen in every_screen(language, comfort).items():
                name = f"{look}/{called}.{language}"
                if name in names or (not names and only in name):
                    yield name, screen


def fits(size: str, screen: Screen) -> bool:
    """Tell whether a visit would show this screen on a display of this size."""
    from kiosk.screens import Comment, Contact
    from kiosk.ui.arrange import Page
    from kiosk.ui.typing_places import fits as words_fit
    from kiosk.ui.typing_places import ways_that_fit

    display = SIZES[size]
    page = Page(display.width, display.height, display.diagonal_inch, screen.comfort.large, screen.comfort.low)
    match screen:
        case Comment():
            return words_fit(page)
        case Contact():
            return set(screen.ways) <= ways_that_fit(page)
    return True


def open_camera(size: str, home: Path) -> Camera:
    """Open this process's one window, off-screen, and stand before it."""
    os.environ["SDL_VIDEODRIVER"] = "offscreen"
    from kiosk.ui.window import open_window

    window = open_window(SIZES[size], home)
    from kivy.base import runTouchApp

    runTouchApp(embedded=True)
    return Camera(window, SIZES[size], home)


def main() -> None:
    """Take the pictures of one size, and tell each on a line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("size", choices=SIZES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    with TemporaryDirectory() as home:
        camera = open_camera(arguments.size, Path(home))
        for name, screen in chosen(arguments.only, frozenset(arguments.names)):
            if fits(arguments.size, screen):
                file = arguments.folder / arguments.size / f"{name}.png"
                file.parent.mkdir(parents=True, exist_ok=True)
                camera.take(screen, logo="logo" in name).save(file, compress_level=1)
                print(name, flush=True)


if __name__ == "__main__":
    main()
