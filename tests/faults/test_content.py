"""The counting of faults: a vote that is there and says something else is lost."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from random import Random
from typing import TYPE_CHECKING

import msgspec
import pytest

from faults.content import altered, said_by, said_on_server, vote_of
from faults.network.counting import compare
from faults.storage.pair import Server, Terminal
from faults.storage.visits import MORNING_MS, Visits
from feedback.records import encode_body
from server.db.engine import writing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path, MORNING_MS + 86_400_000) as server:
        (tmp_path / "card").mkdir()
        terminal = Terminal(tmp_path / "card", server, Random(3))
        terminal.vote(12)
        terminal.settle()
        terminal.switch_off()
        yield server


def changes(server: Server, statement: str) -> None:
    with writing(server.engine) as connection:
        assert connection.exec_driver_sql(statement).rowcount == 1


def test_what_came_as_it_was_cast_is_there(server: Server) -> None:
    assert set(server.votes()) == set(server.cast)
    assert any(said.words for said in server.cast.values())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE votes SET answer = 'terrible_' WHERE id = (SELECT min(id) FROM votes)",
        "UPDATE votes SET desk_id = (SELECT min(id) FROM desks) WHERE id = (SELECT min(id) FROM votes)",
        "UPDATE records SET body = CAST(body || ' ' AS BLOB) WHERE id = (SELECT min(id) FROM votes)",
        "UPDATE sealed SET box = zeroblob(length(box)) WHERE record = (SELECT min(record) FROM sealed)",
        "UPDATE sealed SET box = NULL WHERE record = (SELECT min(record) FROM sealed)",
        "DELETE FROM sealed WHERE record = (SELECT min(record) FROM sealed)",
    ],
    ids=["answer", "desk", "record", "words", "no words", "words gone"],
)
def test_a_vote_that_says_something_else_is_lost(server: Server, statement: str) -> None:
    changes(server, statement)
    assert len(server.votes()) == len(server.cast) - 1
    assert compare(dict.fromkeys(server.cast, True), server.cast, server.engine).lost == 1


def test_a_line_stands_for_all_that_is_said(server: Server) -> None:
    vote, said = next(iter(server.cast.items()))
    line = said.line(vote)
    assert vote_of(line) == vote
    for other in (said._replace(desk="main-1"), said._replace(answer="?"), said._replace(words=(("00", b""),)), said._replace(body=None)):
        assert other.line(vote) != line
        assert altered({vote: said}, {vote: other}) == {vote}
    assert altered({vote: said}, {}) == set()


def test_kiosk_and_server_say_the_same(server: Server) -> None:
    with closing(sqlite3.connect(server.path)) as db:
        assert said_on_server(db.execute) == server.cast
    visit = Visits(Random(1)).next()
    (said,) = said_by(map(encode_body, visit.records), visit.boxes).values()
    other = msgspec.structs.replace(visit.vote, desk="main-1")
    (changed,) = said_by([encode_body(other)], {}).values()
    assert (said.desk, changed.desk) == (None, "main-1")
