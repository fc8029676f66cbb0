"""Synthetic votes for tests of pages: every vote goes into `votes` and into all three rollups, as ingest would count it."""

from __future__ import annotations

import random
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from argon2 import PasswordHasher
from sqlalchemy import Connection, Engine, Table, insert, select, update

from server.db import schema
from server.db.engine import open_engine
from server.queue.problems import UNKNOWN_DESK, Problem
from server.web import accounts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

OUR_HASHER = accounts.hasher
ZONE = ZoneInfo("Europe/Kyiv")
NOW = datetime(2026, 11, 22, 12, 7, tzinfo=ZONE)
NOW_MS = int(NOW.timestamp() * 1000)
TODAY = NOW.date()
WINDOW_MS = 15 * 60_000

SITES = [
    ("center", "Головний офіс на вулиці Соборності", "вул. Соборності, 15"),
    ("podil", "Віддалене робоче місце «Поділ»", "вул. Набережна, 3"),
]
DESKS = [
    ("c1", "center", "1", "Реєстрація місця проживання та видача довідок"),
    ("c2", "center", "2", "Паспорт громадянина України та закордонний паспорт"),
    ("c3", "center", "3", "Реєстрація прав на нерухоме майно"),
    ("c4", "center", "4", "Соціальні послуги, субсидії та пільги"),
    ("c5", "center", "10", "Державна реєстрація актів цивільного стану"),
    ("p1", "podil", "1", "Усі послуги"),
    ("p2", "podil", "2", "Надання адміністративних послуг маломобільним відвідувачам і ветеранам"),
    ("p3", "podil", "3", ""),
]
SERVICES = [("passport", "Закордонний паспорт"), ("residence", "Реєстрація місця проживання"), ("subsidy", "Житлова субсидія")]
KIOSKS = [("Вихід", "exit-center", None), ("Стіл 2", "desk-two-a", "c2"), ("Поділ, вхідна зала біля кас", "podil-hall", None)]
MOODS = {"c1": 0.93, "c2": 0.97, "c3": 0.82, "c4": 0.9, "c5": 0.95, "p1": 0.96}


@contextmanager
def cheap_passwords() -> Iterator[None]:
    """Hash as the product does, with a thousandth of its cost."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


def make_engine(url: str) -> Engine:
    engine = open_engine(url)
    schema.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(schema.server).values(id=1, generation="g", time_zone=str(ZONE), centre="ЦНАП Зразкове"))
    return engine


DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


def an_engine(request: pytest.FixtureRequest) -> Engine:
    """Make an empty database of the kind that the fixture is parametrised with."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return make_engine(f"sqlite:///{request.getfixturevalue('tmp_path') / 'server.db'}")
    cluster = request.getfixturevalue("postgres_cluster")
    return make_engine(cluster.url(cluster.create_database()))


def register(connection: Connection) -> None:
    for key, name, address in SITES:
        connection.execute(insert(schema.sites).values(key=key, name=name, address=address))
    for key, site, number, name in DESKS:
        connection.execute(insert(schema.desks).values(key=key, site_id=_id(connection, schema.sites, site), number=number, name=name))
    for key, name in SERVICES:
        connection.execute(insert(schema.services).values(key=key, name=name))


def vote(  # noqa: PLR0913 - a vote has many sides
    connection: Connection,
    desk: str | None,
    answer: str,
    *,
    at: datetime = NOW - timedelta(hours=1),
    released_ms: int | None = None,
    repeat: bool = False,
    times: int = 1,
    service_id: int | None = None,
    channel: str = "kiosk",
    language: str = "uk",
    questionnaire: str = "default",
    time_error_ms: int = 5_000,
) -> None:
    site_id, desk_id = _place(connection, desk)
    local, at_ms = at.astimezone(ZONE), int(at.timestamp() * 1000)
    row = {
        "kiosk": "kiosk-one1",
        "site_id": site_id,
        "desk_id": desk_id,
        "service_id": service_id,
        "channel": channel,
        "input": "touch",
        "language": language,
        "questionnaire": questionnaire,
        "questionnaire_version": 1,
        "question": "service",
        "answer": answer,
        "repeat": repeat,
        "at_ms": at_ms,
        "time_quality": "exact",
        "day": local.date().isoformat(),
        "hour": local.hour,
        "weekday": local.isoweekday(),
        "received_ms": at_ms,
        "released_ms": at_ms + WINDOW_MS if released_ms is None else released_ms,
        "time_error_ms": time_error_ms,
    }
    connection.execute(insert(schema.votes), [{"id": _uuid(), "visit": _uuid(), **row} for _ in range(times)])
    counted = {answer: times, "repeats": times if repeat else 0}
    place = {"site_id": site_id, "desk_id": desk_id}
    _count(connection, schema.rollup_day, {"day": row["day"], **place}, counted)
    hour = {"month": row["day"][:7], "weekday": row["weekday"], "hour": row["hour"]}
    if time_error_ms <= schema.VAGUE_MS:
        _count(connection, schema.rollup_hour, {**hour, **place}, counted)
    for dimension, value in (("service", service_id), ("channel", channel), ("language", language), ("questionnaire", questionnaire)):
        key = {"dimension": dimension, "value": "" if value is None else str(value), "day": row["day"]}
        _count(connection, schema.rollup_dimension, {**key, **place}, counted)


