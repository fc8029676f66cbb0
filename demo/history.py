"""Plausible visits of the sample centre, made from a seed: who came when, to which desk, and what they answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from feedback.questionnaire import HARD_TO_SAY, Face

if TYPE_CHECKING:
    from collections.abc import Iterator

OFFERED: Final = (*(str(face) for face in Face if face is not Face.POOR), HARD_TO_SAY)
"""The answers of the default questionnaire."""
ZONE: Final = ZoneInfo("Europe/Kyiv")
SATURDAY: Final = 5
SUNDAY: Final = 6
BUSY_HOURS: Final = {9: 9, 10: 14, 11: 15, 12: 10, 13: 6, 14: 10, 15: 12, 16: 11, 17: 7}
SATURDAY_HOURS: Final = {9: 6, 10: 9, 11: 9, 12: 6, 13: 3}


@dataclass(frozen=True, slots=True)
class DeskHabit:
    """How one desk is used: visitors who vote on a usual weekday, its services, and the odds of each answer in `OFFERED`'s order."""

    site: str
    desk: str
    votes_a_day: float
    services: tuple[str, ...]
    odds: tuple[float, float, float, float, float]
    opened: int = 90
    worsens: bool = False


HABITS: Final = (
    DeskHabit("center", "center-1", 108, ("residence", "residence-child", "extract"), (70, 22, 4, 2, 2)),
    DeskHabit("center", "center-2", 128, ("id-card", "passport"), (62, 25, 7, 4, 2)),
    DeskHabit("center", "center-3", 70, ("land", "property"), (44, 30, 14, 9, 3), worsens=True),
    DeskHabit("center", "center-4", 90, ("subsidy", "birth-grant"), (66, 21, 6, 5, 2)),
    DeskHabit("center", "center-5", 56, ("sole-trader",), (81, 15, 2, 1, 1)),
    DeskHabit("station", "station-1", 96, ("residence", "extract", "subsidy"), (73, 19, 4, 2, 2)),
    DeskHabit("station", "station-2", 74, ("licence",), (57, 28, 8, 5, 2)),
    DeskHabit("station", "station-3", 7, ("veteran",), (86, 11, 1, 1, 1), opened=6),
)


@dataclass(frozen=True, slots=True)
class Visit:
    """One visitor's answer at one desk."""

    at: datetime
    habit: DeskHabit
    answer: str
    service: str | None
    language: str
    repeat: bool


def visits(today: date, days: int, now: datetime, seed: int = 2026) -> Iterator[Visit]:
    """Give every visit of the `days` before `now`, in the order of time."""
    random = Random(seed)
    for back in range(days, -1, -1):
        day = today - timedelta(days=back)
        if day.weekday() == SUNDAY:
            continue
        made = [visit for habit in HABITS if back <= habit.opened for visit in _day_of(habit, day, back, random)]
        yield from sorted((visit for visit in made if visit.at < now), key=lambda visit: visit.at)


def a_visit(random: Random, at: datetime) -> Visit:
    """Give one visit now, for a desk drawn by how busy it is."""
    habit = random.choices(HABITS, [habit.votes_a_day for habit in HABITS])[0]
    return _answered(habit, at, 0, random)


def _day_of(habit: DeskHabit, day: date, back: int, random: Random) -> Iterator[Visit]:
    hours = SATURDAY_HOURS if day.weekday() == SATURDAY else BUSY_HOURS
    busy = sum(hours.values()) / sum(BUSY_HOURS.values())
    count = round(random.gauss(habit.votes_a_day * busy, (habit.votes_a_day * busy) ** 0.5))
    for _ in range(max(count, 0)):
        hour = random.choices(list(hours), list(hours.values()))[0]
        at = datetime.combine(day, time(hour, random.randrange(60), random.randrange(60)), ZONE)
        yield _answered(habit, at, back, random)


def _answered(habit: DeskHabit, at: datetime, back: int, random: Random) -> Visit:
    odds = list(habit.odds)
    if habit.worsens and back < 30:  # noqa: PLR2004 - the story that the dashboard should tell: a desk that got worse a month ago
        odds[0], odds[3] = odds[0] * 0.6, odds[3] * 2.2
    if at.hour in (12, 13):  # half the staff is at lunch
        odds[2], odds[3] = odds[2] * 1.5, odds[3] * 1.6
    return Visit(
        at=at,
        habit=habit,
        answer=random.choices(OFFERED, odds)[0],
        service=random.choice(habit.services) if random.random() < 0.6 else None,  # noqa: PLR2004 - as if by ticket
        language="en" if random.random() < 0.03 else "uk",  # noqa: PLR2004
        repeat=random.random() < 0.01,  # noqa: PLR2004
    )
