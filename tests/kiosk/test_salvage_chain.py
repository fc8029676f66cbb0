from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from feedback.records import chain, genesis
from kiosk.salvage import _beginnings
from kiosk.salvage_chain import Row, genuine
from kiosk.store import FILE, Store

if TYPE_CHECKING:
    from pathlib import Path

EPOCH = UUID(int=7)
BODIES = [b"one", b"two", b"three", b"four"]
ROWS = [Row(1, seq, body, head) for seq, (body, head) in enumerate(zip(BODIES, chain(genesis(EPOCH), 1, BODIES), strict=True), 1)]
BEGINNINGS = {1: frozenset({genesis(EPOCH), genesis(UUID(int=8))})}


def verdicts(changes: dict[int, Row], beginnings: dict[object, frozenset[bytes]] = BEGINNINGS) -> list[bool]:
    rows = [changes.get(place, row) for place, row in enumerate(ROWS)]
    return [is_genuine for _, is_genuine in genuine(rows, beginnings)]


@pytest.mark.parametrize("place", range(4))
def test_a_body_that_has_changed_is_found_and_only_that(place: int) -> None:
    assert verdicts({place: ROWS[place]._replace(body=b"other")}) == [number != place for number in range(4)]


@pytest.mark.parametrize("head", [b"x" * 32, b"", "text", None, 7])
@pytest.mark.parametrize("place", range(3))
def test_a_hash_that_has_changed_costs_no_record(place: int, head: object) -> None:
    assert all(verdicts({place: ROWS[place]._replace(head=head)}))


@pytest.mark.parametrize("seq", [-1, 0, 9, 2**80, None, "2", 2.5])
@pytest.mark.parametrize("place", range(4))
def test_a_number_that_has_changed_costs_no_record(place: int, seq: object) -> None:
    assert all(verdicts({place: ROWS[place]._replace(seq=seq)}))


@pytest.mark.parametrize("place", range(4))
def test_a_single_byte_that_has_rotted_is_put_right_by_the_hash(place: int) -> None:
    row = ROWS[place]
    for n in range(len(row.body)):
        rotted = row._replace(body=row.body[:n] + bytes([row.body[n] ^ 0x21]) + row.body[n + 1 :])
        rows = [rotted if number == place else row for number, row in enumerate(ROWS)]
        assert list(genuine(rows, BEGINNINGS)) == [(row, True) for row in ROWS]


@pytest.mark.parametrize("body", [b"enf", b"one ", b"", b"x" * 5_000], ids=["two bytes", "longer", "empty", "long"])
def test_what_more_has_become_of_a_body_is_not_put_right(body: bytes) -> None:
    rotted = ROWS[0]._replace(body=body)
    assert next(genuine([rotted, *ROWS[1:]], BEGINNINGS)) == (rotted, False)


def test_so_many_bodies_are_tried_and_no_more() -> None:
    bodies = [bytes([n]) for n in range(60)]
    rows = [Row(1, seq, body, head) for seq, (body, head) in enumerate(zip(bodies, chain(genesis(EPOCH), 1, bodies), strict=True), 1)]
    rotted = [row._replace(body=b"\xff") for row in rows]
    assert sum(is_genuine for _, is_genuine in genuine(rotted, BEGINNINGS)) == 20


def test_without_anybody_to_vouch_a_body_is_taken_as_it_is() -> None:
    first = ROWS[0]._replace(body=b"other")
    assert verdicts({0: first}, {})[0]
    assert [is_genuine for _, is_genuine in genuine([ROWS[0], ROWS[2]._replace(body=b"other")], BEGINNINGS)] == [True, True]


def test_the_beginnings_of_epochs_are_found_in_table_and_index(tmp_path: Path) -> None:
    Store(tmp_path / FILE, lambda: EPOCH).close()
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        assert _beginnings(db) == {1: frozenset({genesis(EPOCH)})}
    content = (tmp_path / FILE).read_bytes()
    name = str(EPOCH).encode()
    places = [place for place in range(len(content)) if content.startswith(name, place)]
    assert len(places) == 2
    for place in places:
        (tmp_path / FILE).write_bytes(content[:place] + b"1" + content[place + 1 :])
        with closing(sqlite3.connect(tmp_path / FILE)) as db:
            assert genesis(EPOCH) in _beginnings(db)[1]
