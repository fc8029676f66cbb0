from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.server.web import fill
from tests.server.web.conftest import ON_BOTH
from tests.server.web.fill import vote

if TYPE_CHECKING:
    from litestar import Litestar
    from litestar.testing import TestClient
    from sqlalchemy import Engine

    Client = TestClient[Litestar]


@pytest.fixture
def votes(engine: Engine) -> None:
    with engine.begin() as connection:
        vote(connection, "c1", "good", times=30, service_id=1, language="uk")
        vote(connection, "c1", "terrible", times=5, service_id=2, language="en")
        vote(connection, "c2", "good", times=7, service_id=1, language="en")
        vote(connection, "p1", "good", times=11, channel="box")
        vote(connection, "c1", "terrible", times=4, service_id=1, language="uk", released_ms=fill.NOW_MS + 1)


def total(client: Client, query: str) -> int:
    answer = client.get(f"/api/v1/desks?{query}")
    assert answer.status_code == 200, answer.text
    return int(answer.json()["total"]["total"])


@ON_BOTH
@pytest.mark.usefixtures("votes")
@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 57),
        ("desk=c1", 39),
        ("site=podil", 11),
        ("site=podil&desk=c1", 11),
        ("service=passport", 41),
        ("service=passport&desk=c1", 34),
        ("service=subsidy", 0),
        ("language=en", 12),
        ("channel=box", 11),
        ("channel=kiosk&site=podil", 0),
    ],
)
def test_a_question_narrows_what_is_counted(leader: Client, query: str, count: int) -> None:
    assert total(leader, query) == count
    html = leader.get(f"/?{query}").text
    assert f'sse-swap="total">{count}</b>' in html


@ON_BOTH
@pytest.mark.usefixtures("votes")
def test_a_cut_holds_open_windows_back(leader: Client) -> None:
    cut = leader.get("/api/v1/desks?service=passport&desk=c1").json()["total"]
    assert (cut["total"], cut["held_back"], cut["rating"]["counts"]["terrible"]) == (34, 4, 0)


@ON_BOTH
@pytest.mark.usefixtures("votes")
def test_a_desk_says_what_a_cut_cannot_tell(leader: Client) -> None:
    html = leader.get("/desks/c1?service=passport").text
    assert "Години й дні тижня" not in html
    assert "/desks/c1?period=30&amp;desk=c1" in html
    assert "Години й дні тижня" in leader.get("/desks/c1").text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("desk=moon", "Такого столу немає"),
        ("service=moon", "Такої послуги немає"),
        ("channel=moon", "Такого способу"),
        ("language=1", "Такого способу"),
        ("service=passport&language=uk", "Оберіть щось одне"),
    ],
)
def test_what_does_not_exist_is_said(leader: Client, query: str, said: str) -> None:
    answer = leader.get(f"/?{query}")
    assert (answer.status_code, said in answer.text) == (400, True)


@pytest.mark.usefixtures("votes")
def test_the_place_is_kept_on_every_link(leader: Client) -> None:
    asked = "period=7&amp;site=center&amp;service=passport"
    html = leader.get("/?period=7&site=center&service=passport").text
    links = re.findall(r'<a href="(/(?:desks/|desks\.csv|\?)[^"]*)"', html)
    assert links
    assert [link for link in links if asked not in link] == []
    assert "/live?period=7&amp;site=center&amp;service=passport" in html


def test_the_filter_of_a_desk_leads_to_another_one(leader: Client) -> None:
    answer = leader.get("/desks?period=7&desk=c2")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desks/c2?period=7")
    assert leader.get("/desks?period=7&desk=").headers["location"] == "/?period=7"


def test_a_csv_of_a_cut_leaves_unknown_boxes_empty(leader: Client, engine: Engine) -> None:
    with engine.begin() as connection:
        vote(connection, "c1", "good", times=3, service_id=1)
    assert leader.get("/desks.csv?service=passport").text.splitlines()[-1].split(",")[-5:-2] == ["", "", ""]
    assert leader.get("/desks.csv").text.splitlines()[-1].split(",")[-5:-2] == ["0", "0", "0"]
