"""What the screen says while nobody is served: the question, or why there is none just now. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from feedback.notice import AnnouncementKind
from kiosk.screens import Announced, Closed, Comfort, OutOfOrder, Screen, Thanks

if TYPE_CHECKING:
    from feedback.notice import Announcement, Notice
    from feedback.questionnaire import Questionnaire, Texts
    from feedback.records import Moment
    from feedback.settings import KioskSettings

ZONE: Final = "Europe/Kyiv"
OUT_OF_ORDER: Final = "out_of_order"
_URGENCY: Final = (AnnouncementKind.AIR_RAID, AnnouncementKind.MAINTENANCE, AnnouncementKind.INFORMATION)


def announcement_now(notice: Notice | None, now: Moment) -> Announcement | None:
    """Give the most urgent announcement that has not run out; one runs out only by a trusted clock."""
    active = [
        announcement
        for announcement in (notice.announcements if notice else ())
        if announcement.until_ms is None or not now.trusted or now.wall_ms < announcement.until_ms
    ]
    return min(active, key=lambda announcement: _URGENCY.index(announcement.kind), default=None)


def resting_screen(settings: KioskSettings, notice: Notice | None, now: Moment, *, language: str, comfort: Comfort) -> Screen | None:
    """Give the screen that stands in place of the question, None where the question stands. With a clock not trusted it is never closed."""
    announcement = announcement_now(notice, now)
    if announcement is not None:
        shelter = in_language(settings.shelter, language) if announcement.kind is AnnouncementKind.AIR_RAID else ""
        text = in_language(announcement.text, language)
        return Announced(language=language, comfort=comfort, kind=announcement.kind, text=text, shelter=shelter)
    if settings.hours is None or not now.trusted or settings.hours.is_open(now.wall_ms):
        return None
    opening = settings.hours.next_opening(now.wall_ms)
    if opening is None:
        return Closed(language=language, comfort=comfort)
    return Closed(language=language, comfort=comfort, opens_day=opening.weekday(), opens_at=f"{opening:%H:%M}")


def thanks_screen(questionnaire: Questionnaire, notice: Notice | None, now: Moment, *, language: str, comfort: Comfort) -> Thanks:
    """Give the thanks, with what the server has said about this month; nothing where its month is over."""
    this_month = f"{datetime.fromtimestamp(now.wall_ms / 1000, UTC).astimezone(ZoneInfo(ZONE)):%Y-%m}"
    known = notice is not None and notice.answered > 0 and (not now.trusted or notice.month == this_month)
    return Thanks(
        language=language,
        comfort=comfort,
        closing=questionnaire.closing.get(language, ""),
        answered=notice.answered if notice is not None and known else None,
        done=in_language(notice.done, language) if notice is not None else "",
    )


def in_language(texts: Texts, language: str) -> str:
    """Give a text in a language, else in Ukrainian, else in whatever there is."""
    return texts.get(language) or texts.get("uk") or next(iter(texts.values()), "")


def reason_of(screen: Screen) -> str:
    """Give why nothing is asked, as `State.showing` says it; "" while visitors are served."""
    match screen:
        case Closed():
            return "closed"
        case Announced(kind=AnnouncementKind.MAINTENANCE):
            return "maintenance"
        case Announced():
            return "announcement"
        case OutOfOrder():
            return OUT_OF_ORDER
        case _:
            return ""
