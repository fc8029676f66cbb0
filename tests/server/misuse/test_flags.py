from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from feedback.records import How
from feedback.tickets import ticket_token
from server.db import schema
from server.db.bulk import insert_rows
from server.db.engine import reading, writing
from server.errors import MisuseError
from server.integrity.verifying import verify
from server.misuse import store
from server.misuse.daily import run_day, run_due
from server.misuse.store import Word
from server.ratings import rollups
from server.ratings.periods import Period
from server.ratings.queries import Scope, not_counted
from tests.server.kit import DAY, KIOSK, MORNING, Log, deliver, make_ingest, rows

if TYPE_CHECKING:
    from sqlalchemy import Engine

NEXT = MORNING + 24 * 3_600_000
WORD = Word("olena", NEXT, "Клас школи № 5 був на екскурсії")
SCOPE = Scope(Period(date.fromisoformat(DAY), date.fromisoformat(DAY)))
GAPS_S = (0, 5.1, 11.9, 16.4, 23.8, 28.2, 35.7, 40.3, 47.7, 52.2)


def a_burst(engine: Engine, *more: str) -> Log:
    """Ten votes of one hand, with what they said besides."""
    log = Log()
    log.add_context()
    for number, gap_s in enumerate(GAPS_S):
        at = log.moment(MORNING - 600_000 + round(gap_s * 1000))
        log.add(log.vote(str(number), at=at, answer="excellent"))
    log.add(log.answer("0", "reasons", "speed"))
    for seed in more:
        log.add(log.vote(seed, at=log.moment(MORNING - 3_600_000)))
    deliver(make_ingest(engine), log)
    return log


def counted(engine: Engine) -> int:
    with reading(engine) as connection:
        return sum(int(str(row["excellent"])) + int(str(row["good"])) for row in rows(engine, schema.rollup_day)) if connection else 0


def agree(engine: Engine) -> None:
    with writing(engine) as connection:
        assert rollups.verify(connection) == []
        rollups.rebuild(connection)
        assert rollups.verify(connection) == []


def flags(engine: Engine) -> set[object]:
    return {row["flag"] for row in rows(engine, schema.votes)}


def findings(engine: Engine) -> list[store.Finding]:
    with reading(engine) as connection:
        return store.list_findings(connection, SCOPE)


def test_a_burst_is_flagged_once_kept_and_counts_again_when_undone(engine: Engine) -> None:
    a_burst(engine, "honest")
    assert counted(engine) == 11
    assert run_due(engine, NEXT) == {DAY: 1}
    (one,) = findings(engine)
    assert (one.rule, one.votes, one.day, one.desk, one.found_by) == ("burst", 10, DAY, "1", "")
    assert (counted(engine), len(rows(engine, schema.votes))) == (1, 11)
    assert {row["flag"] for row in rows(engine, schema.answers)} == {"misuse"}
    agree(engine)
    with reading(engine) as connection:
        assert not_counted(connection, SCOPE).misuse == 10
        assert sum(store.flagged_by_desk(connection, SCOPE).values()) == 10
        assert verify(connection, lambda _data, _signature: True, lambda _count: None) == []
    assert run_due(engine, NEXT) == {}
    assert run_day(engine, DAY, NEXT) == 0

    with writing(engine) as connection:
        store.undo(connection, one.id, WORD)
    assert (counted(engine), flags(engine)) == (11, {""})
    agree(engine)
    assert run_day(engine, DAY, NEXT) == 0
    (one,) = findings(engine)
    assert (one.undone_by, one.undone_reason, one.undone_ms) == (WORD.by, WORD.reason, NEXT)
    assert flags(engine) == {""}
    with writing(engine) as connection, pytest.raises(MisuseError):
        store.undo(connection, one.id, WORD)


