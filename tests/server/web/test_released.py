from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.server.web.conftest import ON_BOTH, sign_up
from tests.server.web.fill import NOW, vote

if TYPE_CHECKING:
    from litestar import Litestar
    from litestar.testing import TestClient
    from sqlalchemy import Engine

    Client = TestClient[Litestar]

PATHS = ("/my-desk?desk=c1", "/public", "/public/weeks.csv", "/public/weeks.json", "/wall")
LAST_WEEK = NOW - timedelta(days=8)


@pytest.fixture
def weeks(engine: Engine) -> None:
    with engine.begin() as connection:
        vote(connection, "c1", "good", times=60, at=LAST_WEEK)
        vote(connection, "c1", "acceptable", times=20, at=LAST_WEEK)
        vote(connection, "c1", "terrible", times=20, at=LAST_WEEK)
        vote(connection, "c2", "good", times=9, at=LAST_WEEK)


@ON_BOTH
@pytest.mark.usefixtures("weeks")
def test_pages_for_everybody_are_the_same_bytes_before_and_after_a_vote(visitor: Client, engine: Engine) -> None:
    clerk = sign_up(visitor, engine, "clerk")
    before = {path: clerk.get(path).content for path in PATHS}
    with engine.begin() as connection:
        vote(connection, "c1", "terrible", times=3)
        vote(connection, "c1", "excellent", at=NOW - timedelta(days=1))
    assert {path: clerk.get(path).content for path in PATHS} == before


@ON_BOTH
@pytest.mark.usefixtures("weeks")
def test_a_desk_shows_its_weeks_from_ten_votes(visitor: Client, engine: Engine) -> None:
    clerk = sign_up(visitor, engine, "clerk")
    mine = clerk.get("/my-desk?desk=c1").text
    assert "60,0" in mine
    assert "20,0" in mine
    other = clerk.get("/my-desk?desk=c2").text
    assert "менше 10 голосів" in other
    assert "100,0" not in other
    assert clerk.get("/").status_code == 403


@pytest.mark.usefixtures("weeks")
def test_the_public_needs_no_account_and_sees_the_centre_only(visitor: Client) -> None:
    newest = visitor.get("/public/weeks.json").json()["rows"][0]
    assert (newest["votes"], round(newest["score"], 3), round(newest["problem"], 3)) == (109, 0.633, 0.183)
    assert "109" in visitor.get("/public").text
    wall = visitor.get("/wall")
    assert wall.headers["refresh"] == "300"
    assert "63" in wall.text
    assert "<script" not in wall.text
    assert visitor.get("/public/desks.csv").status_code == 404
