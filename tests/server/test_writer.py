"""Transactions of somebody who writes vote by vote."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError

from server.db.driver import say
from server.db.engine import Writer, reading
from server.db.schema import services
from server.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine


@pytest.fixture
def writer(engine: Engine) -> Writer:
    return Writer(engine)


@pytest.fixture
def before(engine: Engine) -> int:
    return _count(engine)


def test_what_was_written_is_there_for_others(engine: Engine, writer: Writer, before: int) -> None:
    for number in range(3):
        _add_one(writer, f"w{number}")
    assert _count(engine) == before + 3


def test_nothing_stays_of_what_fails(engine: Engine, writer: Writer, before: int) -> None:
    with pytest.raises(ZeroDivisionError):
        _add_and_fail(writer)
    _add_one(writer, "w2")
    assert _count(engine) == before + 1


def test_statements_of_both_ways_are_one_transaction(engine: Engine, writer: Writer, before: int) -> None:
    with pytest.raises(ZeroDivisionError):
        _add_and_fail(writer, "w2")
    assert _count(engine) == before
    for key in ("w1", "w3"):
        with writer.writing() as connection:
            _add(connection, key)
            connection.execute(insert(services).values(key=key + "x", name=key))
            assert connection.execute(select(func.count()).select_from(services)).scalar_one() > before
    assert _count(engine) == before + 4


def test_several_write_at_once(engine: Engine, writer: Writer, before: int) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: _add_one(writer, f"w{number}"), range(20)))
    assert _count(engine) == before + 20


@pytest.mark.postgres
@pytest.mark.parametrize("make_engine", ["postgresql"], indirect=True)
def test_a_connection_that_the_database_has_cut_is_not_used_again(engine: Engine, writer: Writer, before: int) -> None:
    with writer.writing() as connection:
        _add(connection, "w1")
        cut = say(connection, "SELECT pg_backend_pid()").fetchone()[0]
    with reading(engine) as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": cut})
    with pytest.raises(DatabaseUnavailableError):
        _add_one(writer, "w2")
    _add_one(writer, "w3")
    assert _count(engine) == before + 2


def test_what_was_lost_in_between_is_not_said_to_be_committed(engine: Engine, writer: Writer, before: int) -> None:
    with pytest.raises(DatabaseUnavailableError):
        _lose_the_connection(writer)
    with pytest.raises(DatabaseUnavailableError):
        _pass_over_a_failure(writer)
    _add_one(writer, "w9")
    assert _count(engine) == before + 1


def test_a_writer_that_is_gone_leaves_nothing_open(engine: Engine) -> None:
    for number in range(30):  # more than a pool holds
        _add_one(Writer(engine), f"w{number}")
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_an_engine_that_is_disposed_of_leaves_nothing_open(engine: Engine, writer: Writer) -> None:
    with writer.writing() as connection:
        _add(connection, "w1")
        driver = connection.connection.driver_connection
    engine.dispose()
    with pytest.raises(Exception, match=r"(?i)closed"):
        driver.execute("SELECT 1")  # type: ignore[union-attr]


def _add_one(writer: Writer, key: str) -> None:
    with writer.writing() as connection:
        _add(connection, key)


def _lose_the_connection(writer: Writer) -> None:
    with writer.writing() as connection:
        _add(connection, "w1")
        connection.invalidate()
        _add(connection, "w2")


def _pass_over_a_failure(writer: Writer) -> None:
    with writer.writing() as connection:
        _add(connection, "w3")
        if connection.dialect.name == "sqlite":
            say(connection, "ROLLBACK")  # as SQLite itself does where its disk is full
        else:
            with suppress(DBAPIError):
                say(connection, "SELECT nothing")


def _add_and_fail(writer: Writer, *others: str) -> None:
    with writer.writing() as connection:
        _add(connection, "w1")
        for key in others:
            connection.execute(insert(services).values(key=key, name=key))
        raise ZeroDivisionError


def _add(connection: Connection, key: str) -> None:
    say(connection, f"INSERT INTO services (key, name) VALUES ('{key}', '{key}')")


def _count(engine: Engine) -> int:
    with reading(engine) as connection:
        return connection.execute(select(func.count()).select_from(services)).scalar_one()