def reason(  # noqa: PLR0913 - an answer has many sides
    connection: Connection,
    desk: str,
    *choices: str,
    question: str = "reasons_bad",
    day: date = TODAY,
    times: int = 1,
    released_ms: int = 0,
) -> None:
    """People who gave these reasons, or none, counted as ingest would."""
    site_id, desk_id = _place(connection, desk)
    where = {"day": day.isoformat(), "site_id": site_id, "desk_id": desk_id, "questionnaire": "default", "question": question}
    row = {"kiosk": "kiosk-one1", "mode": "live", "first": False, "language": "uk", "questionnaire_version": 2, "how": "answered"}
    row |= {"repeat": False, "at_ms": NOW_MS, "time_quality": "exact", "received_ms": NOW_MS, "released_ms": released_ms}
    for _ in range(times):
        record, visit = _uuid(), _uuid()
        for place, choice in enumerate(choices or ("",)):
            values = {**where, **row, "record": record, "visit": visit, "place": place, "choice": choice}
            connection.execute(insert(schema.answers).values(values))
    for place, choice in enumerate(choices or ("",)):
        _count(connection, schema.rollup_answer, {**where, "choice": choice}, {"count": times, "people": times * (place == 0)})


def reasons(connection: Connection) -> None:
    """Plausible reasons of some weeks."""
    for ago in range(1, 30):
        day = TODAY - timedelta(days=ago)
        reason(connection, "c3", "queue", "attitude", day=day, times=1 + ago % 3)
        reason(connection, "c3", "documents", day=day)
        reason(connection, "c4", "queue", day=day)
        reason(connection, "c4", day=day)
        reason(connection, "c1", "speed", "friendly", question="reasons_good", day=day, times=4)


def flagged(connection: Connection, desk: str, flag: str, *, times: int) -> None:
    """Votes that are kept and do not count: no rollup knows them."""
    site_id, desk_id = _place(connection, desk)
    template = connection.execute(select(schema.votes).limit(1)).mappings().one()
    where = {"site_id": site_id, "desk_id": desk_id, "flag": flag}
    connection.execute(insert(schema.votes), [{**template, "id": _uuid(), "visit": _uuid(), **where} for _ in range(times)])


def unsettled(connection: Connection, desk: str, *, times: int) -> None:
    """Tell of some votes there that their tickets were heard of too late."""
    _, desk_id = _place(connection, desk)
    found = connection.execute(select(schema.votes.c.kiosk, schema.votes.c.visit).where(schema.votes.c.desk_id == desk_id).limit(times))
    connection.execute(insert(schema.unsettled_visits), [{"kiosk": kiosk, "visit": visit, "received_ms": NOW_MS} for kiosk, visit in found])


