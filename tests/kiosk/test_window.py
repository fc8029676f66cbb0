from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from feedback import looks
from feedback.questionnaire import ANSWERS
from feedback.records import DeskChoice, Input, Vote
from kiosk.hardware.simulated.buttons import KeyboardButtons
from kiosk.screens import Ask, Desk, OutOfOrder, Screen, Thanks
from kiosk.visit import PRESSED_S, PROBE_S, SETTLE_S
from kiosk.visitor import KioskVisitor
from tests.kiosk.support import KivyThing, settings_of
from tests.kiosk.test_visit import Room

if TYPE_CHECKING:
    from collections.abc import Iterator

    from feedback.settings import KioskSettings

pytestmark = pytest.mark.window


class NoChores:
    def obey(self) -> None:
        pass

    def settings(self) -> KioskSettings | None:
        return None


class AtTheWindow(Room):
    """A visit before the real window, with a disk that answers when told to."""

    def __init__(self, settings: KioskSettings, window: KivyThing) -> None:
        from kiosk.ui.app import KioskApp

        self.window = window
        self.frames = 0
        self.app = KioskApp(window, banner=True, alive=lambda: None)
        super().__init__(settings)
        self.visits._show_screen = self.app.show
        buttons = KeyboardButtons(self.clock)
        visitor = KioskVisitor(self.visits, NoChores(), clock=self.clock, key=buttons.key)  # type: ignore[arg-type]
        buttons.start(visitor.button)
        window.bind(on_flip=self._count)
        self.visits._show(self.visits.screen)
        self.app.start(visitor)
        self.loop(3)
        self.disk()

    def _count(self, *_: object) -> None:
        self.frames += 1

    def loop(self, times: int = 1) -> None:
        from kivy.base import EventLoop

        for _ in range(times):
            EventLoop.idle()

    def tap(self, name: str) -> None:
        self.tap_at(*self.app.targets[name])

    def tap_at(self, x: float, y: float) -> None:
        width, height = self.window.size
        for motion in ("on_mouse_down", "on_mouse_up"):
            self.window.dispatch(motion, x * (width - 1), y * (height - 1), "left", [])
        self.loop()

    def key(self, character: str) -> None:
        self.window.dispatch("on_key_down", ord(character), 0, character, [])
        self.loop()

    def later(self, seconds: float) -> None:
        self.clock.pass_s(seconds)
        self.visits.tick()
        self.loop()

    def pixel(self, x: float, y: float) -> tuple[int, ...]:
        """The colour at a place, in shares from the upper left, in a newly drawn frame."""
        from kivy.graphics.opengl import GL_RGB, GL_UNSIGNED_BYTE, glReadPixels

        seen: list[bytes] = []
        width, height = self.window.size

        def read(*_: object) -> None:
            seen.append(glReadPixels(int(x * width), int((1 - y) * height), 1, 1, GL_RGB, GL_UNSIGNED_BYTE))

        self.window.bind(on_flip=read)
        self.window.canvas.ask_update()
        self.loop()
        self.window.unbind(on_flip=read)
        return tuple(seen[-1])

    def leave(self) -> None:
        self.app.close()
        self.window.unbind(on_flip=self._count)


@pytest.fixture
def room(window: KivyThing, request: pytest.FixtureRequest) -> Iterator[AtTheWindow]:
    room = AtTheWindow(getattr(request, "param", settings_of()), window)
    yield room
    room.leave()


def rgb(token: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(token[1:]))


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_tap_on_a_face_is_one_vote_and_thanked_after_the_commit(room: AtTheWindow, answer: str) -> None:
    room.tap(answer)
    room.loop(5)
    assert room.app.screen_name == "Ask"
    room.disk()
    room.later(PRESSED_S)
    assert room.app.screen_name == "Thanks"
    room.later(3)
    assert room.app.screen_name == "Ask"
    room.disk()
    assert [(vote.answer, vote.input) for vote in room.of(Vote)] == [(answer, Input.TOUCH)]


def test_the_pressed_face_shows_it_in_the_very_next_frame(room: AtTheWindow) -> None:
    x, _ = room.app.targets["terrible"]
    assert room.pixel(x, 0.36) == rgb(looks.PAPER)
    before = room.frames
    room.tap("terrible")
    assert room.frames == before + 1
    assert isinstance(room.screen, Ask)
    assert room.screen.pressed == "terrible"
    assert any(room.pixel(x, 0.34 + step / 400) == rgb(looks.ANSWER_COLOURS["terrible"]) for step in range(16)), "no ring"
    other_x, other_y = room.app.targets["excellent"]
    assert room.pixel(other_x, other_y - 0.05) not in (rgb(looks.ANSWER_COLOURS["excellent"]), rgb(looks.PAPER))


def test_nothing_is_drawn_while_nothing_moves(room: AtTheWindow) -> None:
    room.loop(3)
    before = room.frames
    room.loop(30)
    assert room.frames == before


@pytest.mark.parametrize(("key", "answer"), list(zip("12345", ANSWERS, strict=True)))
def test_keys_are_simulated_buttons(room: AtTheWindow, key: str, answer: str) -> None:
    room.key(key)
    room.disk()
    assert [(vote.answer, vote.input) for vote in room.of(Vote)] == [(answer, Input.BUTTON)]


