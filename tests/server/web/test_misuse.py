from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert

from server.db import schema
from tests.server.web import fill
from tests.server.web.conftest import ON_BOTH, sign_up

if TYPE_CHECKING:
    from litestar.testing import TestClient
    from sqlalchemy import Engine

YESTERDAY = fill.NOW - timedelta(days=1)
BY_HAND = {"desk": "c1", "day": YESTERDAY.date().isoformat(), "from": "11:00", "to": "13:00", "reason": "Діти <грались> кнопками"}


def a_day(engine: Engine) -> None:
    with engine.begin() as connection:
        fill.vote(connection, "c1", "excellent", at=YESTERDAY, times=12)
        fill.vote(connection, "c1", "good", at=YESTERDAY - timedelta(hours=5), times=3)


@ON_BOTH
def test_a_leader_flags_by_hand_sees_both_counts_and_undoes_it(leader: TestClient, engine: Engine) -> None:
    a_day(engine)
    assert "За цей період жодне правило нічого не знайшло." in leader.get("/misuse").text
    text = leader.post("/misuse", data=BY_HAND).text
    assert "Діти &lt;грались&gt; кнопками" in text
    assert [f'data-label="{name}">{count}<' in text for name, count in (("Усі голоси", 15), ("Позначено", 12), ("Враховано", 3))] == [
        True
    ] * 3
    assert "12 голосів, схожих на зловживання, не враховано." in leader.get("/desks/c1").text
    answer = leader.post("/misuse/1/undo", data={"reason": " "})
    assert (answer.status_code, "Напишіть причину" in answer.text) == (422, True)
    text = leader.post("/misuse/1/undo", data={"reason": "Це були відвідувачі"}).text
    assert "Це були відвідувачі" in text
    assert "схожих на зловживання" not in leader.get("/desks/c1").text
    assert leader.post("/misuse/1/undo", data={"reason": "ще раз"}).status_code == 422


@pytest.mark.parametrize(
    "wrong",
    [
        {"day": fill.TODAY.isoformat()},
        {"to": "10:00"},
        {"desk": "nowhere"},
        {"from": "x"},
        {"reason": ""},
        {"day": ""},
        {"from": "05:00", "to": "06:00"},
    ],
)
def test_a_form_that_says_nothing_sensible_changes_nothing(leader: TestClient, engine: Engine, wrong: dict[str, str]) -> None:
    a_day(engine)
    answer = leader.post("/misuse", data=BY_HAND | wrong)
    assert (answer.status_code, 'role="alert"' in answer.text) == (422, True)
    assert "За цей період жодне правило нічого не знайшло." in leader.get("/misuse").text


@pytest.mark.parametrize(
    ("role", "reads", "judges"), [("auditor", 200, 403), ("admin", 200, 200), ("technician", 403, 403), ("clerk", 403, 403)]
)
def test_auditors_read_and_leaders_and_admins_judge(visitor: TestClient, engine: Engine, role: str, reads: int, judges: int) -> None:
    a_day(engine)
    client = sign_up(visitor, engine, role)
    answer = client.get("/misuse")
    assert answer.status_code == reads
    assert ('<form class="words"' in answer.text) == (judges == 200)
    assert client.post("/misuse", data=BY_HAND).status_code == judges


@ON_BOTH
def test_coverage_is_a_page_and_a_file_without_formulas(leader: TestClient, engine: Engine) -> None:
    assert "Поки що нічого не відомо" in leader.get("/coverage").text
    hour = 3_600_000
    with engine.begin() as connection:
        fill.kiosks(connection)
        connection.execute(schema.sites.update().where(schema.sites.c.key == "center").values(name="=1+1"))
        for from_h, until_h, cause in ((4, 2, ""), (2, 1, "offline"), (1, None, "")):
            until_ms = None if until_h is None else fill.NOW_MS - until_h * hour
            span = {"kiosk": "exit-center", "from_ms": fill.NOW_MS - from_h * hour, "until_ms": until_ms, "cause": cause}
            connection.execute(insert(schema.kiosk_spans).values(**span))
    assert "75,0" in leader.get("/coverage?period=today").text
    answer = leader.get("/coverage.csv?period=today")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.splitlines()[1] == f"{fill.TODAY.isoformat()},'=1+1,,240,180,0.7500"
