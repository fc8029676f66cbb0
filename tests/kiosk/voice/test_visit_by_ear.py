"""A complete visit at the real kiosk by buttons alone, judged by what SDL wrote for the loudspeaker and the headphones."""

from __future__ import annotations

from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import pytest
from nacl.public import PrivateKey

from feedback.questionnaire import Question, choices_of
from feedback.records import Answer, Context, How, Input, Outcome, Sealed, VisitEnd, Vote, decode_body
from kiosk import accepted
from kiosk.asking import Writable, screen_of
from kiosk.hardware.sound import RATE
from kiosk.screens import DONE, Comfort, Screen, stops
from kiosk.store import FILE
from kiosk.voice import espeak
from tests.kiosk.support import KIOSK, SEALING, MirrorClient, kiosk_toml, running, wait_until
from tests.kiosk.test_store import logged
from tests.kiosk.voice.test_speaker import audible

if TYPE_CHECKING:
    from feedback.questionnaire import Questionnaire

pytestmark = pytest.mark.window

NEXT, PREVIOUS, SELECT = "d", "a", "s"
PHONE = "671234567"
QUIET_LOOKS = 80
"""Looks, ten milliseconds apart, at which nothing new was heard: longer than a new screen takes no answers."""
BUTTONS = {"acceptable": "3", "terrible": "4"}


