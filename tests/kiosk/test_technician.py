from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback.records import Context, Moment
from feedback.settings import Theme
from kiosk import folder
from kiosk.config import parse
from kiosk.errors import Fault
from kiosk.gesture import Corners
from kiosk.hardware import Device, PanelButton
from kiosk.screens import LEAVE, Closed, Entry, Menu, Pin, Screen, Thanks, stops
from kiosk.store import Store
from kiosk.sync import delivery
from kiosk.technician import levels, lock, pages, pin
from kiosk.technician.levels import Levels
from kiosk.technician.lines import Known, Tried
from kiosk.technician.lock import Attempts, Lock, wait_ms
from kiosk.technician.menu import IDLE_S, PIN_S, REFRESH_S, SETTLE_S, Technician
from kiosk.technician.probes import Machine, SysBacklight, read_delivery
from kiosk.technician.readings import About, Delivery, Outlets, Output, Readings, Storage
from tests.kiosk.support import BOOT, FakeClock, counted_ids, kiosk_toml, wait_until

if TYPE_CHECKING:
    from pathlib import Path

PIN = "482915"
ENCODED = pin.hashed(PIN)
ROUND = [(0.01, 0.01), (0.99, 0.01), (0.99, 0.99), (0.01, 0.99), (0.01, 0.01)]
VISIT = Closed(opens_at="09:00")
ABOUT = About("exit-sample-1", "vidhuk 0.1.0", "ЦНАП Зразкове", "broker.example:8883", 7, "default", 2)
WELL = Readings(Storage(20_000_000_000, 29_000_000_000), 51.4, False, Delivery(True, True))  # noqa: FBT003


class Lamp:
    """A backlight that does as it is told."""

    def __init__(self, now: int | None = 60) -> None:
        self.now = now
        self.works = True

    def percent(self) -> int | None:
        return self.now

    def set(self, percent: int) -> None:
        if not self.works:
            raise PermissionError("not for you")
        self.now = percent


class Kiosk:
    """A technician before a kiosk: work for other threads waits until `work` is called."""

    def __init__(self, data_dir: Path, *, locked: bool = True, lamp: Lamp | None = None) -> None:
        self.clock = FakeClock()
        self.screen: Screen | None = None
        self.at_rest = True
        self.readings = WELL
        self.done: list[object] = []
        self.waiting: list[Callable[[], None]] = []
        self.answers: list[Callable[[bool], None]] = []
        self.takes_sound = True
        self.tested: list[Mapping[str, str]] = []
        self.devices: dict[Device, Fault | None] = {}
        self.takes_tests = True
        self.about = ABOUT
        outlets = Outlets(
            about=lambda: self.about,
            read=lambda: self.readings,
            at_rest=lambda: self.at_rest,
            probe_store=self.answers.append,
            tone=self.tone,
            begin_test=self.begin_test,
            restart=lambda: self.done.append("restart"),
            begin_boxes=self.begin_boxes,
            devices=lambda: self.devices,
            tested=self.tested.append,
        )
        self.lamp = lamp or Lamp()
        self.levels = Levels(
            data_dir,
            volume=70,
            set_volume=lambda percent: self.done.append(("volume", percent)),
            backlight=self.lamp,
            run=self.waiting.append,
        )
        guard = Lock(ENCODED, data_dir, clock=self.clock, run=self.waiting.append, post=lambda call: call()) if locked else None
        self.technician = Technician(guard, Corners(1280, 800, 10.1), self.levels, outlets, clock=self.clock, show=self.show)
        self.technician.visit_shows(VISIT)

    def show(self, screen: Screen) -> None:
        self.screen = screen

    def tone(self, output: Output) -> bool:
        self.done.append(("tone", output))
        return self.takes_sound

    def begin_test(self) -> bool:
        if self.takes_tests:
            self.done.append("test")
        return self.takes_tests

    def begin_boxes(self, language: str) -> bool:
        if self.takes_tests:
            self.done.append(("boxes", language))
        return self.takes_tests

    def draw(self) -> None:
        assert self.screen is not None
        self.technician.shown(self.screen)

    def touch(self, x: float, y: float) -> None:
        self.clock.pass_s(0.1)
        self.technician.touched(x, y, self.clock.moment())

    def make_the_gesture(self) -> None:
        for place in ROUND:
            self.touch(*place)

    def tap(self, name: str, after_s: float = SETTLE_S) -> bool:
        self.draw()
        self.clock.pass_s(after_s)
        taken = self.technician.tap(name, self.clock.moment())
        self.draw()
        return taken

    def type(self, digits: str) -> None:
        for digit in digits:
            self.tap(f"key:{digit}", 0.05)
        self.tap("key:enter", 0.05)

    def work(self) -> None:
        while self.waiting:
            self.waiting.pop(0)()

    def later(self, seconds: float) -> None:
        self.clock.pass_s(seconds)
        self.technician.tick()

    def enter(self) -> None:
        self.make_the_gesture()
        self.type(PIN)
        self.work()
        assert self.menu.title == "Меню техніка"

    def go(self, *pages: str) -> None:
        for page in pages:
            assert self.tap(page)

    @property
    def menu(self) -> Menu:
        assert isinstance(self.screen, Menu)
        return self.screen

    @property
    def pin(self) -> Pin:
        assert isinstance(self.screen, Pin)
        return self.screen

    def entry(self, name: str) -> Entry:
        return next(entry for entry in self.menu.entries if entry.name == name)


