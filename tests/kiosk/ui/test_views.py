from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from feedback.questionnaire import Kind
from feedback.settings import DeskOption, Look
from feedback.tickets import Refusal
from kiosk import scans
from kiosk.screens import LARGE, STAY, Entry, Menu, Screen, Thanks
from tests.kiosk.ui import samples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.kiosk.support import KivyThing

pytestmark = pytest.mark.window

ATTRACT = next(iter(samples.asked("uk")))
MANY = samples.ask(Kind.SINGLE, words=tuple(f"{samples.LONG_TILE} {number}"[-60:] for number in range(12)))


class Heard:
    """A visitor who only notes what the window tells."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def touched(self, x: float, y: float) -> None:
        self.told.append(("touched", round(x, 2), round(y, 2)))

    def tap(self, name: str) -> None:
        self.told.append(("tap", name))

    def __getattr__(self, _name: str) -> Any:
        return lambda *_: None


class Shown:
    """The app in the real window, with a visitor who only notes."""

    def __init__(self, window: KivyThing, asset: Callable[[str], Path | None] = lambda _name: None) -> None:
        from kiosk.ui.app import KioskApp

        self.window = window
        self.frames = 0
        self.heard = Heard()
        self.app = KioskApp(window, banner=False, alive=lambda: None, asset=asset)
        self.app.start(self.heard)
        window.bind(on_flip=self._count)

    def _count(self, *_: object) -> None:
        self.frames += 1

    def show(self, screen: Screen, *, quiet: bool = True) -> KivyThing:
        self.app.dress(samples.CENTRE, Look(quiet=quiet))
        self.app.show(screen)
        self.loop(3)
        return self.app._view

    def loop(self, times: int = 1) -> None:
        from kivy.base import EventLoop

        for _ in range(times):
            EventLoop.idle()

    def tap(self, name: str) -> None:
        x, y = self.app.targets[name]
        width, height = self.window.size
        for motion in ("on_mouse_down", "on_mouse_up"):
            self.window.dispatch(motion, x * (width - 1), y * (height - 1), "left", [])
        self.loop()


@pytest.fixture
def shown(window: KivyThing) -> Iterator[Shown]:
    shown = Shown(window)
    yield shown
    shown.app.close()
    window.unbind(on_flip=shown._count)


def test_every_touch_is_told_before_anything_else(shown: Shown) -> None:
    shown.show(ATTRACT)
    shown.tap(LARGE)
    (first, *_), second = shown.heard.told
    assert first == "touched"
    assert second == ("tap", LARGE)


def test_choosing_focus_and_warning_need_no_new_view(shown: Shown) -> None:
    view = shown.show(MANY)
    for change in ({"focus": "answer-0"}, {"chosen": ("answer-0",)}, {"stored": True}, {"closes_in_s": 10}, {"closes_in_s": 9}):
        before = shown.frames
        shown.app.show(msgspec.structs.replace(MANY, **change))
        shown.loop()
        assert shown.app._view is view
        assert shown.frames == before + 1, "it is seen in the very next frame"
    shown.app.show(msgspec.structs.replace(MANY, language="en"))
    assert shown.app._view is not view


def test_answers_that_do_not_fit_one_page_stand_on_more_and_none_is_lost(shown: Shown) -> None:
    shown.app._diagonal_inch = 7.0
    shown.show(MANY)
    seen = set(shown.app.targets)
    assert "more" in seen
    for _ in range(12):
        shown.tap("more")
        seen |= set(shown.app.targets)
    assert {option.id for option in MANY.options} <= seen
    told = {name for kind, name, *_ in shown.heard.told if kind == "tap"}
    assert told == {STAY}, "turning the page answers nothing, and says that somebody is there"


def test_a_page_turned_by_hand_stays_until_the_buttons_move(shown: Shown) -> None:
    shown.app._diagonal_inch = 7.0
    focused = msgspec.structs.replace(MANY, focus="answer-0")
    shown.show(focused)
    shown.tap("more")
    second = set(shown.app.targets)
    assert "answer-0" not in second
    shown.app.show(msgspec.structs.replace(focused, closes_in_s=9))
    shown.loop()
    assert set(shown.app.targets) == second | {STAY}
    shown.app.show(msgspec.structs.replace(MANY, focus="answer-1"))
    shown.loop()
    assert "answer-1" in shown.app.targets


def test_the_menu_stays_on_its_page_while_what_it_says_changes(shown: Shown) -> None:
    from kiosk.ui.parts import Words

    def menu(detail: str, **more: object) -> Menu:
        entries = tuple(Entry(f"entry-{n}", f"Line {n}", detail) for n in range(30))
        return msgspec.structs.replace(Menu(title="Maintenance", entries=entries), **more)

    view = shown.show(menu("before"))
    shown.tap("more")
    second = dict(shown.app.targets)
    for screen in (menu("after"), menu("after", closes_in_s=9), menu("after")):
        shown.app.show(screen)
        shown.loop()
        assert shown.app._view is view
        assert {name: place for name, place in shown.app.targets.items() if name != STAY} == second
    said = {child.text for child in view.walk() if isinstance(child, Words)}
    assert "after" in said
    assert "before" not in said
    shown.app.show(msgspec.structs.replace(menu("after"), title="Another page"))
    assert shown.app._view is not view


def test_a_multiple_answer_is_told_by_a_tick_not_by_colour_alone(shown: Shown) -> None:
    screen = samples.ask(Kind.MULTIPLE, words=samples.REASONS)
    view = shown.show(screen)
    tile = next(thing for thing in view.tappables() if thing.name == "answer-1")
    plain = sum(1 for _ in tile.canvas.before.children)
    shown.app.show(msgspec.structs.replace(screen, chosen=("answer-1",)))
    assert sum(1 for _ in tile.canvas.before.children) > plain


def test_the_faces_breathe_and_rest_and_a_finger_or_quiet_stops_them(shown: Shown) -> None:
    quiet = shown.show(ATTRACT)
    assert quiet._breath is None
    view = shown.show(ATTRACT, quiet=False)
    breath, face = view._breath, view._buttons[0]
    sizes = []
    breath.begin()
    for _ in range(20):
        breath._move(0.1)
        sizes.append(face._scale.x)
    assert 1.02 < max(sizes) < 1.06
    assert sizes[-1] == 1
    assert not breath._frames.is_triggered, "between breaths nothing is drawn"
    breath.begin()
    breath._move(0.3)
    shown.tap("good")
    assert view._breath is None
    assert face._scale.x == 1


def test_somebody_who_comes_up_wakes_faces_that_nobody_has_touched(shown: Shown) -> None:
    view = shown.show(ATTRACT, quiet=False)
    waiting = view._breath
    shown.app.wake()
    assert view._breath is not waiting
    assert view._breath._frames.is_triggered, "at once"
    assert not waiting._next.is_triggered
    view.rest_faces()
    shown.app.wake()
    assert view._breath._frames.is_triggered, "also after a touch that led nowhere"
    shown.app.show(msgspec.structs.replace(ATTRACT, focus="good"))
    shown.app.wake()
    assert view._breath is None, "nobody is disturbed"
    shown.show(ATTRACT)
    shown.app.wake()
    assert shown.app._view._breath is None, "where all motion is stopped"


def test_a_notice_needs_no_new_view_and_takes_no_touch(shown: Shown) -> None:
    view = shown.show(ATTRACT, quiet=False)
    told = msgspec.structs.replace(ATTRACT, notice=scans.refused(Refusal.SPENT, "uk"))
    shown.app.show(told)
    shown.loop()
    assert shown.app._view is view
    assert view._breath is not None, "it is no touch"
    texts = [child.text for child in view._notice.children]
    assert texts == ["Ви можете відповісти без талона.", "За цим талоном відгук уже є.", ATTRACT.question]
    shown.tap("good")
    assert ("tap", "good") in shown.heard.told
    shown.app.show(ATTRACT)
    assert view._notice is None
    assert shown.app._view is view


def test_a_ticket_says_its_desk(shown: Shown) -> None:
    view = shown.show(msgspec.structs.replace(ATTRACT, desk=DeskOption("d", "12"), note="Талон повідомить лише стіл, послугу й час."))
    assert "Стіл 12. Талон повідомить лише стіл, послугу й час." in [getattr(child, "text", "") for child in view.walk()]


@pytest.mark.parametrize(
    ("count", "words"),
    [(1, "1 людина відповіла"), (22, "22 людини відповіли"), (1284, "1\u00a0284 людини відповіли"), (11, "11 людей відповіли")],
)
def test_thanks_counts_in_ukrainian(shown: Shown, count: int, words: str) -> None:
    from kiosk.ui.parts import Words

    view = shown.show(Thanks(language="uk", answered=count))
    assert f"{words} цього місяця" in [child.text for child in view.walk() if isinstance(child, Words)]