class Sound:
    """What SDL has written so far, without its silence."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._audible = bytearray()
        self._place = 0

    @property
    def audible(self) -> bytes:
        if self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._read)
                new = file.read()
            new = new[: len(new) // 2 * 2]
            self._read += len(new)
            self._audible += audible(new)
        return bytes(self._audible)

    def hears(self, *texts: str, language: str = "uk") -> None:
        """Wait until each of these was said, one after another."""
        for text in texts:
            expected = audible(espeak.speak(text, language))
            assert len(expected) > RATE // 20, f"{text!r} is silent"
            wait_until(lambda expected=expected: self.audible.find(expected, self._place) >= 0, 30)
            self._place = self.audible.find(expected, self._place) + len(expected)

    def falls_silent(self) -> None:
        """Wait until nothing more is said: a visitor who does not want to be heard pressing hears out the list."""
        lengths: list[int] = []

        def is_still() -> bool:
            lengths.append(len(self.audible))
            return len(lengths) > QUIET_LOOKS and len({*lengths[-QUIET_LOOKS:]}) == 1

        wait_until(is_still, 60)


class Blind:
    """A visitor who has the buttons and the headphones, and knows the order of things by heart."""

    def __init__(self, mirror: MirrorClient, ears: Sound, room: Sound) -> None:
        self.mirror = mirror
        self.ears = ears
        self.room = room
        self.place = -1

    def press(self, key: str, times: int = 1) -> None:
        for _ in range(times):
            self.mirror.ask(key=key)

    def meets(self, screen: Screen, target: str) -> None:
        """Wait for a screen by one thing that is on it."""
        wait_until(lambda: target in self.mirror.ask(frame=0)[0]["targets"])
        self.room.falls_silent()
        self.names = stops(screen)
        self.place = -1

    def go_to(self, name: str) -> None:
        """Step to that thing the shorter way round."""
        there = self.names.index(name)
        forward = there - self.place if self.place >= 0 else there + 1
        steps, round_ = forward % len(self.names) if self.place >= 0 else forward, len(self.names)
        self.press(*((NEXT, steps) if steps <= round_ / 2 else (PREVIOUS, round_ - steps + (self.place < 0))))
        self.place = there

    def choose(self, name: str) -> None:
        self.go_to(name)
        self.press(SELECT)


def visit(folder: Path, answer: str) -> tuple[bytes, bytes, list[object]]:
    """Give what the room and the ears heard of a visit with that answer, and what was recorded."""
    data_dir = folder / "data"
    data_dir.mkdir(parents=True)
    room, ears = folder / "room.raw", folder / "ears.raw"
    key = bytes(PrivateKey.generate().public_key).hex()
    text = kiosk_toml(data_dir, 1).replace(SEALING, key).replace("640", "1280").replace("400", "800")
    config = folder / "kiosk.toml"
    config.write_text(f'{text}\n[sound]\nspeaker = "{room}"\nheadphones = "{ears}"\nvolume = 100\n')
    socket = Path(mkdtemp()) / "m"
    surroundings = {"SDL_AUDIODRIVER": "disk", "SDL_DISKAUDIODELAY": "1"}
    with running("ui", config, "--mirror", str(socket), **surroundings) as process:
        wait_until(socket.exists)
        with MirrorClient(socket) as mirror:
            _answer_everything(Blind(mirror, Sound(ears), Sound(room)), answer)
            wait_until(lambda: any(isinstance(record, VisitEnd) for record in recorded(data_dir)), 60)
        process.terminate()
        process.wait(10)
    return Sound(room).audible, Sound(ears).audible, recorded(data_dir)


def recorded(data_dir: Path) -> list[object]:
    return [decode_body(body) for _, _, body, _ in logged(data_dir / FILE)]


def _answer_everything(visitor: Blind, answer: str) -> None:
    questionnaire: Questionnaire = accepted.before_any(KIOSK).questionnaire
    service, bad, _good, comment, reach = questionnaire.questions
    ears = visitor.ears
    visitor.meets(_screen(service), answer)
    ears.hears(service.text["uk"], *(choice.words["uk"] for choice in service.choices))
    visitor.press(NEXT)
    ears.hears("чудово")
    visitor.room.falls_silent()
    visitor.press(BUTTONS[answer])
    ears.hears("Ваша відповідь:", words_of(service, answer))

    chosen = choices_of(bad)[2].id
    visitor.meets(_screen(bad), chosen if len(bad.choices) < 8 else DONE)
    ears.hears(bad.text["uk"], *(choice.words["uk"] for choice in bad.choices))
    visitor.go_to(chosen)
    ears.hears(words_of(bad, chosen))
    visitor.press(SELECT)
    ears.hears("вибрано")
    visitor.go_to(DONE)
    ears.hears("Готово")
    visitor.press(SELECT)

    visitor.meets(_screen(comment), DONE)
    ears.hears(comment.text["uk"])
    visitor.choose("key:Й")
    ears.hears("велика")
    visitor.choose(DONE)

    visitor.meets(_screen(reach), "way:email")
    ears.hears(reach.text["uk"], reach.purpose["uk"], reach.consent["uk"])
    for digit in PHONE:
        visitor.choose(f"key:{digit}")
    visitor.choose(DONE)
    ears.hears("Дякуємо.")


def _screen(question: Question) -> Screen:
    return screen_of(question, "uk", Comfort(), Writable(words=True, ways=frozenset(question.ways)))


def words_of(question: Question, answer: str) -> str:
    return next(choice.words["uk"] for choice in choices_of(question) if choice.id == answer)


def test_a_whole_visit_by_buttons_is_spoken_and_the_room_learns_nothing(data_dir: Path) -> None:
    rooms = {}
    for answer in BUTTONS:
        rooms[answer], _, records = visit(data_dir.parent / answer, answer)
        (vote,) = (record for record in records if isinstance(record, Vote))
        assert (vote.answer, vote.input) == (answer, Input.BUTTON)
        (reason,) = (record for record in records if isinstance(record, Answer))
        assert (reason.how, len(reason.choices), reason.input) == (How.ANSWERED, 1, Input.BUTTON)
        sealed = [record for record in records if isinstance(record, Sealed)]
        assert [(record.content, record.input) for record in sealed] == [("comment", Input.BUTTON), ("phone", Input.BUTTON)]
        (end,) = (record for record in records if isinstance(record, VisitEnd))
        assert end.outcome == Outcome.COMPLETED
        assert any(isinstance(record, Context) for record in records)
        for private in ("Ваша відповідь:", "вибрано", "велика"):
            assert audible(espeak.speak(private, "uk")) not in rooms[answer]
    assert len(rooms["terrible"]) > RATE
    assert rooms["terrible"] == rooms["acceptable"]