@pytest.fixture
def kiosk(data_dir: Path) -> Kiosk:
    return Kiosk(data_dir)


# --- in and out -------------------------------------------------------------------------------------------------------------


def test_gesture_then_pin_then_menu_then_the_visit_again(kiosk: Kiosk) -> None:
    kiosk.make_the_gesture()
    assert kiosk.pin == Pin()
    kiosk.type(PIN)
    assert kiosk.pin.typed == 0  # nothing stays on the glass while it is checked
    kiosk.work()
    assert kiosk.menu.title == "Меню техніка"
    kiosk.tap(LEAVE)
    assert kiosk.screen == VISIT
    assert not kiosk.technician.is_open


def test_without_a_pin_the_gesture_does_nothing(data_dir: Path) -> None:
    kiosk = Kiosk(data_dir, locked=False)
    kiosk.make_the_gesture()
    kiosk.make_the_gesture()
    assert kiosk.screen == VISIT


def test_it_does_not_open_over_a_visitor(kiosk: Kiosk) -> None:
    kiosk.at_rest = False
    kiosk.make_the_gesture()
    assert kiosk.screen == VISIT


def test_the_touch_that_ends_the_gesture_types_nothing(kiosk: Kiosk) -> None:
    kiosk.make_the_gesture()
    for name in (LEAVE, "key:1"):
        assert kiosk.technician.tap(name, kiosk.clock.moment())
    assert kiosk.pin.typed == 0


def test_the_visit_is_held_back_and_shown_as_it_is_then(kiosk: Kiosk) -> None:
    kiosk.enter()
    kiosk.technician.visit_shows(Thanks())
    assert isinstance(kiosk.screen, Menu)
    kiosk.tap(LEAVE)
    assert kiosk.screen == Thanks()


def test_nothing_reaches_the_visit_while_it_is_open_nor_by_the_second_tap_of_a_double_tap(kiosk: Kiosk) -> None:
    assert not kiosk.technician.tap("good", kiosk.clock.moment())
    assert not kiosk.technician.button(PanelButton.FACE_1)
    kiosk.enter()
    assert kiosk.tap("good")
    assert kiosk.technician.button(PanelButton.FACE_1)
    assert kiosk.tap(LEAVE)
    assert kiosk.tap("good", 0.1)
    assert not kiosk.tap("good", SETTLE_S)


@pytest.mark.parametrize("opened", [False, True])
def test_it_closes_by_itself(kiosk: Kiosk, *, opened: bool) -> None:
    if opened:
        kiosk.enter()
    else:
        kiosk.make_the_gesture()
    patience_s = IDLE_S if opened else PIN_S
    kiosk.later(patience_s - 1)
    kiosk.tap("key:1")
    kiosk.later(patience_s - 1)
    assert kiosk.technician.is_open
    kiosk.later(1)
    assert kiosk.screen == VISIT


