from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from feedback.records import Moment
from feedback.wire import Now
from server.ingest.rows import is_vague
from server.ingest.times import DELAY_MS, EARLIEST_MS, EXACT_ERROR_MS, Local, Time, TimeQuality, drift, exact, local, released, unknown
from server.ingest.trail import Found, Trail, follow
from tests.server.kit import MORNING, QUARTER

A, B, C = UUID(int=1), UUID(int=2), UUID(int=3)
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
KYIV = ZoneInfo("Europe/Kyiv")


def untrusted(boottime_ms: int, wall_ms: int = 0) -> Moment:
    return Moment(boottime_ms, wall_ms, trusted=False)


def trusted(boottime_ms: int, wall_ms: int) -> Moment:
    return Moment(boottime_ms, wall_ms, trusted=True)


def one(at: Moment, boot: UUID | None, now: Now, *, trail: Trail | None = None) -> Time:
    return follow(trail or Trail(), [(boot, at)], now, MORNING).times[0]


SENT = Now(A, untrusted(50_000))
SET = Now(A, trusted(50_000, MORNING))


def test_a_trusted_clock_is_believed() -> None:
    assert one(trusted(1, MORNING - 5), B, SENT) == exact(MORNING - 5) == (MORNING - 5, "exact", EXACT_ERROR_MS)


@pytest.mark.parametrize("wall_ms", [MORNING + 10 * MINUTE + 1, 0, -(10**30), 10**30])
def test_a_trusted_clock_that_cannot_be_right_is_corrected_like_one_that_is_not(wall_ms: int) -> None:
    assert one(trusted(20_000, wall_ms), A, SENT) == one(untrusted(20_000), A, SENT)
    assert one(trusted(20_000, wall_ms), None, SENT) == unknown(MORNING)


@pytest.mark.parametrize("wall_ms", [MORNING - 30 * DAY, MORNING + 3652 * DAY, 0])
def test_a_clock_that_is_wrong_while_it_sends_is_not_believed_for_its_boot(wall_ms: int) -> None:
    sent = Now(A, trusted(50_000, wall_ms))
    assert one(trusted(20_000, wall_ms - 30_000), A, sent) == (MORNING - 30_000, "corrected", DELAY_MS + drift(30_000))
    assert one(trusted(20_000, MORNING - HOUR), B, sent).quality == TimeQuality.EXACT


@pytest.mark.parametrize("wall_ms", [0, 77, MORNING + 3652 * DAY, MORNING - 30 * DAY])
def test_whatever_an_unset_clock_says_its_boot_and_the_moment_of_sending_decide(wall_ms: int) -> None:
    assert one(untrusted(20_000, wall_ms), A, SENT) == (MORNING - 30_000, "corrected", DELAY_MS + drift(30_000))
    assert one(untrusted(20_000, wall_ms), A, SET) == (MORNING - 30_000, "corrected", EXACT_ERROR_MS + drift(30_000))


def test_a_jump_of_the_clock_during_a_visit_tears_nothing_apart() -> None:
    seen = [(A, untrusted(40_000, 12)), (A, untrusted(42_000, 2012)), (A, trusted(44_000, MORNING - 6_000)), (A, untrusted(45_000, 0))]
    times = follow(Trail(), seen, SET, MORNING).times
    assert [time.at_ms for time in times] == [MORNING - 10_000, MORNING - 8_000, MORNING - 6_000, MORNING - 5_000]
    assert [time.quality for time in times] == ["corrected", "corrected", "exact", "corrected"]


def test_a_later_record_of_the_boot_dates_the_ones_before_it_though_it_is_another_boot_that_sends() -> None:
    now = Now(B, untrusted(9_000))
    times = follow(Trail(), [(A, untrusted(1_000)), (A, trusted(61_000, MORNING - DAY))], now, MORNING).times
    assert times[0] == (MORNING - DAY - MINUTE, "corrected", EXACT_ERROR_MS + drift(MINUTE))


def test_a_boot_without_any_known_moment_lies_between_its_neighbours() -> None:
    now = Now(C, trusted(10 * MINUTE, MORNING))
    seen = [(A, trusted(HOUR, MORNING - DAY)), (B, untrusted(2 * MINUTE)), (B, untrusted(4 * MINUTE)), (C, untrusted(5 * MINUTE))]
    before, first, second, after = follow(Trail(), seen, now, MORNING).times
    assert (first.quality, second.quality, after.quality) == ("interval", "interval", "corrected")
    assert second.at_ms - first.at_ms == 2 * MINUTE
    begun_ms, end_ms = MORNING - DAY, MORNING - 10 * MINUTE
    assert first.at_ms == pytest.approx((begun_ms + end_ms - 4 * MINUTE) / 2 + 2 * MINUTE, abs=EXACT_ERROR_MS)
    assert first.error_ms == pytest.approx((end_ms - begun_ms - 4 * MINUTE) / 2, abs=EXACT_ERROR_MS + 1_000)
    assert is_vague(first)
    assert not is_vague(before)


