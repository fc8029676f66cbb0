from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from server.audit.acts import Act
from server.audit.log import GENESIS, Actor, end_of, note
from server.audit.looking import PAGE, Wanted, all_of, page_of
from server.audit.verifying import verify_audit
from server.db.schema import audit

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine


def write(engine: Engine, count: int = 3) -> list[bytes]:
    """Write lines, each in a transaction of its own; give the hash over the log after each."""
    heads = []
    for number in range(count):
        with engine.begin() as connection:
            note(connection, Actor(7, "a1b2"), Act.CALL_TAKEN, number, now_ms=1_000 + number, purpose="", site="main", left=None)
            heads.append(end_of(connection)[1])
    return heads


def problems(engine: Engine, **heads: tuple[int, bytes]) -> list[str]:
    with engine.connect() as connection:
        return [where for where, _ in verify_audit(connection, heads)]


def unguarded(engine: Engine, statement: str) -> None:
    """Do what somebody with the database's password can do: take the triggers away first."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            for name in ("no_update", "no_delete", "no_replace"):
                connection.execute(text(f"DROP TRIGGER audit_{name}"))
        else:
            connection.execute(text("DROP TRIGGER audit_only_added_to ON audit"))
            connection.execute(text("GRANT ALL ON audit TO CURRENT_USER"))
        connection.execute(text(statement))


def test_lines_are_numbered_chained_and_hold(engine: Engine) -> None:
    heads = write(engine)
    with engine.connect() as connection:
        lines = connection.execute(select(audit).order_by(audit.c.n)).all()
    assert [(line.n, line.account, line.session, line.act, line.subject, line.facts) for line in lines] == [
        (number + 1, 7, "a1b2", "call_taken", str(number), '{"site":"main"}') for number in range(3)
    ]
    assert GENESIS not in heads
    assert len(set(heads)) == 3
    assert problems(engine, one=(2, heads[1]), two=(3, heads[2])) == []


@pytest.mark.parametrize("statement", ["UPDATE audit SET subject = 'x'", "DELETE FROM audit", "DELETE FROM audit WHERE n = 3"])
def test_the_database_refuses_to_change_or_delete_a_line(engine: Engine, statement: str) -> None:
    write(engine)
    with pytest.raises(DBAPIError, match=r"only added to|permission denied"), engine.begin() as connection:
        connection.execute(text(statement))
    assert problems(engine) == []


def test_a_line_cannot_be_replaced_nor_the_log_emptied(engine: Engine) -> None:
    write(engine)
    statement = "INSERT OR REPLACE INTO audit SELECT * FROM audit" if engine.dialect.name == "sqlite" else "TRUNCATE audit"
    with pytest.raises(DBAPIError, match=r"only added to|permission denied"), engine.begin() as connection:
        connection.execute(text(statement))
    assert problems(engine) == []


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE audit SET subject = 'x' WHERE n = 2", "audit log, line 2"),
        ("UPDATE audit SET at_ms = at_ms + 1 WHERE n = 1", "audit log, line 1"),
        ("DELETE FROM audit WHERE n = 2", "audit log, line 2"),
        ("DELETE FROM audit WHERE n = 1", "audit log, line 1"),
        ("DELETE FROM audit WHERE n = 3", "audit log, line 3"),
        ("DELETE FROM audit", "audit log, line 1"),
        ("UPDATE audit SET n = n + 1 WHERE n = 3", "audit log, line 3"),
    ],
)
def test_what_was_done_to_a_line_is_found_under_the_root_of_a_day(engine: Engine, statement: str, found: str) -> None:
    heads = write(engine)
    unguarded(engine, statement)
    assert problems(engine, day=(3, heads[2]))[0] == found


def test_a_log_made_anew_is_not_the_one_under_the_root(engine: Engine) -> None:
    heads = write(engine)
    unguarded(engine, "DELETE FROM audit")
    with engine.begin() as connection:
        for number in range(3):
            note(connection, Actor(8), Act.CALL_TAKEN, number, now_ms=5)
    assert problems(engine) == []
    assert problems(engine, day=(3, heads[2])) == ["audit log, line 3"]


def test_a_line_goes_with_the_change_that_it_tells(engine: Engine) -> None:
    connection = engine.connect()
    with connection, connection.begin() as change:
        note(connection, Actor(), Act.RESTORED, now_ms=1)
        change.rollback()
    with engine.connect() as connection:
        assert end_of(connection) == (0, GENESIS)


def test_lines_are_looked_up_by_person_act_and_time(engine: Engine) -> None:
    def numbers(find: Callable[[Connection, Wanted], object], wanted: Wanted) -> list[int]:
        with engine.connect() as connection:
            return [shown.line.n for shown in find(connection, wanted)]  # type: ignore[attr-defined]

    with engine.begin() as connection:
        for number in range(PAGE + 5):
            act = Act.SIGNED_IN if number % 2 else Act.SIGNED_OUT
            note(connection, Actor(number % 3), act, now_ms=1_000 + number)
    assert numbers(page_of, Wanted()) == list(range(PAGE + 5, 4, -1))
    assert numbers(page_of, Wanted(before=6)) == [5, 4, 3, 2, 1]
    assert numbers(all_of, Wanted(act="signed_in", account=1))[-2:] == [8, 2]
    assert numbers(all_of, Wanted(from_ms=1_003, until_ms=1_005)) == [5, 4]


def test_two_at_once_write_two_lines(engine: Engine) -> None:
    from threading import Thread

    def add() -> None:
        for _ in range(10):
            with engine.begin() as connection:
                note(connection, Actor(), Act.CALL_TAKEN, now_ms=1)

    threads = [Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.connect() as connection:
        assert end_of(connection)[0] == 40
    assert problems(engine) == []