def test_a_pin_that_is_checked_after_leaving_opens_nothing(kiosk: Kiosk) -> None:
    kiosk.make_the_gesture()
    kiosk.type(PIN)
    kiosk.tap(LEAVE)
    kiosk.make_the_gesture()
    kiosk.work()
    assert kiosk.pin == Pin()


def test_the_menu_speaks_the_language_of_the_screen_behind_it(kiosk: Kiosk) -> None:
    kiosk.technician.visit_shows(Closed(language="en"))
    kiosk.make_the_gesture()
    kiosk.type(PIN)
    kiosk.work()
    assert kiosk.menu.title == "Technician’s menu"
    assert kiosk.menu.language == "en"


# --- the PIN ----------------------------------------------------------------------------------------------------------------


def test_digits_are_counted_taken_back_and_never_too_many(kiosk: Kiosk) -> None:
    kiosk.make_the_gesture()
    for key in ("1", "2", "backspace", "x", "enter"):
        kiosk.tap(f"key:{key}")
    assert kiosk.pin.typed == 1
    for _ in range(20):
        kiosk.tap("key:7")
    assert kiosk.pin.typed == pin.LONGEST


def test_a_wrong_pin_is_said_to_be_wrong_until_the_next_digit(kiosk: Kiosk) -> None:
    kiosk.make_the_gesture()
    kiosk.type("000000")
    kiosk.work()
    assert kiosk.pin == Pin(wrong=True)
    kiosk.tap("key:1")
    assert kiosk.pin == Pin(typed=1)


def test_after_three_wrong_ones_everybody_waits_and_then_twice_as_long(kiosk: Kiosk) -> None:
    for expected in (0, 0, 30, 60, 120, 240, 480, 900, 900):
        if not kiosk.technician.is_open:
            kiosk.make_the_gesture()
        kiosk.type("000000")
        kiosk.work()
        assert kiosk.pin.wait_s == expected
        if expected:
            kiosk.type(PIN)  # not even the right one
            kiosk.work()
            assert kiosk.pin.typed == 0
            kiosk.later(14)
            assert kiosk.pin.wait_s == expected - 14
            kiosk.tap(LEAVE)
            kiosk.clock.pass_s(expected - 14)
    kiosk.enter()


def test_a_right_pin_forgets_the_wrong_ones(kiosk: Kiosk) -> None:
    for _ in range(3):
        kiosk.make_the_gesture()
        for wrong in ("000000", "000001"):
            kiosk.type(wrong)
            kiosk.work()
        kiosk.type(PIN)
        kiosk.work()
        kiosk.tap(LEAVE)
        kiosk.clock.pass_s(1)


def guard(data_dir: Path, clock: Any) -> Lock:
    return Lock(ENCODED, data_dir, clock=clock, run=lambda work: work(), post=lambda call: call())


def test_neither_a_restart_nor_a_reboot_nor_the_plug_ends_the_wait(data_dir: Path) -> None:
    clock, never = FakeClock(), list[Callable[[], None]]()
    for _ in range(2):
        guard(data_dir, clock).check("000000", lambda _is_right: None)  # each in a program of its own
    pulled = Lock(ENCODED, data_dir, clock=clock, run=lambda work: work(), post=never.append)
    pulled.check("000000", lambda _is_right: None)  # the plug is pulled before the answer is seen
    clock.pass_s(10)
    assert guard(data_dir, clock).wait_s() == 20
    rebooted = FakeClock()
    rebooted.boot_id = UUID(int=5)  # type: ignore[misc]
    rebooted.now_ms = 12_000
    assert guard(data_dir, rebooted).wait_s() == 18  # from the boot on, whole
    rebooted.pass_s(18)
    assert guard(data_dir, rebooted).wait_s() == 0


@pytest.mark.parametrize("content", [b"", b"{", b'{"wrong": "many"}', b"\xff"])
def test_a_count_that_cannot_be_read_asks_to_wait(data_dir: Path, content: bytes) -> None:
    (data_dir / lock.FILE).write_bytes(content)
    clock = FakeClock()
    clock.now_ms = 5_000
    assert guard(data_dir, clock).wait_s() == 25


