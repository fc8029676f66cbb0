"""The terminal at which a technician works: its language, its width, and that no letter which it lacks ends the program."""

from __future__ import annotations

import io
import logging
import os
import shutil
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from kiosk.findings import Paper
from kiosk.texts import OWN_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TextIO

_NO_LANGUAGE: Final = {"c", "posix", ""}


def language_of(environment: Mapping[str, str], otherwise: str) -> str:
    """Give the language that the locale names, English where it is one that the program does not speak.

    `otherwise` is for a locale that names none, as that of a bare console does.
    """
    named = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    code = named.partition(".")[0].partition("_")[0].partition("@")[0].lower()
    if code in _NO_LANGUAGE:
        return otherwise
    return code if code in OWN_NAMES else "en"


def paper_of(out: TextIO) -> Paper:
    """Give what can be written there; letters that it lacks are replaced from now on."""
    if isinstance(out, io.TextIOWrapper):
        out.reconfigure(errors="replace")
    is_screen = out.isatty()
    width = shutil.get_terminal_size().columns if is_screen else Paper().width
    return Paper(width, colours=is_screen and not os.environ.get("NO_COLOR"), has_signs=_can_write(out, "✓·→"))


def own_language(otherwise: str) -> str:
    """Give the language of this process's terminal."""
    return language_of(os.environ, otherwise) if _can_write(sys.stdout, "ґєії") else "en"


def write(text: str) -> None:
    """Write to the terminal; where nobody reads any more, as in `| head` or after it was closed, this and all later is nobody's."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def without_log() -> Iterator[None]:
    """Keep the log out of what is written for a person; what went wrong stands in a line of its own."""
    root = logging.getLogger()
    before = root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


@contextmanager
def without_complaints() -> Iterator[None]:
    """Let nothing reach the terminal that libraries write to it by themselves, past Python: sound without a card is a page of it."""
    before, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
        os.close(nowhere)


def _can_write(out: TextIO, letters: str) -> bool:
    try:
        letters.encode(out.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
