from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from feedback.records import Moment
from feedback.wire import Now
from server.ingest.times import Local, TimeQuality, best_time, local, released
from tests.server.kit import MORNING, QUARTER

BOOT, OTHER_BOOT = UUID(int=1), UUID(int=2)
SENT = Now(BOOT, Moment(50_000, 0, trusted=False))
MINUTE = 60_000


def test_a_trusted_clock_is_believed() -> None:
    assert best_time(Moment(1, MORNING - 5, trusted=True), OTHER_BOOT, SENT, MORNING) == (MORNING - 5, TimeQuality.EXACT)


@pytest.mark.parametrize("wall_ms", [MORNING + 10 * MINUTE + 1, 0, -(10**30), 10**30])
def test_a_trusted_clock_that_cannot_be_right_is_not_believed(wall_ms: int) -> None:
    assert best_time(Moment(1, wall_ms, trusted=True), BOOT, SENT, MORNING) == (MORNING, TimeQuality.UNKNOWN)


def test_an_untrusted_clock_of_the_same_boot_is_corrected() -> None:
    assert best_time(Moment(20_000, 77, trusted=False), BOOT, SENT, MORNING) == (MORNING - 30_000, TimeQuality.CORRECTED)


@pytest.mark.parametrize(("boot", "boottime_ms"), [(OTHER_BOOT, 20_000), (None, 20_000), (BOOT, 50_001), (BOOT, -(10**30))])
def test_what_cannot_be_corrected_is_unknown(boot: UUID | None, boottime_ms: int) -> None:
    assert best_time(Moment(boottime_ms, MORNING, trusted=False), boot, SENT, MORNING) == (MORNING, TimeQuality.UNKNOWN)


@pytest.mark.parametrize(
    ("at_ms", "there"),
    [
        (1_760_043_599_000, Local("2025-10-09", 23, 4)),
        (1_760_043_600_000, Local("2025-10-10", 0, 5)),  # midnight in Kyiv is 21:00 UTC in summer
        (1_761_440_399_000, Local("2025-10-26", 3, 7)),  # the hour that comes twice, first time
        (1_761_443_999_000, Local("2025-10-26", 3, 7)),  # and second
        (1_761_444_000_000, Local("2025-10-26", 4, 7)),
    ],
)
def test_the_calendar_is_the_centres(at_ms: int, there: Local) -> None:
    assert local(at_ms, ZoneInfo("Europe/Kyiv")) == there


def test_a_new_answer_waits_for_its_window_to_close() -> None:
    window = MORNING // QUARTER * QUARTER
    assert released(window, window) == window + QUARTER
    assert released(window + QUARTER - 1, window + QUARTER - 1) == window + QUARTER
    assert released(MORNING - QUARTER, MORNING) == window + QUARTER


def test_an_old_answer_is_free_at_once() -> None:
    assert released(MORNING - QUARTER - 1, MORNING) == MORNING
