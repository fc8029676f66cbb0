from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import pytest

from feedback.hours import Day, Hours
from feedback.notice import Announcement, AnnouncementKind, Notice
from feedback.records import Answer, Context, How, Outcome, VisitEnd, Vote
from kiosk.screens import Announced, Ask, Closed, Thanks
from tests.kiosk.room import Room
from tests.kiosk.support import KIOSK, FakeClock, settings_of
from tests.kiosk.test_visit_questions import LONG, room_of

if TYPE_CHECKING:
    from feedback.settings import KioskSettings

WORKDAY = Day(9 * 60, 18 * 60)
HOURS = Hours("Europe/Kyiv", (WORKDAY, WORKDAY, WORKDAY, WORKDAY, Day(9 * 60, 17 * 60), None, None))


def clock_at(text: str, *, trusted: bool = True) -> FakeClock:
    clock = FakeClock()
    clock.wall_offset_ms = round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000) - clock.now_ms
    clock.trusted = trusted
    return clock


def open_by(hours: Hours) -> KioskSettings:
    return msgspec.structs.replace(settings_of(), hours=hours)


def announce(kind: AnnouncementKind, until_ms: int | None = None, name: str = "1") -> Notice:
    return Notice(1, KIOSK, announcements=(Announcement(name, kind, {"uk": f"{kind}", "en": f"{kind} en"}, until_ms),))


@pytest.mark.parametrize(
    ("now", "screen"),
    [
        ("2026-11-23T06:59", Closed(opens_day=0, opens_at="09:00")),  # Monday, 08:59 in Kyiv
        ("2026-11-23T07:00", None),
        ("2026-11-23T15:59", None),
        ("2026-11-23T16:00", Closed(opens_day=1, opens_at="09:00")),
        ("2026-11-27T15:00", Closed(opens_day=0, opens_at="09:00")),  # Friday closes at five
        ("2026-11-28T10:00", Closed(opens_day=0, opens_at="09:00")),
        ("2026-07-20T06:00", None),  # summer time: nine o'clock
    ],
)
def test_outside_opening_hours_the_kiosk_is_closed(now: str, screen: Closed | None) -> None:
    room = Room(open_by(HOURS), clock_at(now))
    room.pass_s(1)
    assert room.screen == screen or (screen is None and isinstance(room.screen, Ask))
    room.give("good")
    assert (room.of(Vote) == []) == (screen is not None)
    assert room.visits.showing == ("closed" if screen else "")


def test_with_a_clock_not_trusted_the_kiosk_stays_open() -> None:
    room = Room(open_by(HOURS), clock_at("2026-11-28T10:00", trusted=False))
    room.pass_s(1)
    assert isinstance(room.screen, Ask)


def test_closing_time_waits_for_the_visitor() -> None:
    room = Room(open_by(HOURS), clock_at("2026-11-23T15:59:55"))
    room.tap("good")
    room.clock.pass_s(10)
    room.settle()
    assert isinstance(room.screen, Thanks)
    room.go()
    assert isinstance(room.screen, Closed)
    room.pass_s(15 * 3600 - 60)
    assert isinstance(room.screen, Closed)
    room.pass_s(120)
    assert isinstance(room.screen, Ask)


def test_a_centre_that_never_opens_says_no_day() -> None:
    room = Room(open_by(Hours("Europe/Kyiv", (None,) * 7)), clock_at("2026-11-23T10:00"))
    room.pass_s(1)
    assert room.screen == Closed()


@pytest.mark.parametrize(
    ("kind", "showing"),
    [
        (AnnouncementKind.AIR_RAID, "announcement"),
        (AnnouncementKind.MAINTENANCE, "maintenance"),
        (AnnouncementKind.INFORMATION, "announcement"),
    ],
)
def test_an_announcement_stands_until_it_is_withdrawn(kind: AnnouncementKind, showing: str) -> None:
    settings = msgspec.structs.replace(settings_of(), shelter={"uk": "укриття праворуч"})
    room = Room(settings)
    room.visits.hear(announce(kind))
    room.pass_s(1)
    assert room.screen == Announced(kind=kind, text=kind, shelter="укриття праворуч" if kind is AnnouncementKind.AIR_RAID else "")
    assert room.visits.showing == showing
    room.pass_s(10_000)
    assert isinstance(room.screen, Announced)
    room.visits.hear(Notice(2, KIOSK))
    room.pass_s(1)
    assert isinstance(room.screen, Ask)


def test_an_announcement_runs_out_only_by_a_trusted_clock() -> None:
    for trusted in (True, False):
        clock = clock_at("2026-11-23T10:00", trusted=trusted)
        room = Room(settings_of(), clock)
        room.visits.hear(announce(AnnouncementKind.MAINTENANCE, until_ms=clock.moment().wall_ms + 5_000))
        room.pass_s(1)
        assert isinstance(room.screen, Announced)
        room.pass_s(5)
        assert isinstance(room.screen, Ask if trusted else Announced)


def test_the_most_urgent_announcement_is_shown() -> None:
    room = Room(settings_of())
    both = announce(AnnouncementKind.INFORMATION).announcements + announce(AnnouncementKind.AIR_RAID, name="2").announcements
    room.visits.hear(Notice(1, KIOSK, announcements=both))
    room.pass_s(1)
    assert room.screen.kind == AnnouncementKind.AIR_RAID


def test_an_air_raid_alert_ends_a_visit_and_keeps_what_was_given() -> None:
    room = room_of()
    room.give("terrible")
    room.tap("seats")
    room.visits.hear(announce(AnnouncementKind.AIR_RAID))
    room.pass_s(0)
    room.disk()
    assert isinstance(room.screen, Announced)
    assert [(answer.how, answer.choices) for answer in room.of(Answer)] == [(How.LEFT, ("seats",))]
    assert [end.outcome for end in room.of(VisitEnd)] == [Outcome.LEFT]
    assert len(room.of(Vote)) == 1


def test_an_alert_waits_for_a_vote_that_is_being_stored() -> None:
    room = room_of()
    room.tap("terrible")
    room.visits.hear(announce(AnnouncementKind.AIR_RAID))
    assert isinstance(room.screen, Ask)
    room.settle()
    room.pass_s(1)
    room.disk()
    assert isinstance(room.screen, Announced)
    assert len(room.of(Vote)) == 1


def test_maintenance_waits_for_the_visit_to_end() -> None:
    room = room_of()
    room.give("terrible")
    room.visits.hear(announce(AnnouncementKind.MAINTENANCE))
    room.pass_s(1)
    assert room.screen.id == "bad"


def test_thanks_tells_what_the_server_has_said_about_this_month() -> None:
    done = {"uk": "Поставили лавки.", "en": "We put up benches."}
    for month, answered in (("2026-11", 1284), ("2026-10", None)):
        room = Room(settings_of(), clock_at("2026-11-23T10:00"))
        room.visits.hear(Notice(1, KIOSK, month=month, answered=1284, done=done))
        room.give("good")
        assert room.screen == Thanks(answered=answered, done="Поставили лавки.")


def test_settings_are_taken_up_while_closed() -> None:
    room = Room(open_by(HOURS), clock_at("2026-11-28T10:00"))
    room.pass_s(1)
    room.visits.use(settings_of(version=2, questionnaire=LONG))
    assert isinstance(room.screen, Ask)
    room.disk()
    assert room.of(Context)[-1].questionnaire == "long"
