"""The sound of a prompt: recorded, else generated before, else generated now; silence and a fault where nothing can speak."""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from kiosk.errors import Fault, VoiceError
from kiosk.voice import espeak, wav
from kiosk.voice.packs import Pack, file_of, tidy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kiosk.voice.prompts import Prompt

log = logging.getLogger(__name__)

FOLDER: Final = "voices"
"""Where generated sounds are kept, in the data folder."""
MEMORY: Final = 1_000_000
"""Bytes of sound kept at hand: some twenty seconds. The rest is read from its file when it is said."""
MOST_FILES: Final = 3_000


class Voices:
    """Gives each prompt its sound. To be used from one thread."""

    def __init__(self, recorded: Path, generated: Path, speak: Callable[[str, str], bytes] = espeak.speak) -> None:
        """`recorded` is a folder of packs, which may be missing; `generated` one that may be written."""
        self.fault: Fault | None = None
        self._recorded = recorded
        self._generated = generated
        self._speak = speak
        self._packs: dict[str, Pack | None] = {}
        self._at_hand: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    def sound(self, prompt: Prompt) -> bytes:
        """Give the sound; empty where nothing can speak."""
        text, language = tidy(prompt.text), prompt.language
        known = self._at_hand.get((language, text))
        if known is not None:
            self._at_hand.move_to_end((language, text))
            return known
        sound = self._from_pack(text, language) or self._kept(text, language) or self._generate(text, language, lasting=prompt.lasting)
        if prompt.lasting and sound:
            self._keep_at_hand((language, text), sound)
        return sound

    def prepare(self, prompt: Prompt) -> bool:
        """Have a lasting prompt's sound ready as a file; tells whether there was something to do."""
        text, language = tidy(prompt.text), prompt.language
        pack = self._pack(language)
        if not prompt.lasting or (pack is not None and pack.path(text).exists()) or self._path(text, language).exists():
            return False
        self._generate(text, language, lasting=True)
        return True

    def tidy_up(self) -> None:
        """Look for packs anew, and let go of the oldest generated files when there are too many."""
        self._packs.clear()
        files = sorted(self._generated.glob("*/*.wav"), key=lambda path: path.stat().st_mtime)
        for path in files[: max(0, len(files) - MOST_FILES)]:
            path.unlink(missing_ok=True)

    def _pack(self, language: str) -> Pack | None:
        if language not in self._packs:
            try:
                self._packs[language] = Pack(self._recorded, language)
            except VoiceError as error:
                log.warning("%s", error)
                self._packs[language] = None
        return self._packs[language]

    def _from_pack(self, text: str, language: str) -> bytes:
        pack = self._pack(language)
        return _read(pack.path(text)) if pack is not None else b""

    def _path(self, text: str, language: str) -> Path:
        return self._generated / language / file_of(text)

    def _kept(self, text: str, language: str) -> bytes:
        return _read(self._path(text, language))

    def _generate(self, text: str, language: str, *, lasting: bool) -> bytes:
        try:
            sound = self._speak(text, language)
        except VoiceError as error:
            if self.fault is None:
                log.warning("%s", error)
            self.fault = Fault.NO_VOICE
            return b""
        self.fault = None
        if lasting and sound:
            self._keep(self._path(text, language), sound)
        return sound

    def _keep(self, path: Path, sound: bytes) -> None:
        beside = path.with_suffix(".part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            wav.write(beside, sound)
            beside.replace(path)
        except OSError as error:  # it is generated again the next time
            log.warning("a generated voice cannot be kept in %s: %s", path.parent, error.strerror)

    def _keep_at_hand(self, key: tuple[str, str], sound: bytes) -> None:
        self._at_hand[key] = sound
        while sum(map(len, self._at_hand.values())) > MEMORY:
            self._at_hand.popitem(last=False)


def _read(path: Path) -> bytes:
    """Give a file's sound; a file that cannot be used is as good as none."""
    if not path.is_file():
        return b""
    try:
        return wav.read(path)
    except VoiceError as error:
        log.warning("%s", error)
        return b""
