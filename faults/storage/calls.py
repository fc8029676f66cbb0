"""What a program asked of the disk, in the order in which it did, read from what strace wrote down. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

TRACED: Final = (
    "openat,write,pwrite64,writev,pwritev,lseek,fsync,fdatasync,ftruncate,fallocate,rename,renameat,renameat2,unlink,unlinkat,"
    "symlink,symlinkat,link,linkat,mkdir,mkdirat,rmdir,copy_file_range,sendfile"
)
_LINE: Final = re.compile(r"(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)(?:<([^>]*)>)?.*")
_PART: Final = re.compile(r'"[^"]*"|\w+<[^>]*>(?:\(deleted\))?|[^,\s][^,]*')
_UNFINISHED: Final = re.compile(r"(\d+) +(.*) <unfinished \.\.\.>")
_RESUMED: Final = re.compile(r"(\d+) +<\.\.\. \w+ resumed>(.*)")


class UnknownCallError(RuntimeError):
    """A program did to a file what the model of the disk does not know: it would be wrong from here on."""


@dataclass(frozen=True, slots=True)
class Make:
    """A new, empty file."""

    path: str


@dataclass(frozen=True, slots=True)
class MakeFolder:
    """A new folder."""

    path: str


@dataclass(frozen=True, slots=True)
class Point:
    """A new symbolic link."""

    path: str
    target: str


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes at a place in a file; at its end where there is no place."""

    path: str
    offset: int | None
    content: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    """A new length of a file."""

    path: str
    length: int


@dataclass(frozen=True, slots=True)
class Sync:
    """The program waited until a file, or the names in a folder, are on the disk."""

    path: str


@dataclass(frozen=True, slots=True)
class Remove:
    """A name is taken away."""

    path: str


@dataclass(frozen=True, slots=True)
class Rename:
    """A name is changed, and takes the place of whatever had the new one."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Link:
    """A file gets a second name."""

    path: str
    old: str


@dataclass(frozen=True, slots=True)
class Said:
    """A line that the program printed: what it acknowledged."""

    text: str


Call = Make | MakeFolder | Point | Link | Write | Truncate | Sync | Remove | Rename | Said


def read_calls(lines: Iterable[str], folder: str) -> Iterator[Call]:
    """Give what was done in `folder`, and what was printed.

    Raises:
        UnknownCallError: something was done to a file there that the model does not know.
    """
    return _Reader(folder).read(_joined(lines))


def _joined(lines: Iterable[str]) -> Iterator[str]:
    """Put together what another thread's calls have cut in two; a call stands where it was done."""
    begun: dict[str, str] = {}
    for line in lines:
        if match := _UNFINISHED.match(line):
            begun[match[1]] = match[2]
        elif match := _RESUMED.match(line):
            yield begun.pop(match[1]) + match[2]
        else:
            yield line


class _Reader:
    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._open: dict[str, tuple[str, int | None]] = {}
        """Path and position by descriptor; no position where everything goes to the end."""
        self._kinds: dict[str, Callable[[list[str], str, int], Iterable[Call]]] = {
            "openat": self._openat,
            "write": self._write,
            "pwrite64": lambda words, _opened, done: [Write(_on(words[0]), int(words[3]), _bytes(words[1])[:done])],
            "lseek": self._lseek,
            "fsync": lambda words, _opened, _done: [Sync(_on(words[0]))],
            "fdatasync": lambda words, _opened, _done: [Sync(_on(words[0]))],
            "ftruncate": lambda words, _opened, _done: [Truncate(_on(words[0]), int(words[1]))],
            "rename": lambda words, _opened, _done: [Rename(_text(words[0]), _text(words[1]))],
            "unlink": lambda words, _opened, _done: [Remove(_text(words[0]))],
            "unlinkat": lambda words, _opened, _done: [Remove(_at(words[0], words[1]))],
            "rmdir": lambda words, _opened, _done: [Remove(_text(words[0]))],
            "link": lambda words, _opened, _done: [Link(_text(words[1]), _text(words[0]))],
            "symlink": lambda words, _opened, _done: [Point(_text(words[1]), _text(words[0]))],
            "mkdir": lambda words, _opened, _done: [MakeFolder(_text(words[0]))],
        }

    def read(self, lines: Iterable[str]) -> Iterator[Call]:
        for line in lines:
            match = _LINE.fullmatch(line.rstrip("\n"))
            if match is None or int(match[3]) < 0:
                continue
            words = [part[0] for part in _PART.finditer(match[2])]
            kind = self._kinds.get(match[1])
            if kind is None:
                if self._folder in line.encode().decode("unicode_escape", "replace"):
                    raise UnknownCallError(match[1])
                continue
            yield from (call for call in kind(words, match[4] or "", int(match[3])) if self._matters(call))

    def _matters(self, call: Call) -> bool:
        if isinstance(call, Said):
            return True
        path = call.new if isinstance(call, Rename) else call.path
        return path.startswith(f"{self._folder}/") or path == self._folder

    def _openat(self, words: list[str], opened: str, descriptor: int) -> Iterable[Call]:
        path, flags = _decoded(opened), words[2]
        self._open[str(descriptor)] = path, None if "O_APPEND" in flags else 0
        if "O_CREAT" in flags:
            yield Make(path)
        if "O_TRUNC" in flags:
            yield Truncate(path, 0)

    def _lseek(self, words: list[str], _opened: str, position: int) -> Iterable[Call]:
        number = _number(words[0])
        if number in self._open and self._open[number][1] is not None:
            self._open[number] = self._open[number][0], position
        return ()

    def _write(self, words: list[str], _opened: str, done: int) -> Iterable[Call]:
        number, content = _number(words[0]), _bytes(words[1])[:done]
        if number == "1":
            return [Said(line) for line in content.decode("utf-8", "replace").splitlines() if line]
        path, position = self._open.get(number, (_on(words[0]), None))
        if position is not None:
            self._open[number] = path, position + done
        return [Write(_on(words[0]), position, content)]


def _number(word: str) -> str:
    return word.partition("<")[0]


def _on(word: str) -> str:
    """Give the path of a descriptor, nothing where its file has no name any more."""
    return "" if word.endswith("(deleted)") else _decoded(word.partition("<")[2].rpartition(">")[0])


def _bytes(word: str) -> bytes:
    return bytes.fromhex(word.strip('"').replace("\\x", ""))


def _text(word: str) -> str:
    return _bytes(word).decode()


def _at(folder: str, name: str) -> str:
    return str(PurePosixPath(_on(folder)) / _text(name))


def _decoded(word: str) -> str:
    return bytes.fromhex(word.replace("\\x", "")).decode() if word.startswith("\\x") else word
