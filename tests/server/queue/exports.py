"""Exports made of plain values: what a day of a queue looks like in a file."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from server.db import schema
from server.db.engine import reading, writing
from server.queue.importing import Report, Said, plan_import, read_file, run
from tests.server.kit import MORNING, rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Engine

ZONE = ZoneInfo("Europe/Kyiv")
TODAY = datetime.fromtimestamp(MORNING / 1000, ZONE).date()
HEADER = "Талон;Час видачі;Час виклику;Початок обслуговування;Завершення;Вікно;Послуга;Адміністратор;ПІБ відвідувача;Телефон"
DAY_MS = 86_400_000


def line(  # noqa: PLR0913 - a ticket has many sides
    number: str, issued: datetime, *, desk: str = "1", service: str = "Паспорт", clerk: str = "Коваль М.", wait: int = 7, serve: int = 9
) -> str:
    """One row of a ticket that was served; `wait` and `serve` in minutes."""
    called = issued + timedelta(minutes=wait)
    times = (issued, called, called + timedelta(seconds=30), called + timedelta(minutes=serve, seconds=30))
    return ";".join((number, *(at.strftime("%d.%m.%Y %H:%M:%S") for at in times), desk, service, clerk, "Шевченко Т. Г.", "+380501234567"))


def waiting(number: str, issued: datetime) -> str:
    """One row of a ticket that nobody has called yet."""
    return f"{number};{issued:%d.%m.%Y %H:%M:%S};;;;;Паспорт;;Шевченко Т. Г.;+380501234567"


def at(hour: int, minute: int = 0, *, back: int = 0) -> datetime:
    """A time of the centre's wall clock `back` days before the sample morning."""
    day = TODAY - timedelta(days=back)
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)


def export(*lines: str, header: str = HEADER) -> bytes:
    return "\r\n".join((header, *lines, "")).encode("cp1251")


def a_day(back: int, tickets: int, seed: int = 1) -> list[str]:
    """Rows of a plausible day, on both desks of the sample site; today only what is over by the sample morning."""
    chance = Random(seed * 1000 + back)
    begin = at(9, back=back)
    made = []
    for number in range(tickets):
        issued = begin + timedelta(seconds=number * (28_000 if back else 3_000) // max(tickets, 1))
        desk = chance.choice(("1", "010", "010"))
        made.append(line(f"А-{number:03}", issued, desk=desk, wait=chance.randrange(66), serve=chance.randrange(1, 40)))
    return made


def take(  # noqa: PLR0913 - one of each
    engine: Engine, content: bytes, said: Said | None = None, *, site: str = "main", now_ms: int = MORNING, keep: bool = True
) -> Report:
    file = read_file("tickets.csv", content)
    with writing(engine) as connection:
        return run(connection, plan_import(connection, site, file, said or Said()), now_ms=now_ms, keep=keep)


def state(engine: Engine) -> list[object]:
    """Everything that imports leave behind but the log."""
    names = ("queue_tickets", "queue_hours", "queue_days", "clerks", "ticket_facts", "votes", "rollup_day")
    return [rows(engine, schema.metadata.tables[name]) for name in names]


def served(engine: Engine) -> dict[tuple[str, int], int]:
    """Tickets served by day and desk, straight from the counts."""
    with reading(engine) as connection:
        found = connection.exec_driver_sql("SELECT day, desk_id, sum(served) FROM queue_hours GROUP BY day, desk_id HAVING sum(served) > 0")
        return {(row[0], row[1]): int(row[2]) for row in found}


def lines_of(report: Report) -> Iterable[tuple[int, str]]:
    return [(problem.line, problem.text) for problem in report.reading.problems]
