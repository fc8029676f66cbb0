"""A file as a person wrote it, as values: its tree, and the line of every place in it. `read_yaml` makes them. Pure."""

from __future__ import annotations

import msgspec

Path = tuple[str | int, ...]
"""Where in a tree something stands: keys, and indices into lists."""


class WrittenError(ValueError):
    """The text is no usable YAML. `line` counts from 1 where it is known; the message says what to do."""

    def __init__(self, what: str, line: int | None = None) -> None:
        super().__init__(what)
        self.line = line


class Repeat(msgspec.Struct, frozen=True):
    """A key that is written twice in one mapping: where, and the two lines."""

    path: Path
    first: int
    again: int


class Written(msgspec.Struct, frozen=True):
    """A file's mappings, lists and texts, the line of each, and the keys that were written twice; the first one stands."""

    tree: object
    lines: dict[Path, int]
    repeats: tuple[Repeat, ...] = ()

    def line(self, path: Path) -> int:
        """Give the line of a place, or of the nearest thing around it that was written."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)
