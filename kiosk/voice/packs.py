"""Voice packs: a folder with a folder for each language, in it a WAV file for each text and pack.json, which says what is what.

A text's file is named after the text, for people to find it, and after its SHA-256, so that it stays the same whatever else changes. A
recording under that name is used with or without pack.json; pack.json may give a text another file.
"""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

from kiosk.errors import VoiceError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FORMAT: Final = 1
MANIFEST: Final = "pack.json"
_LONGEST: Final = 40
_LATIN: Final = {
    **dict(zip("абвгґдезиійклмнопрстуф", "abvhgdezyiiklmnoprstuf", strict=True)),
    **dict(zip("єжїхцчшщюя", ("ie", "zh", "i", "kh", "ts", "ch", "sh", "shch", "iu", "ia"), strict=True)),
    **dict.fromkeys("ь'’", ""),
}


class Origin(StrEnum):
    """Where a sound comes from."""

    RECORDED = "recorded"
    GENERATED = "generated"


class Piece(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One text of a pack. `sound_sha256` is that of the file as it was generated: a file that differs has been recorded."""

    text: str
    file: str
    origin: Origin
    text_sha256: str
    sound_sha256: str = ""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """pack.json."""

    format: int
    language: str
    pieces: tuple[Piece, ...] = ()


class Pack:
    """One language of one folder, as it is now."""

    def __init__(self, folder: Path, language: str) -> None:
        """Read pack.json where there is one.

        Raises:
            VoiceError: pack.json cannot be used.
        """
        self.folder = folder / language
        self.language = language
        self._pieces = {piece.text_sha256: piece for piece in self._manifest().pieces}

    def path(self, text: str) -> Path:
        """Give where a text's file is, or would be."""
        piece = self._pieces.get(sha256(text.encode()))
        named = self.folder / file_of(text)
        return self.folder / piece.file if piece is not None and not named.exists() else named

    def origin(self, text: str) -> Origin | None:
        """Tell whether a text's file was recorded or generated, None where there is no file."""
        path = self.path(text)
        try:
            now = sha256(path.read_bytes())
        except OSError:
            return None
        piece = self._pieces.get(sha256(text.encode()))
        as_generated = piece is not None and piece.origin is Origin.GENERATED and piece.sound_sha256 == now
        return Origin.GENERATED if as_generated else Origin.RECORDED

    @property
    def texts(self) -> tuple[str, ...]:
        """Every text that pack.json knows."""
        return tuple(piece.text for piece in self._pieces.values())

    def write(self, texts: Iterable[str], generated: dict[str, str]) -> None:
        """Write pack.json anew for these texts; `generated` has the SHA-256 of the sounds that were generated just now, by text."""
        pieces = tuple(self._piece(tidy(text), generated.get(text, "")) for text in texts)
        path = self.folder / MANIFEST
        path.write_bytes(msgspec.json.format(msgspec.json.encode(Manifest(FORMAT, self.language, pieces)), indent=2) + b"\n")
        self._pieces = {piece.text_sha256: piece for piece in pieces}

    def _piece(self, text: str, sound: str) -> Piece:
        digest = sha256(text.encode())
        before = self._pieces.get(digest)
        sound = sound or (before.sound_sha256 if before is not None else "")
        path = self.path(text)
        if before is not None and not path.is_file():
            return before
        is_generated = bool(sound) and path.is_file() and sha256(path.read_bytes()) == sound
        origin = Origin.GENERATED if is_generated else Origin.RECORDED
        return Piece(text, path.name, origin, digest, sound if is_generated else "")

    def _manifest(self) -> Manifest:
        path = self.folder / MANIFEST
        try:
            manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
        except FileNotFoundError:
            return Manifest(FORMAT, self.language)
        except OSError as error:
            raise VoiceError(f"{path} cannot be read: {error.strerror}") from error
        except msgspec.MsgspecError as error:
            raise VoiceError(f"{path} cannot be used: {error}; `vidhuk-kiosk voice make` writes it anew") from error
        if manifest.format != FORMAT:
            raise VoiceError(f"{path} has format {manifest.format}; this program reads format {FORMAT}")
        if any("/" in piece.file or piece.file.startswith(".") for piece in manifest.pieces):
            raise VoiceError(f"{path} names a file outside its folder")
        return manifest


def tidy(text: str) -> str:
    """Give a text as it is spoken: without line breaks and doubled spaces."""
    return " ".join(text.split())


def file_of(text: str) -> str:
    """Give the name of a text's file: readable, stable, and safe on any disk."""
    text = tidy(text)
    latin = "".join(_LATIN.get(letter, letter) for letter in text.lower())
    readable = re.sub(r"[^a-z0-9]+", "-", latin)[:_LONGEST].strip("-")
    return "-".join(part for part in (readable, sha256(text.encode())[:8]) if part) + ".wav"


def sha256(content: bytes) -> str:
    """Give the SHA-256, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
