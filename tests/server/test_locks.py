"""Erasing among backups, verifications and ingest: nothing is lost, nothing that was erased stays, and nobody waits in a ring."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import QueuePool, insert, select, text, update

from server.audit.log import NOBODY
from server.backup.dump import dump
from server.db import schema
from server.db.engine import open_engine, reading, snapshot, writing
from server.db.locks import hold_written
from server.errors import DatabaseUnavailableError
from server.ingest.quarantine import Note, Reason, keep
from server.ingest.replay import replay, waiting
from server.ingest.store import hold_kiosks
from server.integrity.verifying import verify
from server.remarks.erasing import erase, erased_among
from tests.server.kit import KIOSK, MORNING, Log, deliver, make_ingest, reasons, rows
from tests.services import eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from sqlalchemy import Engine

    from tests.services import PostgresCluster

WITHIN_S = 30.0


class Aside:
    """Something done in a thread of its own, while the test goes on in the midst of a transaction."""

    def __init__(self, engine: Engine, do: Callable[[], object]) -> None:
        self._engine = engine
        self._do = do
        self._before = self._begun()
        self.failure: BaseException | None = None
        self._thread = Thread(target=self._run)
        self._thread.start()
        eventually(lambda: self.is_done() or self._begun() > self._before, within_s=WITHIN_S)

    def is_done(self) -> bool:
        return not self._thread.is_alive()

    def finish(self) -> None:
        self._thread.join(WITHIN_S)
        assert self.is_done()
        if self.failure is not None:
            raise self.failure

    def _run(self) -> None:
        try:
            self._do()
        except BaseException as error:  # noqa: BLE001 - told by `finish`
            self.failure = error

    def _begun(self) -> int:
        """Give how many wait for a lock; on SQLite, where nobody can be asked what they wait for, how many are connected."""
        if self._engine.dialect.name == "sqlite":
            assert isinstance(self._engine.pool, QueuePool)
            return self._engine.pool.checkedout()
        with reading(self._engine) as connection:
            query = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
            return int(connection.execute(query).scalar_one())


@pytest.fixture
def log(engine: Engine) -> Log:
    """Three visits with words, one thing that was replayed from quarantine, and one that waits there."""
    log = Log()
    log.add_context()
    for seed in "abc":
        log.add(log.vote(seed))
        log.add(log.sealed(seed, f"words of {seed}".encode()))
    log.add(log.vote("early", context=55))
    deliver(make_ingest(engine), log)
    later = Log(epoch=log.vote("another epoch").id)
    later.boot_id = log.boot_id
    later.add_context("55", number=55)
    deliver(make_ingest(engine), later)
    (number,) = waiting(engine)
    assert not replay(engine, number, by=NOBODY, now_ms=MORNING).refused
    log.add(log.vote("never", context=77))
    deliver(make_ingest(engine), log, len(log.bodies))
    assert len(waiting(engine)) == 1
    return log


def erase_words(engine: Engine, vote: UUID) -> None:
    with writing(engine) as connection:
        erase(connection, vote, MORNING)


def words_in(engine: Engine) -> set[object]:
    return {row["box"] for row in rows(engine, schema.sealed)}


def test_erasing_while_everything_is_verified_is_no_tampering(engine: Engine, log: Log) -> None:
    asides: list[Aside] = []

    def step(_count: int) -> None:
        if not asides:
            asides.append(Aside(engine, lambda: erase_words(engine, log.vote("b").id)))

    with snapshot(engine) as connection:
        assert verify(connection, lambda _data, _signature: True, step) == []
    asides[0].finish()
    assert words_in(engine) == {None, b"words of a", b"words of c"}


def test_who_begins_to_look_while_it_is_erased_sees_what_is_left(engine: Engine, log: Log) -> None:
    found: dict[str, int] = {}
    with writing(engine) as connection:
        erase(connection, log.vote("b").id, MORNING)
        looking = Aside(
            engine, lambda: found.update(dump(engine, {}, lambda _frame: None, now_ms=MORNING, on_rows=lambda _done, _total: None))
        )
    looking.finish()
    assert (found["sealed"], found["quarantine"]) == (3, 2)


def test_a_backup_has_what_is_erased_after_it_began(engine: Engine, log: Log) -> None:
    asides: list[Aside] = []

    def write(_frame: bytes) -> None:
        if not asides:
            asides.append(Aside(engine, lambda: erase_words(engine, log.vote("b").id)))

    found = dump(engine, {}, write, now_ms=MORNING, on_rows=lambda _done, _total: None)
    asides[0].finish()
    assert (found["sealed"], found["quarantine"]) == (3, 2)
    assert words_in(engine) == {None, b"words of a", b"words of c"}


def test_words_that_are_being_taken_in_are_erased_too(engine: Engine, log: Log) -> None:
    vote, there = log.vote("b"), rows(engine, schema.sealed)[0]
    with writing(engine) as connection:  # as ingest does it
        hold_kiosks(connection, {KIOSK})
        assert erased_among(connection, KIOSK, {vote.visit}) == set()
        erasing = Aside(engine, lambda: erase_words(engine, vote.id))
        words = {**there, "record": log.vote("more").id, "visit": vote.visit, "box": b"more words of b"}
        connection.execute(insert(schema.sealed).values(words))
    erasing.finish()
    assert words_in(engine) == {None, b"words of a", b"words of c"}


def test_erasing_waits_for_what_is_set_aside_and_taken_in_at_once(engine: Engine, log: Log) -> None:
    note = Note(reason=Reason.REFUSED, detail="", topic="t", kiosk=KIOSK, payload=b"x", received_ms=MORNING)
    with writing(engine) as connection:  # as ingest does it
        hold_kiosks(connection, {KIOSK})
        keep(connection, [note])
        erasing = Aside(engine, lambda: erase_words(engine, log.vote("b").id))
        assert erased_among(connection, KIOSK, {log.vote("b").visit}) == set()
        connection.execute(update(schema.sealed).values(mode="live"))
    erasing.finish()
    assert words_in(engine) == {None, b"words of a", b"words of c"}
    assert len(reasons(engine)) == 3


def test_replaying_and_erasing_never_wait_for_each_other(engine: Engine, log: Log) -> None:
    (number,) = waiting(engine)
    with reading(engine) as connection:
        connection.execute(select(schema.sealed.c.record)).all()
        erasing = Aside(engine, lambda: erase_words(engine, log.vote("b").id))
        replaying = Aside(engine, lambda: replay(engine, number, by=NOBODY, now_ms=MORNING))
    erasing.finish()
    replaying.finish()
    assert words_in(engine) == {None, b"words of a", b"words of c"}


def test_votes_are_taken_in_while_erasing_waits_for_who_looks(engine: Engine, log: Log) -> None:
    with snapshot(engine) as connection:
        connection.execute(select(schema.votes.c.id)).all()
        erasing = Aside(engine, lambda: erase_words(engine, log.vote("b").id))
        log.add(log.vote("d"))
        log.add(log.sealed("d", b"words of d"))
        taking = Aside(engine, lambda: deliver(make_ingest(engine), log, len(log.bodies) - 1))
        eventually(taking.is_done)
        assert b"words of d" in words_in(engine)
    taking.finish()
    erasing.finish()
    assert words_in(engine) == {None, b"words of a", b"words of c", b"words of d"}


@pytest.mark.postgres
def test_another_program_that_reads_holds_up_erasing_and_ingest_for_a_moment_only(
    postgres_cluster: PostgresCluster, postgres_template: str
) -> None:
    engine = open_engine(postgres_cluster.url(postgres_cluster.create_database(template=postgres_template)))
    with engine.connect() as connection:
        connection.execute(select(schema.quarantine.c.id)).all()
        with pytest.raises(DatabaseUnavailableError, match="pg_dump"), writing(engine) as other:
            hold_written(other, within_ms=50)
        log = Log()
        log.add_context()
        log.add(log.vote("a"))
        assert deliver(make_ingest(engine), log).seq == 2
    with writing(engine) as other:
        hold_written(other)
        assert other.execute(text("SHOW lock_timeout")).scalar_one() == "0"
    engine.dispose()
