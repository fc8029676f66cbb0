"""What devices recorded: outages put together from changes, people who came up by hours, and self-tests."""

from __future__ import annotations

from datetime import date
from itertools import permutations
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from server.db import schema
from server.ratings.devices import Day, last_days, last_selftests, outages
from tests.server.kit import KIOSK, MORNING, OTHER, Log, deliver, make_ingest, reasons, rows

if TYPE_CHECKING:
    from sqlalchemy import Engine

MINUTE = 60_000
HOUR = 60 * MINUTE
KYIV = ZoneInfo("Europe/Kyiv")


def make_log(kiosk: str = KIOSK) -> Log:
    log = Log(kiosk=kiosk)
    log.add_context()
    return log


def found(engine: Engine, kiosk: str = KIOSK) -> list[tuple[str, str, int, int | None]]:
    with engine.connect() as connection:
        said = outages(connection, kiosk)
    return [
        (one.device, one.fault, (one.begin_ms - MORNING) // MINUTE, None if one.end_ms is None else (one.end_ms - MORNING) // MINUTE)
        for one in said
    ]


def test_an_outage_lasts_from_its_change_to_the_next_in_whatever_order_they_come(engine: Engine) -> None:
    changes = [("a", "printer_missing", 0), ("b", "", 7), ("c", "paper_end", 10)]
    for number, order in enumerate(permutations(changes)):
        log = Log(kiosk=KIOSK if number % 2 else OTHER, context=number)
        log.add_context(f"context {number}")
        for seed, fault, minute in order:
            log.add(log.change(f"{seed}{number}", f"printer{number}", fault, MORNING + minute * MINUTE))
        deliver(make_ingest(engine), log, received_ms=MORNING + HOUR)
        assert [one for one in found(engine, log.kiosk) if one[0] == f"printer{number}"] == [
            (f"printer{number}", "paper_end", 10, None),
            (f"printer{number}", "printer_missing", 0, 7),
        ]


def test_one_fault_gives_way_to_another_and_the_same_told_again_goes_on(engine: Engine) -> None:
    log = make_log()
    told = [("printer", "paper_end", 0), ("printer", "paper_end", 3), ("printer", "cover_open", 5), ("printer", "", 6), ("printer", "", 8)]
    for number, (device, fault, minute) in enumerate([*told, ("scanner", "scanner_missing", 1)]):
        log.add(log.change(str(number), device, fault, MORNING + minute * MINUTE))
    deliver(make_ingest(engine), log, received_ms=MORNING + HOUR)
    assert found(engine) == [
        ("printer", "cover_open", 5, 6),
        ("scanner", "scanner_missing", 1, None),
        ("printer", "paper_end", 0, 5),
    ]
    assert found(engine, OTHER) == []


def test_people_who_came_up_are_counted_by_the_hour_in_which_they_did(engine: Engine) -> None:
    log = make_log()
    at = MORNING + 6 * MINUTE + 40_000  # 12:00 in Kyiv
    late = at + 30 * MINUTE
    for number, (length_s, count, wall_ms) in enumerate([(3600, 40, at), (600, 2, at), (900, 5, late), (900, 1, late)]):
        log.add(log.presence(str(number), length_s, count, wall_ms))
    deliver(make_ingest(engine), log, 1, 3, received_ms=at + HOUR)
    deliver(make_ingest(engine), log, 4, received_ms=at + HOUR)
    counted = {(row["kiosk"], row["day"], row["hour"]): row["count"] for row in rows(engine, schema.presence)}
    assert counted == {(KIOSK, "2025-10-09", 11): 42, (KIOSK, "2025-10-09", 12): 6}


def test_days_show_who_came_up_beside_who_voted(engine: Engine) -> None:
    log = make_log()
    log.add(log.presence("a", 60, 30))
    log.add(log.vote("a"))
    log.add(log.vote("b", answer="yes"))
    log.add(log.answer("a", "reasons", "queue"))
    log.add(log.vote("c", at=log.moment(MORNING - 24 * HOUR)))
    log.add(log.vote("old", at=log.moment(MORNING - 24 * 14 * HOUR)))
    deliver(make_ingest(engine), log)
    with engine.connect() as connection:
        days = last_days(connection, KIOSK, date(2025, 10, 9), KYIV)
    assert days == [Day(date(2025, 10, 9), 30, 2), Day(date(2025, 10, 8), None, 1)]


def test_the_last_self_test_of_each_kind_is_told(engine: Engine) -> None:
    log = make_log()
    log.add(log.selftest("a", {"printer": "paper_end", "scanner": ""}, MORNING - HOUR, attended=True))
    log.add(log.selftest("b", {"printer": ""}, MORNING - 2 * HOUR))
    log.add(log.selftest("c", {"printer": "", "scanner": ""}, MORNING - 30 * HOUR))
    deliver(make_ingest(engine), log)
    with engine.connect() as connection:
        tests = last_selftests(connection, KIOSK)
        assert last_selftests(connection, OTHER) == []
    assert [(test.attended, test.results) for test in tests] == [(True, {"printer": "paper_end", "scanner": ""}), (False, {"printer": ""})]
    assert [test.at_ms for test in tests] == [MORNING - HOUR, MORNING - 2 * HOUR]


def test_what_no_column_can_hold_is_set_aside(engine: Engine) -> None:
    log = make_log()
    log.add(log.change("a", "d" * 17, ""))
    log.add(log.change("b", "d", "f" * 33))
    log.add(log.presence("a", 60, 10**6))
    log.add(log.presence("b", -1, 1))
    log.add(log.selftest("a", {"p" * 33: ""}))
    log.add(log.selftest("b", {"p": "\0"}))
    log.add(log.selftest("c", {str(number): "" for number in range(65)}))
    assert deliver(make_ingest(engine), log).seq == 8
    assert reasons(engine) == [("undecodable", 1)] * 7
