from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from kiosk.clock import SystemClock
from kiosk.kernel_clock import Discipline, read_discipline

if TYPE_CHECKING:
    from pathlib import Path

PLL, UNSYNCHRONISED, NANO = 0x0001, 0x0040, 0x2000


@pytest.mark.parametrize(
    ("says", "trusted"),
    [
        (Discipline(PLL | NANO, 12_345), True),  # chrony, ntpd and timesyncd alike
        (Discipline(0, 5_000_000), True),
        (Discipline(PLL, 5_000_001), False),  # hours without a time server
        (Discipline(PLL | UNSYNCHRONISED, 12_345), False),
        (Discipline(UNSYNCHRONISED, 16_000_000), False),
        (Discipline(0, -1), False),
        (None, False),
    ],
)
def test_a_clock_is_trusted_while_any_program_keeps_it(says: Discipline | None, tmp_path: Path, *, trusted: bool) -> None:
    assert SystemClock(lambda: says, tmp_path / "synchronized").moment().trusted is trusted


def test_what_timesyncd_has_set_is_trusted_though_the_network_went(tmp_path: Path) -> None:
    marker = tmp_path / "synchronized"
    clock = SystemClock(lambda: Discipline(UNSYNCHRONISED, 16_000_000), marker)
    assert not clock.moment().trusted
    marker.touch()
    assert clock.moment().trusted


def test_the_kernel_answers_and_its_clock_is_left_alone() -> None:
    before_s = time.time() - time.monotonic()
    found = read_discipline()
    assert found is not None
    assert 0 <= found.max_error_us <= 16_000_000
    assert found.is_kept == (not found.status & UNSYNCHRONISED and found.max_error_us <= 5_000_000)
    assert time.time() - time.monotonic() == pytest.approx(before_s, abs=1.0)
