from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from feedback.notice import AnnouncementKind
from kiosk import accepted
from kiosk.config import Sound
from kiosk.errors import Fault, VoiceError
from kiosk.hardware.sound import RATE, NoOutput, Sdl, SdlOutput, outputs_of
from kiosk.screens import Announced, Comfort, Screen, Thanks, changed
from kiosk.voice import aloud, espeak, wav
from kiosk.voice.prompts import Manner
from kiosk.voice.reaction import Tone
from kiosk.voice.speaker import PAUSE, Speaker, samples_of
from kiosk.voice.vocabulary import confided_in
from kiosk.voice.voices import Voices
from tests.kiosk.support import wait_until
from tests.kiosk.voice.support import Heard, first, reasons, visit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FIVE = Manner(buttons=5, headphones=True)
SILENT = Comfort()


class Slow:
    """A clock of a visitor who waits between two screens."""

    now = 0.0

    def __call__(self) -> float:
        self.now += 10.0
        return self.now


def speak_softly(text: str, language: str) -> bytes:
    """A voice that makes no process: other words are other samples."""
    return f"{language}:{text}".encode("utf-16-le") * 3


@contextmanager
def speaking(folder: Path, outputs: tuple[Heard, Heard], *, voice: object = speak_softly) -> Iterator[Speaker]:
    voices = Voices(folder / "recorded", folder / "generated", voice)  # type: ignore[arg-type]
    with Speaker(outputs, voices, buttons=5, headphones=True, now_s=Slow()) as speaker:
        yield speaker


def heard_in(folder: Path, screens: list[Screen]) -> tuple[Heard, Heard]:
    room, ears = Heard(), Heard()
    with speaking(folder, (room, ears)) as speaker:
        for screen in screens:
            speaker.shown(screen)
            wait_until(lambda: not speaker.is_speaking)
    return room, ears


def sound_of(text: str, language: str = "uk") -> bytes:
    return speak_softly(text, language) + PAUSE


def test_the_room_hears_the_same_whatever_was_answered(tmp_path: Path) -> None:
    heard = {answer: heard_in(tmp_path, visit(answer)) for answer in ("excellent", "good", "acceptable", "terrible")}
    rooms = {tuple(room.played) for room, _ in heard.values()}
    ears = {tuple(ears.played) for _, ears in heard.values()}
    assert len(rooms) == 1
    assert len(ears) == 4
    (room,) = rooms
    for private in ("Ваша відповідь:", "Грубість вибрано", "вибрано", "де", "Написано:"):
        assert sound_of(private) not in room
    assert sound_of("Ваша відповідь:") in heard["good"][1].played


def test_without_voice_only_presses_and_warnings_are_heard(tmp_path: Path) -> None:
    room, _ = heard_in(tmp_path, visit("good", SILENT))
    assert room.played == [samples_of(tone) for tone in (Tone.PRESS, Tone.PRESS, Tone.CLOSING, Tone.PRESS, Tone.PRESS)]


def test_the_headphones_speak_without_being_asked(tmp_path: Path) -> None:
    _, asked = heard_in(tmp_path, visit("good"))
    _, silent = heard_in(tmp_path, visit("good", SILENT))
    words = set(asked.played) - set(map(samples_of, Tone))
    assert words <= set(silent.played)


def test_the_headphones_invite_now_and_then_and_the_room_hears_nothing(tmp_path: Path) -> None:
    room, ears = Heard(), Heard()
    with speaking(tmp_path, (room, ears)) as speaker:
        speaker.shown(first(comfort=SILENT))
        wait_until(lambda: not speaker.is_speaking)
        once = len(ears.played)
        for _ in range(12):  # ten seconds of the clock each
            speaker.tick()
            wait_until(lambda: not speaker.is_speaking)
        assert ears.played.count(sound_of("Як Вас обслужили?")) > 2
        assert len(ears.played) > once
        assert room.played == []


def test_saying_it_again_is_louder_each_time_and_the_next_visitor_begins_anew(tmp_path: Path) -> None:
    room, ears = Heard(), Heard()
    with speaking(tmp_path, (room, ears)) as speaker:
        speaker.volume = 50
        speaker.shown(reasons())
        volumes = []
        for _ in range(4):
            speaker.repeat()
            volumes.append((room.volume, ears.volume))
        assert volumes == [(50, 50), (65, 65), (80, 80), (50, 50)]
        speaker.repeat()
        speaker.shown(first())
        assert (room.volume, speaker.volume) == (50, 50)


def test_who_only_listened_to_the_first_question_leaves_no_loud_voice_behind(tmp_path: Path) -> None:
    room, ears = Heard(), Heard()
    with speaking(tmp_path, (room, ears)) as speaker:
        speaker.volume = 50
        for screen in (first(comfort=SILENT), first()):
            speaker.shown(screen)
        speaker.repeat()
        speaker.repeat()
        assert (room.volume, ears.volume) == (65, 65)
        speaker.shown(first(comfort=SILENT))
        assert (room.volume, ears.volume) == (50, 50)


