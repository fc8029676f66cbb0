"""Asks the technician at the terminal: a line at a time, never longer than a while, and never in the way of what happens beside."""

from __future__ import annotations

import os
import select
import time
from collections import deque
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from kiosk.findings import Paper, hanging

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Words = Callable[[str], str]

_LOOK_S: Final = 0.05
_YES: Final = frozenset({"y", "yes", "т", "так"})
_NO: Final = frozenset({"n", "no", "н", "ні"})
_END: Final = frozenset({"q", "quit", "к", "кінець"})
_MOST: Final = 4096


class EndedError(Exception):
    """The technician wants to test nothing more, or has hung up. `results` are those of the part in which they did, as far as it was."""

    def __init__(self, results: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.results = dict(results or {})


class Answer(Enum):
    """What a line says; `OTHER` is none of these, `LATE` that none came in time."""

    YES = auto()
    NO = auto()
    SKIP = auto()
    LATE = auto()
    OTHER = auto()


class Asker:
    """Reads lines from a terminal, a pipe or a file."""

    def __init__(self, descriptor: int, say: Callable[[str], None], words: Words, *, paper: Paper, timeout_s: float) -> None:
        """`say` writes a line; after `timeout_s` without an answer the next part comes."""
        self.words = words
        self.timeout_s = timeout_s
        self._descriptor = descriptor
        self._say = say
        self._paper = paper
        self._rest = b""
        self._lines: deque[str] = deque()
        self._ended = False

    def end(self) -> None:
        """Let whatever is asked next, or now, be the end; MAY be called from a signal."""
        self._ended = True

    def say(self, text: str, mark: str = " ") -> None:
        """Write a sentence."""
        for line in hanging(f"{mark} ", 2, text, self._paper):
            self._say(line)

    def line(self, within_s: float = _LOOK_S) -> str | None:
        """Give a line that was typed, None where none comes in time.

        Raises:
            EndedError: it is the one that ends, or there are no more.
        """
        until_s = time.monotonic() + within_s
        while not self._lines:
            if self._ended:
                raise EndedError
            left_s = max(0.0, until_s - time.monotonic())
            if select.select([self._descriptor], [], [], min(left_s, _LOOK_S))[0]:
                self._read()
            elif left_s == 0:
                return None
        typed = self._lines.popleft()
        if typed.lower() in _END:
            raise EndedError
        return typed

    def ask(self, question: str) -> Answer:
        """Ask for yes or no."""
        _ = self.words
        choice = _("y/n")
        self.say(f"{question} [{choice}]", "?")
        until_s = time.monotonic() + self.timeout_s
        while (left_s := until_s - time.monotonic()) > 0:
            typed = self.line(left_s)
            answer = Answer.LATE if typed is None else meaning(typed)
            if answer is not Answer.OTHER:
                return answer
            self.say(_("y is yes, n is no, Enter passes over, q ends"))
        return Answer.LATE

    def _read(self) -> None:
        try:
            received = os.read(self._descriptor, _MOST)
        except OSError:  # the terminal is gone
            received = b""
        if not received:
            self._ended = True
        *whole, self._rest = (self._rest + received).split(b"\n")
        self._lines.extend(line.decode(errors="replace").strip() for line in whole)


def meaning(typed: str) -> Answer:
    """Give what a line says."""
    word = typed.strip().lower()
    if not word:
        return Answer.SKIP
    return Answer.YES if word in _YES else Answer.NO if word in _NO else Answer.OTHER
