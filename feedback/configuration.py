"""How both programs read a file that a person wrote: strictly, and with a kind word about what may have been meant. Pure."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")


class ConfigurationError(ValueError):
    """A written file cannot be used. The message names the file, the place in it, and what is wrong."""


class Secret:
    """A text that must reach no log and no screen: it shows itself only to `reveal`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "Secret(…)"

    def reveal(self) -> str:
        """Give the text itself."""
        return self._text


def convert_strictly(tree: object, kind: type[T], *, source: str, strict: bool = True) -> T:
    """Turn parsed text into a struct; `source` is its file's name, for messages. `strict=False` lets texts stand for numbers.

    Raises:
        ConfigurationError: an unknown key, with the nearest known one, or a value of the wrong kind.
    """
    _refuse_unknown(tree, kind, source)
    try:
        return msgspec.convert(tree, kind, strict=strict, dec_hook=_decode_special)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{source}: {error}") from error


def suggest(word: str, known: Iterable[str]) -> str:
    """Give “; did you mean …?” where a known word is near, else nothing."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _refuse_unknown(tree: object, kind: Any, where: str) -> None:  # noqa: ANN401 - a type of any kind
    if isinstance(tree, list):
        (inner, *_) = getattr(kind, "__args__", (None,))
        for number, entry in enumerate(tree, 1):
            _refuse_unknown(entry, inner, f"{where}: entry {number}")
    for inner in getattr(kind, "__args__", ()):
        if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
            kind = inner  # "Table | None"
    if not (isinstance(tree, dict) and isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return
    known = get_type_hints(kind)
    for key, value in tree.items():
        if key not in known:
            raise ConfigurationError(f"{where}: unknown key {key!r}{suggest(str(key), known) or '; the keys are ' + ', '.join(known)}")
        _refuse_unknown(value, known[key], f"{where}: {key}")


def _decode_special(kind: type, value: object) -> object:
    if kind in (Secret, Path) and isinstance(value, str):
        return kind(value)
    raise TypeError(f"Expected `str`, got `{type(value).__name__}`")  # msgspec adds the place
