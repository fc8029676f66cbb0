"""How both programs read a file that a person wrote: strictly, and with a kind word about what may have been meant. Pure."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, get_type_hints

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from feedback import written

T = TypeVar("T")

_PLACE: Final = re.compile(r"^(.*?)(?: - at `\$(.*)`)?$", re.DOTALL)
_STEP: Final = re.compile(r"\.(\w+)|\[(\d+)\]")


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


class ShapeError(ConfigurationError):
    """A tree has another shape than it should: `what` is wrong at `path`, for callers who can say the line."""

    def __init__(self, message: str, path: written.Path, what: str) -> None:
        super().__init__(message)
        self.path = path
        self.what = what


def convert_strictly(tree: object, kind: type[T], *, source: str, strict: bool = True) -> T:
    """Turn parsed text into a struct; `source` is its file's name, for messages. `strict=False` lets texts stand for numbers.

    Raises:
        ShapeError: an unknown key, with the nearest known one, or a value of the wrong kind.
    """
    _refuse_unknown(tree, kind, (), source)
    try:
        return msgspec.convert(tree, kind, strict=strict, dec_hook=_decode_special)
    except msgspec.ValidationError as error:
        what, path = _split(str(error))
        raise ShapeError(f"{source}: {error}", path, what) from error


def _split(message: str) -> tuple[str, written.Path]:
    """Take msgspec's “what - at `$.path`” apart; a path into a mapping with free keys ends there."""
    found = _PLACE.match(message)
    what, where = (found[1], found[2] or "") if found else (message, "")
    return what, tuple(int(index) if index else name for name, index in _STEP.findall(where.partition("[...]")[0]))


def suggest(word: str, known: Iterable[str]) -> str:
    """Give “; did you mean …?” where a known word is near, else nothing."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _refuse_unknown(
    tree: object,
    kind: Any,  # noqa: ANN401 - a type of any kind
    path: written.Path,
    source: str,
) -> None:
    if isinstance(tree, list):
        (inner, *_) = getattr(kind, "__args__", (None,))
        for index, entry in enumerate(tree):
            _refuse_unknown(entry, inner, (*path, index), source)
    if getattr(kind, "__origin__", None) in (tuple, list, dict):
        return  # msgspec says what is wrong with the whole
    kind = _table(kind, tree)
    if not (isinstance(tree, dict) and isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return
    known = get_type_hints(kind)
    tag = kind.__struct_config__.tag_field
    for key, value in tree.items():
        if key == tag:
            continue
        if key not in known:
            what = f"unknown key {key!r}{suggest(str(key), known) or '; the keys are ' + ', '.join(known)}"
            steps = (f"entry {step + 1}" if isinstance(step, int) else str(step) for step in path)
            raise ShapeError(": ".join([source, *steps, what]), (*path, key), what)
        _refuse_unknown(value, known[key], (*path, key), source)


def _table(kind: Any, tree: object) -> Any:  # noqa: ANN401 - a type of any kind
    """Give the struct that is meant by "Table | None", or by one of several tables that the tree tells apart by its tag."""
    structs = [inner for inner in getattr(kind, "__args__", ()) if isinstance(inner, type) and issubclass(inner, msgspec.Struct)]
    if len(structs) > 1 and isinstance(tree, dict):
        configs = ((struct, struct.__struct_config__) for struct in structs)
        structs = [struct for struct, config in configs if config.tag_field and tree.get(config.tag_field) == config.tag]
    return structs[0] if len(structs) == 1 else kind


def _decode_special(kind: type, value: object) -> object:
    if kind in (Secret, Path) and isinstance(value, str):
        return kind(value)
    raise TypeError(f"Expected `str`, got `{type(value).__name__}`")  # msgspec adds the place
