"""Self-tests that the kiosk makes by itself, and those that a technician makes in the menu: when, and what goes on record."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.records import Moment, SelfTest, encode_body
from kiosk.config import parse
from kiosk.errors import ConfigError, Fault
from kiosk.gesture import Corner
from kiosk.hardware import Device
from kiosk.self_test import of_corners, of_devices, of_readings, of_tried
from kiosk.self_test_schedule import APART_S, DAY_S, START_S, SelfTests, Times
from kiosk.technician.lines import Tried
from kiosk.technician.readings import Delivery, Outlets, Readings, Storage
from tests.kiosk.support import FakeClock, kiosk_toml
from tests.kiosk.test_technician import Kiosk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from feedback.records import AnyRecord
    from kiosk.technician.readings import About

HOUR = time(4)
KYIV = ZoneInfo("Europe/Kyiv")
WELL = Readings(Storage(20_000_000_000, 29_000_000_000), 51.4, under_voltage=False, delivery=Delivery())
UNWELL = Readings(Storage(1_000_000, 29_000_000_000), 84.0, under_voltage=True, delivery=Delivery())


def moment(boot_s: float, wall: str, *, trusted: bool = True) -> Moment:
    return Moment(round(boot_s * 1000), round(datetime.fromisoformat(wall).replace(tzinfo=KYIV).timestamp() * 1000), trusted=trusted)


def no_about() -> About:
    raise AssertionError


class Alone:
    """A kiosk on which nobody is, with a store and a machine that answer when told to."""

    def __init__(self, hour: time = HOUR) -> None:
        self.clock = FakeClock()
        self.at_rest = self.is_free = True
        self.readings = WELL
        self.answers: list[Callable[[bool], None]] = []
        self.work: list[Callable[[], None]] = []
        self.posted: list[Callable[[], None]] = []
        self.kept: list[SelfTest] = []
        self.done: list[str] = []
        outlets = Outlets(
            about=no_about,
            read=lambda: self.readings,
            at_rest=lambda: self.at_rest,
            probe_store=self.answers.append,
            tone=lambda output: bool(self.done.append(output)),
            begin_test=lambda: bool(self.done.append("test")),
            restart=lambda: self.done.append("restart"),
            devices=lambda: {Device.SCANNER: None, Device.PRINTER: Fault.PAPER_END},
        )
        self.tests = SelfTests(
            Times(hour, self.clock.moment()),
            outlets,
            clock=self.clock,
            is_free=lambda: self.is_free,
            sound=lambda: {"speaker": None, "voice": Fault.NO_VOICE},
            keep=self.keep,
            post=self.posted.append,
            run=self.work.append,
        )

    def keep(self, make: Callable[[int], AnyRecord]) -> None:
        record = make(7)
        assert isinstance(record, SelfTest)
        self.kept.append(record)

    def pass_s(self, seconds: float) -> None:
        self.clock.pass_s(seconds)
        self.tests.tick()

    def answer(self, *, takes: bool = True) -> None:
        self.answers.pop()(takes)
        self.work.pop()()
        self.posted.pop()()


def test_one_that_is_asked_for_is_made_at_once_and_tells_what_it_found() -> None:
    kiosk, heard = Alone(), []
    kiosk.tests.ordered(heard.append)
    kiosk.answer()
    (record,) = kiosk.kept
    assert heard == [record.results]
    assert record.results["printer"] == Fault.PAPER_END
    assert not record.attended
    kiosk.pass_s(APART_S - 1)
    assert not kiosk.answers, "the one of its own is not due so soon after it"


def test_once_after_the_start_everything_is_on_record() -> None:
    kiosk = Alone()
    kiosk.pass_s(START_S - 1)
    assert not kiosk.answers
    kiosk.pass_s(1)
    kiosk.pass_s(1)
    kiosk.answer()
    assert not kiosk.answers
    (record,) = kiosk.kept
    assert (record.attended, record.context, record.at) == (False, 7, kiosk.clock.moment())
    parts = dict.fromkeys(("storage", "room", "temperature", "power", "clock", "scanner", "speaker"), "")
    assert record.results == parts | {"printer": "paper_end", "voice": "no_voice"}
    assert all(type(value) is str for pair in record.results.items() for value in pair)
    assert b'"printer":"paper_end"' in encode_body(record)
    assert kiosk.done == [], "nothing is shown, played or begun"


def test_it_waits_until_nobody_is_served_and_no_technician_is_there() -> None:
    kiosk = Alone()
    kiosk.at_rest = False
    kiosk.pass_s(START_S)
    kiosk.at_rest, kiosk.is_free = True, False
    kiosk.pass_s(60)
    assert not kiosk.answers
    kiosk.is_free = True
    kiosk.pass_s(1)
    assert len(kiosk.answers) == 1


def test_a_card_that_takes_nothing_is_said() -> None:
    kiosk = Alone()
    kiosk.readings = UNWELL
    kiosk.clock.trusted = False
    kiosk.pass_s(START_S)
    kiosk.answer(takes=False)
    results = kiosk.kept[0].results
    assert {part: results[part] for part in ("storage", "room", "temperature", "power", "clock")} == {
        "storage": "storage_failed",
        "room": "little_room",
        "temperature": "too_hot",
        "power": "power_weak",
        "clock": "clock_unset",
    }


def test_one_that_is_never_answered_does_not_end_the_others() -> None:
    kiosk = Alone()
    kiosk.pass_s(START_S)
    for _ in range(25):
        kiosk.pass_s(3600)
    assert len(kiosk.answers) == 2


def test_then_once_a_day_at_the_hour() -> None:
    times = Times(HOUR, moment(0, "2026-11-22T08:00"))
    times.begun(moment(300, "2026-11-22T08:05"))
    assert not times.is_due(moment(19 * 3600, "2026-11-23T03:00"))
    assert not times.is_due(moment(20 * 3600 - 1, "2026-11-23T03:59:59"))
    due = moment(20 * 3600 + 1, "2026-11-23T04:00:01")
    assert times.is_due(due)
    times.begun(due)
    assert not times.is_due(moment(40 * 3600, "2026-11-24T00:00"))
    assert times.is_due(moment(44 * 3600 + 2, "2026-11-24T04:00:02"))


def test_a_clock_that_is_set_back_over_the_hour_makes_no_second_one() -> None:
    times = Times(HOUR, moment(0, "2026-11-22T20:00"))
    times.begun(moment(28_801, "2026-11-23T04:00:01"))
    assert not times.is_due(moment(30_600, "2026-11-23T04:00:05"))


def test_the_hour_is_the_walls_in_summer_and_winter() -> None:
    times = Times(HOUR, moment(0, "2026-10-24T04:00:01"))
    times.begun(moment(0, "2026-10-24T04:00:01"))
    at_four = datetime(2026, 10, 25, 2, 0, 1, tzinfo=UTC)
    assert at_four.astimezone(KYIV).hour == 4, "an hour later than the day before"
    early = Moment((24 * 3600 + 1) * 1000, round(at_four.timestamp() * 1000) - 3_600_000, trusted=True)
    assert not times.is_due(early)
    assert times.is_due(Moment((25 * 3600 + 1) * 1000, round(at_four.timestamp() * 1000), trusted=True))


@given(
    st.lists(st.tuples(st.floats(0.5, 7200), st.integers(-20_000_000_000, 20_000_000_000), st.booleans(), st.booleans()), max_size=80),
    st.times().map(lambda at: at.replace(second=0, microsecond=0)),
)
def test_whatever_the_clock_does_they_are_apart_and_none_is_missing_for_long(
    steps: list[tuple[float, int, bool, bool]], hour: time
) -> None:
    boot_ms, wall_ms = 0, 1_790_000_000_000
    times = Times(hour, Moment(0, wall_ms, trusted=False))
    begun: list[int] = []
    for step_s, jump_ms, jumps, trusted in steps:
        boot_ms += round(step_s * 1000)
        wall_ms += round(step_s * 1000) + (jump_ms if jumps else 0)
        now = Moment(boot_ms, wall_ms, trusted=trusted)
        if times.is_due(now):
            assert boot_ms >= START_S * 1000
            assert not begun or boot_ms - begun[-1] >= APART_S * 1000
            times.begun(now)
            begun.append(boot_ms)
        elif begun:
            assert boot_ms - begun[-1] <= (DAY_S + 3600) * 1000
        else:
            assert boot_ms < START_S * 1000


@pytest.mark.parametrize("said", ["4:00", "24:00", "04:60", "04:00:00", "night", ""])
def test_a_time_that_is_none_is_refused(said: str, data_dir: Path) -> None:
    text = kiosk_toml(data_dir).replace('hardware = "simulated"', f'hardware = "simulated"\nself_test = "{said}"')
    with pytest.raises(ConfigError, match="self_test"):
        parse(text, "kiosk.toml")
    assert parse(text.replace(f'"{said}"', '"23:59"'), "kiosk.toml").kiosk.tested_at == time(23, 59)


# --- what was found ---------------------------------------------------------------------------------------------------------


def test_what_the_computer_cannot_say_is_not_on_record() -> None:
    found = of_readings(Readings(), Moment(0, 0, trusted=True))
    assert found == {"clock": "", "room": "storage_failed"}


def test_a_full_card_is_more_than_little_room() -> None:
    found = of_readings(Readings(Storage(1_000_000, 29_000_000_000, is_full=True)), Moment(0, 0, trusted=True))
    assert found["room"] == "disk_full"


def test_only_what_was_tried_is_on_record() -> None:
    assert of_tried(Tried()) == {}
    assert of_tried(Tried(storing=True)) == {}
    assert of_tried(Tried(store=False, tones={"speaker": True, "headphones": False})) == {
        "storage": "storage_failed",
        "speaker": "",
        "headphones": "no_sound",
    }
    assert of_corners(frozenset(Corner)) == ""
    assert of_tried(Tried(corners=frozenset({Corner.UPPER_LEFT}))) == {"touch": "touch_unfelt"}
    assert of_devices({Device.LAMPS: Fault.LAMPS_MISSING}) == {"lamps": "lamps_missing"}


def test_what_a_technician_tries_in_the_menu_is_kept_once_when_it_closes(data_dir: Path) -> None:
    kiosk = Kiosk(data_dir)
    kiosk.devices = {Device.PRINTER: Fault.COVER_OPEN}
    kiosk.enter()
    kiosk.tap("page:tests")
    kiosk.tap("tone:speaker")
    assert kiosk.tested == []
    kiosk.technician.close()
    kiosk.technician.close()
    (results,) = kiosk.tested
    assert results["speaker"] == ""
    assert results["printer"] == "cover_open"
    assert results["room"] == results["temperature"] == ""
    assert "touch" not in results


def test_who_only_looks_leaves_no_record(data_dir: Path) -> None:
    kiosk = Kiosk(data_dir)
    kiosk.enter()
    kiosk.tap("page:tests")
    kiosk.tap("page:network")
    kiosk.technician.close()
    assert kiosk.tested == []
