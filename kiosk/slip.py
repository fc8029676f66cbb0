"""The slip that a visitor takes along (H10), as a value: the same for every answer. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import msgspec

from feedback.codes import code_of
from kiosk.resting import ZONE, in_language
from kiosk.texts import words_in

if TYPE_CHECKING:
    from uuid import UUID

    from feedback.records import Moment
    from feedback.settings import KioskSettings

LONGEST_NOTE: Final = 300
"""Characters; a note is no newspaper, and paper ends."""


class Slip(msgspec.Struct, frozen=True, kw_only=True):
    """What stands on the paper, from top to bottom; empty texts are left out.

    `date` is written out, empty where the kiosk does not trust its clock. `code` is the verification code of the vote, shown as text and,
    within `check_url`, as QR. `made_ms` is CLOCK_BOOTTIME in milliseconds, from which a slip that has become stale is known.
    """

    language: str
    centre: str
    thanks: str
    date: str
    code: str
    check_url: str
    hot_line: str
    note: str
    made_ms: int

    @property
    def qr(self) -> str:
        """What the QR says: the address at which the code is looked up, or the bare code where there is none."""
        return f"{self.check_url.rstrip('/')}/{self.code}" if self.check_url else self.code


def slip_for(settings: KioskSettings, vote: UUID, language: str, now: Moment) -> Slip | None:
    """Give the slip of a vote, by the id of its record; None where the centre wants none. It says nothing about the answer."""
    if settings.slip is None:
        return None
    _ = words_in(language)
    return Slip(
        language=language,
        centre=settings.centre,
        thanks=_("Thank you for your feedback!"),
        date=_date(settings, language, now),
        code=code_of(vote),
        check_url=settings.slip.check_url,
        hot_line=settings.slip.hot_line,
        note=_short(in_language(settings.slip.note, language)),
        made_ms=now.boottime_ms,
    )


def _date(settings: KioskSettings, language: str, now: Moment) -> str:
    """Write the centre's day out; a wrong one would be worse than none."""
    if not now.trusted:
        return ""
    zone = settings.tickets.time_zone if settings.tickets else settings.hours.zone if settings.hours else ZONE
    day = datetime.fromtimestamp(now.wall_ms / 1000, UTC).astimezone(ZoneInfo(zone))
    _ = words_in(language)
    return _("{day} {month} {year}").format(day=day.day, month=_months(language)[day.month - 1], year=day.year)


def _months(language: str) -> tuple[str, ...]:
    """Give the months as they stand within a date."""
    _ = words_in(language)
    return (
        _("January"),
        _("February"),
        _("March"),
        _("April"),
        _("May"),
        _("June"),
        _("July"),
        _("August"),
        _("September"),
        _("October"),
        _("November"),
        _("December"),
    )


def _short(note: str) -> str:
    words = " ".join(note.split())
    return words if len(words) <= LONGEST_NOTE else words[: LONGEST_NOTE - 1].rstrip() + "…"