def devices(connection: Connection, kiosk: str) -> None:
    """What the devices of a kiosk recorded: outages, self-tests and people who came up."""
    hour = 3_600_000
    said = [("printer", "paper_end", 30.2), ("printer", "", 29.1), ("scanner", "scanner_missing", 3.0), ("scanner", "", 2.999)]
    for device, fault, ago in [*said, ("printer", "cover_open", 1.3), ("buttons", "button_stuck", 70.0), ("buttons", "", 20.0)]:
        row = {"record": _uuid(), "kiosk": kiosk, "device": device, "fault": fault, "received_ms": NOW_MS}
        connection.execute(insert(schema.device_changes).values(**row, at_ms=NOW_MS - round(ago * hour)))
    results = '{"buttons": "", "lamps": "", "printer": "cover_open", "scanner": "", "compass": "", "voice": "not_tested"}'
    for attended, ago in ((True, 240), (False, 6)):
        row = {"record": _uuid(), "kiosk": kiosk, "attended": attended, "results": results, "received_ms": NOW_MS}
        connection.execute(insert(schema.selftests).values(**row, at_ms=NOW_MS - ago * hour))
    site_id = connection.execute(select(schema.kiosks.c.site_id).where(schema.kiosks.c.id == kiosk)).scalar_one()
    for ago in range(5):
        day = (TODAY - timedelta(days=ago)).isoformat()
        for clock in (9, 10, 14):
            row = {"kiosk": kiosk, "day": day, "hour": clock, "site_id": site_id}
            connection.execute(insert(schema.presence).values(**row, count=40 + 7 * ago + clock))


def history(connection: Connection, days: int = 90, seed: int = 4) -> None:
    """Ninety plausible days: working days, a rush before noon, one bad desk, one with three votes, one with none."""
    chance = random.Random(seed)
    for ago in range(days):
        day = TODAY - timedelta(days=ago)
        if day.isoweekday() == 7 and ago:
            continue
        for desk in MOODS:
            for hour in range(9, 12 if ago == 0 else 18):
                _an_hour(connection, chance, desk, datetime(day.year, day.month, day.day, hour, 20, tzinfo=ZONE))
    vote(connection, "p2", "good", times=2)
    vote(connection, "p2", "terrible")
    vote(connection, None, "excellent", at=NOW - timedelta(days=3), times=24)
    vote(connection, None, "terrible", at=NOW - timedelta(days=3), times=2)


def _an_hour(connection: Connection, chance: random.Random, desk: str, at: datetime) -> None:
    mood, busy = MOODS[desk], 3 if at.hour in {10, 11} else 1.6
    weights = {"excellent": mood * 0.7, "good": mood * 0.3, "acceptable": (1 - mood) * 0.6, "terrible": (1 - mood) * 0.4}
    for answer, weight in {**weights, "hard_to_say": 0.03}.items():
        if times := int(weight * busy + chance.random()):
            service_id, language = chance.choice((None, 1, 2, 3)), chance.choice(("uk", "uk", "en"))
            vote(connection, desk, answer, at=at, times=times, service_id=service_id, language=language)


def kiosks(connection: Connection) -> None:
    for name, key, desk in (
        ("Вихід", "exit-center", None),
        ("Стіл 2", "desk-two-a", "c2"),
        ("Поділ, вхідна зала біля кас", "podil-hall", None),
    ):
        site_id, desk_id = _place(connection, desk)
        values = {"id": key, "name": name, "site_id": site_id, "desk_id": desk_id or None, "password": "x", "settings_version": 3}
        connection.execute(insert(schema.kiosks).values(**values, created_ms=NOW_MS))
    state = {"session": _uuid(), "software": "0.1.0", "changed_ms": NOW_MS - 20_000, "clock_trusted": True}
    well = {"kiosk": "exit-center", "online": True, "outbox": 0, "settings": 3, "faults": "", "last_vote_ms": NOW_MS - 95_000}
    ill = {"kiosk": "desk-two-a", "online": False, "outbox": 42, "settings": 2, "faults": "server_refused printer"}
    ill["refused"] = "settings 3 are unusable"
    connection.execute(insert(schema.kiosk_states).values(**well, **state))
    connection.execute(insert(schema.kiosk_states).values(**ill, **state, last_vote_ms=NOW_MS - 3 * 86_400_000))
    quarantined(connection, "desk-two-a", b"\x00<script>alert(1)</script>\xff", times=3)
    quarantined(connection, None, b'{"v":9}')


EXPORT = "Талон;Коли;Стіл;Послуга;Телефон\nА-1;12.11.2026 10:00;1;?;+380501234567\nА-2;12.11.2026 10:00;Каса;;\nА-2;вчора;1;;\n"
"""An export that a person has something to do with."""


