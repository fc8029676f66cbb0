from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from sqlalchemy import update

from feedback.wire import State, encode, state_topic
from server.db import schema
from server.db.engine import reading, writing
from server.ratings.coverage import coverage, totals
from server.ratings.periods import Period
from server.ratings.queries import Scope
from tests.server.kit import DAY, KIOSK, MORNING, OTHER, Log, deliver, make_ingest, rows

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from server.ingest.core import Ingest

HOUR = 3_600_000
SCOPE = Scope(Period(date.fromisoformat(DAY), date.fromisoformat(DAY)))
TERMS = '{"hours": {"mon-fri": "11:00-19:00"}}'
OPENS = MORNING - (53 * 60 + 20) * 1000  # 11:00 in Kyiv


def say(ingest: Ingest, at_ms: int, *, online: bool = True, kiosk: str = KIOSK, showing: str = "") -> None:
    ingest.handle(state_topic(kiosk), encode(State(online=online, session=UUID(int=1), showing=showing)), at_ms)


def spans(engine: Engine) -> list[tuple[object, object, object]]:
    return [(row["from_ms"], row["until_ms"], row["cause"]) for row in rows(engine, schema.kiosk_spans)]


def test_outages_are_kept_from_change_to_change(engine: Engine) -> None:
    ingest = make_ingest(engine)
    say(ingest, MORNING)
    say(ingest, MORNING + 1)
    say(ingest, MORNING + HOUR, online=False)
    say(ingest, MORNING + 2 * HOUR)
    say(ingest, MORNING + 3 * HOUR, showing="closed")
    say(ingest, MORNING + 4 * HOUR, showing="out_of_order")
    assert spans(engine) == [
        (MORNING, MORNING + HOUR, ""),
        (MORNING + HOUR, MORNING + 2 * HOUR, "offline"),
        (MORNING + 2 * HOUR, MORNING + 4 * HOUR, ""),
        (MORNING + 4 * HOUR, None, "out_of_order"),
    ]


def test_a_short_break_and_a_restart_of_the_server_are_forgotten(engine: Engine) -> None:
    ingest = make_ingest(engine)
    say(ingest, MORNING)
    say(ingest, MORNING + HOUR, online=False)
    say(ingest, MORNING + HOUR + 30_000)
    ingest.forget_presence(MORNING + 2 * HOUR)
    say(ingest, MORNING + 2 * HOUR + 5_000)
    assert spans(engine) == [(MORNING, None, "")]
    ingest.forget_presence(MORNING + 3 * HOUR)
    assert spans(engine)[-1] == (MORNING + 3 * HOUR, None, "offline")


def test_coverage_is_the_share_of_open_hours_with_any_terminal_that_worked(engine: Engine) -> None:
    ingest = make_ingest(engine)
    with writing(engine) as connection:
        connection.execute(update(schema.server).values(terms=TERMS))
    say(ingest, OPENS - HOUR)
    say(ingest, OPENS - HOUR, kiosk=OTHER)
    say(ingest, OPENS + HOUR, online=False)
    say(ingest, OPENS + 2 * HOUR, online=False, kiosk=OTHER)
    say(ingest, OPENS + 4 * HOUR)
    with reading(engine) as connection:
        (cover,) = coverage(connection, SCOPE, OPENS + 24 * HOUR)
        assert (cover.known_ms, cover.share, cover.desk) == (8 * HOUR, pytest.approx(0.75), "")
        (half,) = coverage(connection, SCOPE, OPENS + 3 * HOUR)
        assert (half.known_ms, half.worked_ms) == (3 * HOUR, 2 * HOUR)
        assert [one.share for one in totals([cover, half], "site").values()] == [pytest.approx(8 / 11)]
        assert coverage(connection, Scope(Period(date(2020, 1, 1), date(2020, 1, 2))), OPENS + 24 * HOUR) == []


def test_a_kiosk_that_nobody_heard_worked_until_its_last_vote(engine: Engine) -> None:
    ingest, log = make_ingest(engine), Log()
    with writing(engine) as connection:
        connection.execute(update(schema.server).values(terms=TERMS))
    say(ingest, OPENS)
    say(ingest, OPENS + HOUR, online=False)
    log.add_context()
    log.add(log.vote("in the dark", at=log.moment(OPENS + 3 * HOUR)))
    say(ingest, OPENS + 5 * HOUR)
    deliver(ingest, log, received_ms=OPENS + 5 * HOUR)
    with reading(engine) as connection:
        (cover,) = coverage(connection, SCOPE, OPENS + 24 * HOUR)
    assert cover.share == pytest.approx(0.75, abs=0.001)
