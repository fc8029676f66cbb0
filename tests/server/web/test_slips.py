"""The page that says, by the code on a slip, whether a vote is stored: its day, and nothing else of it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from feedback.codes import code_of
from feedback.records import new_id
from server.db import schema
from tests.server.web import fill
from tests.server.web.conftest import ON_BOTH
from tests.server.web.fill import NOW, NOW_MS

if TYPE_CHECKING:
    from uuid import UUID

    from litestar import Litestar
    from litestar.testing import TestClient
    from sqlalchemy import Engine

    from tests.server.web.fill import Clock

    Client = TestClient[Litestar]

HTML = {"accept": "text/html"}
UNKNOWN = code_of(new_id(NOW_MS, bytes(10)))


def a_vote(engine: Engine, **changes: object) -> str:
    with engine.begin() as connection:
        fill.vote(connection, "c2", "terrible", at=NOW - timedelta(days=2), language="en")
        id_: UUID = connection.execute(select(schema.votes.c.id)).scalar_one()
        if changes:
            connection.execute(update(schema.votes).values(**changes))
    return code_of(id_)


def look(client: Client, code: str) -> tuple[int, str]:
    answer = client.get(f"/v/{code}", headers=HTML)
    return answer.status_code, re.sub(r"\s+", " ", answer.text)


@ON_BOTH
def test_a_vote_is_counted_since_its_day_and_nothing_else_is_said(visitor: Client, engine: Engine) -> None:
    status, page = look(visitor, a_vote(engine))
    assert (status, "Ваш голос враховано." in page, "20 лист. 2026" in page) == (200, True, True)
    shown = re.sub(r"<svg.*?</svg>|<head>.*?</head>", "", page)
    for secret in ("terrible", "жахливо", "c2", "Паспорт", "Соборності", "kiosk-one1", "12:07", "exit"):
        assert secret not in shown, secret


def test_the_code_is_read_however_it_is_typed(visitor: Client, engine: Engine) -> None:
    code = a_vote(engine)
    typed = code.lower().replace("-", " ")
    answer = visitor.get("/v", params={"code": typed}, headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/v/{code}")
    assert "Ваш голос враховано." in look(visitor, typed)[1]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"released_ms": NOW_MS + 1}, "його врахують упродовж чверті години"),
        ({"flag": "ticket_used"}, "рахується перший"),
    ],
)
def test_a_vote_that_is_not_counted_is_stored_all_the_same(visitor: Client, engine: Engine, changes: dict[str, object], says: str) -> None:
    status, page = look(visitor, a_vote(engine, **changes))
    assert status == 200
    assert says in page
    assert "Ваш голос враховано." not in page


def test_an_answer_of_another_scale_is_a_vote_too_and_a_later_answer_is_none(visitor: Client, engine: Engine) -> None:
    with engine.begin() as connection:
        fill.pilot(connection, "service", "fast", mode="live")
        fill.pilot(connection, "service", "slow", mode="pilot")
        fill.pilot(connection, "service", "slow", mode="test")
        fill.pilot(connection, "more", "queue", mode="live")
        connection.execute(update(schema.answers).where(schema.answers.c.question == "more").values(first=False))
        found = {(row.question, row.mode): row.record for row in connection.execute(select(schema.answers))}
    assert "Ваш голос враховано." in look(visitor, code_of(found["service", "live"]))[1]
    assert "пробні запитання" in look(visitor, code_of(found["service", "pilot"]))[1]
    assert "пробні запитання" in look(visitor, code_of(found["service", "test"]))[1]
    assert look(visitor, code_of(found["more", "live"]))[0] == 404


def test_a_vote_that_has_not_come_may_come_later(visitor: Client) -> None:
    status, page = look(visitor, UNKNOWN)
    assert (status, "тут ще немає" in page, "не пропав" in page) == (404, True, True)
    assert UNKNOWN in page


@pytest.mark.parametrize("code", [UNKNOWN[:-1], UNKNOWN[:-1] + "Z", "АБВ", "<script>alert(1)</script>", "x" * 3000])
def test_a_slip_of_a_finger_is_said_kindly(visitor: Client, code: str) -> None:
    answer = visitor.get("/v", params={"code": code}, headers=HTML)
    assert (answer.status_code, "порівняйте його з квитанцією" in answer.text) == (422, True)
    assert "<script>alert" not in answer.text


def test_the_page_asks_for_a_code_in_both_languages(visitor: Client) -> None:
    page = visitor.get("/v").text
    assert ("Код із квитанції" in page, "<script" in page) == (True, False)
    visitor.post("/language", data={"language": "en", "back": "/v"})
    assert "Code from the slip" in visitor.get("/v").text


def test_trying_many_codes_is_slowed_and_sign_in_is_not(visitor: Client, engine: Engine, clock: Clock) -> None:
    tried = [look(visitor, code_of(new_id(NOW_MS, bytes([number] * 10))))[0] for number in range(40)]
    assert tried[:30] == [404] * 30
    assert set(tried[30:]) == {429}
    answer = visitor.get(f"/v/{UNKNOWN}", headers=HTML)
    assert int(answer.headers["retry-after"]) >= 1
    assert visitor.post("/sign-in", data={"login": "x", "password": "y"}).status_code == 422
    clock.pass_by(minutes=2)
    assert look(visitor, a_vote(engine))[0] == 200