def test_a_disk_that_takes_nothing_does_not_lock_the_technician_out(data_dir: Path) -> None:
    (data_dir / f"{lock.FILE}.new").mkdir()
    answers: list[bool] = []
    guard(data_dir, FakeClock()).check(PIN, answers.append)
    assert answers == [True]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 2_000), st.booleans()), max_size=30))
@settings(max_examples=200)
def test_the_wait_is_never_shortened_by_rebooting(steps: list[tuple[bool, int, bool]]) -> None:
    boot, now_ms, attempts = 1, 0, Attempts()
    for is_wrong, pause_s, reboots in steps:
        before_ms = wait_ms(attempts, UUID(int=boot), now_ms)
        if is_wrong and before_ms == 0:
            attempts = Attempts(attempts.wrong + 1, UUID(int=boot), now_ms)
            before_ms = wait_ms(attempts, UUID(int=boot), now_ms)
        assert before_ms <= lock.LONGEST_WAIT_S * 1000
        if reboots:
            boot, now_ms = boot + 1, 0
            assert wait_ms(attempts, UUID(int=boot), 0) >= before_ms
        now_ms += pause_s * 1000
        assert wait_ms(attempts, UUID(int=boot), now_ms) >= (0 if pause_s else before_ms)


def test_a_real_check_runs_beside_the_main_thread(data_dir: Path) -> None:
    threads, answers = list[str](), list[bool]()

    def run(work: Callable[[], None]) -> None:
        threading.Thread(target=work, name="aside").start()

    def post(call: Callable[[], None]) -> None:
        threads.append(threading.current_thread().name)
        call()

    checked = Lock(ENCODED, data_dir, clock=FakeClock(), run=run, post=post)
    checked.check(PIN, answers.append)
    checked.check("000000", answers.append)  # one at a time
    wait_until(lambda: answers)
    assert answers == [True]
    assert threads == ["aside"]


@pytest.mark.parametrize(
    ("chosen", "complaint"),
    [
        ("48291", "6 to 10 digits"),
        ("48291548291", "6 to 10 digits"),
        ("48291a", "6 to 10 digits"),
        ("４８２９１５", "6 to 10 digits"),
        ("111111", "all the same or follow one another"),
        ("123456", "all the same or follow one another"),
        ("7890123", "all the same or follow one another"),
        ("987654", "all the same or follow one another"),
        ("482482", "repeats itself"),
        ("121212", "repeats itself"),
    ],
)
def test_simple_pins_are_refused(chosen: str, complaint: str) -> None:
    assert complaint in str(pin.objection(chosen))


@pytest.mark.parametrize("chosen", [PIN, "0482915731", "112233"])
def test_other_pins_will_do(chosen: str) -> None:
    assert pin.objection(chosen) is None


def test_the_command_prints_the_line_that_kiosk_toml_takes(data_dir: Path) -> None:
    typed = f"123456\n123456\n{PIN}\n482916\n{PIN}\n{PIN}\n"
    command = [sys.executable, "-m", "kiosk", "pin"]
    answered = subprocess.run(command, input=typed, capture_output=True, text=True, check=True, start_new_session=True)  # no terminal
    assert "easy to guess" in answered.stderr
    assert PIN not in answered.stdout + answered.stderr
    (line,) = answered.stdout.splitlines()
    config = parse(f"{kiosk_toml(data_dir)}\n[technician]\n{line}\n", "kiosk.toml")
    assert config.technician is not None
    assert pin.is_right(PIN, config.technician.pin.reveal())
    assert not pin.is_right("482916", config.technician.pin.reveal())


# --- the pages --------------------------------------------------------------------------------------------------------------


DEVICE_FAULTS = [fault for fault in Fault if fault.startswith(("button", "lamps", "presence", "scanner", "printer", "paper", "cover"))]