def test_no_other_key_does_anything_and_the_window_does_not_close(room: AtTheWindow) -> None:
    from kivy.base import EventLoop

    for key in (27, 282, 113, 9):
        assert room.window.dispatch("on_key_down", key, 0, chr(key) if key < 128 else None, ["ctrl"])
        assert room.window.dispatch("on_keyboard", key, 0, None, ["ctrl"])
        room.loop()
    assert room.window.dispatch("on_request_close")
    assert EventLoop.status == "started"
    assert room.app.screen_name == "Ask"
    assert room.asked == []


def test_there_is_one_input_provider(window: KivyThing) -> None:
    from kivy.base import EventLoop

    assert [type(provider).__name__ for provider in EventLoop.input_providers] == ["MouseMotionEventProvider"]


def test_fast_taps_are_one_vote(room: AtTheWindow) -> None:
    for answer in ("good", "good", "terrible", "excellent"):
        room.tap(answer)
    room.disk()
    room.later(PRESSED_S)
    assert room.app.screen_name == "Thanks"
    room.tap_at(0.5, 0.5)
    room.later(3)
    room.disk()
    assert [vote.answer for vote in room.of(Vote)] == ["good"]
    assert room.stored[-1].extra_presses == 4


@pytest.mark.parametrize("room", [settings_of(desks=8)], indirect=True)
@pytest.mark.parametrize(("target", "desk"), [("desk:desk-5", ["desk-5"]), ("dont_remember", [None]), ("skip", [])])
def test_the_desk_is_picked_by_number_or_not_at_all(room: AtTheWindow, target: str, desk: list[str | None]) -> None:
    room.tap("good")
    room.disk()
    room.later(PRESSED_S)
    assert room.app.screen_name == "Desk"
    room.clock.pass_s(SETTLE_S)
    room.tap(target)
    room.disk()
    room.later(PRESSED_S)
    assert room.app.screen_name == "Thanks"
    assert [choice.desk for choice in room.of(DeskChoice)] == desk


def test_the_language_switch_changes_the_words(room: AtTheWindow) -> None:
    room.tap("language:en")
    assert room.screen.language == "en"
    assert "language:uk" in room.app.targets
    room.tap("good")
    room.disk()
    assert room.of(Vote)[0].language == "en"


def test_out_of_order_is_shown_and_ends_by_itself(room: AtTheWindow) -> None:
    room.tap("good")
    room.disk(works=False)
    room.loop()
    assert room.app.screen_name == "OutOfOrder"
    assert room.app.targets == {}
    room.later(PROBE_S)
    room.disk()
    room.loop()
    assert room.app.screen_name == "Ask"
    assert room.of(Vote) == []


LONG = "Реєстрація місця проживання, соціальні послуги та довідки"


def every_screen(language: str) -> list[Screen]:
    questions: Any = Room(settings_of()).screen
    asked = Room(settings_of()).visits._question(language)
    wordy = msgspec.structs.replace(
        asked,
        question="Наскільки Ви задоволені тим, як Вас сьогодні обслужили в нашому центрі?",
        options=tuple(msgspec.structs.replace(option, words="надзвичайно незадовільно") for option in asked.options),
    )
    desks = [Desk(language, settings_of(desks=count, name=name).desks) for count in (1, 2, 8, 24) for name in ("", LONG)]
    assert isinstance(questions, Ask)
    return [asked, wordy, *desks, Thanks(language), OutOfOrder(language)]


@pytest.mark.parametrize("size", [(1280, 800), (800, 480), (1920, 1080), (800, 1280)])
@pytest.mark.parametrize("language", ["uk", "en"])
def test_nothing_is_cut_and_nothing_overlaps(window: KivyThing, language: str, size: tuple[int, int]) -> None:
    from kiosk.ui.app import _VIEWS
    from kiosk.ui.arrange import Page

    for screen in every_screen(language):
        view = _VIEWS[type(screen)](screen, Page(*size), tap=lambda _name: None)
        view.add_banner()
        assert_words_fit(view, size)
        boxes = [(thing.name, thing.box) for thing in view.tappables()]
        for index, (name, box) in enumerate(boxes):
            assert box.x >= 0
            assert box.y >= 0
            assert box.x + box.w <= size[0] + 1, name
            assert box.y + box.h <= size[1] + 1, name
            for other_name, other in boxes[index + 1 :]:
                apart = box.x + box.w <= other.x + 1 or other.x + other.w <= box.x + 1 or box.y + box.h <= other.y + 1
                assert apart or other.y + other.h <= box.y + 1, (name, other_name)


def assert_words_fit(view: KivyThing, size: tuple[int, int]) -> None:
    from kiosk.ui.parts import Words

    for words in (child for child in view.walk() if isinstance(child, Words)):
        words.text_size = (words.width, None)
        words.texture_update()
        assert words.texture_size[1] <= words.height + 1, (words.text, words.font_size)
        assert words.font_size >= 0.018 * min(size[0] / 1.6, size[1]), (words.text, words.font_size)
