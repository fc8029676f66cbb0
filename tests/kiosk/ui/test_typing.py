from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from feedback.questionnaire import ContactWay
from feedback.settings import Theme
from kiosk import filling, keyboard
from kiosk.screens import DONE, Comfort, Comment, Contact, Entry, Menu, Pin, Screen, changed, stops
from kiosk.ui.arrange import Page

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kiosk.support import KivyThing

pytestmark = pytest.mark.window

SEVEN = Page(800, 480, 7.0)
TEN = Page(1280, 800, 10.1)
UPRIGHT = Page(800, 1280, 10.1)
EMPTY = Comment(id="words", question="Що нам варто змінити?", note="Не пишіть імен", shifted=True)
TEXT = "Зручно, що є ґанок із пандусом. " * 12
CONTACT = filling.cleared(
    Contact(
        id="contact",
        question="Зв’язатися з Вами?",
        purpose="Щоб розповісти Вам, що зроблено за Вашим зауваженням.",
        consent="Надсилаючи, Ви погоджуєтеся, щоб центр зберігав ці дані до відповіді, але не довше ніж 30 днів після неї.",
        ways=(ContactWay.PHONE, ContactWay.EMAIL),
        way=ContactWay.PHONE,
    )
)


def finger_at(x: float, y: float) -> Any:
    """A touch whose way over the glass the test decides."""
    from kivy.input.motionevent import MotionEvent

    class Finger(MotionEvent):  # type: ignore[misc]
        pass

    finger = Finger("test", 1, {}, is_touch=True)
    finger.pos = finger.x, finger.y = x, y
    finger.button = "left"
    return finger


class Before:
    """A view in the window, what was tapped on it, and a finger."""

    def __init__(self, window: KivyThing, screen: Screen, page: Page = TEN) -> None:
        from kiosk.ui.app import _VIEWS
        from kiosk.ui.view import Stage

        self.window = window
        self.tapped: list[str] = []
        self.view: Any = _VIEWS[type(screen)](screen, page, Stage(self.tapped.append))
        self.view.refresh()
        window.add_widget(self.view)

    def leave(self) -> None:
        self.view.close()
        self.window.remove_widget(self.view)

    def __getitem__(self, name: str) -> Any:
        return next(thing for thing in self.view.tappables() if thing.name == name)

    def press(self, x: float, y: float) -> Any:
        finger = finger_at(x, y)
        self.view.dispatch("on_touch_down", finger)
        return finger

    def grabbed(self, finger: Any, motion: str) -> None:
        for weak in list(finger.grab_list):
            finger.grab_current = weak()
            finger.grab_current.dispatch(motion, finger)
        finger.grab_current = None

    def lift(self, finger: Any) -> None:
        self.grabbed(finger, "on_touch_up")

    def slide(self, finger: Any, x: float, y: float) -> None:
        finger.pos = finger.x, finger.y = x, y
        self.grabbed(finger, "on_touch_move")

    def wait(self, enough: Callable[[], bool], seconds: float) -> bool:
        """Let Kivy's clock run until there is enough, or the time is over; whether there was."""
        from kivy.base import EventLoop

        end = time.monotonic() + seconds
        while time.monotonic() < end:
            EventLoop.idle()
            if enough():
                return True
        return False


@pytest.fixture
def before(window: KivyThing, request: pytest.FixtureRequest) -> Callable[..., Before]:
    def put(screen: Screen, page: Page = TEN) -> Before:
        shown = Before(window, screen, page)
        request.addfinalizer(shown.leave)
        return shown

    return put


def test_a_key_types_when_the_finger_comes_down_and_once(before: Callable[..., Before]) -> None:
    shown = before(EMPTY)
    key = shown["key:Ґ"]
    finger = shown.press(*key.box.centre)
    assert shown.tapped == ["key:Ґ"]
    shown.lift(finger)
    assert not shown.wait(lambda: len(shown.tapped) > 1, 0.8)


def test_a_held_key_types_on_until_it_is_released(before: Callable[..., Before]) -> None:
    shown = before(changed(EMPTY, shifted=False))
    assert not shown.wait(lambda: bool(shown.tapped), 0.1)  # a window that was long in opening counts from its last frame
    began = time.monotonic()
    finger = shown.press(*shown["key:backspace"].box.centre)
    assert shown.wait(lambda: len(shown.tapped) >= 4, 5)
    assert time.monotonic() - began > 0.3
    assert set(shown.tapped) == {"key:backspace"}
    shown.lift(finger)
    count = len(shown.tapped)
    assert not shown.wait(lambda: len(shown.tapped) > count, 0.3)


@pytest.mark.parametrize("end", ["slides off", "screen closes", "screen is replaced", "layout changes"])
def test_a_held_key_stops_whatever_happens(before: Callable[..., Before], end: str) -> None:
    shown = before(changed(EMPTY, shifted=False))
    finger = shown.press(*shown["key:а"].box.centre)
    assert shown.wait(lambda: len(shown.tapped) >= 2, 5)
    match end:
        case "slides off":
            shown.slide(finger, 5, 795)
        case "screen closes":
            shown.view.close()
        case "screen is replaced":
            shown.window.remove_widget(shown.view)
        case _:
            shown.view.become(changed(shown.view.screen, layout=keyboard.Layout.EN))
    count = len(shown.tapped)
    assert not shown.wait(lambda: len(shown.tapped) > count, 0.3)