def test_an_air_raid_alert_is_spoken_to_everybody(tmp_path: Path) -> None:
    alert = Announced(kind=AnnouncementKind.AIR_RAID, text="Повітряна тривога.", shelter="Укриття ліворуч.")
    room, _ = heard_in(tmp_path, [first(comfort=SILENT), alert])
    assert room.played[-2:] == [sound_of("Повітряна тривога."), sound_of("Укриття ліворуч.")]
    works = changed(alert, kind=AnnouncementKind.MAINTENANCE)
    assert heard_in(tmp_path, [works])[0].played == []


def test_a_step_of_the_buttons_ends_only_what_the_headphones_say(tmp_path: Path) -> None:
    room, ears = Heard(), Heard()
    with speaking(tmp_path, (room, ears)) as speaker:
        speaker.shown(reasons())
        wait_until(lambda: not speaker.is_speaking)
        before = (room.stops, ears.stops, len(room.played))
        speaker.shown(changed(reasons(), focus="reason-1"))
        wait_until(lambda: not speaker.is_speaking)
        assert (room.stops, ears.stops, len(room.played)) == (before[0], before[1] + 1, before[2])
        assert ears.played[-1] == sound_of("Грубість")


def test_voice_begins_when_it_is_asked_for_and_ends_when_it_is_not(tmp_path: Path) -> None:
    room, ears = Heard(), Heard()
    with speaking(tmp_path, (room, ears)) as speaker:
        speaker.shown(first(comfort=SILENT))
        speaker.shown(first())
        wait_until(lambda: not speaker.is_speaking)
        assert sound_of("Як Вас обслужили?") in room.played
        before = len(room.played)
        speaker.shown(first(comfort=SILENT))
        wait_until(lambda: not speaker.is_speaking)
        assert len(room.played) == before
        assert room.stops > 0


def test_the_buttons_are_explained_once_a_visit(tmp_path: Path) -> None:
    explanation = sound_of(aloud.explanation(reasons(), FIVE)[0].text)
    _, ears = heard_in(tmp_path, [*visit("good"), *visit("terrible")])
    assert ears.played.count(explanation) == 2


def test_repeating_says_the_screen_again_and_what_was_typed(tmp_path: Path) -> None:
    room, ears = Heard(), Heard()
    with speaking(tmp_path, (room, ears)) as speaker:
        screen = next(screen for screen in visit("good") if getattr(screen, "text", ""))
        speaker.shown(screen)
        wait_until(lambda: not speaker.is_speaking)
        speaker.repeat()
        wait_until(lambda: not speaker.is_speaking)
        assert ears.played.count(sound_of("Бажаєте щось додати?")) == 2
        assert ears.played[-1] == sound_of("Д")
        assert sound_of("Д") not in room.played


def test_own_words_are_written_nowhere(tmp_path: Path) -> None:
    heard_in(tmp_path, [*visit("good"), Thanks(comfort=Comfort(voice=True), answered=77)])
    kept = [path.read_bytes() for path in (tmp_path / "generated").rglob("*.wav")]
    assert any(speak_softly("Написано:", "uk") in sound or speak_softly("Дякуємо.", "uk") in sound for sound in kept)
    assert not any(speak_softly("Відповідей цього місяця: 77.", "uk") in sound for sound in kept)


def test_shown_returns_at_once_while_the_voice_is_slow(tmp_path: Path) -> None:
    def slowly(text: str, language: str) -> bytes:
        time.sleep(0.02)  # as long as espeak-ng takes
        return speak_softly(text, language)

    took = []
    with speaking(tmp_path, (Heard(), Heard()), voice=slowly) as speaker:
        for screen in [*visit("good"), *visit("good")]:
            began = time.thread_time()
            speaker.shown(screen)
            took.append(time.thread_time() - began)
    assert sorted(took)[len(took) // 2] < 0.002
    assert max(took) < 0.01


def test_what_settings_need_is_made_ready(tmp_path: Path) -> None:
    room, ears = Heard(), Heard()
    settings = accepted.before_any("exit-sample-1")
    with Speaker((room, ears), Voices(tmp_path / "r", tmp_path / "g", speak_softly), buttons=5, headphones=True, now_s=Slow()) as speaker:
        speaker.prepare(settings)
        wait_until(lambda: len(list((tmp_path / "g").rglob("*.wav"))) > 5)
    assert room.played == ears.played == []


def test_questions_asked_only_after_certain_answers_are_known_from_settings() -> None:
    settings = accepted.before_any("exit-sample-1")
    assert confided_in(settings) == {question.id for question in settings.questionnaire.questions if question.when}


def test_without_any_voice_there_is_silence_and_a_fault(tmp_path: Path) -> None:
    def mute(text: str, language: str) -> bytes:
        raise VoiceError("espeak-ng is not installed: apt-get install espeak-ng")

    room = Heard()
    with speaking(tmp_path, (room, Heard()), voice=mute) as speaker:
        speaker.shown(first())
        wait_until(lambda: speaker.faults == (Fault.NO_VOICE,))
        wait_until(lambda: not speaker.is_speaking)
    assert not any(room.played)


# --- the real sound -------------------------------------------------------------------------------------------------------


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "disk")
    monkeypatch.setenv("SDL_DISKAUDIODELAY", "1")


