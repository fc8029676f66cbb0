"""Arrivals, ends of visits, calls, counts of boxes and what devices did are compared with the records of kiosks."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import delete, func, insert, select, update

from feedback.records import Mode, Outcome
from feedback.wire import batch_topic
from server.db import schema
from server.db.engine import reading, writing
from server.integrity.verifying import verify
from tests.server.kit import KIOSK, MORNING, OTHER, Log, deliver, ids, make_ingest, rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine, Table

DAY_MS = 24 * 3_600_000


def problems(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return [f"{problem.where}: {problem.what}" for problem in verify(connection, lambda _data, _signature: True)]


def full_log() -> Log:
    log = Log()
    log.add_context()
    for record in (
        log.vote("a"),
        log.end("a"),
        log.call("a"),
        log.box_count("a", 3, 1, 0, 2),
        log.change("a", "scanner", "missing"),
        log.selftest("a", {"screen": "", "printer": "no_paper"}, attended=True),
        log.presence("a", 900, 5),
    ):
        log.add(record)
    return log


def changed(table: Table, **values: Any) -> Callable[[Connection], object]:
    return lambda connection: connection.execute(update(table).values(**values))


def invented(table: Table, **values: Any) -> Callable[[Connection], object]:
    def invent(connection: Connection) -> None:
        row = connection.execute(select(table)).mappings().one()
        connection.execute(insert(table).values(dict(row) | values))

    return invent


BY_RECORD = (schema.calls, schema.box_counts, schema.device_changes, schema.selftests)


class _TakenBackError(Exception):
    """Ends the transaction of a tampering without keeping it."""


TAMPERINGS = (
    changed(schema.presence, count=5000),
    changed(schema.presence, count=0),
    changed(schema.presence, day="2025-09-09"),
    changed(schema.presence, kiosk=OTHER),
    invented(schema.presence, kiosk=OTHER),
    invented(schema.presence, day="2025-09-09", count=-1),
    changed(schema.visit_ends, outcome="abandoned"),
    changed(schema.visit_ends, extra_presses=0),
    changed(schema.visit_ends, at_ms=MORNING + DAY_MS),
    invented(schema.visit_ends, visit=ids("invented")),
    changed(schema.calls, mode="test"),
    changed(schema.calls, visit=ids("invented")),
    changed(schema.calls, site_id=99),
    changed(schema.calls, at_ms=MORNING - DAY_MS),
    changed(schema.box_counts, satisfied=30),
    changed(schema.box_counts, foreign_tickets=0),
    changed(schema.device_changes, fault=""),
    changed(schema.device_changes, at_ms=MORNING - DAY_MS),
    changed(schema.device_changes, received_ms=MORNING + DAY_MS),
    changed(schema.selftests, results="{}"),
    changed(schema.selftests, attended=False),
    *(invented(table, record=ids("invented")) for table in BY_RECORD),
    *((lambda connection, table=table: connection.execute(delete(table))) for table in (*BY_RECORD, schema.visit_ends, schema.presence)),
)


def is_found(engine: Engine, tamper: Callable[[Connection], object]) -> bool:
    found = []
    with contextlib.suppress(_TakenBackError), writing(engine) as connection:
        tamper(connection)
        found = verify(connection, lambda _data, _signature: True)
        raise _TakenBackError
    return bool(found)


def test_what_was_changed_deleted_or_invented_is_named(engine: Engine) -> None:
    deliver(make_ingest(engine), full_log())
    assert problems(engine) == []
    assert [number for number, tamper in enumerate(TAMPERINGS) if not is_found(engine, tamper)] == []
    assert problems(engine) == []


def test_what_came_late_twice_and_without_a_clock_holds(engine: Engine) -> None:
    ingest, log = make_ingest(engine), full_log()
    log.add(msgspec.structs.replace(log.end("a", Outcome.LEFT), id=ids("second end")))  # the first one of a visit stands
    log.add(log.presence("late", 900, 2, MORNING - 3 * DAY_MS))
    log.context, log.boot_id = 8, ids("boot")
    log.add(log.call("before its context"))
    log.add_context("second", mode=Mode.TEST)
    log.add(log.call("test"))
    log.add(log.presence("test", 900, 1))
    deliver(ingest, log, received_ms=MORNING + DAY_MS)
    again = Log(bodies=list(log.bodies))
    again.add(log.presence("again", 900, 4))
    deliver(ingest, again, received_ms=MORNING + 2 * DAY_MS)
    with reading(engine) as connection:
        assert connection.execute(select(func.sum(schema.presence.c.count))).scalar_one() == 12
    assert problems(engine) == []


def test_arrivals_whose_time_nobody_can_be_sure_of_count_on_any_day_and_never_in_another_number(engine: Engine) -> None:
    log = Log()
    log.add_context()
    log.add(log.presence("a", 900, 5))  # nothing has shown yet whether this clock is right
    deliver(make_ingest(engine), log)
    (row,) = rows(engine, schema.presence)
    with writing(engine) as connection:
        connection.execute(update(schema.presence).values(day="2025-10-08"))
    assert problems(engine) == []
    with writing(engine) as connection:
        connection.execute(update(schema.presence).values(count=6))
    assert problems(engine) == [f"arrivals at {row['kiosk']}: 6 are counted, and its records say 5"]


def test_sums_that_staff_counted_on_the_page_come_from_no_kiosk(engine: Engine) -> None:
    deliver(make_ingest(engine), full_log())
    with writing(engine) as connection:
        values = {"site_id": 1, "made_by": 1, "day": "2025-10-09", "box": "satisfied", "began_ms": MORNING}
        number = connection.execute(insert(schema.box_sessions).values(values).returning(schema.box_sessions.c.id)).scalar_one()
        row = connection.execute(select(schema.box_counts)).mappings().one()
        connection.execute(insert(schema.box_counts).values(dict(row) | {"record": ids("page"), "kiosk": f"box:{number}"}))
    assert problems(engine) == []


def test_clocks_that_contradict_each_other_date_nothing_after_it_had_come(engine: Engine) -> None:
    first, unheard, last = (ids(f"boot {name}") for name in "abc")
    ingest, log = make_ingest(engine), Log(boot_id=first)
    log.add_context()
    deliver(ingest, log)
    log.context, log.boot_id = 8, unheard
    log.add_context("of the boot that is never heard")
    at = log.moment(MORNING + 200_000, boottime_ms=100_000)
    for record in (log.vote("a", at=at), log.answer("a", "why", "queue", at=at), msgspec.structs.replace(log.call("a"), at=at)):
        log.add(record)
    log.boot_id = last  # which must have begun before the one before it had ended
    ingest.handle(batch_topic(KIOSK), log.batch(now=log.moment(boottime_ms=10_000)), MORNING + 300_000)
    log.add_context("of the last boot", number=9)
    ingest.handle(batch_topic(KIOSK), log.batch(now=log.moment(boottime_ms=250_000)), MORNING + 310_000)
    for table in (schema.votes, schema.answers, schema.calls):
        (row,) = rows(engine, table)
        assert row["at_ms"] <= row["received_ms"]
    assert problems(engine) == []