def test_what_is_judged_twice_counts_only_when_both_are_undone(engine: Engine) -> None:
    a_burst(engine)
    run_day(engine, DAY, NEXT)
    (desk_id,) = {int(str(row["desk_id"])) for row in rows(engine, schema.votes)}
    with writing(engine) as connection:
        assert store.flag_by_hand(connection, desk_id, (MORNING - 700_000, MORNING), DAY, WORD) == 10
    first, second = findings(engine)
    for number, left in ((first.id, 0), (second.id, 10)):
        with writing(engine) as connection:
            store.undo(connection, number, WORD)
        assert counted(engine) == left
        agree(engine)


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "a\0b"])
def test_nobody_flags_or_undoes_without_a_reason(engine: Engine, reason: str) -> None:
    a_burst(engine)
    run_day(engine, DAY, NEXT)
    with writing(engine) as connection, pytest.raises(MisuseError):
        store.undo(connection, findings(engine)[0].id, WORD._replace(reason=reason))
    with writing(engine) as connection, pytest.raises(MisuseError):
        store.flag_by_hand(connection, 1, (0, NEXT), DAY, WORD._replace(reason=reason))
    with writing(engine) as connection, pytest.raises(MisuseError):
        store.flag_by_hand(connection, 1, (NEXT, NEXT + 1), DAY, WORD)


def test_a_flag_survives_what_comes_later_and_gives_way_to_what_is_stronger(engine: Engine) -> None:
    log = a_burst(engine)
    run_day(engine, DAY, NEXT)
    ingest, sent = make_ingest(engine), len(log.bodies)
    log.add(log.answer("1", "reasons", "staff", at=log.moment(MORNING), how=How.ANSWERED))  # what a kiosk delivers a day later
    log.add(log.undo("2"))
    deliver(ingest, log, sent + 1, received_ms=NEXT)
    by_flag = [row["flag"] for row in rows(engine, schema.votes)]
    assert sorted(map(str, by_flag)) == [*["misuse"] * 9, "undone"]
    assert {row["flag"] for row in rows(engine, schema.answers)} == {"misuse"}
    agree(engine)
    with writing(engine) as connection:
        store.undo(connection, findings(engine)[0].id, WORD)
    assert sorted(str(row["flag"]) for row in rows(engine, schema.votes)) == [*[""] * 9, "undone"]
    agree(engine)


def test_a_flagged_vote_keeps_its_ticket_used(engine: Engine) -> None:
    log = a_burst(engine)
    run_day(engine, DAY, NEXT)
    with writing(engine) as connection:
        insert_rows(connection, schema.day_keys, ("day", "key"), [(DAY, bytes(32))], on_conflict="ON CONFLICT DO NOTHING")
    sent, token = len(log.bodies), ticket_token(bytes(32), "main", DAY, "A-1")
    log.add(log.scan("0", token))
    log.add(log.scan("again", token))
    log.add(log.vote("again", at=log.moment(MORNING - 60_000)))
    deliver(make_ingest(engine), log, sent + 1)
    found = {row["visit"]: row["flag"] for row in rows(engine, schema.votes)}
    assert (found[log.vote("0").visit], found[log.vote("again").visit]) == ("misuse", "ticket_used")
    agree(engine)


def test_a_backlog_is_judged_when_it_comes_by_its_own_times(engine: Engine) -> None:
    other = Log()
    other.add_context()
    other.add(other.vote("honest", at=other.moment(MORNING)))
    deliver(make_ingest(engine), other)
    assert run_due(engine, NEXT) == {DAY: 0}
    later = NEXT + 3_600_000
    sent = len(other.bodies)
    for number, gap_s in enumerate(GAPS_S):
        other.add(other.vote(str(number), at=other.moment(MORNING + round(gap_s * 1000)), answer="excellent"))
    deliver(make_ingest(engine), other, sent + 1, received_ms=later)
    assert run_due(engine, later) == {}
    assert run_due(engine, NEXT + 24 * 3_600_000) == {DAY: 1}
    assert rows(engine, schema.misuse_days)[0]["kiosk"] == KIOSK


def test_a_changed_flag_is_found_by_verify(engine: Engine) -> None:
    from sqlalchemy import update

    a_burst(engine)
    run_day(engine, DAY, NEXT)
    with writing(engine) as connection:
        connection.execute(update(schema.misuse_findings).values(undone_ms=NEXT))
    with reading(engine) as connection:
        problems = verify(connection, lambda _data, _signature: True, lambda _count: None)
    assert any("no finding says so" in problem.what for problem in problems)
