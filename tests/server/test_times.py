from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest

from feedback.records import Moment
from feedback.wire import Now
from server.ingest.rows import is_vague
from server.ingest.times import DELAY_MS, EARLIEST_MS, EXACT_ERROR_MS, Local, Time, drift, local, released, unknown
from server.ingest.trail import Found, Trail, follow
from tests.server.kit import MORNING, QUARTER

A, B, C, D = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)
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
BEFORE = drift(30_000)
CORRECTED = (MORNING - 30_000, "corrected", DELAY_MS + BEFORE)


def test_a_trusted_clock_that_agrees_with_when_its_boot_was_heard_is_exact() -> None:
    assert one(trusted(20_000, MORNING - 30_700), A, SET) == (MORNING - 30_700, "exact", DELAY_MS - 700 + BEFORE)
    assert one(trusted(20_000, MORNING - 50_000), A, SENT) == (MORNING - 50_000, "exact", 20_000 + BEFORE)


@pytest.mark.parametrize("off_ms", [9 * MINUTE, -9 * MINUTE, 599_000, EXACT_ERROR_MS + 200, -DELAY_MS - EXACT_ERROR_MS - 200, -300 * DAY])
@pytest.mark.parametrize("right_when_sending", [True, False])
def test_a_clock_that_is_wrong_though_it_is_trusted_is_never_called_exact(off_ms: int, *, right_when_sending: bool) -> None:
    now = Now(A, trusted(50_000, MORNING + (0 if right_when_sending else off_ms)))
    assert one(trusted(20_000, MORNING - 30_000 + off_ms), A, now) == CORRECTED


@pytest.mark.parametrize("off_ms", [EXACT_ERROR_MS, EXACT_ERROR_MS - 1, 1])
def test_a_clock_a_little_ahead_of_ours_is_held_back_at_what_can_be(off_ms: int) -> None:
    now = Now(A, trusted(50_000, MORNING + off_ms))
    assert one(trusted(50_000, MORNING + off_ms), A, now) == (MORNING, "exact", pytest.approx(DELAY_MS, abs=2))


@pytest.mark.parametrize("wall_ms", [MORNING + 10 * MINUTE + 1, 0, -(10**30), 10**30])
def test_a_trusted_clock_that_cannot_be_right_is_corrected_like_one_that_is_not(wall_ms: int) -> None:
    assert one(trusted(20_000, wall_ms), A, SENT) == one(untrusted(20_000), A, SENT)
    assert one(trusted(20_000, wall_ms), None, SENT) == unknown(MORNING)


def test_the_trusted_clock_of_a_boot_that_was_never_heard_is_believed_between_its_neighbours() -> None:
    trail = follow(Trail(), [(A, untrusted(1_000))], Now(A, untrusted(HOUR)), MORNING - DAY).trail
    sent = Now(C, untrusted(HOUR))
    time = one(trusted(1_000, MORNING - 3 * HOUR), B, sent, trail=trail)
    assert time == (MORNING - 3 * HOUR, "corrected", EXACT_ERROR_MS)
    for wall_ms in (MORNING - 2 * DAY, MORNING - MINUTE):  # before the one before it, and after the one that sends had begun
        assert one(trusted(1_000, wall_ms), B, sent, trail=trail) == one(untrusted(1_000), B, sent, trail=trail)


def test_without_anything_heard_before_it_a_trusted_clock_is_believed_and_without_its_boot_says_the_day() -> None:
    wall_ms = MORNING - 40 * DAY
    assert one(trusted(1_000, wall_ms), B, SENT) == (wall_ms, "corrected", EXACT_ERROR_MS)
    assert one(trusted(1_000, wall_ms), None, SENT) == (wall_ms, "unknown", wall_ms - EARLIEST_MS)


def test_a_boot_that_was_heard_before_a_record_of_it_came_is_known_by_that() -> None:
    first = follow(Trail(), [(A, untrusted(1_000))], Now(B, untrusted(MINUTE)), MORNING - DAY)
    assert one(untrusted(3 * MINUTE), B, Now(C, untrusted(1)), trail=first.trail) == (
        MORNING - DAY + 2 * MINUTE,
        "corrected",
        DELAY_MS + drift(2 * MINUTE),
    )


def test_of_what_was_heard_of_a_boot_the_fastest_counts() -> None:
    first = follow(Trail(), [(A, untrusted(1_000))], Now(A, untrusted(10_000)), MORNING)
    second = follow(first.trail, [(A, untrusted(11_000))], Now(A, untrusted(12_000)), MORNING + HOUR)  # it had lain somewhere
    assert second.times[0].at_ms == MORNING + 1_000
    assert second.trail.heard == first.trail.heard


