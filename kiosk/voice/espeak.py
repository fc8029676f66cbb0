"""espeak-ng as the voice of last resort. What it is to say goes by its standard input, so that no list of processes shows it."""

from __future__ import annotations

import io
import subprocess
from typing import Final

from kiosk.errors import VoiceError
from kiosk.voice import wav

COMMAND: Final = "espeak-ng"
PACKAGE: Final = "espeak-ng"
WORDS_A_MINUTE: Final = 150
PATIENCE_S: Final = 10.0
_VOICES: Final = {"uk": "uk", "en": "en"}


def speak(text: str, language: str) -> bytes:
    """Give a text as sound; a language without a voice is read by the English one.

    Raises:
        VoiceError: espeak-ng is not there, or fails.
    """
    arguments = [COMMAND, "-v", _VOICES.get(language, "en"), "-s", str(WORDS_A_MINUTE), "-b", "1", "--stdin", "--stdout"]
    readable = text.replace("[[", "[ [").replace("’", "'")  # two brackets would begin phonemes
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program; the text is only its input
            arguments, input=readable.encode(), capture_output=True, timeout=PATIENCE_S, check=True
        )
    except FileNotFoundError as error:
        raise VoiceError(f"{COMMAND} is not installed: apt-get install {PACKAGE}") from error
    except (OSError, subprocess.SubprocessError) as error:
        raise VoiceError(f"{COMMAND} does not speak: {error}") from error
    return wav.read(io.BytesIO(done.stdout), COMMAND)
