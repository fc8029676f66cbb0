"""The interface's own words by gettext; msgids are the English words. The questionnaire brings its own."""

from __future__ import annotations

import gettext
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

OWN_NAMES: Final = {"uk": "Українська", "en": "English"}
"""Each language in its own words, for who cannot read the present one."""


_THOUSANDS: Final = {"en": ","}


@cache
def words_in(language: str) -> Callable[[str], str]:
    """Give the translator into `language`; what it does not know stays English."""
    folder = str(resources.files("kiosk") / "locale")
    return gettext.translation("kiosk", folder, [language], fallback=True).gettext


@cache
def counts_in(language: str) -> Callable[[str, str, int], str]:
    """Give the translator of what is counted: the words for one and for many in English, and how many there are."""
    folder = str(resources.files("kiosk") / "locale")
    return gettext.translation("kiosk", folder, [language], fallback=True).ngettext


def number(count: int, language: str) -> str:
    """Write a number with its thousands apart, as in 1 284."""
    return f"{count:,}".replace(",", _THOUSANDS.get(language, "\N{NO-BREAK SPACE}"))
