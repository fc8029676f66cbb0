"""What a scanner read, made clean: without what no person sees, and with its letters in one alphabet. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

SEPARATORS: Final = "\x1d\t"
"""What stands between the parts of some codes and is kept: GS, as which a scanner sends FNC1, and the tabulator."""
_AIM: Final = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_CYRILLIC: Final = "АВСЕНІКМОРТХавсенікмортх"
_LATIN: Final = "ABCEHIKMOPTXabcehikmoptx"
_TO_LATIN: Final = str.maketrans(_CYRILLIC, _LATIN)
_TO_CYRILLIC: Final = str.maketrans(_LATIN, _CYRILLIC)


def clean(code: str) -> str:
    """Give a code without control characters, separators at its ends, and the AIM prefix that says which kind of barcode it was."""
    kept = printable(code, SEPARATORS).strip()
    return _AIM.sub("", kept, count=1).strip() if _AIM.match(kept) else kept


def printable(text: str, also: str = "") -> str:
    """Give a text without control characters, half characters and marks that nobody sees, but with those in `also`."""
    return "".join(sign for sign in text if sign in also or not unicodedata.category(sign).startswith("C"))


def plain(code: str) -> str:
    """Give a cleaned code without the separators that `clean` keeps."""
    return printable(code)


def spellings(code: str) -> tuple[str, ...]:
    """Give a code as it is, with Cyrillic letters that look Latin made Latin, and the other way round; each once."""
    return tuple(dict.fromkeys((code, code.translate(_TO_LATIN), code.translate(_TO_CYRILLIC))))


def normal_number(number: str) -> str:
    """Give a ticket's number as tokens are made from it: letters and digits in capitals, Cyrillic letters that look Latin made Latin."""
    kept = "".join(filter(str.isalnum, unicodedata.normalize("NFKC", number).upper()))
    return kept.translate(_TO_LATIN)
