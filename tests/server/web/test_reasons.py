from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import update

from server.db import schema
from tests.server.web.conftest import ON_BOTH
from tests.server.web.fill import NOW_MS, reason

if TYPE_CHECKING:
    from litestar import Litestar
    from litestar.testing import TestClient
    from sqlalchemy import Engine

    Client = TestClient[Litestar]


def rows(client: Client, name: str, query: str = "") -> list[dict[str, object]]:
    found: list[dict[str, object]] = client.get(f"/tables/{name}.json?{query}").json()["rows"]
    return found


@ON_BOTH
def test_reasons_are_counted_by_people_and_the_open_window_is_held_back(leader: Client, engine: Engine) -> None:
    with engine.begin() as connection:
        reason(connection, "c1", "queue", "seats", times=6)
        reason(connection, "c1", "queue", times=2)
        reason(connection, "c1", times=2)
        reason(connection, "c2", "attitude", times=4)
    before = leader.get("/reasons").content
    with engine.begin() as connection:
        reason(connection, "c1", "documents", "seats", times=5, released_ms=NOW_MS + 1)
    assert leader.get("/reasons").content == before
    assert [(row["reason"], row["people"], row["asked"]) for row in rows(leader, "reasons")] == [
        ("Довга черга", 8, 14),
        ("Ніде сісти", 6, 14),
        ("Неввічливість", 4, 14),
    ]
    assert [row["people"] for row in rows(leader, "reasons", "desk=c1")] == [8, 6]
    assert [(str(row["desk"])[:6], row["asked"]) for row in rows(leader, "reasons-by-desk")] == [("Стіл 1", 10), ("Стіл 2", 4)]
    assert [(row["weekday"], row["reasons"]) for row in rows(leader, "reasons-by-weekday", "desk=c2")] == [("нд", "Неввічливість 4")]
    with engine.begin() as connection:
        connection.execute(update(schema.answers).values(released_ms=0))
    assert [row["people"] for row in rows(leader, "reasons")] == [11, 8, 5, 4]


def test_reasons_that_cannot_be_cut_say_so(leader: Client, engine: Engine) -> None:
    with engine.begin() as connection:
        reason(connection, "c1", "queue")
    html = leader.get("/reasons?language=uk").text
    assert "Довга черга" not in html
    assert "а не за послугою" in html
    assert rows(leader, "reasons", "language=uk") == []
    assert "За цей період причин немає" in leader.get("/reasons?period=own&from=2020-01-01&to=2020-01-02").text
