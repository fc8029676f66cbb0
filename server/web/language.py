"""The languages of the pages: their words by gettext, their dates and numbers by CLDR."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path
from typing import TYPE_CHECKING, Final

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton, format_timedelta, get_day_names
from babel.numbers import format_decimal

if TYPE_CHECKING:
    from datetime import datetime

    from server.ratings.periods import Period
    from server.ratings.scores import Proportion

LANGUAGES: Final = {"uk": "Українська", "en": "English"}
DEFAULT: Final = "uk"
_FOLDER: Final = Path(__file__).parent.parent / "locale"
_LOCALES: Final = {"uk": "uk", "en": "en_GB"}
_DASH: Final = "–"
_NOTHING: Final = "—"


class Language:
    """Words, dates and numbers of one language. English is the language of the messages themselves."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.locale = Locale.parse(_LOCALES[code])
        self.words: NullTranslations = NullTranslations() if code == "en" else translation("server", _FOLDER, [code])
        self.percent_sign = "\N{NO-BREAK SPACE}%" if code == "uk" else "%"

    def number(self, value: float) -> str:
        """Write a number."""
        return format_decimal(value, locale=self.locale)

    def percent(self, share: float | None, places: int = 0) -> str:
        """Write a share; one that is there but would be rounded away is «<1 %»."""
        if share is None:
            return _NOTHING
        if places == 0 and 0 < share < 0.005:  # noqa: PLR2004 - would be written as 0
            return f"<1{self.percent_sign}"
        return self._fixed(share, places) + self.percent_sign

    def interval(self, proportion: Proportion, places: int = 1) -> str:
        """Write a share's interval."""
        if proportion.low is None or proportion.high is None:
            return _NOTHING
        low, high = self._fixed(proportion.low, places), self._fixed(proportion.high, places)
        return f"{low}{_DASH}{high}{self.percent_sign}"

    def points(self, difference: float) -> str:
        """Write a difference of shares in percentage points, without its sign."""
        return self._fixed(abs(difference), 1)

    def day(self, day: date) -> str:
        """Write a day and its month."""
        return format_date(day, "d MMMM", locale=self.locale)

    def iso_day(self, day: str) -> str:
        """Write a stored day with its month and year."""
        return format_date(date.fromisoformat(day), "d MMM y", locale=self.locale)

    def days(self, period: Period) -> str:
        """Write a period, the year where it is needed to tell."""
        first, last = period.first, period.last
        full = "d MMMM y" if self.code == "en" else "d MMMM y 'р'."
        if first == last:
            return format_date(first, full, locale=self.locale)
        start = full if first.year != last.year else "d MMMM" if first.month != last.month else "d"
        dash = _DASH if start == "d" else f"\N{NO-BREAK SPACE}{_DASH} "
        return format_date(first, start, locale=self.locale) + dash + format_date(last, full, locale=self.locale)

    def moment(self, local: datetime) -> str:
        """Write a date with its time."""
        return format_datetime(local, "d MMMM, HH:mm", locale=self.locale)

    def minutes(self, seconds: float | None) -> str:
        """Write a duration in minutes with one decimal."""
        if seconds is None:
            return _NOTHING
        minutes = format_decimal(round(seconds / 60, 1), "0.0", locale=self.locale)
        return self.words.gettext("%(minutes)s min") % {"minutes": minutes}

    def ago(self, passed_ms: int) -> str:
        """Write how long ago something was."""
        return format_timedelta(timedelta(milliseconds=-max(passed_ms, 0)), add_direction=True, locale=self.locale)

    def lasting(self, passed_ms: int) -> str:
        """Write how long something took: in a smaller unit up to two of the larger one."""
        return format_timedelta(timedelta(milliseconds=max(passed_ms, 0)), threshold=2, locale=self.locale)

    def weekday(self, number: int) -> str:
        """Write a weekday, 1 for Monday, shortly."""
        return str(get_day_names("abbreviated", "stand-alone", self.locale)[number - 1])

    def months(self, period: Period) -> str:
        """Write the whole months that a period touches."""
        first, last = (format_skeleton("yMMMM", day, locale=self.locale) for day in (period.first, period.last))
        return first if first == last else f"{first} {_DASH} {last}"

    def _fixed(self, share: float, places: int) -> str:
        return format_decimal(share * 100, "0." + "0" * places if places else "0", locale=self.locale)


@cache
def language(code: str) -> Language:
    """Give a language by its code, the default where it is not one of ours."""
    return Language(code if code in LANGUAGES else DEFAULT)


def N_(message: str) -> str:  # noqa: N802 - the name by which catalogues are extracted
    """Mark a message for translation where it is written, to be translated where it is shown."""
    return message
