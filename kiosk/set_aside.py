"""Logs that were set aside as damaged stay for whoever mends them, but for what names tickets: that is overwritten in its time."""

from __future__ import annotations

import logging
import mmap
import re
from typing import TYPE_CHECKING, Final

from kiosk.salvage import ASIDE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

log = logging.getLogger(__name__)

_DAY_BYTES: Final = 10
_SPENT: Final = re.compile(rb"(\d{4}-\d\d-\d\d)[0-9a-f]{32}")
"""A row of `spent` as SQLite stores it: a day and a token."""
_BOX: Final = re.compile(rb"U([\x80-\xff][\x00-\x7f])![0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""The beginning of a row of `sealed` that has a day: a text of 36 bytes, a box whose length is told, a text of 10; and the first text."""
_DAY: Final = re.compile(rb"\d{4}-\d\d-\d\d")


class SetAside:
    """The damaged logs of a data folder. No schema is needed to find what SQLite once wrote there, wherever the damage is."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._days: dict[Path, frozenset[str]] = {}
        """The days of which something is left in a file that was looked through."""

    def forget_tickets(self, is_over: Callable[[str], bool]) -> None:
        """Overwrite tokens and boxes of tickets of days whose life is over. A file is looked through again only when there are some."""
        for path in self._data_dir.glob(f"{ASIDE}*"):
            days = self._days.get(path)
            if days is None or any(map(is_over, days)):
                self._days[path] = _overwrite(path, is_over)


def _overwrite(path: Path, is_over: Callable[[str], bool]) -> frozenset[str]:
    """Overwrite what is over in a file; give the days of what is not."""
    left: set[str] = set()
    try:
        if path.stat().st_size == 0:
            return frozenset()
        with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as content:
            for day, start, end in [*_tokens(content), *_boxes(content)]:
                if is_over(day):
                    content[start:end] = bytes(end - start)
                else:
                    left.add(day)
            content.flush()
    except (OSError, ValueError) as error:
        log.warning("%s is not rid of tickets: %s", path.name, error)
    return frozenset(left)


def _tokens(content: mmap.mmap) -> Iterator[tuple[str, int, int]]:
    """Give the day of each token, and where the token begins and ends."""
    for match in _SPENT.finditer(content):
        yield match[1].decode(), match.end(1), match.end()


def _boxes(content: mmap.mmap) -> Iterator[tuple[str, int, int]]:
    """Give the day of each box of a ticket, and where the box begins and ends."""
    for match in _BOX.finditer(content):
        high, low = match[1]
        end = match.end() + (((high & 0x7F) << 7 | low) - 12) // 2
        day = content[end : end + _DAY_BYTES]
        if _DAY.fullmatch(day):
            yield day.decode(), match.end(), end
