"""What the queue system of the sample centre would export: a ticket for everybody who voted, and for those who did not."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, time, timedelta
from random import Random
from typing import TYPE_CHECKING, Final

from demo.history import BUSY_HOURS, HABITS, SATURDAY, SATURDAY_HOURS, ZONE, visits
from demo.house import CENTRE
from server.registry.file import parse_registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.history import DeskHabit, Visit

DAYS: Final = 30
HEADER: Final = (
    *("Талон", "Час видачі", "Час виклику", "Початок обслуговування", "Завершення обслуговування"),
    *("Вікно", "Послуга", "Адміністратор", "Статус", "ПІБ відвідувача", "Телефон"),
)
_RESPONSE: Final = {"center-1": 0.46, "center-2": 0.41, "center-3": 0.29, "center-4": 0.44, "center-5": 0.58, "station-2": 0.33}
_USUAL: Final = 0.5
_MISSED: Final = 0.04
_CLERKS: Final = (
    "Коваль М. П.",
    "Мельник О. І.",
    "Бондар Т. В.",
    "Ткач І. С.",
    "Кравець Н. О.",
    "Шевчук Л. А.",
    "Поліщук В. Ю.",
    "Гнатюк Р. Б.",
)
_LETTERS: Final = "АБВГДЕЖЗ"
_WRITTEN: Final = "%d.%m.%Y %H:%M:%S"


def export(site: str, days: int, history_days: int, now: datetime) -> bytes:
    """Write the last `days` days of a site's queue as its system would: CP1251, semicolons, and columns that name visitors.

    `history_days` is how long a history `demo.history.visits` gave: the same visits are found in it again.
    """
    random = Random(208)
    names = {service.key: service.name for service in parse_registry(CENTRE.read_text(encoding="utf-8"), source=CENTRE.name).services}
    first = now.date() - timedelta(days=days)
    voted = [one for one in visits(now.date(), history_days, now) if one.habit.site == site and one.at.date() >= first]
    lines = io.StringIO(newline="")
    writer = csv.writer(lines, delimiter=";")
    writer.writerow(HEADER)
    numbers: dict[tuple[date, str], int] = {}
    for issued, habit, service in sorted(_tickets(voted, random), key=lambda ticket: ticket[0]):
        letter = _LETTERS[HABITS.index(habit)]
        numbers[issued.date(), letter] = numbers.get((issued.date(), letter), 0) + 1
        row = _row(issued, habit, random, now)
        if row:
            number = f"{letter}-{numbers[issued.date(), letter]:03}"
            writer.writerow(
                (number, *row[:4], habit.desk[-1], names[service], _CLERKS[HABITS.index(habit)], row[4], "Сидоренко Г. К.", "+380440000000")
            )
    return lines.getvalue().encode("cp1251")


def _tickets(voted: list[Visit], random: Random) -> Iterator[tuple[datetime, DeskHabit, str]]:
    """Give a ticket for each vote, issued some time before it, and those of people who passed the kiosk by."""
    counts: dict[tuple[date, DeskHabit], int] = {}
    for visit in voted:
        counts[visit.at.date(), visit.habit] = counts.get((visit.at.date(), visit.habit), 0) + 1
        opening = datetime.combine(visit.at.date(), time(8, 40), ZONE)
        issued = max(visit.at - timedelta(seconds=random.randrange(600, 3000)), opening)
        yield issued, visit.habit, visit.service or random.choice(visit.habit.services)
    for (day, habit), count in counts.items():
        hours = SATURDAY_HOURS if day.weekday() == SATURDAY else BUSY_HOURS
        for _ in range(round(count / _RESPONSE.get(habit.desk, _USUAL)) - count):
            hour = random.choices(list(hours), list(hours.values()))[0]
            yield (
                datetime.combine(day, time(hour, random.randrange(60), random.randrange(60)), ZONE),
                habit,
                random.choice(habit.services),
            )


def _row(issued: datetime, habit: DeskHabit, random: Random, now: datetime) -> tuple[str, str, str, str, str] | None:
    """Give the four times and the state of a ticket; None where it is still waiting or being served."""
    pace = 1.6 if habit.worsens else 1.0
    crowd = 1.9 if issued.hour in (12, 13) else BUSY_HOURS.get(issued.hour, 6) / 12
    waited = timedelta(seconds=random.lognormvariate(6.3, 0.6) * crowd * pace)
    took = timedelta(seconds=random.lognormvariate(6.1, 0.5) * pace)
    called = issued + min(waited, timedelta(hours=2))
    started = called + timedelta(seconds=random.randrange(15, 60))
    ended = started + took
    if ended >= now:
        return None
    times = [at.strftime(_WRITTEN) for at in (issued, called, started, ended)]
    if random.random() < _MISSED:
        return times[0], times[1], "", "", "Не з'явився"
    return times[0], times[1], times[2], times[3], "Обслужено"
