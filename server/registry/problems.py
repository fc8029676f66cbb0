"""What is wrong in a registry that somebody wrote, where, and what to write; the words are translated where they are shown. Pure."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

from server.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from feedback.written import Path


def N_(message: str) -> str:  # noqa: N802 - the name by which catalogues are extracted
    """Mark a message for translation; it is translated where it is shown."""
    return message


AT_LINE: Final = N_("%(file)s, line %(line)s")
NO_DAY: Final = N_("“%(day)s” is no day; write it as 2026-05-31")
MEANT: Final = N_("%(problem)s; did you mean “%(near)s”?")


class Problem(NamedTuple):
    """Something that is wrong at a place of the registry; `near` is what may have been meant."""

    path: Path
    says: str
    values: Mapping[str, str] = {}
    near: str = ""

    def within(self, *outer: str | int) -> Problem:
        """Give the same problem of a part, seen from the whole."""
        return self._replace(path=(*outer, *self.path))

    def sentence(self, translate: Callable[[str], str] = str) -> str:
        """Write what is wrong, without its place."""
        written = translate(self.says) % self.values
        return translate(MEANT) % {"problem": written, "near": self.near} if self.near else written


class Found(NamedTuple):
    """A problem and where it was written: the file, its line where there is one, and the place within, by the keys of the file."""

    file: str
    line: int | None
    place: str
    problem: Problem

    def sentence(self, translate: Callable[[str], str] = str) -> str:
        """Write it as one line."""
        where = self.file if self.line is None else translate(AT_LINE) % {"file": self.file, "line": self.line}
        return ": ".join(filter(None, [where, self.place, self.problem.sentence(translate)]))


class RegistryFileError(ConfigError):
    """A registry file cannot be used; every problem that was found is in it, in the order of the file."""

    def __init__(self, found: Iterable[Found]) -> None:
        self.found = tuple(sorted(found, key=lambda one: (one.file, one.line or 0)))
        super().__init__(self.text())

    def text(self, translate: Callable[[str], str] = str) -> str:
        """Write every problem, one a line."""
        return "\n".join(one.sentence(translate) for one in self.found)


def is_day(text: str) -> bool:
    """Tell whether this is a day such as 2026-05-31."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def describe(path: Path, tree: object) -> str:
    """Name a place by the keys of the file, entries of lists by their own keys: “desks 'main-1': number”."""
    parts: list[str] = []
    for step in path:
        tree = tree[step] if _holds(tree, step) else None  # type: ignore[index]
        if isinstance(step, int):
            name = (tree.get("key") or tree.get("id")) if isinstance(tree, dict) else None
            parts[-1] += f" {name!r}" if isinstance(name, str) else f" {step + 1}"
        else:
            parts.append(step)
    return ": ".join(parts)


def _holds(tree: object, step: str | int) -> bool:
    return step in tree if isinstance(tree, dict) else isinstance(tree, list | tuple) and isinstance(step, int) and step < len(tree)
