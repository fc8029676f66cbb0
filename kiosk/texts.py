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


@cache
def words_in(language: str) -> Callable[[str], str]:
    """Give the translator into `language`; what it does not know stays English."""
    folder = str(resources.files("kiosk") / "locale")
    return gettext.translation("kiosk", folder, [language], fallback=True).gettext
