"""What the queue says reaches the votes that were cast with its tickets, whatever comes first, and is forgotten after 72 hours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from feedback.tickets import ticket_token
from server.db import schema
from server.db.bulk import insert_rows
from server.db.engine import reading, writing
from server.fleet.day_keys import DayKeys
from server.ratings import rollups
from tests.server.kit import DAY, MORNING, Log, deliver, make_ingest, rows
from tests.server.queue.exports import DAY_MS, a_day, at, export, line, served, take, waiting

if TYPE_CHECKING:
    from sqlalchemy import Engine

KEY = bytes(range(32))


def give_key(engine: Engine) -> None:
    with writing(engine) as connection:
        insert_rows(connection, schema.day_keys, ("day", "key"), [(DAY, KEY)])


def vote_with(engine: Engine, number: str, seed: str = "one") -> None:
    log = Log()
    log.add_context()
    log.add(log.vote(seed, desk=None))
    log.add(log.scan(seed, ticket_token(KEY, "main", DAY, number)))
    deliver(make_ingest(engine), log)


def stands(engine: Engine) -> list[tuple[object, ...]]:
    with reading(engine) as connection:
        names = {row.id: row.key for row in connection.execute(schema.clerks.select())}
        assert not rollups.verify(connection)
    return [(row["desk_id"], row["service_id"], names.get(row["clerk_id"])) for row in rows(engine, schema.votes)]  # type: ignore[call-overload]


@pytest.mark.parametrize("is_vote_first", [True, False])
def test_a_vote_gets_desk_service_and_clerk_whichever_comes_first(engine: Engine, is_vote_first: bool) -> None:  # noqa: FBT001
    give_key(engine)
    if is_vote_first:
        vote_with(engine, "а-015")
        assert stands(engine) == [(0, None, None)]
    take(engine, export(line("А-015", at(10), desk="010", clerk="Коваль М."), line("А-016", at(10))))
    if not is_vote_first:
        vote_with(engine, "а-015")
    assert stands(engine) == [(2, 1, "Коваль М.")]


def test_a_ticket_that_goes_on_to_another_desk_takes_its_vote_along(engine: Engine) -> None:
    give_key(engine)
    vote_with(engine, "А-1")
    take(engine, export(waiting("А-1", at(10))))
    assert stands(engine) == [(0, 1, None)]
    take(engine, export(line("А-1", at(10), desk="010")))
    assert stands(engine) == [(2, 1, "Коваль М.")]


def test_a_refused_import_tells_votes_nothing(engine: Engine) -> None:
    give_key(engine)
    vote_with(engine, "А-1")
    take(engine, export(line("А-1", at(10)), line("А-2", at(10), desk="77")))
    assert stands(engine) == [(0, None, None)]


@pytest.mark.parametrize("make_engine", ["sqlite"], indirect=True)
def test_after_72_hours_no_file_has_a_byte_of_a_ticket_and_the_counts_stay(engine: Engine) -> None:
    give_key(engine)
    vote_with(engine, "Ю-815")
    take(engine, export(line("Ю-815", at(10)), *a_day(0, 60), *a_day(1, 60)))
    tokens = [str(row["token"]) for row in rows(engine, schema.queue_tickets)]
    assert len(tokens) == 121
    before, votes = served(engine), stands(engine)
    DayKeys(engine, signer=lambda _: bytes(64)).current(MORNING + 5 * DAY_MS)
    assert rows(engine, schema.queue_tickets) == rows(engine, schema.ticket_facts) == []
    files = b"".join(path.read_bytes() for path in Path(str(engine.url.database)).parent.glob("*.db*"))
    assert not [word for word in (*tokens, KEY.hex()) if word.encode() in files]
    assert KEY not in files
    assert not [word for word in ("Ю-815", "Ю815", "А-003", "A003") if word.encode() in files]
    assert (served(engine), stands(engine)) == (before, votes)
    vote_with(engine, "А-016", seed="two")  # and a vote that comes so late stands where its kiosk says
    assert (0, None, None) in stands(engine)