def queue(connection: Connection, desk: str = "c3", days: int = 12) -> None:
    """What the queue of the main office has said: some whole days, and two keys, one of which was refused something."""
    site_id, desk_id = _place(connection, desk)
    for ago in range(1, days):
        day = (TODAY - timedelta(days=ago)).isoformat()
        where = {"day": day, "site_id": site_id, "desk_id": desk_id, "service_id": 1}
        connection.execute(
            insert(schema.queue_days).values(site_id=site_id, day=day, tickets=50, pushed=False, whole=True, changed_ms=NOW_MS)
        )
        for hour in (9, 10, 11):
            times = {"wait_s": 6000, "wait_5": 6, "wait_20": 2, "wait_more": 2, "service_s": 5400, "service_10": 9, "service_45": 1}
            connection.execute(insert(schema.queue_hours).values(**where, hour=hour, tickets=11, served=10, **times))
    known = {"site_id": site_id, "password": "x", "created_ms": NOW_MS}
    connection.execute(insert(schema.queue_keys).values(name="silent", digest=bytes(32), **known))
    refused = {
        "used_ms": NOW_MS - 60_000,
        "taken": 900,
        "refused": 1,
        "problem": msgspec.json.encode(Problem(3, UNKNOWN_DESK, {"desk": "…"})).decode(),
    }
    connection.execute(insert(schema.queue_keys).values(name="e-queue", digest=b"1" * 32, **known, **refused))
    counts = {"rows": 50, "tickets": 50, "added": 50, "changed": 0, "first_day": "2026-11-10", "last_day": "2026-11-20"}
    for problems in (0, 3):
        values = {"at_ms": NOW_MS, "site_id": site_id, "name": "черга.csv", "digest": bytes(32), "problems": problems}
        connection.execute(insert(schema.queue_imports).values(**values, **counts))


def call(connection: Connection, *, at_ms: int = NOW_MS - 2 * 60_000, kiosk: str = "exit-center") -> UUID:
    values = {"record": _uuid(), "visit": _uuid(), "kiosk": kiosk, "site_id": _id(connection, schema.sites, "center"), "mode": "live"}
    connection.execute(insert(schema.calls).values(**values, live=True, at_ms=at_ms, received_ms=at_ms))
    return values["record"]  # type: ignore[return-value]


def pilot(connection: Connection, question: str, *choices: str, times: int = 1, mode: str = "pilot") -> None:
    row = {
        "kiosk": "exit-center",
        "site_id": 1,
        "desk_id": 0,
        "mode": mode,
        "first": True,
        "language": "uk",
        "repeat": False,
        "questionnaire": "two-faces",
        "questionnaire_version": 1,
        "question": question,
        "how": "answered",
        "time_quality": "exact",
        "at_ms": NOW_MS,
        "day": TODAY.isoformat(),
        "received_ms": NOW_MS,
        "released_ms": NOW_MS,
    }
    for _ in range(times):
        ids = {"record": _uuid(), "visit": _uuid()}
        connection.execute(insert(schema.answers), [{**ids, **row, "place": n, "choice": choice} for n, choice in enumerate(choices)])


def quarantined(connection: Connection, kiosk: str | None, payload: bytes, *, times: int = 1, reason: str = "undecodable") -> None:
    topic = f"vidhuk/v1/k/{kiosk}/batch" if kiosk else "vidhuk/v2/elsewhere"
    values = {"topic": topic, "reason": reason, "detail": "Expected `int`, got `str` - at `$.v`", "payload": payload, "times": times}
    connection.execute(insert(schema.quarantine).values(received_ms=NOW_MS - 5_000, kiosk=kiosk, digest=random.randbytes(32), **values))


def _count(connection: Connection, table: Table, key: dict[str, object], counted: dict[str, int]) -> None:
    where = [table.c[name] == value for name, value in key.items()]
    increments = {name: table.c[name] + count for name, count in counted.items()}
    if not connection.execute(update(table).where(*where).values(**increments)).rowcount:
        connection.execute(insert(table).values(**key, **counted))


def _place(connection: Connection, desk: str | None) -> tuple[int, int]:
    if desk is None:
        return _id(connection, schema.sites, "center"), schema.NO_DESK
    row = connection.execute(select(schema.desks.c.site_id, schema.desks.c.id).where(schema.desks.c.key == desk)).one()
    return row[0], row[1]


def _id(connection: Connection, table: Table, key: str) -> int:
    return connection.execute(select(table.c.id).where(table.c.key == key)).scalar_one()


def _uuid() -> UUID:
    return UUID(bytes=random.randbytes(16))


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.ms = NOW_MS

    def __call__(self) -> int:
        return self.ms

    def pass_by(self, *, minutes: float) -> None:
        self.ms += int(minutes * 60_000)
