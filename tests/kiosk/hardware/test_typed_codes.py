from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.hardware.scan_codes import MAX_BYTES, Splitter, Unreadable
from kiosk.hardware.typed_codes import KEYS, TypedCodes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Event = tuple[float, int, int, int]
SHIFT, ENTER, CAPS, CTRL, ALT = 42, 28, 58, 29, 56
BY_SIGN = {sign: (code, shifted) for code, pair in reversed(KEYS.items()) for shifted, sign in reversed(list(enumerate(pair)))}
# A 2D scanner in keyboard mode, its QR code "A-7;b\x1d" and Enter: (seconds, type, code, value) as the kernel gives them.
RECORDED: list[Event] = [
    (10.000, 4, 4, 458977), (10.000, 1, 42, 1), (10.000, 0, 0, 0), (10.002, 4, 4, 458756), (10.002, 1, 30, 1), (10.002, 0, 0, 0),
    (10.004, 4, 4, 458977), (10.004, 1, 42, 0), (10.004, 1, 30, 0), (10.004, 0, 0, 0), (10.006, 1, 12, 1), (10.006, 0, 0, 0),
    (10.008, 1, 12, 0), (10.008, 0, 0, 0), (10.010, 1, 8, 1), (10.010, 0, 0, 0), (10.012, 1, 8, 0), (10.012, 0, 0, 0),
    (10.014, 1, 39, 1), (10.016, 1, 39, 0), (10.018, 1, 48, 1), (10.020, 1, 48, 0), (10.022, 1, 29, 1), (10.024, 1, 27, 1),
    (10.026, 1, 27, 0), (10.026, 1, 29, 0), (10.028, 1, 28, 1), (10.028, 0, 0, 0), (10.030, 1, 28, 0), (10.030, 0, 0, 0),
]  # fmt: skip


def typed(text: str, *, at_s: float = 5.0, gap_s: float = 0.008, end: int | None = ENTER) -> Iterator[Event]:
    """The events of a scanner that types a text, Shift pressed and let go for each sign that needs it."""
    codes = [BY_SIGN[sign] for sign in text] + ([(end, 0)] if end is not None else [])
    for code, shifted in codes:
        if shifted:
            yield at_s, 1, SHIFT, 1
        yield at_s, 1, code, 1
        yield at_s, 0, 0, 0
        yield at_s + gap_s / 2, 1, code, 0
        if shifted:
            yield at_s + gap_s / 2, 1, SHIFT, 0
        at_s += gap_s


def taken(events: Iterable[Event], codes: TypedCodes | None = None) -> bytes:
    codes = codes or TypedCodes()
    return b"".join(codes.take(*event) for event in events)


def test_what_a_scanner_typed_is_read() -> None:
    assert taken(RECORDED) == b"A-7;b\x1d\r"


@pytest.mark.parametrize("end", [ENTER, 96, 15])
def test_every_key_of_a_us_keyboard_is_its_sign(end: int) -> None:
    signs = "".join(chr(code) for code in range(32, 127))
    assert taken(typed(signs, end=end)) == signs.encode() + b"\r"


def test_the_number_pad_is_digits() -> None:
    keys = [82, 79, 80, 81, 75, 76, 77, 71, 72, 73, ENTER]
    assert taken((1 + place * 0.01, 1, key, 1) for place, key in enumerate(keys)) == b"0123456789\r"


def test_capitals_may_be_locked() -> None:
    assert taken([(4.99, 1, CAPS, 1), (4.99, 1, CAPS, 0), *typed("vD1:x")]) == b"Vd1:X\r"


@pytest.mark.parametrize("gap_s", [0.051, 0.09, 0.11, 0.3])
def test_what_a_person_types_is_no_code(gap_s: float) -> None:
    codes = TypedCodes()
    assert taken(typed("A045", gap_s=gap_s), codes) == b""
    assert taken(typed("B12", at_s=9.0), codes) == b"B12\r", "and does not get into the next one"


def test_a_pause_begins_anew() -> None:
    assert taken([*typed("99", end=None), *typed("B12", at_s=5.5)]) == b"B12\r"
    assert taken([*typed("A045", end=None), (6.0, 1, ENTER, 1)]) == b""


def test_one_or_two_keys_are_no_code() -> None:
    assert taken(typed("A1")) == b""


@pytest.mark.parametrize("around", [ALT, CTRL])
def test_a_sign_that_cannot_be_read_spoils_the_code(around: int) -> None:
    spoilt = [(5.0, 1, around, 1), (5.001, 1, 79, 1), (5.002, 1, around, 0), *typed("12x", at_s=5.01)]
    assert Splitter().feed(taken(spoilt), 1.0) == [Unreadable.GARBLED]
    assert Splitter().feed(taken([(5.0, 1, 59, 1), *typed("12x", at_s=5.01)]), 1.0) == [Unreadable.GARBLED]  # F1


def test_events_that_the_kernel_dropped_spoil_no_later_code() -> None:
    codes = TypedCodes()
    assert taken([*typed("A0", end=None), (5.02, 1, SHIFT, 1), (5.02, 0, 3, 0)], codes) == b""
    assert taken(typed("b12", at_s=5.03), codes) == b"b12\r"


def test_a_code_without_an_end_takes_no_memory() -> None:
    codes = TypedCodes()
    assert taken(((place * 0.001, 1, 30, 1) for place in range(20_000)), codes) == b""
    assert len(codes._typed) <= MAX_BYTES + 1
    assert Splitter().feed(codes.take(20.0, 1, ENTER, 1), 1.0) == [Unreadable.TOO_LONG]


events = st.tuples(
    st.floats(0, 10),
    st.sampled_from([0, 0, 1, 1, 1, 1, 1, 4, 17]) | st.integers(0, 31),
    st.sampled_from([*KEYS, ENTER, SHIFT, CAPS, CTRL, ALT, 96, 15, 3]) | st.integers(0, 767),
    st.sampled_from([0, 1, 1, 2]) | st.integers(-(2**31), 2**31 - 1),
)


fast = st.lists(events, max_size=60).map(lambda stream: [(at * 0.002, *event[1:]) for at, event in enumerate(stream)])


@given(st.lists(events, max_size=60) | fast)
def test_any_events_are_taken(stream: list[Event]) -> None:
    out = taken(stream)
    assert out == b"" or out.endswith(b"\r")
    enters = sum(kind == 1 and code in (28, 96, 15) and value == 1 for _, kind, code, value in stream)
    assert out.count(b"\r") <= enters


@given(st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=3, max_size=30), max_size=4), st.floats(0.001, 0.04))
def test_codes_are_read_as_they_were_typed(codes: list[str], gap_s: float) -> None:
    starts = itertools.count(1.0, 5.0)
    stream = [event for code in codes for event in typed(code, at_s=next(starts), gap_s=gap_s)]
    assert taken(stream) == b"".join(code.encode() + b"\r" for code in codes)
