"""What is to be said, as values. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from kiosk.screens import Screen, changed

if TYPE_CHECKING:
    from collections.abc import Iterable


_CYRILLIC: Final = re.compile("[а-яґєії]", re.IGNORECASE)
_LATIN: Final = re.compile("[a-z]", re.IGNORECASE)


class Prompt(msgspec.Struct, frozen=True):
    """Something to be said. `private` is for the headphones only; what is not `lasting` is never written to the disk.

    Visitors' own words do not last, nor do numbers that are other ones tomorrow.
    """

    text: str
    language: str
    private: bool = False
    lasting: bool = True


class Manner(msgspec.Struct, frozen=True):
    """What the voice has to know besides the screen: how many `buttons` the panel has, and whether there are `headphones`.

    `confided` are questions that are asked only after certain answers: spoken aloud they would tell which. They are said in the headphones.
    """

    buttons: int = 0
    headphones: bool = False
    confided: frozenset[str] = frozenset()


def prompts(screen: Screen, *said: str | Prompt) -> tuple[Prompt, ...]:
    """Give prompts in the screen's language; what has no words is left out."""
    every = (part if isinstance(part, Prompt) else Prompt(part, screen.language) for part in said)
    return tuple(prompt for prompt in every if prompt.text.strip())


def privately(said: Iterable[Prompt]) -> tuple[Prompt, ...]:
    """Give the same prompts for the headphones only."""
    return tuple(changed(prompt, private=True) for prompt in said)


def passing(screen: Screen, text: str) -> Prompt:
    """Give a prompt that is not kept: a visitor’s own words, or what is another one tomorrow."""
    return Prompt(text, screen.language, lasting=False)


def typed_by_a_visitor(screen: Screen, text: str) -> Prompt:
    """Give a visitor’s own words in the language of their letters: a Ukrainian sentence is not read as English."""
    letters = "uk" if _CYRILLIC.search(text) else "en" if _LATIN.search(text) else screen.language
    return Prompt(text, letters, lasting=False)
