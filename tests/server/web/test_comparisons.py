"""The pages that compare, and the one that explains the numbers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.server.web import fill
from tests.server.web.conftest import ON_BOTH
from tests.server.web.fill import NOW, NOW_MS, WINDOW_MS, vote
from tests.server.web.test_pages import row, words

if TYPE_CHECKING:
    from litestar import Litestar
    from litestar.testing import TestClient
    from sqlalchemy import Engine

    Client = TestClient[Litestar]

BEFORE = NOW - timedelta(days=40)


@pytest.fixture
def two_periods(engine: Engine) -> None:
    with engine.begin() as connection:
        for desk, now, before in (("c1", (150, 50), (190, 10)), ("c2", (181, 19), (180, 20)), ("c3", (4, 1), (4, 1))):
            for good, bad, at in ((*now, NOW - timedelta(hours=1)), (*before, BEFORE)):
                vote(connection, desk, "good", at=at, times=good, service_id=1)
                vote(connection, desk, "terrible", at=at, times=bad, service_id=2)


@ON_BOTH
@pytest.mark.usefixtures("two_periods")
def test_each_desk_says_whether_it_has_changed(leader: Client) -> None:
    html = leader.get("/").text
    assert "на 20,0 в. п. нижче, ніж перед тим (13,2–26,8)" in row(html, "Реєстрація місця проживання")
    assert "різниці з попереднім періодом не видно" in row(html, "Паспорт громадянина")
    assert "замало голосів, щоб порівняти" in row(html, "нерухоме майно")
    assert "25 вересня – 24 жовтня" in words(html) or "24 вересня – 23 жовтня 2026" in words(html)
    assert leader.get("/?period=own&from=0001-01-01&to=0001-01-02").status_code == 200


def test_an_open_window_changes_no_comparison(leader: Client, engine: Engine) -> None:
    with engine.begin() as connection:
        for desk in ("c1", "c2"):
            vote(connection, desk, "good", times=60, at=NOW - timedelta(days=1))
    paths = ("/compare", "/charts/compared/funnel.svg")
    before = [leader.get(path).content for path in paths]
    with engine.begin() as connection:
        vote(connection, "c1", "terrible", times=30, released_ms=NOW_MS + WINDOW_MS)
    assert [leader.get(path).content for path in paths] == before


@ON_BOTH
@pytest.mark.usefixtures("two_periods")
def test_desks_sites_and_services_are_compared(leader: Client) -> None:
    html = leader.get("/compare").text
    assert "нижче, ніж пояснює випадковість" in words(html)
    assert words(html).index("1. Реєстрація місця") < words(html).index("2. Паспорт") < words(html).index("3. Реєстрація прав")
    assert "/charts/compared/funnel.svg?period=30" in html
    assert "Голоси добровільні, це не випадкова вибірка" in words(html)
    assert "Поки що немає чого порівнювати" in words(leader.get("/compare/sites").text)
    assert "Закордонний паспорт" in words(leader.get("/compare/services").text)
    assert leader.get("/compare/clerks").status_code == 404


@pytest.mark.usefixtures("two_periods")
def test_the_funnel_is_drawn(leader: Client) -> None:
    for by in ("desks", "services"):
        drawn = leader.get(f"/charts/compared/funnel.svg?by={by}&width=narrow")
        assert drawn.headers["content-type"].startswith("image/svg+xml")
    assert "Стіл 1" in leader.get("/charts/compared/funnel.svg").text
    for query in ("by=sites", "by=clerks", "width=huge"):
        assert leader.get(f"/charts/compared/funnel.svg?{query}").status_code == 404


def test_nothing_to_compare_is_said(leader: Client, engine: Engine) -> None:
    assert "Поки що немає чого порівнювати" in words(leader.get("/compare").text)
    with engine.begin() as connection:
        for desk in ("c1", "c2"):
            vote(connection, desk, "good", times=60)
    assert words(leader.get("/compare").text).count("не відрізняється від інших") == 2
    assert leader.get("/charts/compared/funnel.svg").status_code == 200


def test_rare_problems_are_told_by_the_votes_between_them(leader: Client, engine: Engine) -> None:
    with engine.begin() as connection:
        for ago in range(1, 29):
            vote(connection, "c1", "excellent", times=50 + 10 * (ago % 3), at=NOW - timedelta(days=ago))
            if ago % 2:
                vote(connection, "c1", "terrible", at=NOW - timedelta(days=ago))
        vote(connection, "c2", "terrible", times=50)
    html = words(leader.get("/desks/c1").text)
    assert "Проблем на 1 000 голосів: 8,3" in html
    assert "Від останньої — 30 голосів без проблем" in html
    assert "Проблеми трапляються як зазвичай" in html
    assert "Рідкісні проблеми" not in leader.get("/desks/c2").text


def test_everybody_may_read_what_the_numbers_mean(visitor: Client) -> None:
    html = words(visitor.get("/definitions").text)
    assert "Голоси добровільні, це не випадкова вибірка" in html
    assert "Враховано голосів: 200, з них «чудово» або «добре» — 184; оцінка — 92,0 %" in html
    assert "тож різниці не видно" in html
    visitor.post("/language", data={"language": "en"})
    assert "interval 87.4–95.0%" in words(visitor.get("/definitions").text)


@pytest.mark.usefixtures("two_periods")
def test_every_link_to_a_definition_leads_to_one(leader: Client, engine: Engine) -> None:
    explained = leader.get("/definitions").text
    with engine.begin() as connection:
        fill.vote(connection, "c5", "excellent", times=60)
    for path in ("/", "/compare", "/desks/c5"):
        for anchor in leader.get(path).text.split('href="/definitions')[1:]:
            name = anchor.split('"')[0].removeprefix("#")
            assert not name or f'id="{name}"' in explained, (path, name)