class Pages:
    """Every page, kiosk well and unwell, in both languages."""

    unwell: ClassVar = Readings(
        Storage(1_000_000, 29_000_000_000),
        84.0,
        under_voltage=True,
        delivery=Delivery(
            running=False, waiting=12, oldest_ms=1_790_000_000_000, faults=("server_refused", "log_forked", "log_unreadable")
        ),
    )
    states: ClassVar = [
        Known(ABOUT, WELL, Moment(0, 1_790_000_000_000, trusted=True), 70, 60),
        Known(About("exit-sample-1", "vidhuk 0.1.0"), Readings(), Moment(0, 0, trusted=False), 0, None),
        Known(
            ABOUT,
            unwell,
            Moment(0, 0, trusted=False),
            100,
            10,
            Tried(store=False, tones={"speaker": False, "headphones": True}, button=PanelButton.HELP),
        ),
        Known(
            ABOUT,
            msgspec.structs.replace(unwell, delivery=Delivery(running=True)),
            Moment(0, 0, trusted=False),
            50,
            50,
            Tried(storing=True),
        ),
        Known(ABOUT, Readings(Storage(1_000_000, 29_000_000_000, is_full=True)), Moment(0, 0, trusted=True), 50, 50),
        Known(ABOUT, WELL, Moment(0, 0, trusted=True), 50, 50, devices=dict.fromkeys(Device)),
        *(Known(ABOUT, WELL, Moment(0, 0, trusted=True), 50, 50, devices=dict.fromkeys(Device, fault)) for fault in DEVICE_FAULTS),
    ]


@pytest.mark.parametrize("page", sorted(pages.PAGES))
@pytest.mark.parametrize("language", ["uk", "en"])
@pytest.mark.parametrize("known", Pages.states)
def test_every_line_is_short_and_every_bad_one_says_what_to_do(page: str, language: str, known: Known) -> None:
    menu = pages.draw(page, known, language)
    assert len(menu.entries) <= 10  # one page of a 10-inch screen
    assert len(set(stops(menu))) == len(menu.entries) + 1  # and the way back
    for entry in menu.entries:
        assert 0 < len(entry.title) <= 20, entry
        assert len(entry.detail) <= 55, entry
        if entry.well is False:
            assert ":" in entry.detail, f"what to do? {entry}"
        assert language == "en" or not any("a" <= letter <= "z" for letter in entry.title), entry


def test_the_devices_are_told_while_somebody_mends_them(kiosk: Kiosk) -> None:
    kiosk.enter()
    assert "page:devices" not in [entry.name for entry in kiosk.menu.entries], "where there are none"
    kiosk.devices.update({Device.SCANNER: Fault.SCANNER_MISSING, Device.PRINTER: None})
    kiosk.later(2)
    assert kiosk.entry("page:devices") == Entry("page:devices", "Пристрої", "Несправних: 1", well=False)
    kiosk.go("page:devices")
    assert kiosk.entry("device:scanner").well is False
    assert kiosk.entry("device:printer") == Entry("device:printer", "Принтер", "працює", well=True)
    kiosk.devices[Device.SCANNER] = None
    kiosk.later(2)
    assert kiosk.entry("device:scanner").well is True
    kiosk.go(LEAVE)
    assert kiosk.entry("page:devices").detail == "усі працюють"


def test_a_full_card_says_to_replace_it(kiosk: Kiosk) -> None:
    kiosk.enter()
    kiosk.go("page:tests")
    assert kiosk.entry("storage") == Entry("storage", "Картка пам’яті", "Вільно 20 ГБ з 29 ГБ", well=True)
    kiosk.readings = Pages.unwell
    kiosk.go(LEAVE, "page:tests")
    assert kiosk.entry("storage") == Entry("storage", "Картка пам’яті", "Місця на картці мало: замініть картку", well=False)


@pytest.mark.parametrize(
    ("delivery_state", "well"),
    [(Delivery(running=True, connected=True), True), (Delivery(running=True), False), (Delivery(), False)],
)
def test_the_network_is_told_in_words(kiosk: Kiosk, delivery_state: Delivery, *, well: bool) -> None:
    kiosk.readings = Readings(delivery=delivery_state)
    kiosk.enter()
    assert kiosk.entry("page:network").well is well
    kiosk.go("page:network")
    assert kiosk.entry("connection").well is well
    assert kiosk.entry("server").detail == "broker.example:8883"
    kiosk.readings = Readings(delivery=Delivery(running=True, connected=not well))
    kiosk.later(2)  # somebody holds the cable and waits
    assert kiosk.entry("connection").well is not well
    kiosk.go(LEAVE)
    assert kiosk.menu.title == "Меню техніка"


