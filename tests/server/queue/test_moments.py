from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.queue.moments import NeverWasError, NotAMomentError, read_day, read_moment

KYIV = ZoneInfo("Europe/Kyiv")


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("22.11.2026 09:15", "2026-11-22T09:15:00+02:00"),
        ("22.11.2026 9:15:07", "2026-11-22T09:15:07+02:00"),
        ("2.7.2026, 09:15:07", "2026-07-02T09:15:07+03:00"),
        ("2026-07-02 09:15", "2026-07-02T09:15:00+03:00"),
        ("2026-07-02T09:15:07.250", "2026-07-02T09:15:07.250+03:00"),
        ("2026-07-02T06:15:07Z", "2026-07-02T06:15:07+00:00"),
        ("2026-07-02T09:15:07+0300", "2026-07-02T09:15:07+03:00"),
        ("2026-07-02T04:15:07-02:00", "2026-07-02T06:15:07+00:00"),
    ],
)
def test_times_of_exports_are_read_by_the_wall_clock(text: str, at: str) -> None:
    assert read_moment(text, KYIV) == ms(at)


def test_a_time_alone_is_of_the_day_that_another_column_says() -> None:
    assert read_moment("09:15", KYIV, day=date(2026, 7, 2)) == ms("2026-07-02T09:15:00+03:00")
    with pytest.raises(NotAMomentError):
        read_moment("09:15", KYIV)


def test_the_hour_that_comes_twice_is_the_first_unless_that_were_too_early() -> None:
    first, second = ms("2026-10-25T03:30:00+03:00"), ms("2026-10-25T03:30:00+02:00")
    assert read_moment("25.10.2026 03:30", KYIV) == first
    assert read_moment("25.10.2026 03:30", KYIV, not_before_ms=first - 60_000) == first
    assert read_moment("25.10.2026 03:30", KYIV, not_before_ms=first + 60_000) == second


def test_the_hour_that_is_left_out_never_was() -> None:
    with pytest.raises(NeverWasError):
        read_moment("29.03.2026 03:30", KYIV)
    assert read_moment("29.03.2026 04:00", KYIV) - read_moment("29.03.2026 02:59", KYIV) == 60_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "вчора",
        "31.02.2026 10:00",
        "22.11.2026 25:00",
        "22.11.1026 10:00",
        "22.11.26 10:00",
        "2026-11-22T10:00+99:00",
        "٢٢.11.2026 10:00",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(NotAMomentError):
        read_moment(text, KYIV)


@pytest.mark.parametrize("text", ["22.11.2026", "2026-11-22", "22.11.2026 09:15", "2026-11-22T00:00:00"])
def test_days_are_read_whatever_stands_behind(text: str) -> None:
    assert read_day(text) == date(2026, 11, 22)


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    for read in (lambda: read_moment(text, KYIV), lambda: read_day(text)):
        try:
            read()
        except NotAMomentError:
            continue


@given(st.datetimes(min_value=datetime(2001, 1, 1), max_value=datetime(2099, 1, 1)))  # noqa: DTZ001
def test_a_time_written_as_the_wall_shows_it_comes_back(at: datetime) -> None:
    at = at.replace(microsecond=0, tzinfo=UTC)
    wall = at.astimezone(KYIV)
    read = read_moment(wall.strftime("%d.%m.%Y %H:%M:%S"), KYIV)
    assert read in {ms(at.isoformat()), ms((at - timedelta(hours=1)).isoformat())}
    assert read == ms(at.isoformat()) or wall.fold == 1
