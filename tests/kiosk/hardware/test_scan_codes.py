from __future__ import annotations

import itertools
import random
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.tickets import MAX_CODE, Regex, Ticket, card_code, read
from kiosk.config_devices import SERIAL_BAUD
from kiosk.hardware.scan_codes import IDLE_S, MAX_BYTES, Repeats, Splitter, Unreadable
from tests.feedback.tickets import DESKS, NOW_MS, rules, signed, verify
from tests.kiosk.hardware.scanners import received_at

if TYPE_CHECKING:
    from collections.abc import Iterator


def fed(*pieces: bytes) -> list[str | Unreadable]:
    splitter = Splitter()
    return [found for at, piece in enumerate(pieces) for found in splitter.feed(piece, at * 0.01)]


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\x03", b"\r\r\n"])
def test_every_usual_end_ends_a_code(end: bytes) -> None:
    assert fed(b"A045" + end + b"\x02B7" + end) == ["A045", "B7"]


@given(st.lists(st.sampled_from(["A045", "А-045", "]Q1B12;x", "VT1.ab-c.d_e"]), max_size=4), st.data())
def test_codes_are_the_same_however_reads_cut_them(codes: list[str], data: st.DataObject) -> None:
    stream = b"".join(code.encode() + b"\r\n" for code in codes)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[begin:end] for begin, end in itertools.pairwise([0, *cuts, len(stream)])]
    assert fed(*pieces) == codes


def test_the_start_of_a_code_forgets_what_was_before() -> None:
    assert fed(b"A0\x02A045\r") == ["A045"]


def test_text_is_utf_8_or_else_cp1251() -> None:
    assert fed("Їжак №7".encode() + b"\r") == ["Їжак №7"]
    assert fed("Б12 – «ґанок» №7".encode("cp1251") + b"\r") == ["Б12 – «ґанок» №7"]
    assert fed(b"\xef\xbb\xbfA045\r", b"]C1\x1dA045\x1d7\r") == ["\ufeffA045", "]C1\x1dA045\x1d7"]


@pytest.mark.parametrize(
    "garbage", [b"A0\x0045", b"\xfe\x98\x80", b"A\x01B", b"\xf8\xf0\xc0\x81", b"A\x7f", "A\x85".encode(), b"\xff\x00", b"]C1"]
)
def test_what_is_no_text_is_no_code(garbage: bytes) -> None:
    assert fed(garbage + b"\rA045\r") == [Unreadable.GARBLED, "A045"]


def test_a_code_that_is_too_long_is_thrown_away_up_to_its_end() -> None:
    assert fed(b"7" * MAX_CODE + b"\r", b"A1\r") == ["7" * MAX_CODE, "A1"]
    assert fed(b"7" * (MAX_CODE + 1) + b"\r", b"A1\r") == [Unreadable.TOO_LONG, "A1"]
    assert fed(*[b"7" * 999] * 9, b"B2\r", b"A1\r") == [Unreadable.TOO_LONG, "A1"]
    assert fed(b"7" * 9999 + b"\x02A1\r") == ["A1"]
    assert fed("ї".encode() * MAX_CODE + b"\r") == ["ї" * MAX_CODE]


def test_a_code_that_is_not_finished_is_given_up() -> None:
    splitter = Splitter()
    assert splitter.feed(b"A0", 100.0) == []
    assert splitter.idle(100.0 + IDLE_S) == []
    assert splitter.feed(b"4", 100.0 + IDLE_S) == []
    assert splitter.idle(100.01 + 2 * IDLE_S) == [Unreadable.NO_END]
    assert splitter.feed(b"5\r", 200.0) == ["5"]
    splitter.feed(b"\xf8\x00", 250.0)
    assert splitter.idle(251.0) == [Unreadable.GARBLED], "that the end is missing is not what is wrong"
    splitter.feed(b"A0", 300.0)
    assert splitter.feed(b"B2\r", 301.0) == [Unreadable.NO_END, "B2"]


def test_the_same_code_again_is_taken_after_three_seconds() -> None:
    repeats = Repeats()
    taken = [at for at in (0, 100, 2900, 5899, 8899, 9000) if repeats.is_new("A045", at)]
    assert taken == [0, 8899], "held before the scanner it counts once, however long"
    assert repeats.is_new("A046", 9001)
    assert repeats.is_new("A045", 9002)
    assert repeats.is_new("A045", 5)  # another boot


DATED = Regex(name="dated", pattern=r"(?P<number>[A-Z]-?[0-9]{3});(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})")


def noise(size: int) -> Iterator[bytes]:
    """Bytes from broken lines, wrong speeds and strange papers, and real codes that were damaged on their way."""
    chance = random.Random(20261124)
    code = signed(desk="center-1").encode()
    wrong_speeds = [received_at(code[at:] + b"\r", 9600, baud) for baud in (1200, 4800, 19200, 57600) for at in (0, 150)]
    kinds = (
        lambda: chance.randbytes(chance.randint(1, 200)),
        lambda: bytes(chance.choices(b"A0459;-.VD1T:/\r\n\x02\x03\x1d ", k=chance.randint(1, 80))),
        lambda: "".join(chance.choices("АБВ045їєґ№«»;\r\x00", k=40)).encode(chance.choice(["utf-8", "cp1251"])),
        lambda: damaged(code, chance) + b"\r",
        lambda: chance.choice(wrong_speeds),
        lambda: b"7" * chance.randint(1, 4000),
        lambda: b"VD1:" + bytes(chance.choices(b"sample:center-1", k=chance.randint(1, 20))) + b"\r",
    )
    sent = 0
    while sent < size:
        piece = chance.choice(kinds)()
        sent += len(piece)
        yield piece


def damaged(code: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(4, len(code) - 2)
    return code[:place] + bytes([code[place] ^ (1 << chance.randrange(8))]) + code[place + chance.choice([1, 1, 2]) :]


def test_a_million_bytes_of_noise_are_no_ticket() -> None:
    splitter, known = Splitter(), rules(DATED)
    codes, now_s = 0, 0.0
    cards = {card_code("sample", desk.id) for desk in DESKS}
    for piece in noise(1_000_000):
        now_s += 0.01
        for found in splitter.feed(piece, now_s):
            if not isinstance(found, Unreadable):
                codes += 1
                assert 0 < len(found) <= MAX_CODE
                assert not isinstance(read(found, known, DESKS, NOW_MS, verify), Ticket) or found in cards, found
    assert codes > 1000, "the noise is worth reading"


def test_noise_without_an_end_takes_no_memory() -> None:
    splitter, piece = Splitter(), b"7" * 4096
    tracemalloc.start()
    for count in range(500):
        splitter.feed(piece, count * 0.001)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 16 * MAX_BYTES


@pytest.mark.parametrize(("sent", "read_at"), [(sent, at) for sent in SERIAL_BAUD for at in SERIAL_BAUD if sent != at])
def test_a_wrong_speed_is_noticed_and_invents_nothing(sent: int, read_at: int) -> None:
    splitter, found = Splitter(), []
    for scan in range(4):
        found += splitter.feed(received_at(f"A{scan}45;2026-11-24\r".encode(), sent, read_at), scan * 2.0)
        found += splitter.idle(scan * 2.0 + 1.0)
    assert not [
        code for code in found if not isinstance(code, Unreadable) and isinstance(read(code, rules(DATED), DESKS, None, verify), Ticket)
    ]
    assert sum(isinstance(code, Unreadable) for code in found) >= 2