def test_the_store_is_tested_by_writing(kiosk: Kiosk) -> None:
    kiosk.enter()
    kiosk.go("page:tests", "test:store", "test:store")
    assert kiosk.entry("test:store").well is None
    (answer,) = kiosk.answers
    answer(True)  # noqa: FBT003
    assert kiosk.entry("test:store").well is True
    kiosk.go("test:store")
    kiosk.answers[1](False)  # noqa: FBT003
    assert kiosk.entry("test:store").well is False


def test_the_screen_turns_to_the_line_that_was_touched(kiosk: Kiosk) -> None:
    kiosk.enter()
    kiosk.go("page:tests", "tone:headphones")
    assert kiosk.menu.focus == "tone:headphones"
    kiosk.technician.button(PanelButton.NEXT)
    assert kiosk.menu.focus == "buttons"


def test_back_goes_up_one_page_and_no_double_tap_goes_two(kiosk: Kiosk) -> None:
    kiosk.enter()
    kiosk.go("page:tests", "page:glass", LEAVE)
    assert kiosk.menu.title == "Самоперевірка"
    kiosk.tap(LEAVE, 0.1)
    assert kiosk.menu.title == "Самоперевірка"
    kiosk.go(LEAVE, LEAVE)
    assert kiosk.screen == VISIT


def test_the_store_may_answer_when_the_menu_is_closed(kiosk: Kiosk) -> None:
    kiosk.enter()
    kiosk.go("page:tests", "test:store", LEAVE, LEAVE)
    kiosk.answers[0](True)  # noqa: FBT003
    assert kiosk.screen == VISIT


@pytest.mark.parametrize("output", ["speaker", "headphones"])
def test_both_outputs_play_a_tone(kiosk: Kiosk, output: str) -> None:
    kiosk.enter()
    kiosk.go("page:tests", f"tone:{output}")
    assert kiosk.done == [("tone", output)]
    assert kiosk.entry(f"tone:{output}").well is True
    kiosk.takes_sound = False
    kiosk.go(f"tone:{output}")
    assert kiosk.entry(f"tone:{output}").well is False


def test_the_pressed_button_is_named(kiosk: Kiosk) -> None:
    kiosk.enter()
    kiosk.go("page:tests")
    for button, name in ((PanelButton.FACE_3, "Кнопка 3 зліва"), (PanelButton.SKIP, "Кнопка «пропустити»")):
        assert kiosk.technician.button(button)
        assert kiosk.entry("buttons").detail == name


def test_the_corners_of_the_glass_are_felt_and_set_off_nothing_else(kiosk: Kiosk) -> None:
    kiosk.enter()
    kiosk.go("page:tests", "page:glass")
    for count, place in enumerate(ROUND[:4], 1):
        kiosk.touch(*place)
        assert kiosk.tap(LEAVE)  # what stands in that corner
        assert sum(entry.well is True for entry in kiosk.menu.entries) == count
    kiosk.go(LEAVE)
    assert kiosk.entry("page:glass").well is True


def test_the_glass_is_looked_at_in_all_colours(kiosk: Kiosk) -> None:
    kiosk.enter()
    kiosk.go("page:tests", "page:glass")
    seen = []
    for _ in Theme:
        kiosk.go("test:colours")
        seen.append(kiosk.menu.comfort.theme)
    assert set(seen) == set(Theme)
    kiosk.go("test:colours", LEAVE)
    assert kiosk.menu.comfort.theme is Theme.LIGHT


def test_a_test_vote_leaves_the_menu(kiosk: Kiosk) -> None:
    kiosk.enter()
    kiosk.go("do:test_vote")
    assert kiosk.done == ["test"]
    assert kiosk.screen == VISIT


