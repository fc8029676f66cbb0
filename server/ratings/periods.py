"""The days a question is about, and the steps in which a trend walks through them."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_DAYS: Final = 5 * 366
_DAILY_UP_TO: Final = 45


class Step(StrEnum):
    """How much of a trend one point stands for."""

    DAY = "day"
    WEEK = "week"


class Period(msgspec.Struct, frozen=True):
    """Days from `first` to `last`, both included, in the centre's time zone."""

    first: date
    last: date

    @classmethod
    def last_days(cls, count: int, today: date) -> Period:
        """Give the last `count` days, today included."""
        return cls(today - timedelta(days=count - 1), today)

    @property
    def days(self) -> int:
        """How many days these are."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Period | None:
        """As many days just before these; none where the calendar begins."""
        if (self.first - date.min).days < self.days:
            return None
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))

    @property
    def step(self) -> Step:
        """Weeks for long periods, where single days would only be noise."""
        return Step.DAY if self.days <= _DAILY_UP_TO else Step.WEEK

    def steps(self) -> Iterator[Period]:
        """Cut the period into days, or into weeks from Monday; the first and the last week may be incomplete."""
        start, left = self.first, self.days
        while left > 0:
            days = min(left, 1 if self.step is Step.DAY else 7 - start.weekday())
            end = start + timedelta(days=days - 1)
            yield Period(start, end)
            left -= days
            if left:  # the last day of all may have no next one
                start = end + timedelta(days=1)
