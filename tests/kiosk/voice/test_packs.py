from __future__ import annotations

import io
import wave
from array import array
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from kiosk.errors import VoiceError
from kiosk.hardware.sound import RATE
from kiosk.voice import wav
from kiosk.voice.commands import app
from kiosk.voice.inspection import complaint
from kiosk.voice.packs import MANIFEST, Origin, Pack, file_of
from kiosk.voice.prompts import Prompt
from kiosk.voice.voices import Voices

if TYPE_CHECKING:
    from pathlib import Path

TONE = wav.tone(pitch_hz=440, length_s=1.0, level=0.5)


def speak(text: str, language: str) -> bytes:
    return wav.tone(pitch_hz=300, length_s=0.2 + len(text) / 100, level=0.5)


def saved(path: Path, frames: bytes, *, width: int = 2, channels: int = 1, rate: int = RATE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", ""))
        file.writeframes(frames)
    return path


def test_names_of_files_are_readable_stable_and_different() -> None:
    assert file_of("Як Вас обслужили?") == "iak-vas-obsluzhyly-2f5b9485.wav"
    assert file_of(" Як  Вас\nобслужили? ") == file_of("Як Вас обслужили?")
    assert file_of("чудово") != file_of("Чудово")


@given(st.text(max_size=300))
def test_any_text_has_a_safe_name(text: str) -> None:
    name = file_of(text)
    assert name.isascii()
    assert "/" not in name
    assert name.endswith(".wav")
    assert len(name) < 60


def test_a_recording_goes_before_what_is_generated(tmp_path: Path) -> None:
    voices = Voices(tmp_path / "packs", tmp_path / "made", speak)
    assert voices.sound(Prompt("чудово", "uk")) == speak("чудово", "uk")
    assert (tmp_path / "made" / "uk" / file_of("чудово")).is_file()
    saved(tmp_path / "packs" / "uk" / file_of("чудово"), TONE)
    assert Voices(tmp_path / "packs", tmp_path / "made", speak).sound(Prompt("чудово", "uk")) == TONE


def test_what_was_generated_is_used_again_and_what_passes_is_not_kept(tmp_path: Path) -> None:
    Voices(tmp_path, tmp_path / "made", speak).sound(Prompt("добре", "uk"))
    asked: list[str] = []

    def once_more(text: str, language: str) -> bytes:
        asked.append(text)
        return speak(text, language)

    voices = Voices(tmp_path, tmp_path / "made", once_more)
    voices.sound(Prompt("добре", "uk"))
    for _ in range(2):
        voices.sound(Prompt("мій номер 067", "uk", lasting=False))
    assert asked == ["мій номер 067"] * 2
    assert [path.name for path in (tmp_path / "made").rglob("*.wav")] == [file_of("добре")]


@pytest.mark.parametrize(("width", "channels", "rate"), [(1, 1, 8_000), (2, 2, 44_100), (3, 1, 48_000), (4, 2, RATE), (2, 1, 11_025)])
def test_other_formats_become_ours(tmp_path: Path, width: int, channels: int, rate: int) -> None:
    value = 64  # of 256
    sample = bytes([128 + value]) if width == 1 else bytes(width - 1) + bytes([value])
    path = saved(tmp_path / "other.wav", sample * channels * rate, width=width, channels=channels, rate=rate)
    sound = wav.numbers(wav.read(path))
    assert abs(len(sound) - RATE) <= 1
    assert all(abs(number - (value << 8)) <= 1 for number in sound)


def test_a_pitch_stays_when_the_rate_changes(tmp_path: Path) -> None:
    swing = array("h", [20_000, 20_000, 20_000, -20_000, -20_000, -20_000] * 8_000)
    sound = wav.numbers(wav.read(saved(tmp_path / "a.wav", swing.tobytes(), rate=48_000)))
    crossings = sum((one < 0) != (two < 0) for one, two in pairwise(sound))
    assert abs(crossings - 16_000) < 200


@pytest.mark.parametrize("content", [b"", b"RIFF", b"ID3 this is an mp3", b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x03\0\1\0\x22\x56\0\0"])
def test_what_is_no_wav_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(VoiceError, match="save it as WAV, 16-bit PCM, mono, 22050 Hz"):
        wav.read(path)
    with pytest.raises(VoiceError):
        wav.read(io.BytesIO(content), "speech")


def test_a_broken_recording_or_list_does_not_silence_the_voice(tmp_path: Path) -> None:
    broken = tmp_path / "packs" / "uk" / file_of("добре")
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"nothing")
    (broken.parent / MANIFEST).write_bytes(b"{")
    voices = Voices(tmp_path / "packs", tmp_path / "made", speak)
    assert voices.sound(Prompt("добре", "uk")) == speak("добре", "uk")


@pytest.mark.parametrize(
    ("sound", "words"),
    [
        (bytes(RATE * 2), "silent"),
        (b"", "silent"),
        (array("h", [32_767] * RATE).tobytes(), "clipped"),
        (wav.tone(pitch_hz=440, length_s=1, level=0.03), "too quiet"),
        (TONE * 31, "lasts 31 s"),
        (bytes(RATE * 2) + TONE, "begins with 1.0 s of silence"),
    ],
)
def test_a_bad_recording_is_told_what_is_wrong(tmp_path: Path, sound: bytes, words: str) -> None:
    assert words in (complaint(saved(tmp_path / "a.wav", sound)) or "")


def test_a_good_recording_is_not_complained_about_and_another_format_is(tmp_path: Path) -> None:
    assert complaint(saved(tmp_path / "a.wav", TONE)) is None
    assert "save it as 16-bit PCM" in (complaint(saved(tmp_path / "b.wav", TONE, rate=44_100)) or "")


QUESTIONNAIRE = """
format: 1
id: short
version: 1
languages: [uk]
questions:
  - id: service
    text: {uk: Чи все зрозуміло?}
    kind: yes_no
"""


def test_a_pack_is_made_recorded_over_listed_and_checked(tmp_path: Path) -> None:
    file = tmp_path / "short.yaml"
    file.write_text(QUESTIONNAIRE, encoding="utf-8")
    folder, run = tmp_path / "pack", CliRunner()
    made = run.invoke(app, ["make", str(folder), str(file), "--language", "uk"])
    assert made.exit_code == 0, made.output
    pack = Pack(folder, "uk")
    assert pack.origin("Чи все зрозуміло?") is Origin.GENERATED
    saved(folder / "uk" / file_of("Чи все зрозуміло?"), TONE)
    assert Pack(folder, "uk").origin("Чи все зрозуміло?") is Origin.RECORDED

    listed = run.invoke(app, ["list", str(file), "--voices", str(folder), "--language", "uk"])
    assert "recorded   uk/chy-vse-zrozumilo-" in listed.output
    assert "uk: 1 recorded," in listed.output
    missing = run.invoke(app, ["list", str(file), "--voices", str(folder), "--language", "uk", "--missing"])
    assert "Чи все зрозуміло?" not in missing.output

    checked = run.invoke(app, ["check", str(folder)])
    assert checked.exit_code == 0, checked.output
    assert Pack(folder, "uk").origin("Чи все зрозуміло?") is Origin.RECORDED
    assert '"origin": "recorded"' in (folder / "uk" / MANIFEST).read_text(encoding="utf-8")

    again = run.invoke(app, ["make", str(folder), str(file), "--language", "uk"])
    assert again.exit_code == 0
    assert wav.read(folder / "uk" / file_of("Чи все зрозуміло?")) == TONE

    saved(folder / "uk" / "misspelt.wav", TONE)
    saved(folder / "uk" / file_of("Так"), bytes(RATE))
    (folder / "uk" / file_of("Ні")).unlink()
    bad = run.invoke(app, ["check", str(folder)])
    assert bad.exit_code == 1
    for words in ("misspelt.wav: no text has this name", f"{file_of('Так')}: it is silent", "there is no such file; it is to say «Ні»"):
        assert words in bad.output


def test_a_wrong_file_is_one_sentence(tmp_path: Path) -> None:
    for arguments in (["list", str(tmp_path / "none.yaml")], ["check", str(tmp_path / "none")], ["list", "--language", "fr"]):
        assert isinstance(CliRunner().invoke(app, arguments).exception, VoiceError)


def test_the_names_of_outputs_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "disk")
    listed = CliRunner().invoke(app, ["outputs"])
    assert listed.exit_code == 0, listed.output
    assert listed.output.strip()
    monkeypatch.setenv("SDL_AUDIODRIVER", "no such driver")
    assert isinstance(CliRunner().invoke(app, ["outputs"]).exception, VoiceError)