def test_shift_types_once_however_long_it_is_held(before: Callable[..., Before]) -> None:
    shown = before(EMPTY)
    shown.press(*shown["key:shift"].box.centre)
    assert not shown.wait(lambda: len(shown.tapped) > 1, 0.8)


@pytest.mark.parametrize("page", [SEVEN, TEN, UPRIGHT], ids=str)
@pytest.mark.parametrize(
    "screen",
    [
        EMPTY,
        changed(EMPTY, text=TEXT[:300], cursor=3, layout=keyboard.Layout.SIGNS),
        CONTACT,
        filling.typed(CONTACT, "way:email"),
        Pin(typed=2),
    ],
    ids=["words", "signs", "phone", "email", "pin"],
)
def test_everything_the_buttons_reach_stands_on_the_screen(before: Callable[..., Before], page: Page, screen: Screen) -> None:
    names = [thing.name for thing in before(screen, page).view.tappables()]
    assert set(stops(screen)) <= set(names)
    assert {name for name in names if not name.startswith("cursor:")} == set(stops(screen))


@pytest.mark.parametrize("cursor", [0, 1, 40, 200, len(TEXT) - 1, len(TEXT)])
def test_a_tap_on_the_cursor_leaves_it_there(before: Callable[..., Before], cursor: int) -> None:
    shown = before(changed(EMPTY, text=TEXT, cursor=cursor, shifted=False))
    field = shown.view._field
    row = next(index for index, line in enumerate(field._lines) if cursor < line.end or line.end == len(TEXT))
    assert field._first <= row < field._first + field._visible, "the cursor is out of sight"
    x = field._room.x + field._width(TEXT[field._lines[row].start : cursor])
    y = field._top - (row - field._first + 0.5) * field._line
    shown.press(x, y)
    assert shown.tapped == [f"cursor:{cursor}"]


def test_a_tap_on_a_number_counts_its_spaces(before: Callable[..., Before]) -> None:
    screen = CONTACT
    for digit in "671234567":
        screen = filling.typed(screen, f"key:{digit}")
    assert isinstance(screen, Contact)
    shown = before(screen)
    field = shown.view._field
    shown.press(field._room.x + field._width("+380 67"), field.box.centre[1])
    assert shown.tapped == ["cursor:7"]
    moved = filling.typed(screen, shown.tapped[0])
    assert moved.cursor == len("+38067")
    assert shown.view.become(moved)


def test_typing_redraws_no_more_than_it_must(before: Callable[..., Before]) -> None:
    shown = before(changed(EMPTY, shifted=False))
    keys = list(shown.view._keys.all)
    assert shown.view.become(changed(shown.view.screen, text="а", cursor=1))
    assert shown.view._keys.all == keys
    assert shown.view._counter.text == "1 / 500"
    assert shown.view.become(changed(shown.view.screen, shifted=True))
    assert "key:А" in [thing.name for thing in shown.view.tappables()]


@pytest.mark.parametrize("page", [SEVEN, TEN, UPRIGHT, TEN._replace(large=True), TEN._replace(low=True)], ids=str)
@pytest.mark.parametrize("theme", Theme)
@pytest.mark.parametrize("language", ["uk", "en"])
def test_no_words_are_cut(before: Callable[..., Before], page: Page, theme: Theme, language: str) -> None:
    from kiosk.ui.parts import Words

    base = {"language": language, "comfort": Comfort(theme=theme, large=page.large, low=page.low)}
    email = filling.typed(CONTACT, "way:email")
    for screen in (
        EMPTY,
        changed(EMPTY, closes_in_s=10),
        CONTACT,
        email,
        filling.checked(CONTACT),
        filling.checked(changed(email, text="a@b")),
    ):
        view = before(changed(screen, **base), page).view
        cut = [words.text for words in view.walk() if isinstance(words, Words) and words.text.endswith("…")]
        assert not cut
        small = [words.text for words in view.walk() if isinstance(words, Words) and words.font_size < page.floor - 0.01]
        assert not small


def test_the_mistake_stands_by_the_field_and_goes_when_something_is_typed(before: Callable[..., Before]) -> None:
    shown = before(CONTACT)
    wrong = filling.checked(CONTACT)
    assert wrong.mistake
    assert shown.view.become(wrong)
    assert shown.view._mistake.text == wrong.mistake
    assert shown.view.become(filling.typed(wrong, "key:6"))
    assert shown.view._mistake is None


def test_the_ring_stands_on_the_focused_key(before: Callable[..., Before]) -> None:
    shown = before(changed(EMPTY, focus="key:Ї"))
    assert shown.view.focused().key == "Ї"
    assert shown.view.become(changed(shown.view.screen, focus=DONE))
    assert shown.view.focused().name == DONE


def test_a_long_menu_turns_its_pages_to_the_focus(before: Callable[..., Before]) -> None:
    entries = tuple(Entry(f"entry-{number}", f"Рядок {number}", "усе гаразд", well=number % 2 == 0) for number in range(14))
    screen = Menu(title="Обслуговування", entries=entries)
    shown = before(screen, SEVEN)
    seen = {thing.name for thing in shown.view.tappables()}
    assert {"entry-0", "leave", "more"} <= seen
    assert "entry-13" not in seen
    assert shown.view.become(changed(screen, focus="entry-13"))
    assert shown.view.focused().name == "entry-13"
