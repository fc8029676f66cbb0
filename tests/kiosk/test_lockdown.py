"""Nothing but a press on what is shown says anything to the visit, and nothing at all leaves it. Events come from SDL's own queue."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from feedback.questionnaire import Face, Kind
from kiosk.screens import Ask, Closed, Comment, Entry, Menu, Option, Pin, Screen
from tests.kiosk import sdl
from tests.kiosk.sdl import Sdl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kiosk.support import KivyThing

pytestmark = pytest.mark.window

FACES = tuple(Option(face.value, face.value, face) for face in (Face.EXCELLENT, Face.GOOD, Face.ACCEPTABLE, Face.TERRIBLE))
ASK = Ask(id="q1", kind=Kind.FACES, question="Як Вас обслужили?", options=FACES, first=True, languages=("uk", "en"), call=True)
SCREENS: list[Screen] = [
    ASK,
    Comment(id="q2", question="Що нам варто покращити?"),
    Closed(opens_at="09:00"),
    Pin(),
    Menu(title="Меню техніка", entries=(Entry("page:tests", "Самоперевірка"),)),
]
F1, F4, F11, F12, ESCAPE = 58, 61, 68, 69, 41


class Quiet:
    """A visitor of the window who notes what it says."""

    def __init__(self) -> None:
        self.taps: list[str] = []
        self.keys: list[str] = []

    def tap(self, name: str) -> None:
        self.taps.append(name)

    def key(self, character: str) -> None:
        self.keys.append(character)

    def touched(self, x: float, y: float) -> None:
        pass

    def shown(self, screen: Screen) -> None:
        pass

    def tick(self) -> None:
        pass


class Before:
    """The real window, with one screen on it."""

    def __init__(self, window: KivyThing, screen: Screen) -> None:
        from kiosk.ui.app import KioskApp

        self.window = window
        self.sdl = Sdl()
        self.visitor = Quiet()
        self.app = KioskApp(window, banner=False, alive=lambda: None)
        self.app.start(self.visitor)
        self.app.show(screen)
        self.loop(3)
        self.before = self.state()

    def loop(self, times: int = 1) -> None:
        from kivy.base import EventLoop

        for _ in range(times):
            EventLoop.idle()
            self.window.mainloop()

    def state(self) -> tuple[Any, ...]:
        """All that an escape would change."""
        from kivy.app import App
        from kivy.base import EventLoop
        from kivy.modules import Modules

        modules = sorted(name for name, module in Modules.mods.items() if module["activated"])
        children = [type(child).__name__ for child in self.window.children]
        return (
            EventLoop.status,
            EventLoop.quit,
            self.app.screen_name,
            children,
            App.get_running_app(),
            modules,
            self.window.size,
            self.window.fullscreen,
            self.window.rotation,
        )

    def assert_nothing_has_happened(self) -> None:
        self.loop(3)
        assert self.state() == self.before
        assert self.visitor.taps == []


@pytest.fixture
def before(window: KivyThing, request: pytest.FixtureRequest) -> Iterator[Before]:
    before = Before(window, getattr(request, "param", ASK))
    yield before
    before.app.close()


on_every_screen = pytest.mark.parametrize("before", SCREENS, indirect=True, ids=[type(screen).__name__ for screen in SCREENS])


def test_the_queue_is_the_real_one(before: Before) -> None:
    width, height = before.window.size
    x, y = before.app.targets["good"]
    before.sdl.click(x * width, y * height)
    before.sdl.finger(x, y)  # SDL tells of a touch in both ways
    before.loop(3)
    assert before.visitor.taps == ["good"]
    before.sdl.key(5, sym=ord("b"))
    before.loop(3)
    assert before.visitor.keys == ["b"]


@on_every_screen
@pytest.mark.parametrize("mod", [0, sdl.CTRL, sdl.ALT, sdl.SHIFT | sdl.CTRL, sdl.CTRL | sdl.ALT, sdl.SUPER])
def test_no_key_leaves_the_visit(before: Before, mod: int) -> None:
    for scancode in range(1, 512):
        before.sdl.key(scancode, mod=mod)
    before.loop(2)
    for character in map(chr, range(1, 128)):
        before.sdl.key(4, sym=ord(character), mod=mod)
    before.assert_nothing_has_happened()


@pytest.mark.parametrize(
    ("scancode", "sym", "mod"),
    [
        (F1, None, 0),
        (ESCAPE, 27, 0),
        (6, ord("c"), sdl.CTRL),
        (F4, None, sdl.ALT),
        (8, ord("e"), sdl.CTRL),
        (20, ord("q"), sdl.CTRL),
        (26, ord("w"), sdl.CTRL),
        (F11, None, 0),
        (F12, None, 0),
        (43, 9, sdl.ALT),
    ],
)
def test_keys_that_leave_other_programs_do_nothing_here(before: Before, scancode: int, sym: int | None, mod: int) -> None:
    before.sdl.key(scancode, sym=sym, mod=mod)
    before.assert_nothing_has_happened()


@on_every_screen
def test_close_requests_are_refused(before: Before) -> None:
    for _ in range(5):
        before.sdl.close_request()
    before.assert_nothing_has_happened()


@on_every_screen
@pytest.mark.parametrize("button", [sdl.MIDDLE, sdl.RIGHT, sdl.BACK, sdl.FORWARD])
def test_only_a_finger_presses(before: Before, button: int) -> None:
    width, height = before.window.size
    for x, y in [*before.app.targets.values(), (0.5, 0.5)]:
        before.sdl.click(x * width, y * height, button)
        before.sdl.finger(x, y)
        before.loop()
    before.assert_nothing_has_happened()


@on_every_screen
def test_no_wheel_presses(before: Before) -> None:
    width, height = before.window.size
    for x, y in before.app.targets.values():
        before.window.dispatch("on_cursor_enter")
        for turn in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            before.sdl.wheel(*turn)
        for kind in ("scrollup", "scrolldown", "scrollleft", "scrollright"):
            for motion in ("on_mouse_down", "on_mouse_up"):
                before.window.dispatch(motion, x * (width - 1), y * (height - 1), kind, [])
        before.loop()
    before.assert_nothing_has_happened()


@on_every_screen
def test_dropped_files_typed_text_and_the_clipboard_are_nothing(before: Before) -> None:
    before.sdl.drop("/etc/passwd")
    for text in ("1", "відгук", "\x03", "\x1b"):
        before.sdl.text(text)
    before.sdl.clipboard()
    before.assert_nothing_has_happened()


def test_what_the_window_system_does_with_the_window_changes_nothing(before: Before) -> None:
    for event in (1, 2, 3, 4, 7, 9, 10, 11, 12, 13, 15):
        before.sdl.window(event)
    before.assert_nothing_has_happened()


def test_joysticks_do_nothing(before: Before) -> None:
    for event, *values in (("axis", 0, 0, 32767), ("hat", 0, 0, (1, 0)), ("ball", 0, 0, 5, 5), ("button_down", 0, 1), ("button_up", 0, 1)):
        before.window.dispatch(f"on_joy_{event}", *values)
    before.assert_nothing_has_happened()


def test_kivy_reads_no_arguments_no_file_and_loads_no_module(before: Before) -> None:
    from kivy.config import Config

    assert os.environ["KIVY_NO_ARGS"] == os.environ["KIVY_NO_CONFIG"] == "1"
    assert Config.options("modules") == []
    assert [option for option in Config.options("input") if Config.get("input", option)] == ["mouse"]
    assert Config.getint("kivy", "exit_on_escape") == 0
    assert Config.getint("kivy", "pause_on_minimize") == 0