def test_without_a_known_moment_before_it_a_boot_is_unknown_and_dated_as_late_as_it_can_have_been() -> None:
    now = Now(C, trusted(10 * MINUTE, MORNING))
    time = one(untrusted(MINUTE), B, now)
    assert (time.quality, time.error_ms) == ("unknown", time.at_ms - EARLIEST_MS)
    assert time.at_ms == pytest.approx(MORNING - 10 * MINUTE, abs=EXACT_ERROR_MS + 1_000)


@pytest.mark.parametrize("boottime_ms", [-1, -(10**30), 10**30])
def test_a_boottime_that_none_can_be_leaves_the_time_unknown(boottime_ms: int) -> None:
    assert one(untrusted(boottime_ms), A, SENT) == unknown(MORNING)
    assert one(untrusted(5), A, Now(A, untrusted(boottime_ms))) == unknown(MORNING)


def test_a_boot_that_comes_again_after_the_next_one_is_not_made_sense_of() -> None:
    found = follow(Trail(), [(A, untrusted(1)), (B, untrusted(1)), (A, untrusted(2))], Now(B, trusted(5, MORNING)), MORNING)
    assert found.times[2] == unknown(MORNING)


def test_neighbours_that_contradict_each_other_leave_it_unknown() -> None:
    seen = [(A, trusted(1, MORNING - HOUR)), (B, untrusted(MINUTE)), (C, trusted(2 * HOUR, MORNING - HOUR))]
    assert follow(Trail(), seen, Now(C, trusted(3 * HOUR, MORNING)), MORNING).times[1] == unknown(MORNING)


def test_what_is_learned_later_settles_a_boot() -> None:
    first = follow(Trail(), [(A, trusted(1, MORNING - 9 * DAY)), (B, untrusted(MINUTE))], Now(C, trusted(HOUR, MORNING)), MORNING)
    assert [boot.boot_id for boot in first.trail.vague] == [B]
    assert not first.settled
    second = follow(first.trail, [(B, trusted(3 * MINUTE, MORNING - 8 * DAY))], Now(C, trusted(HOUR, MORNING)), MORNING)
    assert not second.trail.vague
    assert second.settled[B].time_at(MINUTE, MORNING) == (MORNING - 8 * DAY - 2 * MINUTE, "corrected", EXACT_ERROR_MS + drift(2 * MINUTE))


def test_a_trail_of_endless_boots_stays_short() -> None:
    found = follow(Trail(), [(UUID(int=n + 9), untrusted(1)) for n in range(300)], Now(A, untrusted(5)), MORNING)
    assert len(found.trail.vague) == 64
    assert found.trail.vague[-1].boot_id == UUID(int=308)


def test_a_trail_follows_on_as_if_it_had_never_been_interrupted() -> None:
    seen = [(A, trusted(1, MORNING - DAY)), (B, untrusted(7)), (B, untrusted(9)), (C, untrusted(MINUTE))]
    now = Now(C, untrusted(2 * MINUTE))
    trail, found = Trail(), list[Found]()
    for record in seen:
        found.append(follow(trail, [record], now, MORNING))
        trail = found[-1].trail
    whole = follow(Trail(), seen, now, MORNING)
    assert trail == whole.trail
    assert found[-1].settled[B].time_at(7, MORNING) == whole.times[1]


@pytest.mark.parametrize(
    ("at_ms", "there"),
    [
        (1_760_043_599_000, Local("2025-10-09", 23, 4)),
        (1_760_043_600_000, Local("2025-10-10", 0, 5)),  # midnight in Kyiv is 21:00 UTC in summer
        (1_761_440_399_000, Local("2025-10-26", 3, 7)),  # the hour that comes twice, first time
        (1_761_443_999_000, Local("2025-10-26", 3, 7)),  # and second
        (1_761_444_000_000, Local("2025-10-26", 4, 7)),
        (1_743_296_399_000, Local("2025-03-30", 2, 7)),  # the hour that does not come
        (1_743_296_400_000, Local("2025-03-30", 4, 7)),
        (1_709_157_600_000, Local("2024-02-29", 0, 4)),
        (1_709_243_999_000, Local("2024-02-29", 23, 4)),
        (1_709_244_000_000, Local("2024-03-01", 0, 5)),
    ],
)
def test_the_calendar_is_the_centres(at_ms: int, there: Local) -> None:
    assert local(at_ms, KYIV) == there


@pytest.mark.parametrize(("day", "hours"), [("2025-03-30", 23), ("2025-10-26", 25), ("2024-02-29", 24)])
def test_a_day_has_as_many_hours_as_its_clocks_make_it(day: str, hours: int) -> None:
    begins_ms = round(datetime.fromisoformat(day).replace(tzinfo=KYIV).astimezone(UTC).timestamp() * 1000)
    around = range(begins_ms - 2 * HOUR, begins_ms + 28 * HOUR, HOUR)
    assert sum(local(at_ms, KYIV).day == day for at_ms in around) == hours


def test_a_new_answer_waits_for_its_window_to_close() -> None:
    window = MORNING // QUARTER * QUARTER
    assert released(window, window) == window + QUARTER
    assert released(window + QUARTER - 1, window + QUARTER - 1) == window + QUARTER
    assert released(MORNING - QUARTER, MORNING) == window + QUARTER


def test_an_old_answer_is_free_at_once() -> None:
    assert released(MORNING - QUARTER - 1, MORNING) == MORNING