def audible(samples: bytes) -> bytes:
    """The samples that are not zero: pauses last as long as the machine needs."""
    return b"".join(value.to_bytes(2, "little", signed=True) for value in wav.numbers(samples) if value)


def as_played(samples: bytes, volume: int) -> bytes:
    loudness = volume * 128 // 100
    return b"".join(
        (abs(value) * loudness // 128 * (1 if value > 0 else -1)).to_bytes(2, "little", signed=True) for value in wav.numbers(samples)
    )


def recorded(folder: Path, screens: list[Screen], name: str) -> tuple[bytes, bytes]:
    """Show screens to the real voice and give what SDL wrote for the loudspeaker and the headphones."""
    files = (folder / f"{name}-room.raw", folder / f"{name}-ears.raw")
    outputs = outputs_of(Sound(speaker=str(files[0]), headphones=str(files[1]), volume=100))
    with Speaker(outputs, Voices(folder / "none", folder / "voices"), buttons=5, headphones=True, now_s=Slow()) as speaker:
        for screen in screens:
            speaker.shown(screen)
            wait_until(lambda: not speaker.is_speaking, 60)
        assert speaker.faults == ()
    return files[0].read_bytes(), files[1].read_bytes()


@pytest.mark.usefixtures("disk")
def test_every_prompt_of_a_visit_is_in_the_sound_in_order_and_the_room_learns_nothing(tmp_path: Path) -> None:
    rooms = set()
    for answer, word in (("excellent", "чудово"), ("terrible", "жахливо")):
        room, ears = (audible(sound) for sound in recorded(tmp_path, visit(answer), answer))
        rooms.add(room)
        said = ["Як Вас обслужили?", "чудово", "добре", "прийнятно", "жахливо", "Ваша відповідь:", word, "Що саме?", "Довга черга"]
        said += ["Бажаєте щось додати?", "велика", "де", "Ви ще тут?", "Чи можна Вам зателефонувати?", "5", "Дякуємо."]
        place = 0
        for text in said:
            expected = audible(espeak.speak(text, "uk"))
            assert len(expected) > RATE // 10, text
            place = ears.find(expected, place)
            assert place >= 0, text
            place += len(expected)
        assert audible(espeak.speak("Ваша відповідь:", "uk")) not in room
        assert audible(espeak.speak("Що саме?", "uk")) in room
    assert len(rooms) == 1


@pytest.mark.usefixtures("disk")
def test_stopping_is_at_once_and_volume_scales(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_DISKAUDIODELAY", "40")
    output = SdlOutput(str(tmp_path / "out.raw"), 50, Sdl())
    output.play(wav.tone(pitch_hz=440, length_s=5.0, level=0.8))
    assert output.is_playing
    output.stop()
    assert not output.is_playing
    output.close()
    output.close()
    assert len(audible((tmp_path / "out.raw").read_bytes())) < RATE
    quiet = SdlOutput(str(tmp_path / "quiet.raw"), 50, Sdl())
    tone = wav.tone(pitch_hz=440, length_s=0.2, level=0.8)
    monkeypatch.setenv("SDL_DISKAUDIODELAY", "1")
    quiet.play(tone)
    wait_until(lambda: not quiet.is_playing)
    quiet.close()
    assert audible(as_played(tone, 50)) in audible((tmp_path / "quiet.raw").read_bytes())


@pytest.mark.usefixtures("disk")
def test_a_missing_device_is_a_fault_and_is_tried_again(tmp_path: Path) -> None:
    now = [0.0]
    output = SdlOutput(str(tmp_path / "later" / "out.raw"), 70, Sdl(), now_s=lambda: now[0])
    output.play(b"\1\1" * 500)
    assert output.fault is Fault.NO_SOUND
    (tmp_path / "later").mkdir()
    output.play(b"\1\1" * 500)
    assert output.fault is Fault.NO_SOUND
    now[0] = 31.0
    output.look()
    assert output.fault is None
    output.close()


def test_no_output_is_no_fault() -> None:
    outputs = outputs_of(Sound(speaker="none"))
    assert all(isinstance(output, NoOutput) and output.fault is None for output in outputs)


def test_espeak_speaks_both_languages() -> None:
    for language, text in (("uk", "чудово"), ("en", "excellent")):
        sound = espeak.speak(text, language)
        assert 0.3 < wav.seconds(sound) < 3
        assert max(wav.numbers(sound)) > 3000