@pytest.mark.parametrize("wall_ms", [0, 77, MORNING + 3652 * DAY, MORNING - 30 * DAY])
def test_whatever_an_unset_clock_says_its_boot_and_the_moment_of_sending_decide(wall_ms: int) -> None:
    assert one(untrusted(20_000, wall_ms), A, SENT) == CORRECTED
    assert one(untrusted(20_000, wall_ms), A, SET) == CORRECTED


def test_a_jump_of_the_clock_during_a_visit_tears_nothing_apart() -> None:
    seen = [(A, untrusted(40_000, 12)), (A, untrusted(42_000, 2012)), (A, trusted(44_000, MORNING - 6_000)), (A, untrusted(45_000, 0))]
    times = follow(Trail(), seen, SET, MORNING).times
    assert [time.at_ms for time in times] == [MORNING - 10_000, MORNING - 8_000, MORNING - 6_000, MORNING - 5_000]
    assert [time.quality for time in times] == ["corrected", "corrected", "exact", "corrected"]


def test_the_boot_that_follows_says_where_one_without_a_clock_can_hardly_have_been() -> None:
    trail = follow(Trail(), [(A, untrusted(1_000))], Now(A, untrusted(HOUR)), MORNING - 10 * DAY).trail
    seen = [(B, untrusted(MINUTE)), (C, trusted(MINUTE, MORNING - 8 * DAY))]
    of_b, of_c = follow(trail, seen, Now(D, untrusted(1)), MORNING).times
    assert (of_b.at_ms, of_c.at_ms) == (pytest.approx(MORNING - 9 * DAY, abs=HOUR), MORNING - 8 * DAY)
    assert of_b.error_ms > DAY > of_c.error_ms


def test_a_boot_without_any_known_moment_lies_between_its_neighbours() -> None:
    trail = follow(Trail(), [(A, untrusted(HOUR))], Now(A, untrusted(HOUR)), MORNING - DAY).trail
    now = Now(C, trusted(10 * MINUTE, MORNING))
    first, second, after = follow(
        trail, [(B, untrusted(2 * MINUTE)), (B, untrusted(4 * MINUTE)), (C, untrusted(5 * MINUTE))], now, MORNING
    ).times
    assert (first.quality, second.quality, after.quality) == ("interval", "interval", "corrected")
    assert second.at_ms - first.at_ms == 2 * MINUTE
    begun_ms, end_ms = MORNING - DAY, MORNING - 10 * MINUTE
    assert first.at_ms == pytest.approx((begun_ms + end_ms - 4 * MINUTE) / 2 + 2 * MINUTE, abs=DELAY_MS)
    assert first.error_ms == pytest.approx((end_ms - begun_ms - 4 * MINUTE) / 2, abs=DELAY_MS + 1_000)
    assert is_vague(first)
    assert not is_vague(after)


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
    trail = follow(Trail(), [(A, untrusted(1))], Now(A, untrusted(1)), MORNING - HOUR).trail
    seen = [(B, untrusted(MINUTE)), (C, untrusted(2 * HOUR))]
    assert follow(trail, seen, Now(C, untrusted(3 * HOUR)), MORNING).times[0] == unknown(MORNING)


def test_what_is_learned_later_settles_a_boot() -> None:
    before = follow(Trail(), [(A, untrusted(1))], Now(A, untrusted(1)), MORNING - 9 * DAY).trail
    first = follow(before, [(B, untrusted(MINUTE))], Now(D, untrusted(HOUR)), MORNING)
    assert [boot.boot_id for boot in first.trail.vague] == [B]
    assert not first.settled
    second = follow(first.trail, [(B, trusted(3 * MINUTE, MORNING - 8 * DAY)), (D, untrusted(5))], Now(D, untrusted(HOUR)), MORNING)
    assert not second.trail.vague
    settled = second.settled[B].time_at(MINUTE, MORNING)
    assert (settled.at_ms, settled.quality) == (MORNING - 8 * DAY - 2 * MINUTE, "interval")


def test_a_trail_of_endless_boots_stays_short() -> None:
    found = follow(Trail(), [(UUID(int=n + 9), untrusted(1)) for n in range(300)], Now(A, untrusted(5)), MORNING)
    assert len(found.trail.vague) == 64
    assert found.trail.vague[-1].boot_id == UUID(int=308)


def test_a_trail_follows_on_as_if_it_had_never_been_interrupted() -> None:
    before = follow(Trail(), [(A, untrusted(1))], Now(A, untrusted(1)), MORNING - DAY).trail
    seen = [(B, untrusted(7)), (B, trusted(9, MORNING - HOUR)), (C, untrusted(MINUTE))]
    now = Now(C, untrusted(2 * MINUTE))
    trail, found = before, list[Found]()
    for record in seen:
        found.append(follow(trail, [record], now, MORNING))
        trail = msgspec.json.decode(msgspec.json.encode(found[-1].trail), type=Trail)
    whole = follow(before, seen, now, MORNING)
    assert trail == whole.trail
    assert found[-1].settled[B].time_at(7, MORNING) == whole.times[0]


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
