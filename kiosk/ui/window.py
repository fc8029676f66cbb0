"""Opens the one Kivy window, locked down. The settings must stand before Kivy is first imported."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from feedback.looks import PAPER
from kiosk.errors import NoScreenError

if TYPE_CHECKING:
    from kiosk.config import Display

log = logging.getLogger(__name__)

PACKAGES: Final = "libgl1 libegl1 libegl-mesa0 libgl1-mesa-dri libgles2 libgbm1"


class _KivysWords(logging.Filter):
    """Keeps Kivy's chatter out of the log, and the cause of a failure out of its many lines."""

    def __init__(self) -> None:
        super().__init__()
        self.opening = True
        self.cause = ""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let warnings pass once the window is open; it logs whole tracebacks for what we do not use."""
        found = re.search(r"^sdl2 - (.+)$", record.getMessage(), re.MULTILINE)
        if found:
            self.cause = f" ({found[1]})"
        return not self.opening and record.levelno >= logging.WARNING


def open_window(display: Display, home: Path) -> Any:  # noqa: ANN401 - Kivy ships no types
    """Open the window; Kivy's own files go to `home`.

    Raises:
        NoScreenError: there is no OpenGL, or no display.
    """
    words = _KivysWords()
    logging.getLogger("kivy").addFilter(words)
    _settle_environment(home)
    _settle_configuration(display)
    _settle_style()
    try:
        from kivy.base import EventLoop

        EventLoop.ensure_window()
    except (SystemExit, ImportError, RuntimeError, OSError) as error:
        log.debug("Kivy opened no window", exc_info=True)
        raise NoScreenError(f"no window can be opened{words.cause}; if OpenGL is missing: sudo apt install {PACKAGES}") from error
    words.opening = False
    for provider in tuple(EventLoop.input_providers):  # SDL's own, which the window adds by itself
        EventLoop.remove_input_provider(provider)
    _lock_down(EventLoop.window)
    return EventLoop.window


def _settle_environment(home: Path) -> None:
    """No arguments, files, log handlers of Kivy's own, and no fallback that would end the process."""
    os.environ.update(KIVY_NO_ARGS="1", KIVY_NO_CONFIG="1", KIVY_NO_FILELOG="1", KIVY_LOG_MODE="PYTHON", KIVY_WINDOW="sdl2")
    os.environ["KIVY_IMAGE"] = "sdl2"  # it reads what `kiosk.ui.pictures` takes; Kivy would load Pillow beside it
    os.environ.setdefault("KIVY_HOME", str(home))
    os.environ["SDL_NO_SIGNAL_HANDLERS"] = "1"  # SIGTERM is ours
    if not os.environ.get("SDL_VIDEODRIVER"):  # left to itself SDL ends with a driver that shows nothing, and says nothing
        has_desktop = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
        os.environ["SDL_VIDEODRIVER"] = "x11,wayland" if has_desktop else "kmsdrm"


def _settle_configuration(display: Display) -> None:
    from kivy.config import Config

    Config.set("graphics", "width", str(display.width))
    Config.set("graphics", "height", str(display.height))
    Config.set("graphics", "fullscreen", "auto" if display.fullscreen else "0")
    Config.set("graphics", "show_cursor", "0" if display.fullscreen else "1")
    Config.set("graphics", "rotation", str(-display.rotation % 360))  # Kivy turns the other way
    Config.set("graphics", "multisamples", "0")  # shapes smooth their own edges, and software rendering stays fast
    Config.set("graphics", "allow_screensaver", "0")
    Config.set("graphics", "maxfps", "60")
    Config.set("kivy", "exit_on_escape", "0")
    Config.remove_section("modules")
    Config.add_section("modules")
    # One provider: with two, each touch would come twice (kivy#8494), and a vote with it.
    Config.remove_option("input", "%(name)s")
    Config.set("input", "mouse", "mouse,disable_multitouch")


def _settle_style() -> None:
    """Have Kivy read the rules of our few widgets; those of all of its own take a fourth of the start, and some megabytes."""
    import kivy

    whole, kivy.kivy_data_dir = kivy.kivy_data_dir, str(Path(__file__).parent)
    try:
        import kivy.lang.builder
    finally:
        kivy.kivy_data_dir = whole


def _lock_down(window: Any) -> None:  # noqa: ANN401
    from kivy.utils import get_color_from_hex

    window.clearcolor = get_color_from_hex(PAPER)
    window.bind(on_request_close=lambda *_args, **_more: True)
    window.set_title("Відгук")
