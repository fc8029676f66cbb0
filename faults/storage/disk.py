"""The model of a disk that loses its power: what was waited for is there; of the rest anything may be, torn into sectors. Pure.

A folder's names change in the order in which they were changed, so after a cut some first part of what was not waited for has happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from faults.storage.calls import Link, Make, MakeFolder, Point, Remove, Rename, Said, Sync, Truncate, Write

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from random import Random

    from faults.storage.calls import Call

SECTOR: Final = 512
"""So many bytes are written together or not at all."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """A symbolic link."""

    target: str


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder."""


Files = dict[str, "bytes | Pointer | Folder"]
"""Everything on a disk, by its path; every folder before what is in it."""


@dataclass(frozen=True, slots=True)
class Node:
    """A file: what is surely on the disk, and the writes and lengths that may be."""

    kept: bytes | Pointer | Folder
    pending: tuple[Write | Truncate, ...] = ()


@dataclass(frozen=True, slots=True)
class Naming:
    """One change to the names: `number` is the node that gets the name `new`, and `old` is taken away."""

    new: str | None
    number: int
    old: str | None

    def changes(self, folder: str) -> bool:
        """Tell whether it changes names in `folder`."""
        return any(name is not None and str(PurePosixPath(name).parent) == folder for name in (self.new, self.old))

    def apply(self, names: dict[str, int]) -> None:
        """Make the change."""
        if self.old is not None:
            names.pop(self.old, None)
        if self.new is not None:
            names[self.new] = self.number


@dataclass(frozen=True, slots=True)
class Instant:
    """A disk at one moment, and the lines that the program had printed by then."""

    names: Mapping[str, int]
    namings: tuple[Naming, ...]
    nodes: Mapping[int, Node]
    said: tuple[str, ...]


class Disk:
    """Takes calls one after another."""

    def __init__(self, files: Mapping[str, bytes | Pointer | Folder], *, lies: float = 0.0, random: Random | None = None) -> None:
        """Begin with files that are surely there. Of the waits, the share `lies` waits for nothing, by the `random` numbers."""
        self._nodes = {number: Node(content) for number, content in enumerate(files.values())}
        self._kept = {path: number for number, path in enumerate(files)}
        self._names = dict(self._kept)
        self._namings: tuple[Naming, ...] = ()
        self._said: list[str] = []
        self._lies = lies
        self._random = random

    def instant(self) -> Instant:
        """Give the disk as it is."""
        return Instant(self._kept, self._namings, dict(self._nodes), tuple(self._said))

    def take(self, call: Call) -> None:  # noqa: C901 - one line a kind of call
        """Do what the program did."""
        match call:
            case Make(path):
                if path not in self._names:
                    self._name(path, Node(b""))
            case MakeFolder(path):
                self._name(path, Node(Folder()))
            case Point(path, target):
                self._name(path, Node(Pointer(target)))
            case Write(path) | Truncate(path):
                self._change(path, call)
            case Sync(path):
                if self._random is None or self._random.random() >= self._lies:
                    self._keep(path)
            case Remove(path):
                self._rename(Naming(None, -1, path))
            case Rename(old, new):
                self._rename(Naming(new, self._names[old], old))
            case Link(path, old):
                self._rename(Naming(path, self._names[old], None))
            case Said(text):
                self._said.append(text)

    def _name(self, path: str, node: Node) -> None:
        number = len(self._nodes)
        self._nodes[number] = node
        self._rename(Naming(path, number, None))

    def _rename(self, naming: Naming) -> None:
        naming.apply(self._names)
        self._namings = (*self._namings, naming)

    def _change(self, path: str, change: Write | Truncate) -> None:
        number = self._names.get(path)
        if number is None:  # it has no name any more, and after a cut it is gone
            return
        node = self._nodes[number]
        if isinstance(change, Write) and change.offset is None:
            change = Write(path, len(contents(node.kept, node.pending)), change.content)
        self._nodes[number] = Node(node.kept, (*node.pending, change))

    def _keep(self, path: str) -> None:
        number = self._names.get(path)
        node = None if number is None else self._nodes[number]
        if node is None or isinstance(node.kept, Folder):
            kept = dict(self._kept)
            for naming in self._namings:
                if naming.changes(path):
                    naming.apply(kept)
            self._kept = kept
            self._namings = tuple(naming for naming in self._namings if not naming.changes(path))
        elif number is not None and node.pending:
            self._nodes[number] = Node(contents(node.kept, node.pending))


def contents(kept: bytes | Pointer | Folder, changes: Iterable[Write | Truncate]) -> bytes:
    """Give a file's bytes after some changes."""
    assert isinstance(kept, bytes)
    content = bytearray(kept)
    for change in changes:
        if isinstance(change, Truncate):
            content = content[: change.length].ljust(change.length, b"\0")
        else:
            offset = change.offset or 0
            if len(content) < offset:
                content.extend(bytes(offset - len(content)))
            content[offset : offset + len(change.content)] = change.content
    return bytes(content)


def believed(instant: Instant) -> Files:
    """Give what programs see at that moment, whatever of it is on the disk."""
    names = dict(instant.names)
    for naming in instant.namings:
        naming.apply(names)
    nodes = {path: instant.nodes[number] for path, number in sorted(names.items())}
    return {path: contents(node.kept, node.pending) if node.pending else node.kept for path, node in nodes.items()}


def after_cut(instant: Instant, random: Random) -> Files:
    """Give what is on the disk once the power is back: one of the many states that may be."""
    names = dict(instant.names)
    for naming in instant.namings[: random.randint(0, len(instant.namings))]:
        naming.apply(names)
    files: Files = {}
    chance = random.choice((0.0, 0.1, 0.5, 0.9, 1.0))
    torn = random.random() < 0.5  # noqa: PLR2004
    for path, number in sorted(names.items()):
        node = instant.nodes[number]
        if isinstance(node.kept, bytes):
            files[path] = contents(node.kept, _surviving(node.pending, random, chance, torn=torn)) if node.pending else node.kept
        else:
            files[path] = node.kept
    return files


def _surviving(pending: tuple[Write | Truncate, ...], random: Random, chance: float, *, torn: bool) -> Iterable[Write | Truncate]:
    for change in pending:
        if torn and isinstance(change, Write):
            yield from (part for part in _sectors(change) if random.random() < chance)
        elif random.random() < chance:
            yield change


def _sectors(change: Write) -> Iterable[Write]:
    start, end = change.offset or 0, (change.offset or 0) + len(change.content)
    while start < end:
        until = min(end, (start // SECTOR + 1) * SECTOR)
        yield Write(change.path, start, change.content[start - (change.offset or 0) : until - (change.offset or 0)])
        start = until