def test_where_no_test_can_begin_the_menu_stays_so_that_no_test_is_counted(kiosk: Kiosk) -> None:
    kiosk.takes_tests = False
    kiosk.enter()
    kiosk.go("do:test_vote")
    assert kiosk.done == []
    assert kiosk.screen != VISIT


def test_ticket_boxes_are_counted_where_there_is_a_scanner_and_the_server_says_how_tickets_are_read(kiosk: Kiosk) -> None:
    kiosk.enter()
    kiosk.go("do:boxes")
    assert kiosk.entry("do:boxes") == Entry("do:boxes", "Скриньки з талонами", "Немає сканера: додайте його до kiosk.toml")
    kiosk.devices = {Device.SCANNER: None}
    kiosk.later(REFRESH_S)
    kiosk.go("do:boxes")
    assert kiosk.entry("do:boxes").detail == "Сервер не повідомив, як читати талони"
    assert kiosk.done == []
    kiosk.about = msgspec.structs.replace(ABOUT, tickets=True)
    kiosk.later(REFRESH_S)
    assert kiosk.entry("do:boxes") == Entry("do:boxes", "Скриньки з талонами", "Порахувати вкинуті талони")
    kiosk.go("do:boxes")
    assert kiosk.done == [("boxes", "uk")]
    assert kiosk.screen == VISIT


def test_a_scanner_that_fails_says_so_where_boxes_are_counted_and_may_come_back_meanwhile(kiosk: Kiosk) -> None:
    kiosk.about, kiosk.devices = msgspec.structs.replace(ABOUT, tickets=True), {Device.SCANNER: Fault.SCANNER_MISSING}
    kiosk.enter()
    assert kiosk.entry("do:boxes").well is False
    kiosk.go("do:boxes")
    assert kiosk.done == [("boxes", "uk")]


def test_where_no_count_can_begin_the_menu_stays(kiosk: Kiosk) -> None:
    kiosk.about, kiosk.devices, kiosk.takes_tests = msgspec.structs.replace(ABOUT, tickets=True), {Device.SCANNER: None}, False
    kiosk.enter()
    kiosk.go("do:boxes")
    assert kiosk.menu.title == "Меню техніка"


def test_restart_asks_once_more_and_no_double_tap_confirms_it(kiosk: Kiosk) -> None:
    kiosk.enter()
    assert kiosk.tap("do:restart")  # not on this page
    kiosk.go("page:restart")
    kiosk.tap("do:restart", 0.1)
    assert kiosk.done == []
    kiosk.tap("do:restart")
    assert kiosk.done == ["restart"]


# --- volume and brightness --------------------------------------------------------------------------------------------------


def test_the_volume_is_heard_kept_and_set_at_the_next_start(kiosk: Kiosk, data_dir: Path) -> None:
    kiosk.enter()
    kiosk.go("page:volume", "more", "more", "less")
    assert kiosk.menu.title == "Гучність: 80 %"
    assert kiosk.done == [heard for percent in (80, 90, 80) for heard in (("volume", percent), ("tone", "speaker"))]
    kiosk.work()
    again = Kiosk(data_dir)
    again.levels.apply()
    assert again.done == [("volume", 80)]


@pytest.mark.parametrize(("tap", "end"), [("less", 0), ("more", 100)])
def test_the_volume_has_ends(kiosk: Kiosk, tap: str, end: int) -> None:
    kiosk.enter()
    kiosk.go("page:volume", *[tap] * 15)
    assert kiosk.levels.volume == end


def test_the_brightness_is_kept_and_never_black(kiosk: Kiosk, data_dir: Path) -> None:
    kiosk.enter()
    kiosk.go("page:brightness", *["less"] * 15)
    assert kiosk.lamp.now == levels.DARKEST
    kiosk.work()
    again = Kiosk(data_dir, lamp=Lamp(100))
    again.levels.apply()
    assert again.lamp.now == levels.DARKEST


def test_a_screen_without_control_says_so(data_dir: Path) -> None:
    kiosk = Kiosk(data_dir, lamp=Lamp(None))
    kiosk.enter()
    assert kiosk.entry("page:brightness").detail == "Цей екран не має регулятора"
    kiosk.go("page:brightness")
    assert kiosk.tap("more")


