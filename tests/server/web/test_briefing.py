from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.server.web import fill
from tests.server.web.conftest import ON_BOTH
from tests.server.web.fill import NOW, reason, vote

if TYPE_CHECKING:
    from litestar import Litestar
    from litestar.testing import TestClient
    from sqlalchemy import Engine

    Client = TestClient[Litestar]

YESTERDAY = NOW - timedelta(days=1)


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("\N{NO-BREAK SPACE}", " ")


@ON_BOTH
def test_the_sheet_names_the_worst_desk_its_hour_its_reasons_and_silent_kiosks(leader: Client, engine: Engine) -> None:
    with engine.begin() as connection:
        vote(connection, "c1", "good", times=200, at=YESTERDAY)
        vote(connection, "c2", "good", times=40, at=YESTERDAY)
        vote(connection, "c2", "terrible", times=20, at=YESTERDAY)
        vote(connection, "p1", "terrible", times=9, at=YESTERDAY)
        vote(connection, "c1", "terrible", times=300)
        reason(connection, "c2", "queue", day=YESTERDAY.date(), times=12)
        fill.kiosks(connection)
    said = words(leader.get("/briefing").text)
    assert "269 голосів" in said
    assert re.search("Найбільше проблем.*Стіл 2.*33,3 %.*20 з 60 голосів", said)
    assert re.search(r"Найгірша година: сб, 12:00.*33,3 %", said)
    assert "Довга черга — 12 з 12" in said
    assert "Стіл 2" in said[said.index("Мовчать термінали") :]
    assert "Поділ, вхідна зала" in said[said.index("Мовчать термінали") :]
    there = words(leader.get("/briefing?site=podil").text)
    assert "Жоден стіл" in there
    assert "9 голосів" in there


def test_an_empty_morning_says_so(leader: Client) -> None:
    said = words(leader.get("/briefing").text)
    for sentence in ("Ніхто не голосував.", "Жоден стіл", "Усі термінали на зв’язку", "Ніхто не чекає"):
        assert sentence in said
