"""Alternate our way and a baseline in one run and compare their medians."""

from __future__ import annotations

from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS: Final = 5


class Row(msgspec.Struct, frozen=True):
    """One line of a benchmark's table. `ratio` is value ÷ baseline_value; `holds` says whether it reaches the goal."""

    name: str
    value: float
    unit: str
    baseline: str
    baseline_value: float
    ratio: float
    goal: str
    holds: bool


def rates(ours: Callable[[], int], baseline: Callable[[], int], rounds: int = ROUNDS) -> tuple[float, float]:
    """Give medians of things done a second; each callable does its work once and says how many things it did."""
    pairs = [(_rate(ours), _rate(baseline)) for _ in range(rounds)]
    return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)


def at_least(name: str, unit: str, measured: tuple[float, float], baseline: str, goal: float) -> Row:
    """Make the row of a rate that must reach `goal` of its baseline."""
    value, baseline_value = measured
    ratio = value / baseline_value
    return Row(name, value, unit, baseline, baseline_value, ratio, f">= {goal:g}", ratio >= goal)


def at_most(name: str, unit: str, measured: tuple[float, float], baseline: str, goal: float) -> Row:
    """Make the row of a cost that must not exceed `goal` of its baseline."""
    value, baseline_value = measured
    ratio = value / baseline_value
    return Row(name, value, unit, baseline, baseline_value, ratio, f"<= {goal:g}", ratio <= goal)


def told(name: str, value: float, unit: str) -> Row:
    """Make the row of a number that has no goal of its own."""
    return Row(name, value, unit, "", value, 1.0, "told", holds=True)


def _rate(work: Callable[[], int]) -> float:
    start = perf_counter()
    done = work()
    return done / (perf_counter() - start)