def test_a_light_that_may_not_be_set_hurts_nobody(kiosk: Kiosk) -> None:
    kiosk.lamp.works = False
    kiosk.enter()
    kiosk.go("page:brightness", "more")
    assert kiosk.levels.brightness is None


@pytest.mark.parametrize("content", [b"{", b'{"volume": 900}', b"\xff"])
def test_levels_that_cannot_be_read_are_those_of_kiosk_toml(data_dir: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    (data_dir / levels.FILE).write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert Kiosk(data_dir).levels.volume == 70
    assert "as in kiosk.toml" in caplog.text


# --- the machine ------------------------------------------------------------------------------------------------------------


def sys_with(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_zone_", "_zone")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_machine_that_says_nothing(data_dir: Path, tmp_path: Path) -> None:
    read = Machine(data_dir, tmp_path).read()
    assert read.storage is not None
    assert read.storage.total_bytes > read.storage.free_bytes > 0
    assert (read.temperature_c, read.under_voltage) == (None, None)
    assert read.delivery == Delivery()
    assert SysBacklight(tmp_path).percent() is None


def test_a_raspberry_pi_says_how_hot_it_is_and_whether_its_power_is_weak(data_dir: Path, tmp_path: Path) -> None:
    throttled = tmp_path / "devices/platform/soc/soc:firmware/get_throttled"
    throttled.parent.mkdir(parents=True)
    machine = Machine(
        data_dir, sys_with(tmp_path, class__thermal__thermal_zone0__temp="51540\n", class__thermal__thermal_zone1__temp="bad")
    )
    assert machine.read().temperature_c == pytest.approx(51.54)
    for word, weak in (("0\n", False), ("50005\n", True), ("50000\n", True), ("20000\n", False)):
        throttled.write_text(word)
        assert machine.read().under_voltage is weak
    throttled.unlink()
    sys_with(tmp_path, class__hwmon__hwmon0__name="cpu_thermal\n", class__hwmon__hwmon1__name="rpi_volt\n")
    assert machine.read().under_voltage is None
    sys_with(tmp_path, class__hwmon__hwmon1__in0_lcrit_alarm="1\n")
    assert machine.read().under_voltage is True


def test_the_backlight_is_the_kernels(tmp_path: Path) -> None:
    sys_with(tmp_path, class__backlight__panel__brightness="31\n", class__backlight__panel__max_brightness="255\n")
    light = SysBacklight(tmp_path)
    assert light.percent() == 12
    light.set(100)
    assert light.percent() == 100
    assert (tmp_path / "class/backlight/panel/brightness").read_text() == "255"


def test_the_delivery_is_read_from_the_two_files(data_dir: Path) -> None:
    new_id, clock = counted_ids(), FakeClock()
    with Store(data_dir / "votes.db", new_id) as store, delivery.open_ledger(data_dir / delivery.FILE) as ledger:
        records = [Context(new_id(), Moment(n, 1_000 + n, trusted=True), n, BOOT, "s", "q", 1) for n in range(5)]
        store.append(records)
        assert read_delivery(data_dir) == Delivery(waiting=5, oldest_ms=1_000)
        ledger.set_mark(store.epoch, 3, "00" * 32)
        ledger.note(delivery.CONNECTED, "yes")
        ledger.note(delivery.FAULTS, Fault.SERVER_REFUSED)
        read = read_delivery(data_dir)
        assert read == Delivery(waiting=2, oldest_ms=1_003, acked=3, acked_ms=1_002, faults=("server_refused",))
        with folder.wake_receiver(data_dir):  # a connection counts only while sync lives
            assert msgspec.structs.replace(read, running=True, connected=True) == read_delivery(data_dir)
            ledger.note(delivery.CONNECTED, "no")
            assert not read_delivery(data_dir).connected
        ledger.set_mark(store.epoch, 5, "00" * 32)
        assert read_delivery(data_dir).oldest_ms is None
    assert clock.boot_id == BOOT
