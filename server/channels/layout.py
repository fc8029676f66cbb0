"""What a scanner that types has typed while the computer's keyboard was Ukrainian, as it would have come on an English one. Pure."""

from __future__ import annotations

from typing import Final

_UKRAINIAN: Final = "йцукенгшщзхїфівапролджєячсмитьбюґ.ЙЦУКЕНГШЩЗХЇФІВАПРОЛДЖЄЯЧСМИТЬБЮҐ,№"
_ENGLISH: Final = "qwertyuiop[]asdfghjkl;'zxcvbnm,.\\/QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>|?#"
_SHIFTED: Final = {'"': "@", ";": "$", ":": "^", "?": "&"}
_TO_ENGLISH: Final = str.maketrans(dict(zip(_UKRAINIAN, _ENGLISH, strict=True)) | _SHIFTED)


def as_english(typed: str) -> str:
    """Give what the same keys type on an English layout."""
    return typed.translate(_TO_ENGLISH)
