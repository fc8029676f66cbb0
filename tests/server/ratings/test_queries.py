from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event

from server.ratings import queries
from server.ratings.kiosks import count_quarantined, list_kiosks, list_quarantined
from server.ratings.periods import Period, Step
from server.ratings.queries import DeskRow, DeskTable, Scope
from tests.server.web import fill
from tests.server.web.fill import NOW, NOW_MS, TODAY, vote

if TYPE_CHECKING:
    from sqlalchemy import Connection

MONTH = Scope(Period.last_days(30, TODAY))
OPEN = NOW_MS + 60_000


def row_of(table: DeskTable, key: str | None) -> DeskRow:
    return next(row for row in table.rows if (row.desk.key if row.desk else None) == key)


def test_every_desk_is_there_in_the_order_of_the_registry(connection: Connection) -> None:
    vote(connection, "c1", "good", times=3)
    table = queries.desk_table(connection, MONTH, NOW_MS)
    assert [row.desk.key for row in table.rows if row.desk] == ["c1", "c2", "c3", "c4", "c5", "p1", "p2", "p3"]
    assert row_of(table, "c1").tally.total == 3
    assert row_of(table, "c2").tally.rating.score.share is None


def test_votes_of_no_desk_have_a_row_of_their_own(connection: Connection) -> None:
    vote(connection, None, "terrible", times=2)
    table = queries.desk_table(connection, MONTH, NOW_MS)
    assert table.rows[-1].desk is None
    assert table.rows[-1].tally.total == table.total.total == 2


def test_an_open_window_counts_in_the_total_and_in_no_share(connection: Connection) -> None:
    vote(connection, "c1", "excellent", times=9)
    vote(connection, "c1", "terrible", released_ms=OPEN)
    before = row_of(queries.desk_table(connection, MONTH, NOW_MS), "c1").tally
    assert (before.total, before.held_back) == (10, 1)
    assert before.rating.score.share == 1
    assert before.rating.counts.terrible == 0
    after = row_of(queries.desk_table(connection, MONTH, OPEN), "c1").tally
    assert (after.total, after.held_back, after.rating.problem.share) == (10, 0, 0.1)


@pytest.mark.parametrize("dimension", ["service", "channel", "language"])
def test_an_open_window_is_held_back_from_trend_hours_and_splits(connection: Connection, dimension: str) -> None:
    for service_id in (None, 2):
        vote(connection, "c1", "excellent", times=4, service_id=service_id)
        vote(connection, "c1", "terrible", released_ms=OPEN, service_id=service_id)
    tallies = [point.tally for point in queries.trend(connection, MONTH, NOW_MS)]
    tallies += queries.week_hours(connection, MONTH, NOW_MS).values()
    tallies += [part.tally for part in queries.split(connection, MONTH, dimension, NOW_MS)]
    assert all(tally.rating.counts.terrible == 0 for tally in tallies)
    assert {tally.total for tally in tallies} <= {5, 10}
    assert sum(tally.held_back for tally in tallies) == 6


def test_period_site_and_desk_bound_the_question(connection: Connection) -> None:
    vote(connection, "c1", "good", at=NOW - timedelta(days=30))
    vote(connection, "c1", "good", at=NOW - timedelta(days=29), times=2)
    vote(connection, "p1", "good", times=4)
    place = queries.list_desks(connection)[0]
    assert queries.tally(connection, MONTH, NOW_MS).total == 6
    assert queries.tally(connection, Scope(MONTH.period, site_id=place.site.id), NOW_MS).total == 2
    table = queries.desk_table(connection, Scope(MONTH.period, site_id=place.site.id), NOW_MS)
    assert {row.desk.site.key for row in table.rows if row.desk} == {"center"}
    assert queries.live_totals(connection, MONTH) == {place.id: 2, queries.list_desks(connection)[5].id: 4}


def test_trend_walks_days_then_weeks(connection: Connection) -> None:
    for ago in (0, 1, 8, 60):
        vote(connection, "c1", "good", at=NOW - timedelta(days=ago, hours=1))
    days = queries.trend(connection, MONTH, NOW_MS)
    assert [(TODAY - point.first).days for point in days] == [8, 1, 0]
    weeks = queries.trend(connection, Scope(Period.last_days(90, TODAY)), NOW_MS)
    assert [point.tally.total for point in weeks] == [1, 1, 2]  # 22 November 2026 is a Sunday
    assert all(point.first.isoweekday() == 1 for point in weeks)


def test_steps_cover_a_period_once() -> None:
    period = Period.last_days(90, TODAY)
    steps = list(period.steps())
    assert period.step is Step.WEEK
    assert sum(step.days for step in steps) == 90
    assert (steps[0].first, steps[-1].last) == (period.first, period.last)


def test_services_are_named(connection: Connection) -> None:
    vote(connection, "c1", "good", service_id=1, times=2)
    vote(connection, "c1", "good")
    assert [(part.name, part.tally.total) for part in queries.split(connection, MONTH, "service", NOW_MS)] == [
        ("Закордонний паспорт", 2),
        ("", 1),
    ]


@pytest.mark.parametrize("connection", ["sqlite"], indirect=True)  # PostgreSQL's plans depend on its statistics
def test_questions_do_not_grow_with_votes(connection: Connection) -> None:
    statements: list[str] = []
    event.listen(connection, "before_cursor_execute", lambda *given: statements.append(given[2]))
    vote(connection, "c1", "good", times=500, at=NOW - timedelta(days=2))
    statements.clear()
    queries.live_totals(connection, MONTH)
    queries.desk_table(connection, MONTH, NOW_MS)
    queries.trend(connection, MONTH, NOW_MS)
    plans = [connection.exec_driver_sql("EXPLAIN QUERY PLAN " + s, tuple("0" * s.count("?"))).all() for s in tuple(statements)]
    assert all("SCAN votes" not in step[3] for plan in plans for step in plan), plans
    assert sum("ix_votes_released_ms" in str(plan) for plan in plans) == 3, plans


def test_kiosks_and_what_they_sent_in_vain(connection: Connection) -> None:
    fill.kiosks(connection)
    by_id = {kiosk.id: kiosk for kiosk in list_kiosks(connection)}
    assert by_id["exit-center"].state.online
    assert by_id["exit-center"].desk is None
    assert by_id["desk-two-a"].state.faults == ["server_refused", "printer"]
    assert by_id["desk-two-a"].quarantined == 1
    assert by_id["podil-hall"].state is None
    assert [found.times for found in list_quarantined(connection, "desk-two-a")] == [3]
    assert count_quarantined(connection, None) == 1


def test_an_empty_message_is_listed_too(connection: Connection) -> None:
    fill.quarantined(connection, None, b"")
    (found,) = list_quarantined(connection, None)
    assert (found.size, found.beginning) == (0, b"")


def test_messages_of_a_kiosk_that_is_not_registered_are_of_no_known_kiosk(connection: Connection) -> None:
    fill.quarantined(connection, "stranger-1", b"x" * 10_000)
    (found,) = list_quarantined(connection, None)
    assert (found.kiosk, found.size, len(found.beginning)) == ("stranger-1", 10_000, 256)
